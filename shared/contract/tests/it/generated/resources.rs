//! References of generated schemas: `#`, `page#/…`, `#name`, and what the dynamic scope says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::evaluator::Dialect;
use super::mistake::Mistake;

/// What the document itself is called.
pub const ROOT: &str = "root";
/// The resources within it, which have this `$id`.
pub const PAGE: &str = "page";
pub const PAGES: &str = "pages";

/// The schema resources of one document, by their names.
pub struct Resources<'a>(BTreeMap<&'a str, &'a Value>);

/// A schema, and the resource that it stands in.
pub type Found<'a> = (&'a Value, &'a str);

impl<'a> Resources<'a> {
    /// Those of the document `root`, whose schemas by name stand at `container`.
    pub fn of(root: &'a Value, container: &str) -> Self {
        let inner = [PAGE, PAGES].into_iter().filter_map(|id| Some((id, root.pointer(container)?.get(id)?)));
        Self(inner.chain([(ROOT, root)]).collect())
    }

    /// What `reference` leads to from `here`.
    pub fn find(&self, reference: &'a str, here: &'a str, dialect: Dialect) -> Found<'a> {
        let (id, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let id = if id.is_empty() { here } else { id };
        let resource = self.0[id];
        if fragment.is_empty() || fragment.starts_with('/') {
            return (resource.pointer(fragment).unwrap_or_else(|| panic!("{reference}")), id);
        }
        let named = match dialect {
            Dialect::Draft7 => named(resource, &["$id"], &format!("#{fragment}")),
            _ => named(resource, &["$anchor", "$dynamicAnchor"], fragment),
        };
        (named.unwrap_or_else(|| panic!("{reference}")), id)
    }

    /// What the `$dynamicRef` `#name` leads to, where `scope` was entered, the outermost resource first.
    pub fn find_dynamic(&self, reference: &'a str, scope: &[&'a str], mistake: Option<Mistake>) -> Found<'a> {
        let here = scope[scope.len() - 1];
        let name = &reference[1..];
        let is_dynamic = named(self.0[here], &["$dynamicAnchor"], name).is_some()
            || mistake == Some(Mistake::DynamicReferencesNeedNoAnchorAtHome);
        if is_dynamic && mistake != Some(Mistake::DynamicReferencesAreStatic) {
            let outermost =
                scope.iter().find_map(|id| Some((named(self.0[id], &["$dynamicAnchor"], name)?, *id)));
            if let Some(found) = outermost {
                return found;
            }
        }
        self.find(reference, here, Dialect::Draft202012)
    }
}

/// The schema of the resource `value` that one of `words` gives this name.
fn named<'a>(value: &'a Value, words: &[&str], name: &str) -> Option<&'a Value> {
    if words.iter().any(|word| value.get(word).is_some_and(|own| own == name)) {
        return Some(value);
    }
    let is_resource =
        |value: &Value| value.get("$id").and_then(Value::as_str).is_some_and(|id| !id.starts_with('#'));
    let inner: Vec<&Value> = match value {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    inner.into_iter().filter(|inner| !is_resource(inner)).find_map(|inner| named(inner, words, name))
}
