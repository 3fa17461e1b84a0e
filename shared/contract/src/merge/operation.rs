//! One operation, written anew.

use serde_json::{Map, Value, json};

use super::components::Components;
use super::{MergedOperation, parameters};
use crate::bundle::Direction;
use crate::document::{Document, Entry};
use crate::pointer;

/// Members of an Operation Object that are for people.
const FOR_PEOPLE: [&str; 5] = ["tags", "summary", "description", "externalDocs", "deprecated"];

/// The statuses that the door answers by for any operation, and the ranges that may describe them.
const UNEXPECTED: [(&str, &str); 4] = [("400", "4XX"), ("502", "5XX"), ("503", "5XX"), ("504", "5XX")];

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
        ];
        copy(Some(parameter), &members, &mut out);
        self.examples(at, &mut out);
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
            copy(Some(media_type), &["example"], &mut out);
            self.examples(&at, &mut out);
            let encodings = self.encodings(&pointer::join(&at, "encoding"), direction, schemas);
            if !encodings.is_empty() {
                out.insert("encoding".to_owned(), Value::Object(encodings));
            }
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
            let headers = self.headers(&pointer::join(&at, "headers"), Direction::Response, schemas);
            if !headers.is_empty() {
                out.insert("headers".to_owned(), Value::Object(headers));
            }
            if answer.get("content").is_some() {
                out.insert("content".to_owned(), self.content(&at, Direction::Response, schemas));
            }
            all.insert(status.clone(), Value::Object(out));
        }
        // Beside a `default` of its own, that of the door is named by its statuses.
        if all.contains_key("default")
            && let Some(answer) = self.operation.answers.get("default")
        {
            let is_said =
                |(status, range): &(&str, &str)| all.contains_key(*status) || all.contains_key(*range);
            let unsaid: Vec<_> = UNEXPECTED.into_iter().filter(|status| !is_said(status)).collect();
            all.extend(unsaid.into_iter().map(|(status, _)| (status.to_owned(), answer.clone())));
        }
        for (status, answer) in &self.operation.answers {
            all.entry(status.clone()).or_insert_with(|| answer.clone());
        }
        Value::Object(all)
    }

    /// The Example Objects of the object at `at`, each written out in its place.
    fn examples(&self, at: &str, out: &mut Map<String, Value>) {
        let at = pointer::join(at, "examples");
        let names =
            self.document.value(&at).and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
        let example = |name: &String| Some((name.clone(), self.object(&pointer::join(&at, name))?.1.clone()));
        let examples: Map<String, Value> = names.filter_map(example).collect();
        if !examples.is_empty() {
            out.insert("examples".to_owned(), Value::Object(examples));
        }
    }

    /// The Encoding Objects at `at`, by the names of members.
    fn encodings(&self, at: &str, direction: Direction, schemas: &mut Components) -> Map<String, Value> {
        let names = self.document.value(at).and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
        let written = names.filter_map(|name| {
            let (at, encoding) = self.object(&pointer::join(at, name))?;
            let mut out = Map::new();
            copy(Some(encoding), &["contentType", "style", "explode", "allowReserved"], &mut out);
            let headers = self.headers(&pointer::join(&at, "headers"), direction, schemas);
            if !headers.is_empty() {
                out.insert("headers".to_owned(), Value::Object(headers));
            }
            Some((name.clone(), Value::Object(out)))
        });
        written.collect()
    }

    fn headers(&self, at: &str, direction: Direction, schemas: &mut Components) -> Map<String, Value> {
        let names = self.document.value(at).and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
        let written = names.filter_map(|name| {
            let (at, header) = self.object(&pointer::join(at, name))?;
            let mut out = Map::new();
            copy(
                Some(header),
                &["description", "required", "deprecated", "style", "explode", "example"],
                &mut out,
            );
            self.examples(&at, &mut out);
            if header.get("content").is_some() {
                out.insert("content".to_owned(), self.content(&at, direction, schemas));
            } else {
                let schema = schemas.schema(self.document, direction, &pointer::join(&at, "schema"));
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
