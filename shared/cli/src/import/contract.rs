//! The document as the contract that it becomes: without API Gateway's extensions, each operation with an id.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::names;

/// What the members of a part of a document are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Fields of OpenAPI, among which extensions may stand ("Specification Extensions").
    Fields,
    /// Fields whose members are names that the document's author chose: those of the Components Object.
    Components,
    /// Names that the document's author chose, whatever they begin with.
    Names,
    /// A value that the document states, such as an example.
    Data,
}

impl Part {
    /// Whether the member is an extension of API Gateway's.
    pub(super) fn is_extension(self, name: &str) -> bool {
        matches!(self, Self::Fields | Self::Components) && name.starts_with("x-amazon-")
    }

    /// What the members of a member are.
    pub(super) fn inside(self, name: &str, value: &Value) -> Self {
        match (self, name) {
            (Self::Data, _) | (Self::Fields, "example" | "default" | "enum" | "const" | "value") => {
                Self::Data
            }
            (Self::Fields, "examples") if value.is_array() => Self::Data,
            (Self::Fields, "components") => Self::Components,
            (Self::Components, _) => Self::Names,
            // Lists of Parameter Objects and of Header Objects are no maps of names.
            (
                Self::Fields,
                "parameters" | "headers" | "content" | "callbacks" | "links" | "examples" | "encoding",
            ) if value.is_object() => Self::Names,
            (
                Self::Fields,
                "properties" | "patternProperties" | "dependentSchemas" | "dependentRequired" | "$defs"
                | "definitions" | "mapping" | "variables" | "scopes" | "security" | "webhooks",
            ) => Self::Names,
            (Self::Fields | Self::Names, _) => Self::Fields,
        }
    }
}

/// `value` without extensions of API Gateway's.
pub(super) fn without_extensions(value: &Value) -> Value {
    without(value, Part::Fields)
}

fn without(value: &Value, part: Part) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !part.is_extension(name));
            kept.map(|(name, value)| (name.clone(), without(value, part.inside(name, value)))).collect()
        }
        Value::Array(items) => items.iter().map(|item| without(item, part)).collect(),
        other => other.clone(),
    }
}

/// Whether extensions of API Gateway's stand in the document.
pub(super) fn has_extensions(document: &Value) -> bool {
    fn has(value: &Value, part: Part) -> bool {
        match value {
            Value::Object(members) => members.iter().any(|(name, value)| {
                let is_own = part.is_extension(name) && name.starts_with("x-amazon-apigateway-");
                is_own || has(value, part.inside(name, value))
            }),
            Value::Array(items) => items.iter().any(|item| has(item, part)),
            _ => false,
        }
    }
    has(document, Part::Fields)
}

/// The name in a segment `{name}` or `{name+}`, and the `+` of one that takes all that is left; `None` for a segment that is more,
/// such as `{name}.json` or `{from}-{to}`, of which a door has no form.
pub(super) fn parameter(segment: &str) -> Option<(&str, &str)> {
    let inner = segment.strip_prefix('{')?.strip_suffix('}').filter(|inner| !inner.contains(['{', '}']))?;
    Some(inner.strip_suffix('+').map_or((inner, ""), |name| (name, "+")))
}

/// The path up to a parameter that takes all that is left, where it stands before something else.
pub(super) fn until_all_is_taken(path: &str) -> Option<&str> {
    let mut end = 0;
    for segment in path.split('/') {
        end += segment.len();
        if end < path.len() && parameter(segment).is_some_and(|(_, greedy)| !greedy.is_empty()) {
            return path.get(..end);
        }
        end += 1;
    }
    None
}

/// The text with the names in braces that `new` gives, each put in at once: no new name is read again.
pub(super) fn with_parameters(text: &str, new: impl Fn(&str) -> Option<String>) -> String {
    let (mut whole, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else { break };
        let name = new(name).unwrap_or_else(|| name.to_owned());
        whole.push_str(&format!("{before}{{{name}}}"));
        rest = after;
    }
    whole + rest
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
