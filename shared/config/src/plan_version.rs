use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::checked::Price;

/// Hexadecimal digits of a version.
const DIGITS: usize = 12;

/// What a plan was at some time: its version is the beginning of its SHA-256, so that one says which the other is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanDefinition {
    text: String,
}

/// The text is not what its version says, or defines no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the definition kept for version `{0}` is not that version's")]
pub struct PlanDefinitionError(pub String);

impl PlanDefinition {
    /// The definition by a plan's `members` as they are written, its name left out, and its checked price. The order of
    /// keys, comments and the form of tables make no difference; whether a default is written out does.
    pub(crate) fn new(members: Map<String, Value>, price: Option<&Price>) -> Self {
        let mut members = members;
        if let Some(price) = price {
            members.insert("price".to_owned(), price.to_json());
        }
        Self { text: sorted(Value::Object(members)).to_string() }
    }

    /// The definition in `text`, which was kept for `version`.
    ///
    /// # Errors
    /// [`PlanDefinitionError`] where it is another, or none: nothing may be priced by it.
    pub fn kept(text: &str, version: &str) -> Result<Self, PlanDefinitionError> {
        let definition = Self { text: text.to_owned() };
        let readable = serde_json::from_str::<Map<String, Value>>(text)
            .is_ok_and(|members| members.get("price").is_none_or(|price| Price::from_json(price).is_some()));
        if readable && definition.version() == version {
            Ok(definition)
        } else {
            Err(PlanDefinitionError(version.to_owned()))
        }
    }

    /// The first 12 hexadecimal digits of the SHA-256 of [`Self::text`].
    #[must_use]
    pub fn version(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        let mut digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.truncate(DIGITS);
        digits
    }

    /// A JSON object without spaces, its keys sorted: `limits`, `price`, and what else the plan says.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What its units cost; `None` where it has no price.
    #[must_use]
    pub fn price(&self) -> Option<Price> {
        Price::from_json(serde_json::from_str::<Value>(&self.text).ok()?.get("price")?)
    }
}

/// `value` with the members of its objects in the order of their names.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> =
                members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition(value: Value) -> PlanDefinition {
        let Value::Object(members) = value else { unreachable!() };
        PlanDefinition::new(members, None)
    }

    #[test]
    fn the_order_of_keys_is_no_difference() {
        let one =
            definition(json!({ "limits": [{ "rate": "5/s", "burst": 10 }], "refund": ["target-failed"] }));
        let other =
            definition(json!({ "refund": ["target-failed"], "limits": [{ "burst": 10, "rate": "5/s" }] }));
        assert_eq!(one, other);
        assert_eq!(one.text(), r#"{"limits":[{"burst":10,"rate":"5/s"}],"refund":["target-failed"]}"#);
        // printf '%s' TEXT | sha256sum
        assert_eq!(one.version(), "4e3a1aa1779d");
    }

    #[test]
    fn what_is_kept_is_held_to_its_version() {
        let kept = definition(json!({ "limits": [] }));
        assert_eq!(PlanDefinition::kept(kept.text(), &kept.version()), Ok(kept.clone()));
        let error = |version: &str| Err(PlanDefinitionError(version.to_owned()));
        assert_eq!(PlanDefinition::kept("{\"limits\":[1]}", &kept.version()), error(&kept.version()));
        let broken = PlanDefinition { text: r#"{"price":{"currency":"eur"}}"#.to_owned() };
        assert_eq!(PlanDefinition::kept(broken.text(), &broken.version()), error(&broken.version()));
    }
}
