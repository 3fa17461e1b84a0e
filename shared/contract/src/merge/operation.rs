//! One operation, written anew.

use serde_json::{Map, Value, json};

use super::components::Components;
use super::{MergedOperation, parameters};
use crate::bundle::Direction;
use crate::document::{Document, Entry};
use crate::pointer;

/// Members of an Operation Object that are for people.
const FOR_PEOPLE: [&str; 5] = ["tags", "summary", "description", "externalDocs", "deprecated"];

/// Writes an operation that stands in `document`.
pub(super) struct Writer<'a> {
    pub(super) document: &'a Document,
    pub(super) entry: &'a Entry,
    pub(super) operation: &'a MergedOperation<'a>,
}

impl<'a> Writer<'a> {
    /// The Operation Object below `path`, which is its own but for the names of parameters.
    pub(super) fn write(&self, path: &str, schemas: &mut Components) -> Value {
        let mut out = Map::new();
        out.insert("operationId".to_owned(), json!(self.operation.id));
        let own = self.document.value(&self.entry.at);
        copy(own, &FOR_PEOPLE, &mut out);
        let parameters = self.parameters(path, schemas);
        if !parameters.is_empty() {
            out.insert("parameters".to_owned(), parameters.into());
        }
        if let Some((at, body)) = self.object(&pointer::join(&self.entry.at, "requestBody")) {
            let mut written = Map::new();
            copy(Some(body), &["description", "required"], &mut written);
            written.insert("content".to_owned(), self.content(&at, Direction::Request, schemas));
            out.insert("requestBody".to_owned(), Value::Object(written));
        }
        out.insert("responses".to_owned(), self.answers(schemas));
        out.insert("security".to_owned(), self.operation.security.clone());
        Value::Object(out)
    }

    fn object(&self, at: &str) -> Option<(String, &'a Value)> {
        self.document.follow(at).filter(|(_, value)| value.is_object())
    }

    /// The parameters of the operation and of its path, those of the operation first.
    fn parameters(&self, path: &str, schemas: &mut Components) -> Vec<Value> {
        let mut written: Vec<Value> = Vec::new();
        for list in [&self.entry.at, &self.entry.item] {
            let list = pointer::join(list, "parameters");
            let count = self.document.value(&list).and_then(Value::as_array).map_or(0, Vec::len);
            for nth in 0..count {
                let Some((at, parameter)) = self.object(&format!("{list}/{nth}")) else { continue };
                let parameter = self.parameter(path, &at, parameter, schemas);
                let key = |parameter: &Value| (parameter.get("in").cloned(), parameter.get("name").cloned());
                if !written.iter().any(|other| key(other) == key(&parameter)) {
                    written.push(parameter);
                }
            }
        }
        written
    }

    fn parameter(&self, path: &str, at: &str, parameter: &Value, schemas: &mut Components) -> Value {
        let mut out = Map::new();
        let members = [
            "name",
            "in",
            "description",
            "required",
            "deprecated",
            "allowEmptyValue",
            "style",
            "explode",
            "allowReserved",
            "example",
            "examples",
        ];
        copy(Some(parameter), &members, &mut out);
        let is_in_path = parameter.get("in").and_then(Value::as_str) == Some("path");
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
        if is_in_path
            && let Some((_, renamed)) =
                parameters(&self.entry.path).zip(parameters(path)).find(|(own, _)| *own == name)
        {
            out.insert("name".to_owned(), json!(renamed));
        }
        if parameter.get("content").is_some() {
            out.insert("content".to_owned(), self.content(at, Direction::Request, schemas));
        } else {
            let schema = schemas.schema(self.document, Direction::Request, &pointer::join(at, "schema"));
            out.insert("schema".to_owned(), schema.unwrap_or(Value::Bool(true)));
        }
        Value::Object(out)
    }

    /// The `content` of the object at `at`.
    fn content(&self, at: &str, direction: Direction, schemas: &mut Components) -> Value {
        let at = pointer::join(at, "content");
        let types = self.document.value(&at).and_then(Value::as_object).into_iter().flatten();
        let written = types.map(|(name, media_type)| {
            let at = pointer::join(&at, name);
            let mut out = Map::new();
            copy(Some(media_type), &["example", "examples", "encoding"], &mut out);
            if media_type.get("schema").is_some() {
                let schema = schemas.schema(self.document, direction, &pointer::join(&at, "schema"));
                out.insert("schema".to_owned(), schema.unwrap_or(Value::Bool(true)));
            }
            (name.clone(), Value::Object(out))
        });
        Value::Object(written.collect())
    }

    fn answers(&self, schemas: &mut Components) -> Value {
        let mut all = Map::new();
        let at = pointer::join(&self.entry.at, "responses");
        let statuses =
            self.document.value(&at).and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
        for status in statuses.filter(|status| !status.starts_with("x-")) {
            let Some((at, answer)) = self.object(&pointer::join(&at, status)) else { continue };
            let mut out = Map::from_iter([("description".to_owned(), json!(""))]);
            copy(Some(answer), &["description"], &mut out);
            let headers = self.headers(&pointer::join(&at, "headers"), schemas);
            if !headers.is_empty() {
                out.insert("headers".to_owned(), Value::Object(headers));
            }
            if answer.get("content").is_some() {
                out.insert("content".to_owned(), self.content(&at, Direction::Response, schemas));
            }
            all.insert(status.clone(), Value::Object(out));
        }
        for (status, answer) in &self.operation.answers {
            all.entry(status.clone()).or_insert_with(|| answer.clone());
        }
        Value::Object(all)
    }

    fn headers(&self, at: &str, schemas: &mut Components) -> Map<String, Value> {
        let names = self.document.value(at).and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
        let written = names.filter_map(|name| {
            let (at, header) = self.object(&pointer::join(at, name))?;
            let mut out = Map::new();
            copy(
                Some(header),
                &["description", "required", "deprecated", "style", "explode", "example", "examples"],
                &mut out,
            );
            if header.get("content").is_some() {
                out.insert("content".to_owned(), self.content(&at, Direction::Response, schemas));
            } else {
                let schema =
                    schemas.schema(self.document, Direction::Response, &pointer::join(&at, "schema"));
                out.insert("schema".to_owned(), schema.unwrap_or(Value::Bool(true)));
            }
            Some((name.clone(), Value::Object(out)))
        });
        written.collect()
    }
}

fn copy(from: Option<&Value>, names: &[&str], out: &mut Map<String, Value>) {
    for name in names {
        // Examples that are references lead into their own document.
        let value = from.and_then(|from| from.get(name)).filter(|value| !refers(value));
        out.extend(value.map(|value| ((*name).to_owned(), value.clone())));
    }
}

fn refers(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.contains_key("$ref") || members.values().any(refers),
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}
