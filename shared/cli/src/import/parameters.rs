//! Parameter Objects, which may stand behind references.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::contract;

/// References that one may lead through; more are taken for a cycle.
const MAX_CHAIN: usize = 32;

/// Renames parameters of the path in a list of Parameter Objects. One that stands elsewhere in the `document` becomes a renamed copy in
/// the list, since other operations may call it otherwise.
pub(super) fn rename(document: &Value, parameters: Option<&mut Value>, renamed: &[(String, String)]) {
    for parameter in parameters.and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(mut copy) = followed(document, parameter).map(contract::without_extensions) else {
            continue;
        };
        let new = renamed.iter().find(|(old, _)| in_path(&copy) == Some(old)).map(|(_, new)| json!(new));
        if let (Some(new), Some(name)) = (new, copy.get_mut("name")) {
            *name = new;
            *parameter = copy;
        }
    }
}

/// The names of the path's parameters in a list of Parameter Objects.
pub(super) fn declared(document: &Value, parameters: Option<&Value>) -> BTreeSet<String> {
    let all = parameters.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|parameter| in_path(followed(document, parameter)?)).map(str::to_owned).collect()
}

/// Whether the list of Parameter Objects has one that must be there, and is none of the path.
pub(super) fn requires_any(document: &Value, parameters: Option<&Value>) -> bool {
    let mut all = parameters.and_then(Value::as_array).into_iter().flatten();
    all.any(|parameter| {
        let found = followed(document, parameter);
        found.is_some_and(|found| found.get("required") == Some(&json!(true)) && in_path(found).is_none())
    })
}

/// The name of a parameter of the path.
fn in_path(parameter: &Value) -> Option<&str> {
    let text = |key: &str| parameter.get(key).and_then(Value::as_str);
    text("name").filter(|_| text("in") == Some("path"))
}

/// What the references within the document lead to; `None` where they lead nowhere, or out of it.
fn followed<'v>(document: &'v Value, mut value: &'v Value) -> Option<&'v Value> {
    for _ in 0..MAX_CHAIN {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Some(value) };
        let pointer = percent_decode_str(reference.strip_prefix('#')?).decode_utf8().ok()?;
        value = document.pointer(&pointer)?;
    }
    None
}
