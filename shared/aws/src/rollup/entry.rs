use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::Blob;
use doorward_core::usage::{Contribution, Counted, Entry, Group, OutOfRange};
use doorward_model::{Item, ItemValue};

use crate::attributes::Attributes;
use crate::item::LedgerItem;
use crate::ledger_rows::{LedgerRow, RowError};

/// Why an item of the ledger cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UncountableError {
    /// It is no row.
    #[error(transparent)]
    Row(#[from] RowError),
    /// A number in it is none of a call's.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

/// What a row of the ledger brings to the sums. A call that stands in a block twice is one call.
pub(crate) fn of_row(row: &LedgerRow) -> Result<Entry, OutOfRange> {
    Ok(Entry::new(row.id().to_owned(), row.version(), row.expires(), contribution(row.calls())?))
}

/// What calls bring to the sums, each once: of two with one id the newer one, the later one of two alike.
pub(crate) fn contribution(calls: &[LedgerItem]) -> Result<Contribution, OutOfRange> {
    let mut newest: std::collections::HashMap<&str, &LedgerItem> = std::collections::HashMap::new();
    for call in calls {
        let known = newest.entry(&call.call).or_insert(call);
        if call.version >= known.version {
            *known = call;
        }
    }
    Contribution::of(newest.into_values().filter_map(counted))
}

/// `None` where no caller is known: nobody is asked to pay for it.
fn counted(item: &LedgerItem) -> Option<Counted> {
    let LedgerItem { action, target, purpose, plan, plan_version, .. } = item.clone();
    let group = Group {
        caller: item.caller.clone()?,
        action,
        target,
        purpose,
        outcome: item.outcome,
        plan,
        plan_version,
    };
    let LedgerItem { at, units, bytes_in, bytes_out, duration_us, .. } = *item;
    Some(Counted { at, group, units, bytes_in, bytes_out, duration_us })
}

/// What an image of the ledger's stream brings.
pub(crate) fn of_image(image: Item) -> Result<Entry, UncountableError> {
    Ok(of_row(&LedgerRow::read(attributes(image))?)?)
}

fn attributes(item: Item) -> Attributes {
    item.into_iter().map(|(name, value)| (name, attribute(value))).collect()
}

fn attribute(value: ItemValue) -> AttributeValue {
    match value {
        ItemValue::Null => AttributeValue::Null(true),
        ItemValue::Bool(value) => AttributeValue::Bool(value),
        ItemValue::Number(text) => AttributeValue::N(text),
        ItemValue::Text(text) => AttributeValue::S(text),
        ItemValue::List(values) => AttributeValue::L(values.into_iter().map(attribute).collect()),
        ItemValue::Record(members) => AttributeValue::M(attributes(members)),
        ItemValue::Binary(bytes) => AttributeValue::B(Blob::new(bytes)),
    }
}
