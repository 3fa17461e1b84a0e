//! What a schema says of one value and of its members, in whatever parts of it that stands.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::bundle::{Bundle, SAME};
use crate::coercion::type_of;
use crate::documents::Documents;
use crate::pointer;

/// Schemas that are looked at for one value; what is beyond adds no reading.
const MAX_SCHEMAS: usize = 2_000;

/// A schema that speaks of a value.
#[derive(Debug, Clone)]
pub(crate) struct Said<'a> {
    pub(crate) schema: &'a Value,
    /// Where it stands in its bundle.
    pub(crate) at: String,
    /// Whether it holds in any case, and not under an alternative or a condition only.
    pub(crate) sure: bool,
}

impl<'a> Said<'a> {
    /// The schema that the bundle is of.
    pub(crate) fn whole(bundle: &'a Bundle) -> Self {
        Self { schema: &bundle.schema, at: String::new(), sure: true }
    }

    fn inner(&self, schema: &'a Value, steps: &[&str], sure: bool) -> Self {
        let at = steps.iter().fold(self.at.clone(), |at, step| pointer::join(&at, step));
        Self { schema, at, sure: self.sure && sure }
    }

    fn list(&self, word: &str, sure: bool) -> impl Iterator<Item = Self> {
        let listed = self.schema.get(word).and_then(Value::as_array).into_iter().flatten().enumerate();
        listed.map(move |(nth, schema)| self.inner(schema, &[word, &nth.to_string()], sure))
    }

    fn map(&self, word: &str, sure: bool) -> impl Iterator<Item = (&'a str, Self)> {
        let named = self.schema.get(word).and_then(Value::as_object).into_iter().flatten();
        named.map(move |(name, schema)| (name.as_str(), self.inner(schema, &[word, name], sure)))
    }

    fn one(&self, word: &str, sure: bool) -> Option<Self> {
        self.schema.get(word).map(|schema| self.inner(schema, &[word], sure))
    }

    /// The schemas that speak of the same value, this one first.
    pub(crate) fn of_same_value(self, bundle: &'a Bundle) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        let mut known = HashSet::new();
        let mut open = vec![self];
        while let Some(said) = open.pop() {
            if found.len() == MAX_SCHEMAS || !known.insert((said.at.clone(), said.sure)) {
                continue;
            }
            let referred = said.schema.get("$ref").and_then(Value::as_str).and_then(|reference| {
                let schema = bundle.definition(reference)?;
                Some(Self { schema, at: reference.trim_start_matches('#').to_owned(), sure: said.sure })
            });
            let before = open.len();
            open.extend(referred);
            open.extend(said.list("allOf", true));
            open.extend(said.list("anyOf", false).chain(said.list("oneOf", false)));
            open.extend(SAME.iter().filter_map(|word| said.one(word, false)));
            open.extend(said.map("dependentSchemas", false).map(|(_, schema)| schema));
            open.get_mut(before..).unwrap_or_default().reverse();
            found.push(said);
        }
        found
    }

    /// What the document says under `word`, of what no checker reads.
    pub(crate) fn annotation<'l>(
        &self,
        documents: &Documents<'l>,
        bundle: &Bundle,
        word: &str,
    ) -> Option<&'l str> {
        documents.value(&bundle.origin(&self.at))?.get(word)?.as_str()
    }
}

/// The types that `schema` itself knows: stated, or else those of the values that it lists.
pub(crate) fn types_of(schema: &Value) -> BTreeSet<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => BTreeSet::from([name.as_str()]),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        // What a type is stated for, its values are of.
        _ => {
            let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
            listed.chain(schema.get("const")).map(type_of).collect()
        }
    }
}

/// The types that `all`, which speak of one value, know.
pub(crate) fn types<'a>(all: &[Said<'a>]) -> BTreeSet<&'a str> {
    all.iter().flat_map(|said| types_of(said.schema)).collect()
}

/// Whether any of `all` has one of `words`.
pub(crate) fn has_any(all: &[Said<'_>], words: &[&str]) -> bool {
    all.iter().any(|said| words.iter().any(|word| said.schema.get(word).is_some()))
}

/// The names that `all`, which speak of one object, have members under.
pub(crate) fn names<'a>(all: &[Said<'a>]) -> BTreeSet<&'a str> {
    all.iter().flat_map(|said| said.map("properties", true)).map(|(name, _)| name).collect()
}

/// The patterns that `all`, which speak of one object, have members under.
pub(crate) fn patterns<'a>(all: &[Said<'a>]) -> BTreeSet<&'a str> {
    all.iter().flat_map(|said| said.map("patternProperties", true)).map(|(pattern, _)| pattern).collect()
}

/// The schemas that speak of the member `name` of an object that `all` speak of; `None` stands for a name that none of
/// them has. `matches` are the patterns that the name has.
pub(crate) fn of_member<'a>(
    all: &[Said<'a>],
    name: Option<&str>,
    matches: &BTreeSet<&'a str>,
) -> Vec<Said<'a>> {
    let mut found = Vec::new();
    for said in all {
        let before = found.len();
        let named = said.map("properties", true).filter(|(own, _)| Some(*own) == name);
        found.extend(named.map(|(_, schema)| schema));
        let matched = said.map("patternProperties", true).filter(|(pattern, _)| matches.contains(pattern));
        found.extend(matched.map(|(_, schema)| schema));
        if found.len() == before {
            found.extend(said.one("additionalProperties", true).filter(|said| said.schema.is_object()));
            // Whether it holds is known once all others were held against the object.
            found.extend(said.one("unevaluatedProperties", false).filter(|said| said.schema.is_object()));
        }
    }
    found
}

/// The schemas that speak of the items of a list that `all` speak of.
pub(crate) fn of_items<'a>(all: &[Said<'a>]) -> Vec<Said<'a>> {
    let inner = |said: &Said<'a>| {
        let words = ["items", "contains", "unevaluatedItems"];
        let single: Vec<_> = words.iter().filter_map(|word| said.one(word, false)).collect();
        single.into_iter().chain(said.list("prefixItems", false)).collect::<Vec<_>>()
    };
    all.iter().flat_map(inner).filter(|said| said.schema.is_object()).collect()
}
