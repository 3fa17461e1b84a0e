use jiff::Timestamp;
use serde_json::Value;

/// Seconds since the epoch, which Lambda's form has as a number with or without a fraction.
pub(crate) fn of(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_f64().filter(|seconds| seconds.is_finite())?;
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and what is out of range is no time")]
    Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()
}
