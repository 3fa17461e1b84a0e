//! Whether the IAM policy that an authorizer answers allows a request.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use serde::Deserialize;

/// The action that calling an API is.
const INVOKE: &str = "execute-api:invoke";

/// A policy document. What it may not say here (`Condition`, `NotAction`, `NotResource`, …) is refused when it is
/// read, rather than ignored: ignoring a condition could allow what it forbids.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct PolicyDocument {
    #[serde(rename = "Version")]
    _version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    statement: OneOrMany<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    action: OneOrMany<String>,
    resource: OneOrMany<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::Many(many) => many,
            Self::One(one) => std::slice::from_ref(one),
        }
    }
}

/// What a policy says of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Allow,
    /// A statement denies it.
    ExplicitDeny,
    /// No statement concerns it.
    ImplicitDeny,
}

impl PolicyDocument {
    /// What it says of a call of the method or route of this ARN. A statement that denies beats all that allow.
    pub(super) fn decide(&self, arn: &str) -> Decision {
        let effects = || self.statement.as_slice().iter().filter(|s| s.concerns(arn)).map(|s| s.effect);
        if effects().any(|effect| effect == Effect::Deny) {
            Decision::ExplicitDeny
        } else if effects().any(|effect| effect == Effect::Allow) {
            Decision::Allow
        } else {
            Decision::ImplicitDeny
        }
    }
}

impl Statement {
    fn concerns(&self, route_arn: &str) -> bool {
        // Actions are compared without regard to case, resources are not.
        let action = |pattern: &String| matches(&pattern.to_ascii_lowercase(), INVOKE);
        self.action.as_slice().iter().any(action)
            && self.resource.as_slice().iter().any(|pattern| matches(pattern, route_arn))
    }
}

/// IAM's wildcards: `*` for any text, also none, `?` for one character.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut from) = (0, 0);
    // Where to go on when the text does not fit: behind the latest `*`, which then takes one character more.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(character) = text.get(from) {
        match pattern.get(at) {
            Some('*') => {
                retry = Some((at + 1, from + 1));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == character => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((behind, next)) = retry else { return false };
                (at, from) = (behind, next);
                retry = Some((behind, next + 1));
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/$default/GET/orders/42";

    #[track_caller]
    fn check(statements: &str, allowed: bool) {
        let document = format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#);
        let policy: PolicyDocument = serde_json::from_str(&document).unwrap();
        assert_eq!(policy.decide(ARN) == Decision::Allow, allowed);
    }

    #[test]
    fn allows_what_a_statement_allows() {
        check(r#"[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]"#, true);
        check(r#"{"Effect":"Allow","Action":["execute-api:*"],"Resource":["arn:*/GET/orders/*"]}"#, true);
        check(r#"[{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:*:*:a1b2c3/*"}]"#, true);
        check(r#"[{"Effect":"Allow","Action":"EXECUTE-API:invoke","Resource":"*/orders/4?"}]"#, true);
    }

    #[test]
    fn denies_everything_else() {
        check("[]", false);
        check(r#"[{"Effect":"Allow","Action":"execute-api:Manage","Resource":"*"}]"#, false);
        check(r#"[{"Effect":"Allow","Action":"lambda:Invoke","Resource":"*"}]"#, false);
        check(r#"[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*/POST/*"}]"#, false);
        check(r#"[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*/get/orders/42"}]"#, false);
        check(r#"[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":[]}]"#, false);
    }

    #[test]
    fn a_denial_beats_what_allows() {
        let allow = r#"{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}"#;
        check(
            &format!(r#"[{allow},{{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"{ARN}"}}]"#),
            false,
        );
        check(
            &format!(r#"[{{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"*/POST/*"}},{allow}]"#),
            true,
        );
    }

    #[test]
    fn refuses_what_it_cannot_evaluate() {
        for statement in [
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}"#,
            r#"{"Effect":"Allow","NotAction":"*","Resource":"*"}"#,
            r#"{"Effect":"Allow","Action":"*","NotResource":"*"}"#,
            r#"{"Effect":"allow","Action":"*","Resource":"*"}"#,
            r#"{"Action":"*","Resource":"*"}"#,
        ] {
            let document = format!(r#"{{"Statement":[{statement}]}}"#);
            assert!(serde_json::from_str::<PolicyDocument>(&document).is_err(), "{statement}");
        }
    }

    #[test]
    fn wildcards() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("?", "", false),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("*a*b", "xaxbab", true),
            ("**", "anything", true),
            ("a?c", "aäc", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
