//! When whoever answered wants to be asked again: `Retry-After` (RFC 9110 section 10.2.3).

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::Timestamp;

use crate::claim::after;

/// Not before when the next request is to come; `None` where nothing is said that can be read. Of several fields the latest counts.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let fields = headers.get_all(RETRY_AFTER).iter().filter_map(|value| value.to_str().ok());
    fields.filter_map(|text| read(text.trim(), now)).max()
}

/// Seconds, or a date in one of the three forms of RFC 9110 section 5.6.7.
fn read(text: &str, now: Timestamp) -> Option<Timestamp> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(after(now, Duration::from_secs(seconds)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(Timestamp::try_from(date).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[track_caller]
    fn check(fields: &[&str], expected: Option<i64>) {
        let now = Timestamp::from_second(784_111_700).unwrap();
        let field = |text: &&str| (RETRY_AFTER, HeaderValue::from_str(text).unwrap());
        let headers = fields.iter().map(field).collect();
        let until = retry_after(&headers, now);
        assert_eq!(until.map(|until| until.as_second() - now.as_second()), expected, "{fields:?}");
    }

    #[test]
    fn it_is_seconds_or_a_date() {
        check(&[], None);
        check(&["0"], Some(0));
        check(&["120"], Some(120));
        check(&[" 120 "], Some(120));
        check(&["Sun, 06 Nov 1994 08:49:37 GMT"], Some(77));
        check(&["Sunday, 06-Nov-94 08:49:37 GMT"], Some(77));
        check(&["Sun Nov  6 08:49:37 1994"], Some(77));
        check(&["Sun, 06 Nov 1994 08:48:00 GMT"], Some(-20));
        check(&["1", "120", "5"], Some(120));
        for odd in ["", "-1", "1.5", "+1", "soon", "1, 2", "Sun, 06 Nov 1994 08:49:37 CET"] {
            check(&[odd], None);
        }
        let end = Timestamp::MAX.as_second() - 784_111_700;
        check(&["99999999999999999999999999"], Some(end));
        check(&["Fri, 31 Dec 9999 23:59:59 GMT"], Some(end));
    }
}
