//! What JSON Schema draft 7 says otherwise than 2020-12.

use serde_json::{Map, Value, json};

use crate::dialect::Dialect;
use crate::documents::Documents;
use crate::gather::{Gatherer, Scope};
use crate::pointer;

/// Whether draft 7 has the keyword under another name than 2020-12.
pub(crate) fn is_other(name: &str, value: &Value) -> bool {
    name == "dependencies" || name == "additionalItems" || name == "items" && value.is_array()
}

/// What to write in place of a keyword that `dialect` would silently pass over, while another dialect asserts it.
pub(crate) fn misplaced(name: &str, dialect: Dialect) -> Option<&'static str> {
    match (dialect, name) {
        (Dialect::Draft7, "prefixItems") => Some("write `items` with a list, and `additionalItems`"),
        (Dialect::Draft7, "dependentRequired" | "dependentSchemas") => Some("write `dependencies`"),
        (Dialect::Draft7, "unevaluatedItems" | "unevaluatedProperties" | "minContains" | "maxContains") => {
            Some("use the dialect `https://json-schema.org/draft/2020-12/schema`")
        }
        (Dialect::Draft202012 | Dialect::OpenApi30, "dependencies") => {
            Some("write `dependentRequired` or `dependentSchemas`")
        }
        (Dialect::Draft202012 | Dialect::OpenApi30, "additionalItems") => {
            Some("write `prefixItems` and `items`")
        }
        _ => None,
    }
}

/// Draft 7 has additional items only where `items` is a list.
pub(crate) fn adapt(keywords: &Map<String, Value>, out: &mut Map<String, Value>) {
    let is_list = keywords.get("items").is_some_and(Value::is_array);
    if let Some(additional) = out.remove("additionalItems").filter(|_| is_list) {
        out.insert("items".to_owned(), additional);
    }
}

/// Where the document has what stands at `at` under the keywords of 2020-12.
pub(crate) fn written_at(documents: &Documents<'_>, at: &str) -> String {
    let is_there = |place: &str| documents.value(place).is_some();
    let start = if at.starts_with('/') { 0 } else { at.find('#').map_or(at.len(), |end| end + 1) };
    let (file, pointer) = at.split_at(start);
    pointer::tokens(pointer).fold(file.to_owned(), |place, token| {
        let other = match token.as_ref() {
            "prefixItems" => "items",
            "items" => "additionalItems",
            "dependentRequired" | "dependentSchemas" => "dependencies",
            _ => "",
        };
        let (same, other) = (pointer::join(&place, &token), pointer::join(&place, other));
        let is_list = token == "items" && documents.value(&same).is_some_and(Value::is_array);
        if (is_list || !is_there(&same)) && is_there(&other) { other } else { same }
    })
}

impl Gatherer<'_, '_> {
    /// Rewrites a keyword for which [`is_other`] holds.
    pub(crate) fn draft7_keyword(
        &mut self,
        name: &str,
        value: &Value,
        at: &str,
        scope: Scope,
        out: &mut Map<String, Value>,
    ) {
        let inner = scope.inner();
        match name {
            "items" if value.as_array().is_some_and(Vec::is_empty) => {
                self.faults.push(self.documents.fault(at, "`items` must hold at least 1 schema"));
            }
            "items" => drop(out.insert("prefixItems".to_owned(), self.rewrite_list(value, at, inner))),
            "additionalItems" => drop(out.insert(name.to_owned(), self.rewrite(value, at, inner))),
            _ => self.dependencies(value, at, scope, out),
        }
    }

    /// Names that go with a member, or a schema that then holds for the whole.
    fn dependencies(&mut self, value: &Value, at: &str, scope: Scope, out: &mut Map<String, Value>) {
        let Some(dependencies) = value.as_object() else {
            self.faults.push(self.documents.fault(at, "expected schemas or names by name"));
            return;
        };
        let (mut required, mut schemas) = (Map::new(), Map::new());
        for (name, dependency) in dependencies {
            if dependency.is_array() {
                required.insert(name.clone(), dependency.clone());
            } else {
                let schema = self.rewrite(dependency, &pointer::join(at, name), scope);
                schemas.insert(name.clone(), schema);
            }
        }
        out.insert("dependentRequired".to_owned(), json!(required));
        out.insert("dependentSchemas".to_owned(), json!(schemas));
    }
}
