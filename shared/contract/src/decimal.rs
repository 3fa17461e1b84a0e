//! The numbers of JSON as the decimals that they are written as.

use serde_json::Number;

/// `±digits × 10^exponent`; equal numbers have one form, whose digits do not end in zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Decimal {
    pub(crate) negative: bool,
    pub(crate) digits: u128,
    pub(crate) exponent: i32,
}

impl Decimal {
    /// The number as it prints: integers of 64 bits, and floats by their shortest text, have 20 digits at most.
    pub(crate) fn of(number: &Number) -> Self {
        let text = number.to_string();
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
        let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let written = whole.bytes().chain(fraction.bytes()).map(|byte| u128::from(byte.wrapping_sub(b'0')));
        let mut digits =
            written.fold(0_u128, |digits, digit| digits.saturating_mul(10).saturating_add(digit));
        let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
        let mut exponent = exponent.parse::<i32>().unwrap_or(0).saturating_sub(places);
        if digits == 0 {
            return Self { negative: false, digits, exponent: 0 };
        }
        while digits.is_multiple_of(10) {
            digits /= 10;
            exponent += 1;
        }
        Self { negative, digits, exponent }
    }

    /// Whether it is a whole number of times `divisor`, whatever the sizes of both.
    pub(crate) fn is_multiple_of(self, divisor: Self) -> bool {
        if self.digits == 0 || divisor.digits == 0 {
            return self.digits == 0;
        }
        match u32::try_from(self.exponent.saturating_sub(divisor.exponent)) {
            // digits × 10^power, modulo the divisor's digits, of which there are 64 bits at most.
            Ok(power) => {
                let modulus = divisor.digits;
                let times = |a: u128, b: u128| (a % modulus) * (b % modulus) % modulus;
                let (mut result, mut base, mut left) = (self.digits % modulus, 10 % modulus, power);
                while left > 0 {
                    if left % 2 == 1 {
                        result = times(result, base);
                    }
                    base = times(base, base);
                    left /= 2;
                }
                result == 0
            }
            // The divisor has more zeros. Where they make it larger than can be held, it is larger than the digits.
            Err(_) => {
                let zeros = divisor.exponent.saturating_sub(self.exponent).unsigned_abs();
                let scaled = 10_u128.checked_pow(zeros).and_then(|scale| divisor.digits.checked_mul(scale));
                scaled.is_some_and(|divisor| self.digits.is_multiple_of(divisor))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::of(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn equal_numbers_have_one_form() {
        for (one, other, expected) in [
            ("1", "1.0", true),
            ("100", "1e2", true),
            ("0", "-0.0", true),
            ("0.1", "1e-1", true),
            ("-5", "5", false),
            ("9007199254740993", "9007199254740992", false),
            ("9007199254740993", "9007199254740992.0", false),
            ("18446744073709551615", "18446744073709551614", false),
            ("1e23", "100000000000000000000000", true),
        ] {
            assert_eq!(decimal(one) == decimal(other), expected, "{one} {other}");
        }
    }

    #[test]
    fn multiples_are_reckoned_in_decimals_of_any_size() {
        for (value, divisor, expected) in [
            ("0", "0.1", true),
            ("0.3", "0.1", true),
            ("1.1", "0.01", true),
            ("1.115", "0.01", false),
            ("-4", "2", true),
            ("-5", "2", false),
            ("9007199254740993", "1.5", true),
            ("9007199254740992", "1.5", false),
            ("9007199254740993", "2", false),
            ("18446744073709551615", "18446744073709551615", true),
            ("18446744073709551614", "18446744073709551615", false),
            ("18446744073709551615", "5", true),
            ("18446744073709551615", "2", false),
            ("1e300", "0.01", true),
            ("1e300", "3", false),
            ("3e300", "3", true),
            ("1e-300", "0.01", false),
            ("1e-300", "1e-301", true),
            ("1", "1e300", false),
            ("1e308", "1e308", true),
            ("5e-324", "5e-324", true),
        ] {
            assert_eq!(decimal(value).is_multiple_of(decimal(divisor)), expected, "{value} {divisor}");
        }
    }
}
