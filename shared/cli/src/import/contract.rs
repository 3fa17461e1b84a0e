//! The document as the contract that it becomes: without API Gateway's extensions, each operation with an id.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::names;

/// `value` without extensions of API Gateway's.
pub(super) fn without_extensions(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !name.starts_with("x-amazon-"));
            kept.map(|(name, value)| (name.clone(), without_extensions(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_extensions).collect(),
        other => other.clone(),
    }
}

/// The name in a segment `{name}` or `{name+}`, and the `+` of one that takes all that is left.
fn parameter(segment: &str) -> Option<(&str, &str)> {
    let inner = segment.strip_prefix('{')?.strip_suffix('}')?;
    Some(inner.strip_suffix('+').map_or((inner, ""), |name| (name, "+")))
}

/// Whether a parameter takes all that is left, and stands before something else.
pub(super) fn takes_more_than_is_left(path: &str) -> bool {
    let inner = path.rsplit('/').skip(1).filter_map(parameter);
    inner.into_iter().any(|(_, greedy)| !greedy.is_empty())
}

/// The path with parameters whose names the door takes, and what became of which name.
pub(super) fn path(path: &str) -> (String, Vec<(String, String)>) {
    let (mut renamed, mut own) = (Vec::new(), String::new());
    for (nth, segment) in path.split('/').enumerate() {
        if nth > 0 {
            own.push('/');
        }
        match parameter(segment) {
            Some((name, greedy)) => {
                let taken = names::parameter(name);
                own.push_str(&format!("{{{taken}{greedy}}}"));
                if taken != name {
                    renamed.push((name.to_owned(), taken));
                }
            }
            None => own.push_str(segment),
        }
    }
    (own, renamed)
}

/// Renames parameters of the path in a list of Parameter Objects.
pub(super) fn rename(parameters: Option<&mut Value>, renamed: &[(String, String)]) {
    for parameter in parameters.and_then(Value::as_array_mut).into_iter().flatten() {
        let is_in_path = parameter.get("in").and_then(Value::as_str) == Some("path");
        let name = parameter.get("name").and_then(Value::as_str);
        if let Some((_, new)) = renamed.iter().find(|(old, _)| is_in_path && Some(old.as_str()) == name)
            && let Some(own) = parameter.get_mut("name")
        {
            *own = json!(new);
        }
    }
}

/// Declares the parameters of the path that nothing declares, as texts: API Gateway does without.
pub(super) fn declare(
    path: &str,
    declared: &BTreeSet<String>,
    operation: &mut Map<String, Value>,
) -> Vec<String> {
    let named = path.split('/').filter_map(parameter).map(|(name, _)| name);
    let missing: Vec<String> = named.filter(|name| !declared.contains(*name)).map(str::to_owned).collect();
    if !missing.is_empty()
        && let Some(parameters) = operation.entry("parameters").or_insert_with(|| json!([])).as_array_mut()
    {
        parameters.extend(missing.iter().map(
            |name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }),
        ));
    }
    missing
}

/// Whether an operation of an export says what its messages are: an HTTP API exports no models, and a REST API those
/// that somebody wrote. A contract that models no body would refuse every one.
pub(super) fn models(operation: &Value, method: &str) -> bool {
    let takes_body = ["POST", "PUT", "PATCH"].contains(&method);
    let has_body = operation.get("requestBody").is_some();
    let answers =
        operation.get("responses").and_then(Value::as_object).into_iter().flat_map(|all| all.values());
    let has_answer =
        answers.into_iter().any(|answer| answer.get("content").is_some() || answer.get("$ref").is_some());
    has_body || (!takes_body && has_answer)
}

/// Whether an operation of any method says what its messages are. An answer is exported with an empty `content` where nobody
/// wrote a model.
pub(super) fn models_any(operation: &Value) -> bool {
    let answers =
        operation.get("responses").and_then(Value::as_object).into_iter().flat_map(|all| all.values());
    let is_modelled = |answer: &Value| {
        let content = answer.get("content").and_then(Value::as_object);
        content.is_some_and(|content| !content.is_empty()) || answer.get("$ref").is_some()
    };
    operation.get("requestBody").is_some() || answers.into_iter().any(is_modelled)
}
