//! Refusals as SDKs of Lambda read them: `X-Amzn-ErrorType`, and a JSON body with a message ("Errors" of "Invoke", AWS Lambda
//! API reference).

use doorward_model::{
    AuthFault, Call, Inbound, InvocationFault, MalformedFault, Message, Refusal, Reply, TargetFault,
};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use crate::respond::{Told, told};
use crate::rules::Rules;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The stable word that programs compare, of which Lambda's own errors say less.
const CODE: HeaderName = HeaderName::from_static("x-doorward-code");

const ACCESS_DENIED: &str = "AccessDeniedException";
const INVALID_PARAMETER: &str = "InvalidParameterValueException";
const INVALID_CONTENT: &str = "InvalidRequestContentException";
const NOT_FOUND: &str = "ResourceNotFoundException";
const UNKNOWN_OPERATION: &str = "UnknownOperationException";
const SERVICE: &str = "ServiceException";
const TOO_MANY: &str = "TooManyRequestsException";

/// An operation of the Lambda API, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Invoke,
    /// `InvokeWithResponseStream`.
    Stream,
    Other,
}

impl Operation {
    /// `/2015-03-31/functions/…`: a date and what it is about.
    fn of(path: &str) -> Option<Self> {
        let mut segments = path.strip_prefix('/')?.split('/');
        let (date, about) = (segments.next()?, segments.next()?);
        let is_date = date.len() == 10
            && date.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        (is_date && about == "functions").then(|| match segments.next_back() {
            Some("invocations") => Self::Invoke,
            Some("response-streaming-invocations") => Self::Stream,
            _ => Self::Other,
        })
    }
}

/// The refusal of a call that speaks the Lambda API; `None` where it does not, or the door takes no invocations.
pub(crate) fn exception(rules: &Rules, refusal: &Refusal, inbound: &Inbound, call: &Call) -> Option<Reply> {
    let Message::Http(request) = &inbound.message else { return None };
    if request.socket.is_some() || !rules.router.takes_invocations() {
        return None;
    }
    let found = rules.routes.iter().find(|rules| Some(&rules.route.id) == call.action.as_ref());
    let operation = match found {
        Some(found) => found.route.invoke().map(|_| Operation::Invoke)?,
        None => {
            let path = rules.own_path(inbound.front.kind, request).unwrap_or(&request.path);
            Operation::of(path)?
        }
    };
    Some(written(refusal, operation, call.id.as_str(), &rules.config().door.name))
}

/// The refusal of an invocation, whoever asked for it; `None` of any other call.
pub(crate) fn of_invocation(rules: &Rules, refusal: &Refusal, call: &Call) -> Option<Reply> {
    call.invoked.as_ref()?;
    Some(written(refusal, Operation::Invoke, call.id.as_str(), &rules.config().door.name))
}

fn written(refusal: &Refusal, operation: Operation, request_id: &str, realm: &str) -> Reply {
    let Told { title, mut headers, errors } = told(refusal, request_id, realm);
    let (status, kind) = kind(refusal, operation);
    for name in [ALLOW, WWW_AUTHENTICATE] {
        headers.remove(name);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ERROR_TYPE, HeaderValue::from_static(kind));
    headers.insert(CODE, HeaderValue::from_static(refusal.code()));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    let message = match refusal {
        Refusal::Malformed(MalformedFault::Invocation(fault)) => fault.to_string(),
        Refusal::NotFound if operation == Operation::Stream => {
            "Response streaming is not offered here: use Invoke".to_owned()
        }
        Refusal::NotFound | Refusal::MethodNotAllowed { .. } if kind == UNKNOWN_OPERATION => {
            "Of the Lambda API nothing but Invoke is offered here".to_owned()
        }
        Refusal::NotFound => "No function of this name and version is here".to_owned(),
        Refusal::Contract(_) | Refusal::Malformed(MalformedFault::Json(_)) => {
            match refusal.violations().first() {
                Some(first) => format!("{title} at `{}`: {}", first.pointer, first.rule),
                None => title.to_owned(),
            }
        }
        _ => title.to_owned(),
    };
    let mut body = Map::new();
    body.insert("Type".to_owned(), json!(if status.is_server_error() { "Service" } else { "User" }));
    // The member that the API's model has for the message of this exception.
    let member = if [ACCESS_DENIED, NOT_FOUND, SERVICE].contains(&kind) { "Message" } else { "message" };
    body.insert(member.to_owned(), json!(message));
    if kind == TOO_MANY {
        body.insert("Reason".to_owned(), json!("CallerRateLimitExceeded"));
    }
    if !errors.is_empty() {
        body.insert("errors".to_owned(), Value::Array(errors));
    }
    Reply { status, headers, body: Value::Object(body).to_string().into_bytes().into() }
}

/// The exception that stands for a refusal. Where Lambda has none of this meaning, the next that callers handle alike.
fn kind(refusal: &Refusal, operation: Operation) -> (StatusCode, &'static str) {
    match refusal {
        Refusal::UnknownFront
        | Refusal::Denied(_)
        | Refusal::InsufficientScope { .. }
        | Refusal::NeedsBody => (StatusCode::FORBIDDEN, ACCESS_DENIED),
        Refusal::Unauthenticated(AuthFault::Missing) => {
            (StatusCode::FORBIDDEN, "MissingAuthenticationTokenException")
        }
        Refusal::Unauthenticated(_) => (StatusCode::FORBIDDEN, "UnrecognizedClientException"),
        Refusal::NotFound if operation == Operation::Invoke => (StatusCode::NOT_FOUND, NOT_FOUND),
        Refusal::NotFound | Refusal::MethodNotAllowed { .. } => (StatusCode::NOT_FOUND, UNKNOWN_OPERATION),
        Refusal::Malformed(
            MalformedFault::Json(_)
            | MalformedFault::Invocation(InvocationFault::ClientContext | InvocationFault::ClientContextSize),
        ) => (StatusCode::BAD_REQUEST, INVALID_CONTENT),
        Refusal::Malformed(_) => (StatusCode::BAD_REQUEST, INVALID_PARAMETER),
        Refusal::Idempotency(fault) if fault.is_of_request() => (StatusCode::BAD_REQUEST, INVALID_PARAMETER),
        Refusal::Purpose(fault) if fault.is_of_request() => (StatusCode::BAD_REQUEST, INVALID_PARAMETER),
        Refusal::Purpose(_) => (StatusCode::FORBIDDEN, ACCESS_DENIED),
        Refusal::Contract(_) | Refusal::Uncountable(_) | Refusal::Target(TargetFault::Unfit(_)) => {
            (StatusCode::BAD_REQUEST, INVALID_CONTENT)
        }
        Refusal::TooLarge { .. } | Refusal::Inflates(_) => {
            (StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException")
        }
        Refusal::UnsupportedMediaType => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaTypeException")
        }
        Refusal::Flooded { .. } | Refusal::Limited(_) => (StatusCode::TOO_MANY_REQUESTS, TOO_MANY),
        Refusal::Repetition { .. } | Refusal::Idempotency(_) => {
            (StatusCode::CONFLICT, "ResourceConflictException")
        }
        Refusal::KeysAway
        | Refusal::SecretsAway
        | Refusal::StoreAway
        | Refusal::Target(_)
        | Refusal::BrokenAnswer(_) => (refusal.status(), SERVICE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lambda_api_is_known_by_its_paths() {
        for (path, expected) in [
            ("/2015-03-31/functions/orders/invocations", Some(Operation::Invoke)),
            ("/2015-03-31/functions/a%2Fb/invocations", Some(Operation::Invoke)),
            ("/2015-03-31/functions/../invocations", Some(Operation::Invoke)),
            ("/2021-11-15/functions/orders/response-streaming-invocations", Some(Operation::Stream)),
            ("/2015-03-31/functions", Some(Operation::Other)),
            ("/2015-03-31/functions/orders/configuration", Some(Operation::Other)),
            ("/2015-03-31/layers", None),
            ("/orders/2015-03-31/functions/orders/invocations", None),
            ("/2015_03_31/functions/orders/invocations", None),
            ("/functions/orders/invocations", None),
            ("/2015-03-31", None),
            ("", None),
        ] {
            assert_eq!(Operation::of(path), expected, "{path}");
        }
    }
}
