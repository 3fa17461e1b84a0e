//! JSON Schema as its specification says, without any speed: what the checker is compared with.

use std::cell::Cell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::mistake::Mistake;
use super::one_way::Way;
use super::resources::{ROOT, Resources};
use super::scalars::{matches, size, tenths};

/// The dialects, as far as they differ in what is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    OpenApi30,
    OpenApi31,
    Draft7,
    Draft202012,
}

impl Dialect {
    pub const ALL: [Self; 4] = [Self::OpenApi30, Self::OpenApi31, Self::Draft7, Self::Draft202012];

    pub fn is_openapi(self) -> bool {
        matches!(self, Self::OpenApi30 | Self::OpenApi31)
    }

    /// Whether its schemas are those of JSON Schema 2020-12.
    pub fn is_2020(self) -> bool {
        matches!(self, Self::OpenApi31 | Self::Draft202012)
    }

    /// Where its documents have schemas by name.
    pub fn container(self) -> &'static str {
        match self {
            Self::OpenApi30 | Self::OpenApi31 => "/components/schemas",
            Self::Draft7 => "/definitions",
            Self::Draft202012 => "/$defs",
        }
    }
}

pub struct Evaluator<'a> {
    pub resources: Resources<'a>,
    pub dialect: Dialect,
    /// Which way the values travel, where the dialect knows any.
    pub way: Option<Way>,
    pub mistake: Option<Mistake>,
}

/// What stands around a schema.
#[derive(Clone, Default)]
pub struct Around<'a> {
    /// The resources that were entered, the outermost first.
    pub scope: Vec<&'a str>,
    /// The members that are required in vain, since they are not sent.
    pub unsent: BTreeSet<&'a str>,
}

impl<'a> Around<'a> {
    fn inner(&self) -> Self {
        Self { unsent: BTreeSet::new(), ..self.clone() }
    }

    fn entering(&self, resource: &'a str) -> Self {
        let mut inner = self.inner();
        inner.scope.push(resource);
        inner
    }
}

/// The parts of a value that a schema has looked at (Core section 11).
#[derive(Debug, Default)]
struct Seen {
    members: BTreeSet<String>,
    items: BTreeSet<usize>,
    /// Whether one of the schemas that take it describes a member that must not be sent, and is.
    leaks: bool,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.leaks |= other.leaks;
        self.members.extend(other.members);
        self.items.extend(other.items);
    }
}

impl<'a> Evaluator<'a> {
    pub fn accepts(&self, schema: &'a Value, value: &Value) -> bool {
        self.accepts_in(ROOT, schema, value)
    }

    /// Whether `schema`, which stands in this resource, takes `value` where nothing else was entered.
    pub fn accepts_in(&self, resource: &'a str, schema: &'a Value, value: &Value) -> bool {
        let seen = self.evaluate(schema, value, &Around::default().entering(resource));
        seen.is_some_and(|seen| !seen.leaks || self.makes(Mistake::SendsWhatIsWriteOnly))
    }

    pub fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Whether `schema` takes a part of the value it stands in.
    pub fn takes(&self, schema: &'a Value, value: &Value, around: &Around<'a>, leaks: &Cell<bool>) -> bool {
        let seen = self.evaluate(schema, value, &around.inner());
        leaks.set(leaks.get() || seen.as_ref().is_some_and(|seen| seen.leaks));
        seen.is_some()
    }

    /// What `schema` sees of a value that it takes.
    fn evaluate(&self, schema: &'a Value, value: &Value, around: &Around<'a>) -> Option<Seen> {
        let keywords = match schema {
            Value::Bool(verdict) => return verdict.then(Seen::default),
            Value::Object(keywords) => keywords,
            other => panic!("no schema: {other}"),
        };
        let mut seen = Seen::default();
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            let here = around.scope[around.scope.len() - 1];
            let (target, resource) = self.resources.find(reference, here, self.dialect);
            seen.add(self.evaluate(target, value, &around.entering(resource))?);
            let mut has_siblings = self.dialect.is_2020();
            has_siblings |= self.makes(Mistake::ReferencesHaveSiblings);
            has_siblings &= !self.makes(Mistake::ReferencesHaveNone);
            if !has_siblings {
                return Some(seen);
            }
        }
        if let Some(reference) = keywords.get("$dynamicRef").and_then(Value::as_str) {
            let (target, resource) = self.resources.find_dynamic(reference, &around.scope, self.mistake);
            seen.add(self.evaluate(target, value, &around.entering(resource))?);
        }
        let around = &self.knowing_unsent(schema, around);
        let leaks = &Cell::new(false);
        let holds = self.type_holds(keywords, value)
            && keywords.get("const").is_none_or(|only| self.equal(only, value))
            && keywords
                .get("enum")
                .is_none_or(|listed| list(listed).iter().any(|one| self.equal(one, value)))
            && match value {
                Value::Number(_) => self.number_holds(keywords, value),
                Value::String(text) => self.text_holds(keywords, text),
                Value::Array(items) => self.list_holds(keywords, items, (around, leaks), &mut seen),
                Value::Object(members) => self.object_holds(keywords, members, (around, leaks), &mut seen),
                Value::Null | Value::Bool(_) => true,
            };
        if !holds {
            return None;
        }
        let mut combined = self.combined(keywords, value, around)?;
        if self.makes(Mistake::UnevaluatedSeesItsOwnOnly) {
            combined = Seen { leaks: combined.leaks, ..Seen::default() };
        }
        seen.add(combined);
        let holds = self.unseen_holds(keywords, value, (around, leaks), &mut seen);
        seen.leaks |= leaks.get();
        holds.then_some(seen)
    }

    fn type_holds(&self, keywords: &Map<String, Value>, value: &Value) -> bool {
        let is = |name: &Value| match name.as_str().unwrap() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "number" => value.is_number(),
            "integer" if self.makes(Mistake::IntegersHaveNoFraction) => value.is_i64() || value.is_u64(),
            "integer" => value.is_number() && tenths(value) % 10 == 0,
            other => panic!("no type: {other}"),
        };
        let nullable = self.dialect == Dialect::OpenApi30
            && keywords.get("nullable") == Some(&Value::Bool(true))
            && !self.makes(Mistake::NullableIsIgnored);
        match keywords.get("type") {
            None => true,
            Some(Value::Array(names)) => names.iter().any(is),
            Some(name) => is(name) || nullable && value.is_null(),
        }
    }

    /// What the schemas for the same value see, if they hold.
    fn combined(&self, keywords: &'a Map<String, Value>, value: &Value, around: &Around<'a>) -> Option<Seen> {
        let mut seen = Seen::default();
        let same = around.inner();
        let listed = |name: &str| keywords.get(name).map(list).unwrap_or_default();
        for schema in listed("allOf") {
            seen.add(self.evaluate(schema, value, around)?);
        }
        for (name, is_one) in [("anyOf", false), ("oneOf", true)] {
            let schemas = listed(name);
            let mut fitting = 0;
            for found in schemas.iter().filter_map(|schema| self.evaluate(schema, value, &same)) {
                fitting += 1;
                seen.add(found);
            }
            let too_many = is_one && fitting > 1 && !self.makes(Mistake::OneOfIsAnyOf);
            if !schemas.is_empty() && fitting == 0 || too_many {
                return None;
            }
        }
        let one = |name: &str| keywords.get(name).map(|schema| self.evaluate(schema, value, &same));
        if matches!(one("not"), Some(Some(_))) && !self.makes(Mistake::NotIsIgnored) {
            return None;
        }
        match one("if") {
            None => {}
            Some(Some(found)) => {
                seen.add(found);
                seen.add(one("then").unwrap_or_else(|| Some(Seen::default()))?);
            }
            Some(None) if self.makes(Mistake::ElseIsIgnored) => {}
            Some(None) => seen.add(one("else").unwrap_or_else(|| Some(Seen::default()))?),
        }
        if let (Value::Object(members), false) = (value, self.makes(Mistake::DependenciesAreIgnored)) {
            for word in ["dependencies", "dependentSchemas"] {
                for (name, schema) in keywords.get(word).map(map).into_iter().flatten() {
                    if members.contains_key(name) && !schema.is_array() {
                        seen.add(self.evaluate(schema, value, &same)?);
                    }
                }
            }
        }
        Some(seen)
    }

    fn list_holds(
        &self,
        keywords: &'a Map<String, Value>,
        items: &[Value],
        (around, leaks): (&Around<'a>, &Cell<bool>),
        seen: &mut Seen,
    ) -> bool {
        let (prefix, rest) = match (self.dialect, keywords.get("items")) {
            (Dialect::Draft7, Some(Value::Array(prefix))) => {
                (prefix.as_slice(), keywords.get("additionalItems"))
            }
            (_, items) => (keywords.get("prefixItems").map(list).unwrap_or_default(), items),
        };
        seen.items.extend(0..if rest.is_some() { items.len() } else { prefix.len() });
        let skipped = if self.makes(Mistake::ItemsCoverThePrefix) { 0 } else { prefix.len() };
        let twins = || {
            items
                .iter()
                .enumerate()
                .any(|(nth, item)| items.iter().skip(nth + 1).any(|other| self.equal(item, other)))
        };
        prefix.iter().zip(items).all(|(schema, item)| self.takes(schema, item, around, leaks))
            && rest.is_none_or(|schema| {
                items.iter().skip(skipped).all(|item| self.takes(schema, item, around, leaks))
            })
            && size(keywords, "minItems").is_none_or(|limit| items.len() >= limit)
            && size(keywords, "maxItems").is_none_or(|limit| items.len() <= limit)
            && (keywords.get("uniqueItems") != Some(&Value::Bool(true))
                || self.makes(Mistake::AllowsTwins)
                || !twins())
            && (self.makes(Mistake::ContainsIsIgnored)
                || self.contains(keywords, items, (around, leaks), seen))
    }

    fn contains(
        &self,
        keywords: &'a Map<String, Value>,
        items: &[Value],
        (around, leaks): (&Around<'a>, &Cell<bool>),
        seen: &mut Seen,
    ) -> bool {
        let Some(schema) = keywords.get("contains") else { return true };
        let found: Vec<_> =
            (0..items.len()).filter(|nth| self.takes(schema, &items[*nth], around, leaks)).collect();
        let is_counted = !self.makes(Mistake::ContainsIsNotCounted);
        let least = size(keywords, "minContains").filter(|_| is_counted).unwrap_or(1);
        let most = size(keywords, "maxContains").filter(|_| is_counted).unwrap_or(usize::MAX);
        let holds = (least..=most.max(least)).contains(&found.len()) && found.len() <= most;
        if !self.makes(Mistake::ContainedItemsAreUnseen) {
            seen.items.extend(found);
        }
        holds
    }

    fn object_holds(
        &self,
        keywords: &'a Map<String, Value>,
        members: &Map<String, Value>,
        (around, leaks): (&Around<'a>, &Cell<bool>),
        seen: &mut Seen,
    ) -> bool {
        let named = keywords.get("properties").map(map);
        let patterns = keywords.get("patternProperties").map(map);
        let has_pattern = |name: &str| {
            !self.makes(Mistake::ClosesOverPatterns)
                && patterns.is_some_and(|patterns| patterns.keys().any(|pattern| matches(pattern, name)))
        };
        let is_named = |name: &str| named.is_some_and(|named| named.contains_key(name));
        let is_additional =
            |name: &str| self.makes(Mistake::AppliesAdditionalToAll) || !is_named(name) && !has_pattern(name);
        let additional = keywords.get("additionalProperties");
        let looks_at = |name: &&String| is_named(name) || has_pattern(name) || additional.is_some();
        seen.members.extend(members.keys().filter(looks_at).cloned());
        let member_holds = |(name, value): (&String, &Value)| {
            named
                .and_then(|named| named.get(name))
                .is_none_or(|schema| self.member_holds(schema, value, around, leaks))
                && patterns.into_iter().flatten().all(|(pattern, schema)| {
                    !matches(pattern, name) || self.member_holds(schema, value, around, leaks)
                })
                && additional.is_none_or(|schema| {
                    !is_additional(name) || self.member_holds(schema, value, around, leaks)
                })
                && keywords.get("propertyNames").is_none_or(|schema| {
                    self.makes(Mistake::IgnoresPropertyNames)
                        || self.takes(schema, &Value::String(name.clone()), around, leaks)
                })
        };
        let has_all =
            |names: &Value| list(names).iter().all(|name| members.contains_key(name.as_str().unwrap()));
        let is_there = |name: &Value| {
            let name = name.as_str().unwrap();
            members.contains_key(name) || around.unsent.contains(name)
        };
        let dependency_holds = |(name, names): (&String, &Value)| {
            self.makes(Mistake::DependenciesAreIgnored)
                || !names.is_array()
                || !members.contains_key(name)
                || has_all(names)
        };
        members.iter().all(member_holds)
            && keywords
                .get("required")
                .is_none_or(|names| self.makes(Mistake::IgnoresRequired) || list(names).iter().all(is_there))
            && size(keywords, "minProperties").is_none_or(|limit| members.len() >= limit)
            && size(keywords, "maxProperties").is_none_or(|limit| members.len() <= limit)
            && ["dependencies", "dependentRequired"]
                .iter()
                .all(|word| keywords.get(*word).map(map).into_iter().flatten().all(dependency_holds))
    }

    /// `unevaluatedProperties` and `unevaluatedItems`, once all else was held against the value.
    fn unseen_holds(
        &self,
        keywords: &'a Map<String, Value>,
        value: &Value,
        (around, leaks): (&Around<'a>, &Cell<bool>),
        seen: &mut Seen,
    ) -> bool {
        if self.makes(Mistake::UnevaluatedIsIgnored) || !self.dialect.is_2020() {
            return true;
        }
        let also = |name: &str| {
            let alternatives =
                keywords.get("anyOf").filter(|_| self.makes(Mistake::UnevaluatedSeesWhatDoesNotHold));
            let mut named = alternatives
                .map(list)
                .unwrap_or_default()
                .iter()
                .filter_map(|schema| schema.get("properties"));
            named.any(|named| named.get(name).is_some())
        };
        match (value, keywords.get("unevaluatedProperties"), keywords.get("unevaluatedItems")) {
            (Value::Object(members), Some(schema), _) => {
                let unseen = |name: &String| !seen.members.contains(name) && !also(name);
                let holds = members
                    .iter()
                    .all(|(name, value)| !unseen(name) || self.member_holds(schema, value, around, leaks));
                seen.members.extend(members.keys().cloned());
                holds
            }
            (Value::Array(items), _, Some(schema)) => {
                let mut unseen = (0..items.len()).filter(|nth| !seen.items.contains(nth));
                let holds = unseen.all(|nth| self.takes(schema, &items[nth], around, leaks));
                seen.items.extend(0..items.len());
                holds
            }
            _ => true,
        }
    }
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

pub fn map(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}
