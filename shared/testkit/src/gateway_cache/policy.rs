//! IAM's evaluation of one policy for `execute-api:Invoke` (IAM guide, "Policy evaluation logic", "IAM JSON policy elements:
//! Resource"): an explicit deny wins, then an allow, else the request is denied implicitly.

use serde_json::Value;

/// What a policy says of an ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A statement allows it and none denies it.
    Allow,
    /// A statement denies it.
    ExplicitDeny,
    /// No statement is about it.
    ImplicitDeny,
}

/// A policy in a form that is none, or that this model does not know.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownForm;

/// What `document` says of `execute-api:Invoke` on `arn`.
pub(super) fn evaluate(document: &Value, arn: &str) -> Result<Effect, UnknownForm> {
    let document = document.as_object().ok_or(UnknownForm)?;
    if document.get("Version").and_then(Value::as_str) != Some("2012-10-17") {
        return Err(UnknownForm);
    }
    let mut effect = Effect::ImplicitDeny;
    for statement in one_or_more(document.get("Statement"))? {
        let statement = statement.as_object().ok_or(UnknownForm)?;
        let known = ["Sid", "Effect", "Action", "Resource"];
        if statement.keys().any(|name| !known.contains(&name.as_str())) {
            return Err(UnknownForm);
        }
        let actions = texts(statement.get("Action"))?;
        let resources = texts(statement.get("Resource"))?;
        if resources.iter().any(|resource| resource.contains("${")) {
            return Err(UnknownForm);
        }
        // Actions are compared without regard to case.
        let is_action = actions.iter().any(|own| matches(&own.to_lowercase(), "execute-api:invoke"));
        let is_about = is_action && resources.iter().any(|own| matches(own, arn));
        match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") if is_about && effect == Effect::ImplicitDeny => effect = Effect::Allow,
            Some("Deny") if is_about => effect = Effect::ExplicitDeny,
            Some("Allow" | "Deny") => {}
            _ => return Err(UnknownForm),
        }
    }
    Ok(effect)
}

fn one_or_more(value: Option<&Value>) -> Result<Vec<&Value>, UnknownForm> {
    match value {
        Some(Value::Array(values)) if !values.is_empty() => Ok(values.iter().collect()),
        Some(Value::Array(_) | Value::Null) | None => Err(UnknownForm),
        Some(value) => Ok(vec![value]),
    }
}

fn texts(value: Option<&Value>) -> Result<Vec<&str>, UnknownForm> {
    one_or_more(value)?.into_iter().map(|value| value.as_str().ok_or(UnknownForm)).collect()
}

/// Whether `text` has the form of `pattern`: `?` is any one character and `*` any number of them. Neither reaches over a
/// colon, but for an asterisk at the end of a segment of an ARN. No page says anything of slashes, so both match them.
fn matches(pattern: &str, text: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return pattern == text;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // Row by row: which beginnings of the text each beginning of the pattern can be.
    let mut reached: Vec<bool> = (0..=text.len()).map(|at| at == 0).collect();
    for (place, sign) in pattern.iter().enumerate() {
        let ends_segment = pattern.get(place + 1).is_none_or(|next| *next == ':');
        let mut next = vec![false; text.len() + 1];
        let mut open = false;
        for (at, is_reached) in reached.iter().enumerate() {
            let before = at
                .checked_sub(1)
                .and_then(|at| text.get(at).map(|own| (*own, reached.get(at) == Some(&true))));
            let is_next = match sign {
                '*' => {
                    let crosses = before.is_some_and(|(own, _)| own == ':' && !ends_segment);
                    open = *is_reached || (open && !crosses);
                    open
                }
                '?' => before.is_some_and(|(own, was)| was && own != ':'),
                sign => before.is_some_and(|(own, was)| was && own == *sign),
            };
            if let Some(place) = next.get_mut(at) {
                *place = is_next;
            }
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
    }

    #[test]
    fn wildcards_match_as_iam_has_them() {
        let arn = "arn:aws:execute-api:eu-central-1:123456789012:a1/prod/GET/orders/42";
        check(arn, arn, true);
        check("*", arn, true);
        check("arn:aws:execute-api:*", arn, true);
        check("arn:aws:execute-api:*:*:a1/*/GET/*", arn, true);
        check("arn:aws:execute-api:eu-central-?:123456789012:a1/prod/GET/orders/4?", arn, true);
        check("arn:aws:execute-api:eu-central-1:123456789012:a1/prod/GET/orders/*", arn, true);
        check("arn:aws:execute-api:eu-central-1:123456789012:a1/prod/*", arn, true);
        check("arn:aws:execute-api:eu-central-1:123456789012:a1/prod/GET/orders/4", arn, false);
        check("arn:aws:execute-api:eu-central-1:123456789012:a1/prod/GET/orders/43", arn, false);
        check("arn:aws:execute-api:eu-central-1:123456789012:a1/prod/get/orders/42", arn, false);
        check("arn:aws:execute-api:eu-central-1:123456789012:a1/prod/GET/orders/42?", arn, false);
        check("a*d:e", "a:b:d:e", false);
        check("a*:e", "a:b:d:e", true);
        check("a?b", "a:b", false);
        check("", "", true);
        check("", "a", false);
        check("**", "", true);
    }

    fn statement(effect: &str, resource: Value) -> Value {
        json!({"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource})
    }

    #[track_caller]
    fn says(statements: Value, expected: Result<Effect, UnknownForm>) {
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        assert_eq!(evaluate(&document, "arn:x/GET/a"), expected, "{document}");
    }

    #[test]
    fn a_deny_wins_and_nothing_is_allowed_by_silence() {
        says(statement("Allow", json!("arn:x/GET/a")), Ok(Effect::Allow));
        says(json!([statement("Allow", json!(["arn:x/GET/b", "arn:x/GET/a"]))]), Ok(Effect::Allow));
        says(json!([statement("Allow", json!("arn:x/GET/b"))]), Ok(Effect::ImplicitDeny));
        let both = [statement("Deny", json!("*")), statement("Allow", json!("arn:x/GET/a"))];
        says(json!(both), Ok(Effect::ExplicitDeny));
        says(json!([both[1], both[0]]), Ok(Effect::ExplicitDeny));
        let other = json!({"Action": "execute-api:ManageConnections", "Effect": "Allow", "Resource": "*"});
        says(other, Ok(Effect::ImplicitDeny));
        let any = json!({"Action": ["s3:Get*", "Execute-API:*"], "Effect": "Allow", "Resource": "*"});
        says(any, Ok(Effect::Allow));
    }

    #[test]
    fn what_is_no_policy_says_nothing() {
        for statements in [
            json!([]),
            json!(null),
            json!("x"),
            json!([7]),
            statement("allow", json!("*")),
            statement("Allow", json!([])),
            statement("Allow", json!(7)),
            statement("Allow", json!("arn:x/${aws:username}")),
            json!({"NotAction": "x", "Effect": "Allow", "Resource": "*"}),
            json!({"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*", "Condition": {}}),
        ] {
            says(statements, Err(UnknownForm));
        }
        let old = json!({"Version": "2008-10-17", "Statement": statement("Allow", json!("*"))});
        assert_eq!(evaluate(&old, "x"), Err(UnknownForm));
        assert_eq!(evaluate(&json!([]), "x"), Err(UnknownForm));
    }
}
