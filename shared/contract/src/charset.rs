//! The charset of a JSON text. It is UTF-8 and its media type has no `charset` (RFC 8259 sections 8.1 and 11), but
//! there are readers that go by one: they would see other texts in the same bytes than the door does.

use crate::content_type::parameters;

/// Whether the parameters of a `Content-Type` (RFC 9110 section 5.6.6) can be read in one way only, and name no
/// charset but UTF-8, at most once.
pub(crate) fn is_utf8_alone(content_type: &str) -> bool {
    let Some(all) = parameters(content_type) else { return false };
    let mut speaking = all.iter().filter(|(name, value)| speaks_of_charset(name) || speaks_of_charset(value));
    match (speaking.next(), speaking.next()) {
        (None, _) => true,
        (Some((name, value)), None) => name == "charset" && value.eq_ignore_ascii_case("utf-8"),
        _ => false,
    }
}

/// Whether some reader may find a charset here: RFC 2231 spells it `charset*` and `charset*0` as well, and there are
/// readers that search the field for `charset=` without minding quotes.
fn speaks_of_charset(text: &str) -> bool {
    text.to_ascii_lowercase().contains("charset")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(parameters: &str, expected: bool) {
        assert_eq!(is_utf8_alone(&format!("application/json{parameters}")), expected, "{parameters}");
    }

    #[test]
    fn utf_8_may_be_named_once() {
        for parameters in [
            "",
            ";",
            " ; ;",
            "; charset=utf-8",
            ";charset=UTF-8",
            "\t;\tCharset=\"Utf-8\" ",
            "; charset=\"utf\\-8\"",
            "; version=1; charset=utf-8; profile=\"urn:a;b\"",
            "; version=1; version=2",
        ] {
            check(parameters, true);
        }
    }

    #[test]
    fn a_charset_that_other_readers_would_go_by_is_seen() {
        for parameters in [
            "; charset=utf-16",
            "; charset=utf-7",
            "; charset=utf8",
            "; charset=\"utf-16le\"",
            "; CHARSET=iso-8859-1",
            "; charset=\"\"",
            "; charset=\" utf-8\"",
            "; charset=utf-8; charset=utf-8",
            "; charset=utf-8; charset=utf-16",
            "; a=\"\\\"; charset=utf-8; b=\"; charset=utf-16",
            "; profile=\"a;charset=utf-16;b\"",
            "; profile=\"char\\set=utf-16\"; charset=utf-8",
            "; xcharset=utf-16",
            "; charset*=utf-16''utf-8",
            "; charset*0=utf-; charset*1=16",
            "; charset=utf-8; charset*=utf-16",
        ] {
            check(parameters, false);
        }
    }

    #[test]
    fn parameters_without_one_reading_are_seen() {
        for parameters in [
            "; charset",
            "; charset=",
            "; charset =utf-8",
            "; charset= utf-8",
            "; =utf-8",
            "; charset=utf-8 utf-16",
            "; charset=utf-8, text/plain",
            "; charset='utf-8'",
            "; charset=\"utf-8",
            "; charset=\"utf-8\\",
            "; charset=\"utf-8\"x",
            "; charset=utf-8\"",
            "; a b=c",
        ] {
            check(parameters, false);
        }
    }
}
