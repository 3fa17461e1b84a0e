//! The charset of a JSON text. It is UTF-8 and its media type has no `charset` (RFC 8259 sections 8.1 and 11), but
//! there are readers that go by one: they would see other texts in the same bytes than the door does.

use crate::media::is_token;

/// Whether the parameters of a `Content-Type` (RFC 9110 section 5.6.6) can be read in one way only, and name no
/// charset but UTF-8, at most once.
pub(crate) fn is_utf8_alone(content_type: &str) -> bool {
    let parameters = content_type.find(';').and_then(|at| content_type.get(at..)).unwrap_or_default();
    let mut rest = trim(parameters);
    let mut named = false;
    while let Some(after) = rest.strip_prefix(';') {
        rest = trim(after);
        // RFC 9110 lets a `;` stand without a parameter.
        if rest.is_empty() || rest.starts_with(';') {
            continue;
        }
        let Some((name, value, after)) = parameter(rest) else { return false };
        if speaks_of_charset(name) || speaks_of_charset(&value) {
            let is_utf8 = name.eq_ignore_ascii_case("charset") && value.eq_ignore_ascii_case("utf-8");
            if named || !is_utf8 {
                return false;
            }
            named = true;
        }
        rest = trim(after);
    }
    rest.is_empty()
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Whether some reader may find a charset here: RFC 2231 spells it `charset*` and `charset*0` as well, and there are
/// readers that search the field for `charset=` without minding quotes.
fn speaks_of_charset(text: &str) -> bool {
    text.to_ascii_lowercase().contains("charset")
}

/// The parameter that `text` begins with: its name, its value without quotes, and what follows.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let (name, rest) = text.split_once('=')?;
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None => {
            let (value, rest) = rest.split_at(rest.find([';', ' ', '\t']).unwrap_or(rest.len()));
            (is_token(value).then(|| value.to_owned())?, rest)
        }
    };
    is_token(name).then_some((name, value, rest))
}

/// The text of a quoted string (RFC 9110 section 5.6.4) after its first quote, and what follows it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
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
