//! The types of JSON values, as a set.

use serde_json::Value;

/// A set of types: the six of JSON, and numbers parted into whole ones and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Types(u8);

/// The names of the set's members, by their bits. Schemas call the last two together `number`.
const NAMES: [&str; 7] = ["null", "boolean", "object", "array", "string", "integer", "number"];

impl Types {
    pub(crate) const NULL: Self = Self(1);
    pub(crate) const BOOLEAN: Self = Self(1 << 1);
    pub(crate) const OBJECT: Self = Self(1 << 2);
    pub(crate) const ARRAY: Self = Self(1 << 3);
    pub(crate) const STRING: Self = Self(1 << 4);
    pub(crate) const INTEGER: Self = Self(1 << 5);
    /// Numbers that are not whole.
    pub(crate) const BROKEN: Self = Self(1 << 6);
    pub(crate) const NUMBER: Self = Self(0b11 << 5);
    pub(crate) const ALL: Self = Self(0b111_1111);

    /// Those that the value of `type` names; `None` where there is none.
    pub(crate) fn stated(schema: &Value) -> Option<Self> {
        match schema.get("type")? {
            Value::String(name) => Some(Self::named(name)),
            Value::Array(names) => {
                let names = names.iter().filter_map(Value::as_str);
                Some(names.fold(Self(0), |types, name| types.or(Self::named(name))))
            }
            _ => None,
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "number" => Self::NUMBER,
            name => Self(NAMES.iter().position(|known| *known == name).map_or(0, |bit| 1 << bit)),
        }
    }

    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
                Self::INTEGER
            }
            Value::Number(_) => Self::BROKEN,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn meets(self, other: Self) -> bool {
        !self.and(other).is_empty()
    }

    /// Whether all of these are among `other`.
    pub(crate) fn within(self, other: Self) -> bool {
        self.without(other).is_empty()
    }

    /// The single types in the set, whole numbers and others together.
    pub(crate) fn each(self) -> impl Iterator<Item = (&'static str, Self)> {
        let parts = ["null", "boolean", "object", "array", "string", "number"];
        parts
            .into_iter()
            .map(move |name| (name, self.and(Self::named(name))))
            .filter(|(_, part)| !part.is_empty())
    }

    /// The set in words, for a sentence.
    pub(crate) fn told(self) -> String {
        let word = |(name, part): (&'static str, Self)| match name {
            "number" if part == Self::INTEGER => "`integer`".to_owned(),
            "number" if part != Self::NUMBER => "a `number` that is not whole".to_owned(),
            name => format!("`{name}`"),
        };
        self.each().map(word).collect::<Vec<_>>().join(" or ")
    }
}
