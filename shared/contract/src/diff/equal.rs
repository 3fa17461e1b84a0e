//! Whether two schemas say the same, each in its own bundle.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};

use super::number;
use crate::bundle::{Bundle, INNER, SAME, SAME_LIST};

/// What is known of pairs of definitions.
#[derive(Debug, Default)]
pub(crate) struct Equality {
    /// The names of two definitions that are equal.
    known: HashSet<(String, String)>,
    /// Of two that are not: a difference stands, whatever else was taken for equal.
    different: HashSet<(String, String)>,
}

impl Equality {
    /// Whether `a` of the bundle `left` says the same as `b` of the bundle `right`.
    ///
    /// Pairs of definitions are taken for equal while they are compared: two recursive schemas are equal unless a
    /// difference is found.
    pub(crate) fn holds(&mut self, left: &Bundle, right: &Bundle, a: &Value, b: &Value) -> bool {
        let (known, different) = (&self.known, &mut self.different);
        let mut comparison = Comparison { left, right, known, different, assumed: HashSet::new() };
        let equal = comparison.schemas(a, b);
        let assumed = comparison.assumed;
        if equal {
            self.known.extend(assumed);
        }
        equal
    }
}

struct Comparison<'a> {
    left: &'a Bundle,
    right: &'a Bundle,
    known: &'a HashSet<(String, String)>,
    different: &'a mut HashSet<(String, String)>,
    assumed: HashSet<(String, String)>,
}

impl Comparison<'_> {
    fn schemas(&mut self, a: &Value, b: &Value) -> bool {
        let (only_a, only_b) = (only_reference(a), only_reference(b));
        if let (Some(left), Some(right)) = (only_a, only_b) {
            let pair = (left.to_owned(), right.to_owned());
            if self.different.contains(&pair) {
                return false;
            }
            if self.known.contains(&pair) || !self.assumed.insert(pair.clone()) {
                return true;
            }
            let equal = self.defined(a, b, only_a, only_b);
            if !equal {
                self.different.insert(pair);
            }
            return equal;
        }
        self.defined(a, b, only_a, only_b)
    }

    /// The same of what the references name, where there are any.
    fn defined(&mut self, a: &Value, b: &Value, only_a: Option<&str>, only_b: Option<&str>) -> bool {
        let a = only_a.and_then(|name| self.left.definition(name)).unwrap_or(a);
        let b = only_b.and_then(|name| self.right.definition(name)).unwrap_or(b);
        if only_reference(a).is_some() || only_reference(b).is_some() {
            return self.schemas(a, b);
        }
        match (a, b) {
            (Value::Object(a), Value::Object(b)) => self.keywords(a, b),
            (Value::Object(keywords), Value::Bool(true)) | (Value::Bool(true), Value::Object(keywords)) => {
                keywords.is_empty()
            }
            (a, b) => a == b,
        }
    }

    fn keywords(&mut self, a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
        a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| self.keyword(name, a, b)))
    }

    fn keyword(&mut self, name: &str, a: &Value, b: &Value) -> bool {
        match name {
            "$ref" => self.schemas(&serde_json::json!({ "$ref": a }), &serde_json::json!({ "$ref": b })),
            _ if INNER.contains(&name) || SAME.contains(&name) => self.schemas(a, b),
            "prefixItems" => self.lists(a, b),
            _ if SAME_LIST.contains(&name) => self.lists(a, b),
            "properties" | "patternProperties" | "dependentSchemas" => match (a, b) {
                (Value::Object(a), Value::Object(b)) => {
                    a.len() == b.len()
                        && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| self.schemas(a, b)))
                }
                _ => a == b,
            },
            "type" | "required" | "enum" => members(a) == members(b),
            _ => match (a, b) {
                (Value::Number(a), Value::Number(b)) => number::compare(a, b) == Ordering::Equal,
                (a, b) => a == b,
            },
        }
    }

    fn lists(&mut self, a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.schemas(a, b))
            }
            _ => a == b,
        }
    }
}

/// The definition's reference, where the schema is nothing else.
fn only_reference(schema: &Value) -> Option<&str> {
    let keywords = schema.as_object().filter(|keywords| keywords.len() == 1)?;
    keywords.get("$ref")?.as_str()
}

/// The members of a list whose order says nothing; one value is a list of one.
fn members(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Array(members) => members.iter().map(Value::to_string).collect(),
        one => BTreeSet::from([one.to_string()]),
    }
}
