//! Whether the numbers of a JSON text are kept exactly when they are read.

use crate::json_place::end_of_string;

/// Significant digits that every decimal number keeps in binary64 (C's `DBL_DIG`).
const KEPT_DIGITS: usize = 15;
/// Significant digits of the longest decimal that a binary64 number is ever printed as.
const PRINTED_DIGITS: usize = 17;
/// The largest power of ten that binary64 holds exactly.
const EXACT_POWER: u64 = 22;

/// Where the first number of `text` stands that is rounded. `text` must have passed as JSON: its grammar is not looked
/// at here.
pub(crate) fn first_rounded(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at = match byte {
            b'"' => end_of_string(text, at + 1),
            b'-' | b'0'..=b'9' => {
                let rest = text.get(at..).unwrap_or_default();
                let part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                let length = rest.iter().position(|byte| !part(byte)).unwrap_or(rest.len());
                let (token, _) = rest.split_at(length);
                if !std::str::from_utf8(token).is_ok_and(is_exact) {
                    return Some(at);
                }
                at + length
            }
            _ => at + 1,
        };
    }
    None
}

/// Whether the number that is read prints as the number that was written.
fn is_exact(token: &str) -> bool {
    let written = Decimal::of(token);
    if written.is_plain() || written.significant == 0 {
        return true;
    }
    if token.parse::<u64>().is_ok() || token.parse::<i64>().is_ok() {
        return true;
    }
    if written.significant > PRINTED_DIGITS {
        return false;
    }
    // The reader that the values come from: what counts is what they became, not what they should have become.
    match serde_json::from_str::<f64>(token) {
        Ok(read) => Decimal::of(&format!("{read:e}")).equals(&written),
        Err(_) => false,
    }
}

/// A number as it is written, without its sign: `0.d₁d₂… × 10^point` after its leading zeros.
struct Decimal<'a> {
    whole: &'a str,
    fraction: &'a str,
    /// The power of ten that is written out.
    exponent: i64,
    leading_zeros: usize,
    significant: usize,
}

impl<'a> Decimal<'a> {
    fn of(token: &'a str) -> Self {
        let (mantissa, exponent) = token.split_once(['e', 'E']).unwrap_or((token, "0"));
        let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let beyond = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
        let mut decimal = Self {
            whole,
            fraction,
            exponent: exponent.parse().unwrap_or(beyond),
            leading_zeros: 0,
            significant: 0,
        };
        let zero = |digit: &u8| *digit == b'0';
        decimal.leading_zeros = decimal.digits().take_while(zero).count();
        let trailing_zeros = decimal.digits().rev().take_while(zero).count();
        let length = whole.len() + fraction.len();
        decimal.significant = length.saturating_sub(decimal.leading_zeros + trailing_zeros);
        decimal
    }

    fn digits(&self) -> impl DoubleEndedIterator<Item = u8> {
        self.whole.bytes().chain(self.fraction.bytes())
    }

    /// Whether it is a whole number below 10^15 times, or over, a power of ten that is exact: every reader rounds
    /// that at most once, and the nearest binary64 number prints as no other decimal of so few digits.
    fn is_plain(&self) -> bool {
        let power = self.exponent.saturating_sub_unsigned(self.fraction.len() as u64);
        self.whole.len() + self.fraction.len() <= KEPT_DIGITS && power.unsigned_abs() <= EXACT_POWER
    }

    fn point(&self) -> i64 {
        self.exponent
            .saturating_add_unsigned(self.whole.len() as u64)
            .saturating_sub_unsigned(self.leading_zeros as u64)
    }

    fn equals(&self, other: &Self) -> bool {
        let significant = |decimal: &Self| (decimal.leading_zeros, decimal.significant);
        let ((skip, take), (other_skip, other_take)) = (significant(self), significant(other));
        self.point() == other.point()
            && self.digits().skip(skip).take(take).eq(other.digits().skip(other_skip).take(other_take))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        assert_eq!(first_rounded(text.as_bytes()).is_none(), expected, "{text}");
    }

    #[test]
    fn numbers_that_are_kept_pass() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "0e9",
            "0.000e-999999999999999999999",
            "1.0",
            "1e2",
            "1E+2",
            "100000.50",
            "-12.75",
            "0.1",
            "0.30000000000000004",
            "1.0000000000000000000000000",
            "0.00000000000000000000000001",
            "9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
            "100000000000000000000",
            "1e22",
            "1e23",
            "1e-22",
            "1e300",
            "5e-324",
            "2.2250738585072014e-308",
            "1.7976931348623157e308",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn numbers_that_are_rounded_do_not() {
        for text in [
            "100000.0000000000072",
            "12345678901234567890123",
            "18446744073709551616",
            "-9223372036854775809",
            "0.1000000000000000055511151231257827",
            "0.10000000000000001",
            "9007199254740993.0",
            "9007199254740993e0",
            "1e400",
            "-1e400",
            "1e-400",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "3e-324",
        ] {
            check(text, false);
            check(&format!(r#"{{"a":[1,{text}]}}"#), false);
        }
    }

    #[test]
    fn every_finite_number_passes_as_it_is_printed_and_is_read_back_the_same() {
        let mut bits: u64 = 0x9e37_79b9_7f4a_7c15;
        for _ in 0..20_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = f64::from_bits(bits);
            if !number.is_finite() {
                continue;
            }
            for text in [format!("{number:?}"), format!("{number:e}"), format!("{number}")] {
                check(&text, true);
                assert_eq!(serde_json::from_str::<f64>(&text).unwrap().to_bits(), bits, "{text}");
            }
            // Two more digits than can be kept, of which the last is not zero.
            check(&format!("{number:.16e}").replace('e', "51e"), false);
        }
    }

    #[test]
    fn digits_in_strings_are_no_numbers() {
        check(r#"{"1e400":"100000.0000000000072"}"#, true);
        check(r#"["\"1e400","\\",1]"#, true);
        check(r#"["\\",1e400]"#, false);
        check(r#"["\u0022",1e400,"x"]"#, false);
        check("[true,false,null]", true);
    }
}
