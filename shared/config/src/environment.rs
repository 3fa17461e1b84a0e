use std::mem::take;

use doorward_model::{Fault, Faults};

use crate::checked::{Config, JwksLocation};
use crate::fronts::Pins;
use crate::{fronts, location, targets};

/// One environment variable that Doorward's programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvironmentVariable {
    /// Its name; `<…>` stands for a part that the configuration decides.
    pub name: &'static str,
    /// What it does, one sentence for the reference page.
    pub description: &'static str,
    /// What holds where it is not set, in words.
    pub default: Option<&'static str>,
}

const FRONTS: &str = "DOORWARD_FRONTS";
const STREAMED_FRONTS: &str = "DOORWARD_STREAMED_FRONTS";
const QUARANTINE_QUEUE: &str = "DOORWARD_QUARANTINE_QUEUE";

/// Every environment variable that Doorward's programs read, in the order of the reference page.
pub const ENVIRONMENT: &[EnvironmentVariable] = &[
    EnvironmentVariable {
        name: "DOORWARD_CONFIG",
        description: "What governs: a project's folder, its `doorward.toml`, or a `bundle.tar.gz`.",
        default: Some("`doorward.toml`, else `policies/doorward.toml`, else `bundle.tar.gz`"),
    },
    EnvironmentVariable {
        name: FRONTS,
        description: "Further fronts that may send, separated by commas: for ids that are known only after deployment.",
        default: None,
    },
    EnvironmentVariable {
        name: STREAMED_FRONTS,
        description: "Further fronts that pass answers on while they come in, separated by commas: function URLs whose invoke \
                      mode is `RESPONSE_STREAM`, REST APIs whose integrations have the response transfer mode `STREAM`.",
        default: None,
    },
    EnvironmentVariable {
        name: QUARANTINE_QUEUE,
        description: "The URL of the SQS queue that hears of each event that is put into quarantine, instead of the configured one.",
        default: None,
    },
    EnvironmentVariable {
        name: "DOORWARD_JWKS_URL_<ISSUER>",
        description: "Where the keys of one issuer are, instead of the configured place: an `https` URL, or `http` on \
                      loopback. `<ISSUER>` is the issuer's name in upper case, with `_` for all but letters and digits.",
        default: None,
    },
    EnvironmentVariable {
        name: "DOORWARD_TARGET_<TARGET>",
        description: "Where one target is, instead of the configured place: as many URLs, names or ARNs as it has endpoints, \
                      separated by commas. `<TARGET>` is the target's name in upper case, with `_` for all but letters and \
                      digits.",
        default: None,
    },
    EnvironmentVariable {
        name: "DOORWARD_LOG",
        description: "The lowest level that is logged: `error`, `warn`, `info` or `off`; `debug` and `trace` in development builds.",
        default: Some("`info`"),
    },
    EnvironmentVariable {
        name: "AWS_ENDPOINT_URL_DYNAMODB",
        description: "Where DynamoDB is: the local door's store in development.",
        default: Some("the service in the function's region"),
    },
    EnvironmentVariable {
        name: "AWS_ENDPOINT_URL_LAMBDA",
        description: "Where Lambda functions are invoked: the local door or `cargo lambda watch` in development.",
        default: Some("the service in the function's region"),
    },
    EnvironmentVariable {
        name: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        description: "Where Secrets Manager is, for `secretsmanager:` references.",
        default: Some("the service in the secret's region"),
    },
    EnvironmentVariable {
        name: "AWS_ENDPOINT_URL_SSM",
        description: "Where Systems Manager is, for `ssm:` references.",
        default: Some("the service in the function's region"),
    },
    EnvironmentVariable {
        name: "AWS_ENDPOINT_URL_SQS",
        description: "Where SQS is, for targets that are queues; one that is set is asked for every queue, whatever host its URL names.",
        default: Some("the host in the queue's URL"),
    },
    EnvironmentVariable {
        name: "AWS_ENDPOINT_URL_SNS",
        description: "Where SNS is, for targets that are topics.",
        default: Some("the service in the topic's region"),
    },
    EnvironmentVariable {
        name: "AWS_ENDPOINT_URL_EVENTBRIDGE",
        description: "Where EventBridge is, for targets that are buses.",
        default: Some("the service in the bus's region"),
    },
    EnvironmentVariable {
        name: "AWS_ENDPOINT_URL_SFN",
        description: "Where Step Functions is, for targets that are state machines.",
        default: Some("the service in the state machine's region"),
    },
];

impl Config {
    /// The configuration with what the environment adds: further fronts, and places of keys. `lookup` gives the value
    /// of a variable; it is asked once for each that can be set.
    ///
    /// # Errors
    /// Every fault of these variables; the faults have no place.
    pub fn with_environment(mut self, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut add = |variable: &str, fault: Fault| {
            let message = format!("environment variable `{variable}`: {}", fault.message);
            faults.0.push(Fault { message, ..fault });
        };
        let further = lookup(FRONTS).unwrap_or_default();
        let mut pins = Pins { fronts: take(&mut self.fronts), arns: take(&mut self.front_arns) };
        for text in listed(&further) {
            if let Err(fault) = fronts::pin(text).and_then(|pin| pins.add(pin)) {
                add(FRONTS, fault);
            }
        }
        Pins { fronts: self.fronts, arns: self.front_arns } = pins;
        let further = lookup(STREAMED_FRONTS).unwrap_or_default();
        let streamed = &mut self.door.streamed_fronts;
        for text in listed(&further) {
            match fronts::streamed(text) {
                Ok(front) if streamed.contains(&front) => {}
                Ok(front) => streamed.push(front),
                Err(fault) => add(STREAMED_FRONTS, fault),
            }
        }
        if let Some(url) = lookup(QUARANTINE_QUEUE) {
            match targets::queue_place(&url) {
                Ok(queue) => self.door.quarantine_queue = Some(queue),
                Err(fault) => add(QUARANTINE_QUEUE, fault),
            }
        }
        for issuer in &mut self.issuers {
            let variable = jwks_url_variable(&issuer.name);
            if let Some(url) = lookup(&variable) {
                match location::parse_url(&url) {
                    Ok(url) => issuer.jwks = JwksLocation::Url(url),
                    Err(fault) => add(&variable, fault),
                }
            }
        }
        for target in &mut self.targets {
            let variable = target_variable(&target.name);
            if let Some(places) = lookup(&variable)
                && let Err(fault) = targets::move_to(target, &places)
            {
                add(&variable, fault);
            }
        }
        faults.or(self)
    }
}

/// `DOORWARD_JWKS_URL_MY_ISSUER` for the issuer `my-issuer`.
#[must_use]
pub fn jwks_url_variable(issuer: &str) -> String {
    format!("DOORWARD_JWKS_URL_{}", in_variable(issuer))
}

/// `DOORWARD_TARGET_MY_TARGET` for the target `my-target`.
#[must_use]
pub fn target_variable(target: &str) -> String {
    format!("DOORWARD_TARGET_{}", in_variable(target))
}

/// What stands between commas.
fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|text| !text.is_empty())
}

fn in_variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}
