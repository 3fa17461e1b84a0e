use std::collections::BTreeMap;

use serde_json::Value;

use crate::scalar;

/// The claims that an issuer declares its tokens to carry, by name.
pub type Claims = BTreeMap<String, Claim>;

/// One declared claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// What it holds.
    pub ty: ClaimType,
    /// Whether a token without it is refused.
    pub required: bool,
}

/// What a claim holds. Policies read it as the Cedar type of the same word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClaimType {
    /// A JSON string.
    Text,
    /// A JSON number that is a 64-bit signed integer.
    Long,
    /// `true` or `false`.
    Bool,
    /// A JSON number of at most four decimal places, as [`scalar::decimal`] reads it.
    Decimal,
    /// A `NumericDate` (RFC 7519 section 2) or a text as RFC 3339 has it, as [`scalar::instant`] reads it.
    Instant,
    /// A text that is an address, or a range of addresses, as [`scalar::address`] reads it.
    Address,
    /// A JSON array of strings.
    Texts,
    /// A JSON array of 64-bit signed integers.
    Longs,
}

impl ClaimType {
    /// Every type.
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::Long,
        Self::Bool,
        Self::Decimal,
        Self::Instant,
        Self::Address,
        Self::Texts,
        Self::Longs,
    ];

    /// Cedar's own word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "String",
            Self::Long => "Long",
            Self::Bool => "Bool",
            Self::Decimal => "decimal",
            Self::Instant => "datetime",
            Self::Address => "ipaddr",
            Self::Texts => "Set<String>",
            Self::Longs => "Set<Long>",
        }
    }

    /// Whether `value` is one, exactly: `null`, a number in a text and a single value for a set are not.
    #[must_use]
    pub fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text, _) => value.is_string(),
            (Self::Long, Value::Number(number)) => scalar::long(number).is_some(),
            (Self::Bool, _) => value.is_boolean(),
            (Self::Decimal, Value::Number(number)) => scalar::decimal(number).is_some(),
            (Self::Instant, _) => scalar::instant(value).is_some(),
            (Self::Address, Value::String(text)) => scalar::address(text).is_some(),
            (Self::Texts, Value::Array(items)) => items.iter().all(Value::is_string),
            (Self::Longs, Value::Array(items)) => items.iter().all(|item| Self::Long.admits(item)),
            (Self::Long | Self::Decimal | Self::Address | Self::Texts | Self::Longs, _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &Value, expected: &[&str]) {
        let admitting = ClaimType::ALL.into_iter().filter(|ty| ty.admits(value));
        assert_eq!(admitting.map(ClaimType::word).collect::<Vec<_>>(), expected, "{value}");
    }

    #[test]
    fn a_value_is_of_its_types_only() {
        check(&json!(null), &[]);
        check(&json!(true), &["Bool"]);
        check(&json!("true"), &["String"]);
        check(&json!(7), &["Long", "decimal", "datetime"]);
        check(&json!(7.0), &["Long", "decimal", "datetime"]);
        check(&json!(7.25), &["decimal", "datetime"]);
        check(&json!(u64::MAX), &[]);
        check(&json!("7"), &["String"]);
        check(&json!(""), &["String"]);
        check(&json!("10.0.0.0/8"), &["String", "ipaddr"]);
        check(&json!("2026-11-24T12:00:00Z"), &["String", "datetime"]);
        check(&json!([]), &["Set<String>", "Set<Long>"]);
        check(&json!(["a", "7"]), &["Set<String>"]);
        check(&json!([1, 2.0]), &["Set<Long>"]);
        check(&json!([1, "a"]), &[]);
        check(&json!([1.5]), &[]);
        check(&json!([null]), &[]);
        check(&json!([["a"]]), &[]);
        check(&json!({}), &[]);
    }
}
