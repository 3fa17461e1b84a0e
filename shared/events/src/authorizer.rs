//! The authorizer of an HTTP API: its question in payload format 2.0, and both forms of its answer ("Control access
//! to HTTP APIs with AWS Lambda authorizers", API Gateway guide).

use doorward_model::{CallId, EntityName, Inbound};
use serde_json::{Map, Value, json};

use crate::attested::Attested;
use crate::envelope::Envelope;
use crate::fault::{EnvelopeError, MalformedRequest, UnknownEvent};
use crate::http2;

/// The error message with which the function fails to have API Gateway answer 401; it must be exactly this.
pub const UNAUTHORIZED: &str = "Unauthorized";

/// The largest answer, in bytes, that API Gateway takes from an authorizer.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024;

/// What API Gateway asks.
#[derive(Debug)]
pub struct AuthorizerCall {
    /// The request, without a body: authorizers get none.
    pub inbound: Inbound,
    /// The ARN of the route that is asked for, with the path as the caller sent it.
    pub route_arn: String,
}

/// The form that the API's `EnableSimpleResponses` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerForm {
    /// `{"isAuthorized": …}`.
    Simple,
    /// A policy document.
    IamPolicy,
}

/// What the pipeline decided.
#[derive(Debug, Clone, Copy)]
pub enum Verdict<'a> {
    /// Let it pass, with what integrations may know of the caller.
    Allow(Attested<'a>),
    /// Answer 403.
    Deny {
        /// The refusal's stable word, which access logs can show as `$context.authorizer.code`.
        code: &'a str,
        /// The caller, where known.
        caller: Option<&'a EntityName>,
        /// The call.
        call: &'a CallId,
    },
}

/// The answer, and why it denies although the verdict was to allow.
#[derive(Debug)]
pub struct Answer {
    /// What the function returns.
    pub json: Value,
    /// Set when an allowing verdict could not be stated.
    pub fault: Option<AnswerFault>,
}

/// Why an allowing verdict cannot be stated, so that the answer is to deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerFault {
    /// `*`, `?` and `${` in a path would allow more than the path (IAM policy grammar).
    #[error("the path holds a wildcard, so a policy for it would allow other paths as well")]
    Wildcard,
    /// Beyond [`MAX_ANSWER_BYTES`].
    #[error("the answer is larger than {MAX_ANSWER_BYTES} bytes")]
    TooLarge,
}

impl AnswerFault {
    fn code(self) -> &'static str {
        match self {
            Self::Wildcard => "ambiguous-path",
            Self::TooLarge => "answer-too-large",
        }
    }
}

/// Whether a document is a question to an authorizer.
pub(crate) fn recognises(document: &Map<String, Value>) -> bool {
    document.get("type").is_some_and(|kind| kind == "REQUEST") && document.contains_key("routeArn")
}

/// Reads an authorizer's question in payload format 2.0.
///
/// # Errors
/// [`EnvelopeError`]: `Unknown` for anything else, format 1.0 among it.
pub fn read(envelope: &Envelope<'_>) -> Result<AuthorizerCall, EnvelopeError> {
    let mut document = envelope.document()?;
    if document.get("version").is_some_and(|version| version == "1.0") {
        return Err(UnknownEvent::PayloadFormatOne.into());
    }
    if !recognises(&document) || !http2::recognises(&document) {
        return Err(UnknownEvent::NotForAuthorizer.into());
    }
    let Some(Value::String(route_arn)) = document.remove("routeArn") else {
        return Err(MalformedRequest::Member { member: "routeArn".to_owned(), expected: "a text" }.into());
    };
    document.remove("body");
    Ok(AuthorizerCall { inbound: http2::read(envelope, document)?, route_arn })
}

/// States a verdict for the route of `route_arn`, in the form that the API is configured for.
#[must_use]
pub fn answer(form: AnswerForm, route_arn: &str, verdict: &Verdict<'_>) -> Answer {
    // The caller is left out of the substitute: its id may be what makes an answer too large.
    let deny = |code, call| state(form, route_arn, &Verdict::Deny { code, caller: None, call });
    let json = state(form, route_arn, verdict);
    let is_too_large = json.to_string().len() > MAX_ANSWER_BYTES;
    match verdict {
        Verdict::Allow(attested) => {
            let is_ambiguous = form == AnswerForm::IamPolicy && has_wildcard(route_arn);
            let fault = is_ambiguous
                .then_some(AnswerFault::Wildcard)
                .or_else(|| is_too_large.then_some(AnswerFault::TooLarge));
            match fault {
                Some(reason) => Answer { json: deny(reason.code(), attested.call), fault },
                None => Answer { json, fault },
            }
        }
        Verdict::Deny { code, call, .. } if is_too_large => Answer { json: deny(code, call), fault: None },
        Verdict::Deny { .. } => Answer { json, fault: None },
    }
}

/// The denial of a question that cannot be read, and so names no route: for all of them (`*`), and without a caller.
#[must_use]
pub fn deny(form: AnswerForm, code: &str, call: &CallId) -> Value {
    state(form, "*", &Verdict::Deny { code, caller: None, call })
}

fn has_wildcard(arn: &str) -> bool {
    arn.contains(['*', '?']) || arn.contains("${")
}

fn state(form: AnswerForm, route_arn: &str, verdict: &Verdict<'_>) -> Value {
    let (allow, caller, context) = match verdict {
        Verdict::Allow(attested) => (true, Some(attested.caller), Value::Object(attested.context())),
        Verdict::Deny { code, caller, call } => {
            (false, *caller, json!({ "code": code, "callId": call.as_str() }))
        }
    };
    match form {
        AnswerForm::Simple => json!({ "isAuthorized": allow, "context": context }),
        AnswerForm::IamPolicy => json!({
            "principalId": caller.map_or_else(|| "unknown".to_owned(), EntityName::to_string),
            "policyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Action": "execute-api:Invoke",
                    "Effect": if allow { "Allow" } else { "Deny" },
                    "Resource": route_arn,
                }],
            },
            "context": context,
        }),
    }
}
