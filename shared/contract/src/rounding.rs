//! Numbers that may not be what was written.

use serde_json::Value;

/// Whether `value` holds a number that binary64 keeps so that it may have been written otherwise: up to 15 digits come back
/// as they were (IEEE 754; `DBL_DIG` of C).
pub(crate) fn may_be_rounded(value: &Value) -> bool {
    const KEPT: usize = 15;
    match value {
        Value::Number(number) if number.is_f64() => {
            let text = number.to_string();
            let digits =
                text.split(['e', 'E']).next().unwrap_or_default().chars().filter(char::is_ascii_digit);
            digits.skip_while(|digit| *digit == '0').count() > KEPT
        }
        Value::Array(items) => items.iter().any(may_be_rounded),
        Value::Object(members) => members.values().any(may_be_rounded),
        _ => false,
    }
}
