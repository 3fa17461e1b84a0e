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

    /// Its digits at another exponent, which is no larger, with its sign.
    fn scaled(self, exponent: i32) -> Option<i128> {
        let zeros = u32::try_from(self.exponent.checked_sub(exponent)?).ok()?;
        let digits = i128::try_from(self.digits).ok()?.checked_mul(10_i128.checked_pow(zeros)?)?;
        Some(if self.negative { -digits } else { digits })
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

/// The multiple of `step` that is nearest to `limit` from below, or from above where `up`; `beyond` leaves out `limit` itself.
/// `None` where that cannot be reckoned or told exactly.
pub(crate) fn nearest_multiple(limit: &Number, step: &Number, up: bool, beyond: bool) -> Option<Number> {
    let (limit, step) = (Decimal::of(limit), Decimal::of(step));
    let exponent = limit.exponent.min(step.exponent);
    let (limit, step) = (limit.scaled(exponent)?, step.scaled(exponent)?.abs());
    let over = limit.checked_rem_euclid(step)?;
    let below =
        if over == 0 && beyond && !up { limit.checked_sub(step)? } else { limit.checked_sub(over)? };
    let is_above = up && (over != 0 || beyond);
    number(if is_above { below.checked_add(step)? } else { below }, exponent)
}

/// `digits × 10^exponent`: exactly where it is whole and has 64 bits, else the float that is nearest to it. One that is not
/// whole, among floats too far apart to tell whole numbers from each other, is none.
fn number(digits: i128, exponent: i32) -> Option<Number> {
    let power = 10_i128.checked_pow(exponent.unsigned_abs());
    let whole = match power {
        Some(power) if exponent >= 0 => digits.checked_mul(power),
        Some(power) if digits % power == 0 => Some(digits / power),
        _ => None,
    };
    if let Some(whole) = whole {
        let own = i64::try_from(whole).map(Number::from).or_else(|_| u64::try_from(whole).map(Number::from));
        if let Ok(own) = own {
            return Some(own);
        }
    }
    let float: f64 = format!("{digits}e{exponent}").parse().ok()?;
    let is_told = whole.is_some() || exponent >= 0 || float.abs() < 1e15;
    Number::from_f64(float).filter(|_| is_told)
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
    fn the_nearest_multiple_is_exact_or_none() {
        let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        for (limit, step, up, beyond, expected) in [
            ("25", "10", false, false, Some("20")),
            ("20", "10", false, false, Some("20")),
            ("20", "10", false, true, Some("10")),
            ("25", "10", true, false, Some("30")),
            ("20", "10", true, false, Some("20")),
            ("20", "10", true, true, Some("30")),
            ("-25", "10", false, false, Some("-30")),
            ("-25", "10", true, false, Some("-20")),
            ("-20", "10", true, true, Some("-10")),
            ("0", "10", false, true, Some("-10")),
            ("0.35", "0.1", false, false, Some("0.3")),
            ("0.3", "0.1", false, false, Some("0.3")),
            ("1", "0.1", false, true, Some("0.9")),
            ("2.5", "2", false, false, Some("2")),
            ("9", "1e1", true, false, Some("10")),
            ("18446744073709551615", "2", false, false, Some("18446744073709551614")),
            ("9007199254740993", "2", false, false, Some("9007199254740992")),
            ("9007199254740993", "1.5", false, true, None),
            ("900719925474099.5", "0.2", false, false, Some("900719925474099.4")),
            ("1e300", "3", false, false, None),
            ("1e300", "0.01", false, false, None),
            ("1", "0", false, false, None),
        ] {
            let found = nearest_multiple(&number(limit), &number(step), up, beyond);
            assert_eq!(found, expected.map(number), "{limit} {step} {up} {beyond}");
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
