//! Numbers as a store writes them, digit by digit: typed exactly or not at all.

/// A decimal number without leading and trailing zeros: `digits × 10^exponent`.
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

/// The whole number that `text` is, where it is one and fits.
pub(crate) fn long(text: &str) -> Option<i64> {
    scaled(text, 0)
}

/// `text` as Cedar writes decimals, where it has at most four places and fits.
pub(crate) fn decimal(text: &str) -> Option<String> {
    let scaled = scaled(text, 4)?;
    let sign = if scaled < 0 { "-" } else { "" };
    let (whole, fraction) = (scaled.unsigned_abs() / 10_000, scaled.unsigned_abs() % 10_000);
    Some(format!("{sign}{whole}.{fraction:04}"))
}

/// `text × 10^places`, where that is whole and fits.
fn scaled(text: &str, places: i64) -> Option<i64> {
    /// Digits of the largest `i64`.
    const LONGEST: i64 = 19;
    let Decimal { negative, digits, exponent } = read(text)?;
    if digits.is_empty() {
        return Some(0);
    }
    let zeros = exponent.checked_add(places).filter(|zeros| (0..LONGEST).contains(zeros))?;
    let sign = if negative { "-" } else { "" };
    let zeros = "0".repeat(usize::try_from(zeros).ok()?);
    format!("{sign}{digits}{zeros}").parse().ok()
}

fn read(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kept = digits.trim_end_matches('0');
    let dropped = i64::try_from(digits.len() - kept.len()).ok()?;
    let places = i64::try_from(fraction.len()).ok()?;
    let exponent = exponent.checked_sub(places)?.checked_add(dropped)?;
    Some(Decimal { negative, digits: kept.trim_start_matches('0').to_owned(), exponent })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected_long: Option<i64>, expected_decimal: Option<&str>) {
        assert_eq!(long(text), expected_long, "{text}");
        assert_eq!(decimal(text).as_deref(), expected_decimal, "{text}");
    }

    #[test]
    fn numbers_are_exact_or_none() {
        check("7", Some(7), Some("7.0000"));
        check("-7.00", Some(-7), Some("-7.0000"));
        check("0", Some(0), Some("0.0000"));
        check("-0", Some(0), Some("0.0000"));
        check("0e99999", Some(0), Some("0.0000"));
        check("10.99", None, Some("10.9900"));
        check("-0.0001", None, Some("-0.0001"));
        check("0.00001", None, None);
        check("0.000100", None, Some("0.0001"));
        check("1e3", Some(1000), Some("1000.0000"));
        check("1E+3", Some(1000), Some("1000.0000"));
        check("1.2345e4", Some(12345), Some("12345.0000"));
        check("12345e-4", None, Some("1.2345"));
        check("100000000000.01", None, Some("100000000000.0100"));
        check("9223372036854775807", Some(i64::MAX), None);
        check("-9223372036854775808", Some(i64::MIN), None);
        check("9223372036854775808", None, None);
        check("922337203685477.5807", None, Some("922337203685477.5807"));
        check("-922337203685477.5808", None, Some("-922337203685477.5808"));
        check("922337203685477.5808", None, None);
        check("9007199254740993", Some(9_007_199_254_740_993), None);
        check("1e126", None, None);
        check("1e99999999999999999999", None, None);
        check("1e-9223372036854775808", None, None);
        check("0.12345678901234567890123456789012345678", None, None);
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in
            ["", "-", ".", "1.2.3", "1-", "--1", "+1", "0x1", "1_000", "١", "NaN", "Infinity", "1e", " 1"]
        {
            check(text, None, None);
        }
    }
}
