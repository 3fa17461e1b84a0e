//! What an authorizer has answered.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use serde::Deserialize;
use serde_json::{Map, Value};

use super::iam_policy::PolicyDocument;

/// An authorizer's answer in one of its two forms, as it is cached.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// Holds for every route on which it is reused.
    Simple { allowed: bool, context: Option<Map<String, Value>> },
    /// Evaluated anew for every route on which it is reused.
    Policy { document: PolicyDocument, context: Option<Map<String, Value>> },
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
    #[serde(rename = "principalId")]
    _principal_id: String,
    policy_document: PolicyDocument,
    context: Option<Map<String, Value>>,
}

impl Verdict {
    /// Reads the form that the authorizer is declared to answer; any other is an error.
    pub(super) fn read(payload: &[u8], simple: bool) -> Result<Self, serde_json::Error> {
        if simple {
            let SimpleForm { is_authorized, context } = serde_json::from_slice(payload)?;
            return Ok(Self::Simple { allowed: is_authorized, context });
        }
        let PolicyForm { policy_document, context, .. } = serde_json::from_slice(payload)?;
        Ok(Self::Policy { document: policy_document, context })
    }

    pub(super) fn allows(&self, route_arn: &str) -> bool {
        match self {
            Self::Simple { allowed, .. } => *allowed,
            Self::Policy { document, .. } => document.allows(route_arn),
        }
    }

    /// What the integration finds as `requestContext.authorizer.lambda`.
    pub(super) fn into_context(self) -> Option<Map<String, Value>> {
        match self {
            Self::Simple { context, .. } | Self::Policy { context, .. } => context,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(payload: &str, simple: bool, allowed: Option<bool>) {
        let verdict = Verdict::read(payload.as_bytes(), simple).ok();
        assert_eq!(verdict.map(|verdict| verdict.allows("arn:a/GET/x")), allowed);
    }

    const POLICY: &str = r#"{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":
        [{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*/GET/x"}]}}"#;

    #[test]
    fn reads_the_declared_form_only() {
        check(r#"{"isAuthorized":true}"#, true, Some(true));
        check(r#"{"isAuthorized":false,"context":{"a":1}}"#, true, Some(false));
        check(POLICY, false, Some(true));
        check(POLICY, true, None);
        check(r#"{"isAuthorized":true}"#, false, None);
    }

    #[test]
    fn anything_else_is_an_error() {
        check(r#"{"isAuthorized":"true"}"#, true, None);
        check(r#"{"isAuthorized":true,"context":"x"}"#, true, None);
        check(r#"{"context":{}}"#, true, None);
        check("null", true, None);
        check(r#"{"policyDocument":{"Statement":[]}}"#, false, None);
        check("", false, None);
    }

    #[test]
    fn keeps_the_context() {
        let verdict = Verdict::read(br#"{"isAuthorized":true,"context":{"a":[1]}}"#, true).unwrap();
        assert_eq!(Value::Object(verdict.into_context().unwrap()), serde_json::json!({ "a": [1] }));
    }
}
