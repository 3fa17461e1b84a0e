//! JSON Schema as its specification says, without any speed: what the checker is compared with.

use serde_json::{Map, Value};

/// The dialects, as far as they differ in what is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    OpenApi30,
    Draft7,
    Draft202012,
}

/// A mistake on purpose. Each must be found out by the comparison, or the comparison is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    IncludesExclusiveBound,
    ReadsBoundsOfTexts,
    CountsBytes,
    MultipliesRounded,
    TellsOneFromOneAndZero,
    AllowsTwins,
    IgnoresRequired,
    ClosesOverPatterns,
    AppliesAdditionalToAll,
    IgnoresPropertyNames,
    OneOfIsAnyOf,
    NotIsIgnored,
    ElseIsIgnored,
    ReferencesHaveSiblings,
    ReferencesHaveNone,
    NullableIsIgnored,
    ItemsCoverThePrefix,
    ContainsIsIgnored,
    DependenciesAreIgnored,
    IntegersHaveNoFraction,
}

impl Mistake {
    pub const ALL: [Self; 20] = [
        Self::IncludesExclusiveBound,
        Self::ReadsBoundsOfTexts,
        Self::CountsBytes,
        Self::MultipliesRounded,
        Self::TellsOneFromOneAndZero,
        Self::AllowsTwins,
        Self::IgnoresRequired,
        Self::ClosesOverPatterns,
        Self::AppliesAdditionalToAll,
        Self::IgnoresPropertyNames,
        Self::OneOfIsAnyOf,
        Self::NotIsIgnored,
        Self::ElseIsIgnored,
        Self::ReferencesHaveSiblings,
        Self::ReferencesHaveNone,
        Self::NullableIsIgnored,
        Self::ItemsCoverThePrefix,
        Self::ContainsIsIgnored,
        Self::DependenciesAreIgnored,
        Self::IntegersHaveNoFraction,
    ];
}

pub struct Evaluator<'a> {
    pub root: &'a Value,
    pub dialect: Dialect,
    pub mistake: Option<Mistake>,
}

impl Evaluator<'_> {
    pub fn accepts(&self, schema: &Value, value: &Value) -> bool {
        let keywords = match schema {
            Value::Bool(verdict) => return *verdict,
            Value::Object(keywords) => keywords,
            other => panic!("no schema: {other}"),
        };
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            let target = self.root.pointer(reference.trim_start_matches('#')).unwrap();
            let mut has_siblings = self.dialect == Dialect::Draft202012;
            has_siblings |= self.makes(Mistake::ReferencesHaveSiblings);
            has_siblings &= !self.makes(Mistake::ReferencesHaveNone);
            if !has_siblings || !self.accepts(target, value) {
                return self.accepts(target, value);
            }
        }
        self.type_holds(keywords, value)
            && keywords.get("const").is_none_or(|only| self.equal(only, value))
            && keywords.get("enum").is_none_or(|listed| list(listed).iter().any(|one| self.equal(one, value)))
            && self.combinations_hold(keywords, value)
            && match value {
                Value::Number(_) => self.number_holds(keywords, value),
                Value::String(text) => self.text_holds(keywords, text),
                Value::Array(items) => self.list_holds(keywords, items),
                Value::Object(members) => self.object_holds(keywords, members),
                Value::Null | Value::Bool(_) => true,
            }
    }

    fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
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

    fn combinations_hold(&self, keywords: &Map<String, Value>, value: &Value) -> bool {
        let fitting = |name: &str| {
            let schemas = keywords.get(name).map(list)?;
            Some((schemas.iter().filter(|schema| self.accepts(schema, value)).count(), schemas.len()))
        };
        let holds = |name: &str| keywords.get(name).map(|schema| self.accepts(schema, value));
        fitting("allOf").is_none_or(|(fitting, all)| fitting == all)
            && fitting("anyOf").is_none_or(|(fitting, _)| fitting > 0)
            && fitting("oneOf")
                .is_none_or(|(fitting, _)| fitting == 1 || fitting > 1 && self.makes(Mistake::OneOfIsAnyOf))
            && (holds("not") != Some(true) || self.makes(Mistake::NotIsIgnored))
            && match holds("if") {
                None => true,
                Some(true) => holds("then") != Some(false),
                Some(false) => holds("else") != Some(false) || self.makes(Mistake::ElseIsIgnored),
            }
    }

    fn number_holds(&self, keywords: &Map<String, Value>, value: &Value) -> bool {
        let number = tenths(value);
        let limit = |name: &str| keywords.get(name).filter(|limit| limit.is_number()).map(tenths);
        let flag = |name: &str| keywords.get(name) == Some(&Value::Bool(true));
        let inclusive = self.makes(Mistake::IncludesExclusiveBound);
        let above =
            |limit: i128, exclusive: bool| number > limit || number == limit && (!exclusive || inclusive);
        let below =
            |limit: i128, exclusive: bool| number < limit || number == limit && (!exclusive || inclusive);
        limit("minimum").is_none_or(|limit| above(limit, flag("exclusiveMinimum")))
            && limit("maximum").is_none_or(|limit| below(limit, flag("exclusiveMaximum")))
            && limit("exclusiveMinimum").is_none_or(|limit| above(limit, true))
            && limit("exclusiveMaximum").is_none_or(|limit| below(limit, true))
            && limit("multipleOf").is_none_or(|divisor| {
                if self.makes(Mistake::MultipliesRounded) {
                    let (value, divisor) =
                        (value.as_f64().unwrap(), keywords["multipleOf"].as_f64().unwrap());
                    return (value / divisor).fract() == 0.0;
                }
                number % divisor == 0
            })
    }

    fn text_holds(&self, keywords: &Map<String, Value>, text: &str) -> bool {
        let length = if self.makes(Mistake::CountsBytes) { text.len() } else { text.chars().count() };
        let bounds = !self.makes(Mistake::ReadsBoundsOfTexts)
            || keywords.get("minimum").and_then(Value::as_f64).is_none_or(|limit| length as f64 >= limit);
        bounds
            && size(keywords, "minLength").is_none_or(|limit| length >= limit)
            && size(keywords, "maxLength").is_none_or(|limit| length <= limit)
            && keywords.get("pattern").is_none_or(|pattern| matches(pattern.as_str().unwrap(), text))
    }

    fn list_holds(&self, keywords: &Map<String, Value>, items: &[Value]) -> bool {
        let (prefix, rest) = match (self.dialect, keywords.get("items")) {
            (Dialect::Draft7, Some(Value::Array(prefix))) => {
                (prefix.as_slice(), keywords.get("additionalItems"))
            }
            (_, items) => (keywords.get("prefixItems").map(list).unwrap_or_default(), items),
        };
        let skipped = if self.makes(Mistake::ItemsCoverThePrefix) { 0 } else { prefix.len() };
        let twins = || {
            items
                .iter()
                .enumerate()
                .any(|(nth, item)| items.iter().skip(nth + 1).any(|other| self.equal(item, other)))
        };
        prefix.iter().zip(items).all(|(schema, item)| self.accepts(schema, item))
            && rest.is_none_or(|schema| items.iter().skip(skipped).all(|item| self.accepts(schema, item)))
            && size(keywords, "minItems").is_none_or(|limit| items.len() >= limit)
            && size(keywords, "maxItems").is_none_or(|limit| items.len() <= limit)
            && (keywords.get("uniqueItems") != Some(&Value::Bool(true))
                || self.makes(Mistake::AllowsTwins)
                || !twins())
            && keywords.get("contains").is_none_or(|schema| {
                self.makes(Mistake::ContainsIsIgnored) || items.iter().any(|item| self.accepts(schema, item))
            })
    }

    fn object_holds(&self, keywords: &Map<String, Value>, members: &Map<String, Value>) -> bool {
        let named = keywords.get("properties").map(map);
        let patterns = keywords.get("patternProperties").map(map);
        let has_pattern = |name: &str| {
            !self.makes(Mistake::ClosesOverPatterns)
                && patterns.is_some_and(|patterns| patterns.keys().any(|pattern| matches(pattern, name)))
        };
        let is_named = |name: &str| named.is_some_and(|named| named.contains_key(name));
        let is_additional =
            |name: &str| self.makes(Mistake::AppliesAdditionalToAll) || !is_named(name) && !has_pattern(name);
        let member_holds = |(name, value): (&String, &Value)| {
            named.and_then(|named| named.get(name)).is_none_or(|schema| self.accepts(schema, value))
                && patterns
                    .into_iter()
                    .flatten()
                    .all(|(pattern, schema)| !matches(pattern, name) || self.accepts(schema, value))
                && keywords
                    .get("additionalProperties")
                    .is_none_or(|schema| !is_additional(name) || self.accepts(schema, value))
                && keywords.get("propertyNames").is_none_or(|schema| {
                    self.makes(Mistake::IgnoresPropertyNames)
                        || self.accepts(schema, &Value::String(name.clone()))
                })
        };
        let has_all =
            |names: &Value| list(names).iter().all(|name| members.contains_key(name.as_str().unwrap()));
        let dependency_holds = |(name, dependency): (&String, &Value)| {
            !members.contains_key(name)
                || match dependency {
                    Value::Array(_) => has_all(dependency),
                    schema => self.accepts(schema, &Value::Object(members.clone())),
                }
        };
        members.iter().all(member_holds)
            && keywords
                .get("required")
                .is_none_or(|names| self.makes(Mistake::IgnoresRequired) || has_all(names))
            && size(keywords, "minProperties").is_none_or(|limit| members.len() >= limit)
            && size(keywords, "maxProperties").is_none_or(|limit| members.len() <= limit)
            && ["dependencies", "dependentRequired", "dependentSchemas"].iter().all(|name| {
                let mut dependencies = keywords.get(*name).map(map).into_iter().flatten();
                self.makes(Mistake::DependenciesAreIgnored) || dependencies.all(dependency_holds)
            })
    }

    fn equal(&self, one: &Value, other: &Value) -> bool {
        match (one, other) {
            (Value::Number(a), Value::Number(b)) => {
                tenths(one) == tenths(other)
                    && (!self.makes(Mistake::TellsOneFromOneAndZero) || a.is_f64() == b.is_f64())
            }
            (Value::Array(one), Value::Array(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| self.equal(one, other))
            }
            (Value::Object(one), Value::Object(other)) => {
                one.len() == other.len()
                    && one
                        .iter()
                        .all(|(name, value)| other.get(name).is_some_and(|other| self.equal(value, other)))
            }
            _ => one == other,
        }
    }
}

/// Numbers are generated in whole tenths, or as large integers: this holds them all exactly.
pub fn tenths(number: &Value) -> i128 {
    match (number.as_i64(), number.as_u64()) {
        (Some(number), _) => i128::from(number) * 10,
        (None, Some(number)) => i128::from(number) * 10,
        (None, None) => (number.as_f64().unwrap() * 10.0).round() as i128,
    }
}

/// The three patterns that are generated.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^a" => text.starts_with('a'),
        "b$" => text.ends_with('b'),
        "^[ab]*$" => text.chars().all(|c| c == 'a' || c == 'b'),
        other => panic!("no pattern that is generated: {other}"),
    }
}

fn size(keywords: &Map<String, Value>, name: &str) -> Option<usize> {
    keywords.get(name).and_then(Value::as_u64).map(|size| usize::try_from(size).unwrap())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn map(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}
