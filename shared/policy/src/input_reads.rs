use cedar_policy::Policy;
use serde_json::Value;

/// Whether `policy` may read the input; one that has no JSON form might.
pub(crate) fn reads(policy: &Policy) -> bool {
    // A variable's name cannot be escaped, so only a policy with this word in its text can read the context.
    if policy.to_cedar().is_some_and(|text| !text.contains("context")) {
        return false;
    }
    policy.to_json().map_or(true, |json| json.get("conditions").is_none_or(reads_input))
}

/// Whether an expression in Cedar's JSON form may read `context.input`. Every use of `context` counts but the access to
/// another of its members, or the question whether it has one.
fn reads_input(json: &Value) -> bool {
    match json {
        Value::Object(members) => {
            if let Some(member) = member_of_context(json) {
                return member == "input";
            }
            members.get("Var").is_some_and(|name| name == "context") || members.values().any(reads_input)
        }
        Value::Array(items) => items.iter().any(reads_input),
        _ => false,
    }
}

/// `name`, where the expression is `context.name` or `context has name`, also at the head of `context has name.of.more`.
fn member_of_context(json: &Value) -> Option<&str> {
    let access = json.get(".").or_else(|| json.get("has"))?;
    if access.get("left")?.get("Var")? != "context" {
        return None;
    }
    match access.get("attr")? {
        Value::String(name) => Some(name),
        Value::Array(path) => path.first()?.as_str(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(condition: &str, expected: bool) {
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        let policy = Policy::parse(None, text).unwrap();
        assert_eq!(reads(&policy), expected, "{condition}");
    }

    #[test]
    fn uses_of_the_context_are_told_apart() {
        check("true", false);
        check("principal.input == 1", false);
        check("resource.context == \"context\"", false);
        check("context.now > datetime(\"2026-01-01\")", false);
        check("context has purpose && context.purpose == \"checkout\"", false);
        check("context has request.source_ip", false);
        check("context.request.input == 1", false);
        check("[context.purpose].contains(\"input\")", false);

        check("context.input.total < 10", true);
        check("context[\"input\"].total < 10", true);
        check("context[\"in\\u{70}ut\"].total < 10", true);
        check("context has input", true);
        check("context has input.total", true);
        check("!(principal.a && (if true then context.input.b else false))", true);
        check("{\"a\": context}.a.purpose == \"checkout\"", true);
        check("(if true then context else context).now == context.now", true);
        check("context == context", true);
        check("[context].isEmpty()", true);
        check("context.tags.contains(context.input.b)", true);
    }
}
