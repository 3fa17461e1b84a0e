use std::fmt;

use doorward_model::{CallId, EntityName};
use serde_json::{Value, json};

use super::MAX_ANSWER_BYTES;
use super::question::QuestionKind;
use crate::attested::{Attested, CONNECTION};

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
    /// Let it pass.
    Allow(Allowed<'a>),
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

/// What passes, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a> {
    /// What integrations may know of the caller.
    pub attested: Attested<'a>,
    /// The ARNs of all that the caller may do, exactly: usually the one that was asked for, and more where the gateway
    /// keeps the answer for them.
    pub resources: &'a [String],
    /// The API key that the gateway's usage plans go by; only REST APIs have any.
    pub usage_key: Option<UsageKey<'a>>,
    /// What is kept with a connection of its caller, where one is opened.
    pub connection: Option<&'a str>,
}

/// An API key on its way into an answer: it does not print.
#[derive(Clone, Copy)]
pub struct UsageKey<'a>(pub &'a str);

impl fmt::Debug for UsageKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UsageKey(…)")
    }
}

/// The answer, and why it denies although the verdict was to allow.
pub struct Answer {
    /// What the function returns.
    pub json: Value,
    /// Set when an allowing verdict could not be stated.
    pub fault: Option<AnswerFault>,
}

impl fmt::Debug for Answer {
    /// Without what it says, which may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("fault", &self.fault).finish_non_exhaustive()
    }
}

/// Why an allowing verdict cannot be stated, so that the answer is to deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerFault {
    /// `*`, `?` and `${` in a path would allow more than the path (IAM policy grammar).
    #[error("the path holds a wildcard, so a policy for it would allow other paths as well")]
    Wildcard,
    /// Only payload format 2.0 of an HTTP API takes a simple answer.
    #[error("this API takes no simple answer")]
    NotSimple,
    /// A policy that allows nothing is none.
    #[error("no resource is named")]
    NoResource,
    /// Beyond [`MAX_ANSWER_BYTES`].
    #[error("the answer is larger than {MAX_ANSWER_BYTES} bytes")]
    TooLarge,
}

impl AnswerFault {
    fn code(self) -> &'static str {
        match self {
            Self::Wildcard => "ambiguous-path",
            Self::NotSimple => "answer-not-simple",
            Self::NoResource => "no-resource",
            Self::TooLarge => "answer-too-large",
        }
    }
}

/// States a verdict on the question of `kind` for the route of `route_arn`, in the form that the API is configured for.
/// A simple answer to an API that takes none is a fault, and denies by a policy.
#[must_use]
pub fn answer(kind: QuestionKind, form: AnswerForm, route_arn: &str, verdict: &Verdict<'_>) -> Answer {
    let is_misplaced = form == AnswerForm::Simple && !kind.takes_simple();
    let form = if is_misplaced { AnswerForm::IamPolicy } else { form };
    // The caller is left out of the substitute: its id may be what makes an answer too large.
    let deny = |code, call| state(kind, form, route_arn, &Verdict::Deny { code, caller: None, call });
    let json = state(kind, form, route_arn, verdict);
    let is_too_large = json.to_string().len() > MAX_ANSWER_BYTES;
    match verdict {
        Verdict::Allow(allowed) => {
            let is_policy = form == AnswerForm::IamPolicy;
            let fault = if is_misplaced {
                Some(AnswerFault::NotSimple)
            } else if is_policy && allowed.resources.is_empty() {
                Some(AnswerFault::NoResource)
            } else if is_policy && allowed.resources.iter().any(|arn| has_wildcard(arn)) {
                Some(AnswerFault::Wildcard)
            } else {
                is_too_large.then_some(AnswerFault::TooLarge)
            };
            match fault {
                Some(reason) => Answer { json: deny(reason.code(), allowed.attested.call), fault },
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
    state(QuestionKind::HttpApi2, form, "*", &Verdict::Deny { code, caller: None, call })
}

fn has_wildcard(arn: &str) -> bool {
    arn.contains(['*', '?']) || arn.contains("${")
}

fn state(kind: QuestionKind, form: AnswerForm, route_arn: &str, verdict: &Verdict<'_>) -> Value {
    let (allow, caller, context) = match verdict {
        Verdict::Allow(Allowed { attested, connection, .. }) => {
            let mut context = attested.context();
            context.extend(connection.map(|said| (CONNECTION.to_owned(), said.into())));
            (true, Some(attested.caller), Value::Object(context))
        }
        Verdict::Deny { code, caller, call } => {
            (false, *caller, json!({ "code": code, "callId": call.as_str() }))
        }
    };
    if form == AnswerForm::Simple {
        return json!({ "isAuthorized": allow, "context": context });
    }
    let resource = match verdict {
        Verdict::Allow(Allowed { resources: [one], .. }) => json!(one),
        Verdict::Allow(Allowed { resources, .. }) => json!(resources),
        Verdict::Deny { .. } => json!(route_arn),
    };
    let mut answer = json!({
        "principalId": caller.map_or_else(|| "unknown".to_owned(), EntityName::to_string),
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{
                "Action": "execute-api:Invoke",
                "Effect": if allow { "Allow" } else { "Deny" },
                "Resource": resource,
            }],
        },
        "context": context,
    });
    if let (Value::Object(members), Verdict::Allow(Allowed { usage_key: Some(UsageKey(key)), .. }), true) =
        (&mut answer, verdict, kind.has_usage_plans())
    {
        members.insert("usageIdentifierKey".to_owned(), (*key).into());
    }
    answer
}
