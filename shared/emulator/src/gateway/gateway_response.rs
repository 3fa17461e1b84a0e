//! What a REST API answers itself.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::reply::Reply;
use super::signature::SignatureFault;

/// Why a REST API answers itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GatewayResponse {
    /// The URL names another stage.
    UnknownStage,
    /// No method takes the request, or nobody has signed where somebody must.
    MissingAuthenticationToken,
    Signature(SignatureFault),
    Unauthorized,
    AccessDenied {
        explicit: bool,
    },
    AuthorizerConfigurationError,
    RequestTooLarge,
    /// The function failed, or its answer is none.
    BadGateway,
    /// Lambda did not run the function.
    Internal,
    IntegrationTimeout,
}

impl GatewayResponse {
    fn status(self) -> StatusCode {
        match self {
            Self::UnknownStage
            | Self::MissingAuthenticationToken
            | Self::Signature(_)
            | Self::AccessDenied { .. } => StatusCode::FORBIDDEN,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::AuthorizerConfigurationError | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::RequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BadGateway => StatusCode::BAD_GATEWAY,
            Self::IntegrationTimeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    fn error_type(self) -> &'static str {
        match self {
            Self::UnknownStage => "ForbiddenException",
            Self::MissingAuthenticationToken | Self::Signature(SignatureFault::Missing) => {
                "MissingAuthenticationTokenException"
            }
            Self::Signature(SignatureFault::Incomplete) => "IncompleteSignatureException",
            Self::Signature(SignatureFault::UnknownCredentials) => "UnrecognizedClientException",
            Self::Signature(SignatureFault::Expired | SignatureFault::Mismatch) => {
                "InvalidSignatureException"
            }
            Self::Unauthorized => "UnauthorizedException",
            Self::AccessDenied { .. } => "AccessDeniedException",
            Self::AuthorizerConfigurationError => "AuthorizerConfigurationException",
            Self::RequestTooLarge => "RequestTooLargeException",
            Self::BadGateway | Self::Internal | Self::IntegrationTimeout => "InternalServerErrorException",
        }
    }

    /// `$context.error.message`; an authorizer that fails has none.
    fn message(self) -> Option<&'static str> {
        Some(match self {
            Self::UnknownStage => "Forbidden",
            Self::MissingAuthenticationToken | Self::Signature(SignatureFault::Missing) => {
                "Missing Authentication Token"
            }
            Self::Signature(SignatureFault::Incomplete) => {
                "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' parameters \
                 and existence of either a 'X-Amz-Date' or a 'Date' header."
            }
            Self::Signature(SignatureFault::UnknownCredentials) => {
                "The security token included in the request is invalid."
            }
            Self::Signature(SignatureFault::Expired) => "Signature expired",
            Self::Signature(SignatureFault::Mismatch) => {
                "The request signature we calculated does not match the signature you provided. Check your \
                 AWS Secret Access Key and signing method. Consult the service documentation for details."
            }
            Self::Unauthorized => "Unauthorized",
            Self::AccessDenied { explicit: false } => "User is not authorized to access this resource",
            Self::AccessDenied { explicit: true } => {
                "User is not authorized to access this resource with an explicit deny"
            }
            Self::AuthorizerConfigurationError => return None,
            Self::RequestTooLarge => "Request Too Long",
            Self::BadGateway | Self::Internal => "Internal server error",
            Self::IntegrationTimeout => "Endpoint request timed out",
        })
    }

    /// With the default template.
    pub(super) fn reply(self) -> Reply {
        self.with_body(&json!({ "message": self.message() }).to_string())
    }

    /// With a template of the API's own, in which the authorizer's context may be named.
    pub(super) fn with_template(
        self,
        template: &str,
        request_id: &str,
        authorizer: &Map<String, Value>,
    ) -> Reply {
        let quoted = Value::from(self.message()).to_string();
        let text = authorizer.iter().map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (format!("$context.authorizer.{name}"), value)
        });
        let mut variables: Vec<(String, String)> = [
            ("$context.error.messageString", quoted),
            ("$context.error.message", self.message().unwrap_or_default().to_owned()),
            ("$context.requestId", request_id.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .chain(text)
        .collect();
        // The longest name first: one may begin as another.
        variables.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        self.with_body(&substituted(template, &variables))
    }

    fn with_body(self, body: &str) -> Reply {
        let mut reply = Reply::json(self.status(), body);
        reply.headers.insert("x-amzn-errortype", HeaderValue::from_static(self.error_type()));
        reply
    }
}

/// In one pass, so that no value is read as a template. A variable that is not there is empty.
fn substituted(template: &str, variables: &[(String, String)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("$context.") {
        text.push_str(before);
        let from = rest.get(before.len()..).unwrap_or_default();
        match variables.iter().find_map(|(name, value)| Some((value, from.strip_prefix(name.as_str())?))) {
            Some((value, after)) => {
                text.push_str(value);
                rest = after;
            }
            None => {
                let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
                rest = behind.trim_start_matches(is_name);
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, expected: &str) {
        let context = json!({ "code": "plan-exhausted", "codes": 7, "odd": "$context.requestId" });
        let denied = GatewayResponse::AccessDenied { explicit: true };
        let reply = denied.with_template(template, "r-1", context.as_object().unwrap());
        assert_eq!(std::str::from_utf8(&reply.body).unwrap(), expected);
    }

    #[test]
    fn a_template_names_what_the_authorizer_said() {
        check(
            r#"{"message":$context.error.messageString,"code":"$context.authorizer.code"}"#,
            r#"{"message":"User is not authorized to access this resource with an explicit deny","code":"plan-exhausted"}"#,
        );
        check("$context.authorizer.codes $context.requestId", "7 r-1");
        check("[$context.authorizer.none] $ $context", "[] $ $context");
        check("$context.authorizer.odd", "$context.requestId");
    }
}
