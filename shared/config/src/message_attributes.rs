use doorward_model::{EventKind, Fault};

use crate::reader::Value;
use crate::report::{Reported, quote};

/// The longest name, in characters ("Amazon SQS message metadata", SQS guide; those of SNS are alike).
const LONGEST: usize = 256;

/// Reads `attributes = ["tenant"]` of an event: the attributes of its message that policies read by name.
pub(crate) fn read(value: Value<'_>, source: Option<EventKind>) -> Result<Vec<String>, Reported> {
    if let Some(source) = source
        && !source.has_message_attributes()
    {
        let fault = Fault::new(format!("events of `{}` have no message attributes", source.word()));
        return Err(value.fault(fault.hint("messages of `sqs` and `sns` have: leave `attributes` out")));
    }
    value.nonempty_set(|item| item.parse(|text| name(text).map(|()| text.to_owned())))
}

/// A name as SQS and SNS take it.
fn name(text: &str) -> Result<(), Fault> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let lower = text.to_ascii_lowercase();
    let is_reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    let is_odd = text.starts_with('.') || text.ends_with('.') || text.contains("..");
    if (1..=LONGEST).contains(&text.len()) && text.chars().all(is_plain) && !is_reserved && !is_odd {
        return Ok(());
    }
    let fault = Fault::new(format!("{} is not the name of a message attribute", quote(text)));
    Err(fault.hint(format!(
        "use 1 to {LONGEST} letters, digits, `_`, `-` and single `.` within, and do not begin with `AWS.` or `Amazon.`"
    )))
}
