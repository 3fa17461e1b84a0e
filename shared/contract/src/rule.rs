//! The text of a broken rule: what the contract says, never the value that broke it.

use doorward_model::JsonFault;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use crate::pattern::Written;
use crate::pointer::shown;

/// Allowed values that one text lists.
const LISTED_VALUES: usize = 8;

/// What was expected of a value whose JSON text has no one reading.
pub(crate) fn of_json(fault: &JsonFault) -> String {
    match fault {
        JsonFault::Inexact => {
            "must be a number that is kept exactly: a 64-bit integer, or a decimal that binary64 prints"
                .to_owned()
        }
        JsonFault::DuplicateKey => "must not stand twice in its object".to_owned(),
        JsonFault::TooDeep(levels) => format!("must not be nested deeper than {levels} levels"),
        JsonFault::Syntax { .. } => "must be a JSON text".to_owned(),
    }
}

/// What was expected by the keyword at `schema_path`. Unknown members and items are not listed: they are the sender's.
pub(crate) fn text(kind: &ValidationErrorKind, schema_path: &str, written: &Written) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Type { kind: TypeKind::Single(name) } => format!("must be of type `{name}`"),
        Kind::Type { kind: TypeKind::Multiple(names) } => {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("must be of type {}", names.join(" or "))
        }
        Kind::Required { .. } => "is required".to_owned(),
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            "must not hold unknown members".to_owned()
        }
        Kind::AdditionalItems { .. } | Kind::UnevaluatedItems { .. } => {
            "must not hold unknown items".to_owned()
        }
        Kind::PropertyNames { .. } => "must not hold a member of that name".to_owned(),
        // Here `false` stands for the members, while the place is their object's.
        Kind::FalseSchema if closes_object(schema_path) => "must not hold members".to_owned(),
        Kind::FalseSchema => "must not be there".to_owned(),
        Kind::Constant { expected_value } => format!("must be `{}`", shown(&allowed(expected_value))),
        Kind::Enum { options } => match options.as_array() {
            Some(options) => format!("must be one of {}", listed(options)),
            None => "must be one of the allowed values".to_owned(),
        },
        Kind::Format { format } => format!("must be a `{}`", shown(format)),
        Kind::Pattern { pattern: own } => {
            format!("must match the pattern `{}`", shown(written.of(own)))
        }
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            "must match its pattern, which could not be tried".to_owned()
        }
        Kind::AnyOf { .. } => "must fit one of the alternatives".to_owned(),
        Kind::OneOfNotValid { .. } => "must fit exactly one of the alternatives".to_owned(),
        Kind::OneOfMultipleValid { .. } => "must fit exactly one of the alternatives, not several".to_owned(),
        Kind::Not { .. } => "must not fit the schema that is excluded".to_owned(),
        Kind::UniqueItems => "must not hold an item twice".to_owned(),
        Kind::Contains => "must hold an item that the contract demands".to_owned(),
        // Of a keyword of ours: what it says is the contract's.
        Kind::Custom { message, .. } => message.clone(),
        Kind::Referencing(_)
        | Kind::ContentEncoding { .. }
        | Kind::ContentMediaType { .. }
        | Kind::FromUtf8 { .. } => "must fit its schema".to_owned(),
        bound => bounded(bound),
    }
}

/// Whether the `false` at `schema_path` stands for the members of an object.
pub(crate) fn closes_object(schema_path: &str) -> bool {
    let (before, keyword) = schema_path.rsplit_once('/').unwrap_or_default();
    ["additionalProperties", "propertyNames"].contains(&keyword) && !before.ends_with("/properties")
}

/// The rules that state a limit.
fn bounded(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be greater than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MinLength { limit } => format!("must be at least {} long", counted(*limit, "character")),
        Kind::MaxLength { limit } => format!("must be at most {} long", counted(*limit, "character")),
        Kind::MinItems { limit } => format!("must hold at least {}", counted(*limit, "item")),
        Kind::MaxItems { limit } => format!("must hold at most {}", counted(*limit, "item")),
        Kind::MinProperties { limit } => format!("must hold at least {}", counted(*limit, "member")),
        Kind::MaxProperties { limit } => format!("must hold at most {}", counted(*limit, "member")),
        _ => "must fit its schema".to_owned(),
    }
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A value that the contract lists.
fn allowed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The first of the values that the contract lists.
fn listed(options: &[Value]) -> String {
    let first: Vec<_> =
        options.iter().take(LISTED_VALUES).map(|value| format!("`{}`", shown(&allowed(value)))).collect();
    let more = match options.len().checked_sub(LISTED_VALUES) {
        Some(more @ 1..) => format!(" and {more} more"),
        _ => String::new(),
    };
    format!("{}{more}", first.join(", "))
}
