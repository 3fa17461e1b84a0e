use doorward_model::Fault;

use crate::reader::Value;
use crate::report::{Reported, quote};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// What a synchronous invocation of a Lambda function takes (AWS Lambda quotas: 6 MB, request and response each).
const MOST: u64 = 6 * MIB;

/// Payload bytes that are read where `max_body` is not set.
pub(crate) const DEFAULT_MAX_BODY: usize = 1024 * 1024;

/// Reads bytes as an integer, or `256KiB` or `1MiB` as a string; 1 byte to 6 MiB.
pub(crate) fn read(value: Value<'_>) -> Result<usize, Reported> {
    let bytes = if value.is_integer() { value.integer(1..=MOST)? } else { value.parse(parse)? };
    usize::try_from(bytes).map_err(|_| value.fault(out_of_bounds(&bytes.to_string())))
}

fn parse(text: &str) -> Result<u64, Fault> {
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
    bytes.filter(|bytes| (1..=MOST).contains(bytes)).ok_or_else(|| out_of_bounds(text))
}

fn out_of_bounds(text: &str) -> Fault {
    Fault::new(format!("{} is not between 1 byte and `6MiB`", quote(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_binary_and_bounded() {
        assert_eq!(parse("256KiB"), Ok(256 * 1024));
        assert_eq!(parse("6MiB"), Ok(6_291_456));
        for text in
            ["", "KiB", "0KiB", "7MiB", "1MB", "1mib", "+1MiB", "1.5MiB", "1", "99999999999999999999KiB"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
