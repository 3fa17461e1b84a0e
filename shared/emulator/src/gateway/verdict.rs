//! What an authorizer has answered.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>

use serde::Deserialize;
use serde_json::{Map, Value};

use super::iam_policy::{Decision, PolicyDocument};

/// Most bytes of a policy answer.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>
const POLICY_LIMIT: usize = 8 * 1024;

/// The form in which an authorizer is to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VerdictForm {
    /// `{isAuthorized, context}`.
    Simple,
    /// An IAM policy whose context may be any JSON object.
    Policy,
    /// An IAM policy whose context holds texts, numbers and truth values, all of which become texts.
    PolicyOfScalars,
}

/// An authorizer's answer in one of its forms, as it is cached.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// Holds for every route on which it is reused.
    Simple { allowed: bool, context: Option<Map<String, Value>> },
    /// Evaluated anew for every route on which it is reused.
    Policy { principal: String, document: PolicyDocument, context: Option<Map<String, Value>> },
}

/// What an authorizer says of its caller.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Described {
    /// `None` in a simple answer.
    pub(super) principal: Option<String>,
    pub(super) context: Option<Map<String, Value>>,
}

/// Why an answer is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum VerdictError {
    #[error("the answer is not of the declared form: {0}")]
    Form(#[from] serde_json::Error),
    #[error("the answer has {0} bytes, of which {POLICY_LIMIT} are the most")]
    TooLarge(usize),
    #[error("`{0}` in the context is an object, a list or null")]
    NoScalar(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SimpleForm {
    is_authorized: bool,
    context: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PolicyForm {
    principal_id: String,
    policy_document: PolicyDocument,
    context: Option<Map<String, Value>>,
    #[serde(rename = "usageIdentifierKey")]
    _usage_identifier_key: Option<String>,
}

impl Verdict {
    /// Reads the form that the authorizer is declared to answer; any other is an error.
    pub(super) fn read(payload: &[u8], form: VerdictForm) -> Result<Self, VerdictError> {
        if form == VerdictForm::Simple {
            let SimpleForm { is_authorized, context } = serde_json::from_slice(payload)?;
            return Ok(Self::Simple { allowed: is_authorized, context });
        }
        if payload.len() > POLICY_LIMIT {
            return Err(VerdictError::TooLarge(payload.len()));
        }
        let PolicyForm { principal_id, policy_document, context, .. } = serde_json::from_slice(payload)?;
        let context = match context {
            Some(context) if form == VerdictForm::PolicyOfScalars => Some(texts(context)?),
            context => context,
        };
        Ok(Self::Policy { principal: principal_id, document: policy_document, context })
    }

    /// What it says of a call of this method or route.
    pub(super) fn decide(&self, arn: &str) -> Decision {
        match self {
            Self::Simple { allowed: true, .. } => Decision::Allow,
            Self::Simple { allowed: false, .. } => Decision::ImplicitDeny,
            Self::Policy { document, .. } => document.decide(arn),
        }
    }

    pub(super) fn into_described(self) -> Described {
        match self {
            Self::Simple { context, .. } => Described { principal: None, context },
            Self::Policy { principal, context, .. } => Described { principal: Some(principal), context },
        }
    }
}

impl Described {
    /// What an integration in payload format 1.0 finds as `requestContext.authorizer`.
    pub(super) fn flat(self) -> Map<String, Value> {
        let mut members = self.context.unwrap_or_default();
        members.extend(self.principal.map(|principal| ("principalId".to_owned(), principal.into())));
        members
    }
}

fn texts(context: Map<String, Value>) -> Result<Map<String, Value>, VerdictError> {
    let text = |(name, value): (String, Value)| match value {
        Value::String(_) => Ok((name, value)),
        Value::Bool(_) | Value::Number(_) => Ok((name, value.to_string().into())),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(VerdictError::NoScalar(name)),
    };
    context.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::VerdictForm::{Policy, PolicyOfScalars, Simple};
    use super::*;

    #[track_caller]
    fn check(payload: &str, form: VerdictForm, decision: Option<Decision>) {
        let verdict = Verdict::read(payload.as_bytes(), form).ok();
        assert_eq!(verdict.map(|verdict| verdict.decide("arn:a/GET/x")), decision);
    }

    const POLICY: &str = r#"{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":
        [{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*/GET/x"}]}}"#;

    #[test]
    fn reads_the_declared_form_only() {
        check(r#"{"isAuthorized":true}"#, Simple, Some(Decision::Allow));
        check(r#"{"isAuthorized":false,"context":{"a":1}}"#, Simple, Some(Decision::ImplicitDeny));
        check(POLICY, Policy, Some(Decision::Allow));
        check(&POLICY.replace("Allow", "Deny"), PolicyOfScalars, Some(Decision::ExplicitDeny));
        check(&POLICY.replace("*/GET/x", "*/GET/y"), PolicyOfScalars, Some(Decision::ImplicitDeny));
        check(POLICY, Simple, None);
        check(r#"{"isAuthorized":true}"#, Policy, None);
    }

    #[test]
    fn anything_else_is_an_error() {
        check(r#"{"isAuthorized":"true"}"#, Simple, None);
        check(r#"{"isAuthorized":true,"context":"x"}"#, Simple, None);
        check(r#"{"context":{}}"#, Simple, None);
        check("null", Simple, None);
        check(r#"{"policyDocument":{"Statement":[]}}"#, Policy, None);
        check(&POLICY.replace(r#""u""#, "7"), Policy, None);
        check("", Policy, None);
    }

    #[test]
    fn a_policy_answer_has_eight_kilobytes_at_most() {
        let sized = |bytes: usize| format!("{POLICY}{}", " ".repeat(bytes - POLICY.len()));
        check(&sized(8 * 1024), PolicyOfScalars, Some(Decision::Allow));
        check(&sized(8 * 1024 + 1), PolicyOfScalars, None);
    }

    #[track_caller]
    fn check_context(context: &Value, form: VerdictForm, expected: Option<Value>) {
        let payload = POLICY.replacen('{', &format!(r#"{{"context":{context},"#), 1);
        let verdict = Verdict::read(payload.as_bytes(), form).ok();
        assert_eq!(verdict.map(|verdict| Value::Object(verdict.into_described().flat())), expected);
    }

    #[test]
    fn the_context_is_kept_or_becomes_texts() {
        let scalars = json!({ "a": "x", "b": 7, "c": true });
        let as_they_are = json!({ "a": "x", "b": 7, "c": true, "principalId": "u" });
        check_context(&scalars, Policy, Some(as_they_are));
        let as_texts = json!({ "a": "x", "b": "7", "c": "true", "principalId": "u" });
        check_context(&scalars, PolicyOfScalars, Some(as_texts));
        for nested in [json!({ "a": [1] }), json!({ "a": {} }), json!({ "a": null })] {
            check_context(&nested, PolicyOfScalars, None);
        }
        check_context(
            &json!({ "principalId": "other" }),
            PolicyOfScalars,
            Some(json!({ "principalId": "u" })),
        );
    }
}
