//! The parameters of a field like `Content-Type` (RFC 9110 section 5.6.6; RFC 2183 section 2), where they can be read in one
//! way only.

use std::borrow::Cow;

use crate::media::is_token;
use crate::serialization::Rule;

const BOUNDARY: Rule =
    "must have one parameter `boundary`, of at most 70 characters that a boundary may have";

/// The parameters after the first `;`, their names in lower case; `None` where readers may differ.
pub(crate) fn parameters(field: &str) -> Option<Vec<(String, String)>> {
    let mut rest = trim(field.find(';').and_then(|at| field.get(at..)).unwrap_or_default());
    let mut found = Vec::new();
    while let Some(after) = rest.strip_prefix(';') {
        rest = trim(after);
        // RFC 9110 lets a `;` stand without a parameter.
        if rest.is_empty() || rest.starts_with(';') {
            continue;
        }
        let (name, value, after) = parameter(rest)?;
        found.push((name.to_ascii_lowercase(), value));
        rest = trim(after);
    }
    rest.is_empty().then_some(found)
}

/// The `boundary` of a multipart media type (RFC 2046 section 5.1.1). A blank may stand within one, which some readers would
/// cut off: it is refused.
pub(crate) fn boundary(content_type: &str) -> Result<String, Rule> {
    let all = parameters(content_type).ok_or(BOUNDARY)?;
    // RFC 2231 spells it `boundary*` and `boundary*0` as well, and there are readers that search the field for `boundary=`
    // without minding quotes.
    let speaks = |(name, value): &(String, String)| {
        name.contains("boundary") || value.to_ascii_lowercase().contains("boundary=")
    };
    let mut boundaries = all.into_iter().filter(speaks);
    match (boundaries.next(), boundaries.next()) {
        (Some((name, value)), None) if name == "boundary" && is_boundary(&value) => Ok(value),
        _ => Err(BOUNDARY),
    }
}

fn is_boundary(text: &str) -> bool {
    (1..=70).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte))
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
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

/// The text of an extended value that is UTF-8: `utf-8''%C3%A9` (RFC 8187 section 3.2.1).
pub(crate) fn extended(value: &str) -> Option<Cow<'_, str>> {
    let mut parts = value.splitn(3, '\'');
    let charset = parts.next()?;
    let (_language, text) = (parts.next()?, parts.next()?);
    charset.eq_ignore_ascii_case("utf-8").then(|| doorward_model::percent_decode_exactly(text))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_read_in_one_way_or_not_at_all() {
        let longest = "x".repeat(70);
        for (parameters, expected) in [
            ("; boundary=x", "x"),
            ("; charset=utf-8; Boundary=\"a:b/c=d?\"", "a:b/c=d?"),
            ("; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", "----WebKitFormBoundary7MA4YWxkTrZu0gW"),
            (&format!("; boundary={longest}"), &longest),
        ] {
            assert_eq!(boundary(&format!("multipart/form-data{parameters}")).unwrap(), expected);
        }
        for parameters in [
            "",
            ";",
            "; boundary",
            "; boundary=",
            "; boundary=\"\"",
            "; boundary=x; boundary=x",
            "; boundary=x; BOUNDARY=y",
            "; boundary*=utf-8''x",
            "; boundary*0=x; boundary*1=y",
            "; boundary=x; boundary*=utf-8''y",
            "; boundary=x; a=\";boundary=y\"",
            "; boundary=x, y",
            "; boundary=\"x\"y",
            "; boundary=\"x",
            "; boundary =x",
            "; boundary= x",
            "; boundary=\"x y\"",
            "; boundary=\"x \"",
            "; boundary=\"x\u{e9}\"",
            "; boundary=a:b",
            "; boundary=x%20y",
            &format!("; boundary={longest}x"),
        ] {
            assert_eq!(boundary(&format!("multipart/form-data{parameters}")), Err(BOUNDARY), "{parameters}");
        }
    }

    #[test]
    fn an_extended_value_is_utf_8() {
        assert_eq!(extended("UTF-8'en'%C3%A9.txt").as_deref(), Some("\u{e9}.txt"));
        for value in ["", "x", "utf-8'x", "iso-8859-1''%E9", "utf-8''%E9", "utf-8''%zz"] {
            assert_eq!(extended(value), None, "{value}");
        }
    }
}
