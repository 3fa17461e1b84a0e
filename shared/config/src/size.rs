use doorward_model::Fault;

use crate::reader::Value;
use crate::report::{Reported, quote};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// What a synchronous invocation of a Lambda function takes (AWS Lambda quotas: 6 MB, request and response each).
const MOST: u64 = 6 * MIB;
const MOST_STREAMED: u64 = 200 * MIB;
const MOST_INFLATED: u64 = 2048 * MIB;

/// Payload bytes that are read where `max_body` is not set.
pub(crate) const DEFAULT_MAX_BODY: usize = 1024 * 1024;

/// Reads bytes as an integer, or `256KiB` or `1MiB` as a string; 1 byte to 6 MiB.
pub(crate) fn read(value: Value<'_>) -> Result<usize, Reported> {
    within(value, MOST)
}

/// Reads the most bytes of an answer: 1 byte to the 200 MiB that a stream has (AWS Lambda guide, "Response streaming").
pub(crate) fn read_answer(value: Value<'_>) -> Result<usize, Reported> {
    within(value, MOST_STREAMED)
}

/// Reads the most bytes that a compressed body may inflate to: 1 byte to 2 GiB.
pub(crate) fn read_inflated(value: Value<'_>) -> Result<u64, Reported> {
    within(value, MOST_INFLATED).map(|bytes| bytes as u64)
}

fn within(value: Value<'_>, most: u64) -> Result<usize, Reported> {
    let bytes =
        if value.is_integer() { value.integer(1..=most)? } else { value.parse(|text| parse(text, most))? };
    usize::try_from(bytes).map_err(|_| value.fault(out_of_bounds(&bytes.to_string(), most)))
}

fn parse(text: &str, most: u64) -> Result<u64, Fault> {
    let (number, unit) = match (text.strip_suffix("KiB"), text.strip_suffix("MiB")) {
        (Some(number), _) => (number, KIB),
        (None, Some(number)) => (number, MIB),
        (None, None) => ("", 1),
    };
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        let fault = Fault::new(format!("{} is not a size", quote(text)));
        return Err(fault.hint("write bytes as an integer, or a text such as `256KiB` or `1MiB`"));
    }
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    bytes.filter(|bytes| (1..=most).contains(bytes)).ok_or_else(|| out_of_bounds(text, most))
}

fn out_of_bounds(text: &str, most: u64) -> Fault {
    Fault::new(format!("{} is not between 1 byte and `{}MiB`", quote(text), most / MIB))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_binary_and_bounded() {
        assert_eq!(parse("256KiB", MOST), Ok(256 * 1024));
        assert_eq!(parse("6MiB", MOST), Ok(6_291_456));
        assert_eq!(parse("200MiB", MOST_STREAMED), Ok(209_715_200));
        for text in
            ["", "KiB", "0KiB", "7MiB", "1MB", "1mib", "+1MiB", "1.5MiB", "1", "99999999999999999999KiB"]
        {
            assert!(parse(text, MOST).is_err(), "{text}");
        }
    }
}
