/// The services that are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    SecretsManager,
    Ssm,
    Sqs,
    Sns,
    EventBridge,
    StepFunctions,
}

/// All of them, in their order.
pub(super) const ALL: [Service; 6] = [
    Service::SecretsManager,
    Service::Ssm,
    Service::Sqs,
    Service::Sns,
    Service::EventBridge,
    Service::StepFunctions,
];

/// How operations are asked for (<https://smithy.io/2.0/aws/protocols/index.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// AWS JSON 1.0; what stands before the operation in `X-Amz-Target`.
    Json10(&'static str),
    /// AWS JSON 1.1.
    Json11(&'static str),
    /// AWS Query: a form, whose members name the operation.
    Query,
}

impl Protocol {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json10(_) => "application/x-amz-json-1.0",
            Self::Json11(_) => "application/x-amz-json-1.1",
            Self::Query => "application/x-www-form-urlencoded; charset=utf-8",
        }
    }

    /// `X-Amz-Target`.
    pub(super) fn target(self, operation: &str) -> Option<String> {
        match self {
            Self::Json10(service) | Self::Json11(service) => Some(format!("{service}.{operation}")),
            Self::Query => None,
        }
    }
}

impl Service {
    /// As endpoints and signatures name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SecretsManager => "secretsmanager",
            Self::Ssm => "ssm",
            Self::Sqs => "sqs",
            Self::Sns => "sns",
            Self::EventBridge => "events",
            Self::StepFunctions => "states",
        }
    }

    /// The variable that has its endpoint
    /// (<https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>).
    pub(super) fn variable(self) -> &'static str {
        match self {
            Self::SecretsManager => "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            Self::Ssm => "AWS_ENDPOINT_URL_SSM",
            Self::Sqs => "AWS_ENDPOINT_URL_SQS",
            Self::Sns => "AWS_ENDPOINT_URL_SNS",
            Self::EventBridge => "AWS_ENDPOINT_URL_EVENTBRIDGE",
            Self::StepFunctions => "AWS_ENDPOINT_URL_SFN",
        }
    }

    pub(super) fn protocol(self) -> Protocol {
        match self {
            Self::SecretsManager => Protocol::Json11("secretsmanager"),
            Self::Ssm => Protocol::Json11("AmazonSSM"),
            Self::Sqs => Protocol::Json10("AmazonSQS"),
            Self::Sns => Protocol::Query,
            Self::EventBridge => Protocol::Json11("AWSEvents"),
            Self::StepFunctions => Protocol::Json10("AWSStepFunctions"),
        }
    }

    /// The service in `region`, at a host whose name begins with `prefix`.
    pub(super) fn address(self, region: &str, prefix: &str) -> String {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://{prefix}{}.{region}.{suffix}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_where_aws_has_them() {
        let check = |service: Service, region, prefix, expected| {
            assert_eq!(service.address(region, prefix), expected);
        };
        check(Service::Sqs, "eu-central-1", "", "https://sqs.eu-central-1.amazonaws.com");
        check(Service::EventBridge, "cn-north-1", "", "https://events.cn-north-1.amazonaws.com.cn");
        check(Service::StepFunctions, "us-east-1", "sync-", "https://sync-states.us-east-1.amazonaws.com");
    }
}
