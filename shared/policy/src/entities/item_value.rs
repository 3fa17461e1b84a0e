//! Values of an item as policies see them: each as the schema types it, or not at all.

use std::net::IpAddr;

use cedar_policy::{Context, EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use doorward_model::{Item, ItemValue};
use jiff::Timestamp;

use crate::entities::express;
use crate::entities::item_number;
use crate::schema::types::{Member, Members, Type};

/// An attribute that is not what the schema says: what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttributeFault {
    /// Where: `address.zip`, `tags[]`.
    attribute: String,
    /// What must stand there.
    expected: String,
}

impl std::fmt::Display for AttributeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the attribute `{}` must be {}", self.attribute, self.expected)
    }
}

/// The declared attributes that `item` has. What it has beside them is not looked at, and `null` is absence.
pub(crate) fn attributes(
    declared: &Members,
    item: &Item,
) -> Result<Vec<(String, RestrictedExpression)>, AttributeFault> {
    members(declared, item, "")
}

fn members(
    declared: &Members,
    item: &Item,
    within: &str,
) -> Result<Vec<(String, RestrictedExpression)>, AttributeFault> {
    let mut expressed = Vec::with_capacity(declared.len());
    for (name, Member { ty, required }) in declared {
        let path = if within.is_empty() { name.clone() } else { format!("{within}.{name}") };
        match item.get(name) {
            None | Some(ItemValue::Null) if *required => {
                return Err(AttributeFault { attribute: path, expected: "there".to_owned() });
            }
            None | Some(ItemValue::Null) => {}
            Some(value) => expressed.push((name.clone(), express(ty, value, &path)?)),
        }
    }
    Ok(expressed)
}

fn express(ty: &Type, value: &ItemValue, path: &str) -> Result<RestrictedExpression, AttributeFault> {
    let expressed = match (ty, value) {
        (Type::Set(element), ItemValue::List(values)) => {
            let path = format!("{path}[]");
            let values: Result<Vec<_>, _> =
                values.iter().map(|value| express(element, value, &path)).collect();
            return Ok(RestrictedExpression::new_set(values?));
        }
        (Type::Record(declared), ItemValue::Record(item)) => {
            express::record(members(declared, item, path)?).ok()
        }
        (Type::Bool, ItemValue::Bool(value)) => Some(RestrictedExpression::new_bool(*value)),
        (Type::Long, ItemValue::Number(text)) => item_number::long(text).map(RestrictedExpression::new_long),
        (Type::Decimal, ItemValue::Number(text)) => {
            item_number::decimal(text).map(RestrictedExpression::new_decimal).and_then(sound)
        }
        (Type::Text | Type::Choice(_), ItemValue::Text(text)) => Some(express::text(text)),
        (Type::Instant, ItemValue::Text(text)) => {
            text.parse::<Timestamp>().ok().map(express::instant).and_then(sound)
        }
        (Type::Span, ItemValue::Text(text)) => sound(RestrictedExpression::new_duration(text)),
        (Type::Address, ItemValue::Text(text)) => sound(match text.parse::<IpAddr>() {
            Ok(address) => express::address(address),
            Err(_) => RestrictedExpression::new_ip(text),
        }),
        (Type::Entity(type_name), value) => {
            entity(type_name, value).map(RestrictedExpression::new_entity_uid)
        }
        _ => None,
    };
    expressed.ok_or_else(|| AttributeFault { attribute: path.to_owned(), expected: expected(ty) })
}

/// The expression, if Cedar reads what its extension type is made of.
fn sound(expression: RestrictedExpression) -> Option<RestrictedExpression> {
    Context::from_pairs([("it".to_owned(), expression.clone())]).ok().map(|_| expression)
}

/// The schema names the type of every reference, so the id is enough; an item that names the type as well must name
/// this one.
fn entity(type_name: &EntityTypeName, value: &ItemValue) -> Option<EntityUid> {
    let id = match value {
        ItemValue::Text(id) => id,
        ItemValue::Record(members) => {
            let named = match members.get("__entity") {
                Some(ItemValue::Record(named)) => named,
                Some(_) => return None,
                None => members,
            };
            match (named.get("type"), named.get("id")) {
                (Some(ItemValue::Text(named)), Some(ItemValue::Text(id)))
                    if *named == type_name.to_string() =>
                {
                    id
                }
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(EntityUid::from_type_name_and_id(type_name.clone(), EntityId::new(id)))
}

fn expected(ty: &Type) -> String {
    let fixed = match ty {
        Type::Bool => "a boolean",
        Type::Long => "a whole number of 64 bits",
        Type::Decimal => "a number with at most four decimal places",
        Type::Text | Type::Choice(_) => "a text",
        Type::Instant => "a time as text, as RFC 3339 writes it",
        Type::Span => "a duration as text, as Cedar writes it: `1h30m`",
        Type::Address => "an address or a range of addresses as text",
        Type::Set(_) => "a list or a set",
        Type::Record(_) => "a map",
        Type::Entity(type_name) => {
            return format!("the id of a `{type_name}` as text, or a map of its `type` and `id`");
        }
    };
    fixed.to_owned()
}
