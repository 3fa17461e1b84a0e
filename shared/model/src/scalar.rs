//! JSON values as the scalars that policies compare, which a value either is exactly or is not.

use std::net::{IpAddr, Ipv6Addr};

use jiff::Timestamp;
use serde_json::{Number, Value};

/// A 64-bit signed integer; JSON Schema calls `1.0` one.
#[must_use]
pub fn long(number: &Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => Some(whole),
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53 is an exact i64")]
        (None, Some(float)) if float.fract() == 0.0 && float.abs() < EXACT => Some(float as i64),
        _ => None,
    }
}

/// The number as Cedar writes decimals: one to four decimal places, between ±922337203685477.5807.
#[must_use]
pub fn decimal(number: &Number) -> Option<String> {
    const MOST: u64 = 922_337_203_685_477;
    // A JSON number with a point was read into 53 bits. They hold every number of 15 digits exactly, so four places
    // only below this bound.
    const EXACT: f64 = 1e11;
    match number.as_f64() {
        Some(float) if number.is_f64() => {
            let text = float.to_string();
            let places = text.split_once('.').map_or(0, |(_, places)| places.len());
            let text = if places == 0 { format!("{text}.0") } else { text };
            (float.abs() < EXACT && places <= 4).then_some(text)
        }
        _ => {
            let size = number.as_i64().map_or_else(|| number.as_u64(), |whole| Some(whole.unsigned_abs()));
            size.filter(|size| *size <= MOST).map(|_| format!("{number}.0"))
        }
    }
}

/// A `NumericDate` (RFC 7519 section 2: seconds since 1970, leap seconds ignored), or a text as RFC 3339 has it, of the
/// years 0 to 9999. A leap second, which no clock of ours counts, is none.
#[must_use]
pub fn instant(value: &Value) -> Option<Timestamp> {
    let at = match value {
        Value::Number(number) => numeric_date(number),
        Value::String(text) => is_rfc3339(text).then(|| text.parse().ok())?,
        _ => None,
    };
    at.filter(|at| at.as_second() >= YEAR_ZERO)
}

/// `0000-01-01T00:00:00Z`; Cedar writes years with four digits.
const YEAR_ZERO: i64 = -62_167_219_200;

fn numeric_date(number: &Number) -> Option<Timestamp> {
    // Binary64 tells microseconds apart up to here, in the year 2255.
    const EXACT: f64 = 9_007_199_254.0;
    if let Some(seconds) = long(number) {
        return Timestamp::from_second(seconds).ok();
    }
    let seconds = number.as_f64().filter(|seconds| seconds.abs() < EXACT)?;
    #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53 is an exact i64")]
    Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok()
}

/// `2026-11-24T12:00:00.5+01:00`; the reader of texts itself takes more than this.
fn is_rfc3339(text: &str) -> bool {
    let shape = |text: &[u8], shape: &[u8]| {
        text.len() == shape.len()
            && text.iter().zip(shape).all(|(byte, shape)| match shape {
                b'0' => byte.is_ascii_digit(),
                _ => byte.eq_ignore_ascii_case(shape),
            })
    };
    let Some((time, rest)) = text.as_bytes().split_at_checked(19) else { return false };
    let digits = rest
        .strip_prefix(b".")
        .map_or(0, |fraction| fraction.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let offset = match (rest.first(), digits) {
        (Some(b'.'), 1..=9) => rest.get(digits + 1..).unwrap_or_default(),
        (Some(b'.'), _) => return false,
        _ => rest,
    };
    shape(time, b"0000-00-00T00:00:00")
        && !time.ends_with(b":60")
        && [&b"Z"[..], b"+00:00", b"-00:00"].iter().any(|form| shape(offset, form))
}

/// An address, or a range of them such as `10.0.0.0/8`, as Cedar writes it. An IPv4 address in IPv6 form (RFC 4291,
/// 2.5.5.2) is the IPv4 address: a range of IPv4 addresses must hold however one is written.
#[must_use]
pub fn address(text: &str) -> Option<String> {
    let (address, length) = match text.split_once('/') {
        None => (text, None),
        Some((address, length)) => (address, Some(length)),
    };
    let address: IpAddr = address.parse().ok()?;
    let Some(length) = length else { return Some(address.to_canonical().to_string()) };
    let (most, is_mapped) = match address {
        IpAddr::V4(_) => (32, false),
        IpAddr::V6(v6) => (128, Ipv6Addr::to_ipv4_mapped(&v6).is_some()),
    };
    let bits = length.parse::<u8>().ok().filter(|bits| *bits <= most && bits.to_string() == length)?;
    (!is_mapped).then(|| format!("{address}/{bits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(json: &str) -> Number {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn whole_numbers_are_exact_or_none() {
        for (json, expected) in [
            ("7", Some(7)),
            ("7.0", Some(7)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1e15", Some(1_000_000_000_000_000)),
            ("1e16", None),
            ("7.5", None),
        ] {
            assert_eq!(long(&number(json)), expected, "{json}");
        }
    }

    #[test]
    fn decimals_are_exact_or_none() {
        for (json, expected) in [
            ("7", Some("7.0")),
            ("-7", Some("-7.0")),
            ("10.99", Some("10.99")),
            ("-0.0001", Some("-0.0001")),
            ("-0.0", Some("-0.0")),
            ("1e3", Some("1000.0")),
            ("99999999999.9999", Some("99999999999.9999")),
            ("100000000000.01", None),
            ("0.00001", None),
            ("1e-7", None),
            ("922337203685477", Some("922337203685477.0")),
            ("-922337203685477", Some("-922337203685477.0")),
            ("922337203685478", None),
            ("-9223372036854775808", None),
            ("18446744073709551615", None),
        ] {
            assert_eq!(decimal(&number(json)).as_deref(), expected, "{json}");
        }
    }

    #[track_caller]
    fn check_instant(json: &str, expected: Option<&str>) {
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(instant(&value), expected.map(|text| text.parse().unwrap()), "{json}");
    }

    #[test]
    fn instants_are_numeric_dates_or_texts_of_rfc_3339() {
        check_instant("0", Some("1970-01-01T00:00:00Z"));
        check_instant("1795521600", Some("2026-11-24T12:00:00Z"));
        check_instant("1795521600.0", Some("2026-11-24T12:00:00Z"));
        check_instant("1795521600.123", Some("2026-11-24T12:00:00.123Z"));
        check_instant("-0.5", Some("1969-12-31T23:59:59.5Z"));
        check_instant("253402207200", Some("9999-12-30T22:00:00Z"));
        check_instant("-62167219200", Some("0000-01-01T00:00:00Z"));
        check_instant("-62167219201", None);
        check_instant("1795521600000", None);
        check_instant("18446744073709551615", None);
        check_instant("1e300", None);
        check_instant("true", None);
        check_instant(r#""2026-11-24T12:00:00Z""#, Some("2026-11-24T12:00:00Z"));
        check_instant(r#""2026-11-24t12:00:00.25z""#, Some("2026-11-24T12:00:00.25Z"));
        check_instant(r#""2026-11-24T12:00:00+01:30""#, Some("2026-11-24T10:30:00Z"));
        check_instant(r#""2026-11-24T12:00:00-00:00""#, Some("2026-11-24T12:00:00Z"));
        check_instant(r#""0000-01-01T00:00:00+01:00""#, None);
        for text in [
            "",
            "1795521600",
            "2026-11-24",
            "2026-11-24T12:00:00",
            "2026-11-24 12:00:00Z",
            "2026-11-24T12:00Z",
            "2026-11-24T12:00:60Z",
            "2026-11-24T24:00:00Z",
            "2026-02-29T12:00:00Z",
            "2026-11-24T12:00:00.Z",
            "2026-11-24T12:00:00.1234567890Z",
            "2026-11-24T12:00:00+01",
            "2026-11-24T12:00:00+99:00",
            "2026-11-24T12:00:00Z[Europe/Berlin]",
            "20261124T120000Z",
            "+002026-11-24T12:00:00Z",
            "2026-11-24T12:00:00Zé",
            "é026-11-24T12:00:00Z",
        ] {
            check_instant(&Value::from(text).to_string(), None);
        }
    }

    #[test]
    fn addresses_are_written_in_one_way() {
        for (text, expected) in [
            ("10.1.2.3", Some("10.1.2.3")),
            ("::ffff:10.1.2.3", Some("10.1.2.3")),
            ("2001:DB8:0::1", Some("2001:db8::1")),
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("10.0.0.0/33", None),
            ("10.0.0.0/08", None),
            ("10.0.0.0/+8", None),
            ("10.0.0.0/", None),
            ("10.0.0.0/8/8", None),
            ("::ffff:10.0.0.0/104", None),
            ("2001:db8::/129", None),
            ("010.1.2.3", None),
            ("10.1.2", None),
            ("fe80::1%eth0", None),
            (" 10.1.2.3", None),
            ("", None),
        ] {
            assert_eq!(address(text).as_deref(), expected, "{text}");
        }
    }
}
