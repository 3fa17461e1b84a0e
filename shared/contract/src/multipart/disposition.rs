//! `Content-Disposition` of a part (RFC 7578 section 4.2).

use crate::content_type::{extended, parameters};
use crate::serialization::Rule;

const FORM_DATA: Rule = "must have parts with one field `Content-Disposition: form-data; name=\"…\"` each";
const PARAMETERS: Rule = "must have parts with `name` and, at most, `filename`, each once, without escapes";
const NAME: Rule = "must have parts with names that all readers take for the same";
const FILENAME: Rule = "must have parts whose `filename*` says what `filename` does";

/// What is said of a part.
pub(super) struct Disposition {
    pub(super) name: String,
    pub(super) is_file: bool,
}

impl Disposition {
    /// Reads the value of the field. The name of a file is looked at no further: nothing here goes by it.
    pub(super) fn read(field: &str) -> Result<Self, Rule> {
        let kind = field.split(';').next().unwrap_or_default().trim_matches([' ', '\t']);
        if !kind.eq_ignore_ascii_case("form-data") {
            return Err(FORM_DATA);
        }
        // To some readers a backslash escapes a quote (RFC 2183), to others it is data (WHATWG HTML).
        if field.contains('\\') {
            return Err(PARAMETERS);
        }
        let (mut name, mut filename, mut other) = (None, None, None);
        for (parameter, value) in parameters(field).ok_or(PARAMETERS)? {
            let slot = match parameter.as_str() {
                "name" => &mut name,
                "filename" => &mut filename,
                "filename*" => &mut other,
                _ => return Err(PARAMETERS),
            };
            if slot.replace(value).is_some() {
                return Err(PARAMETERS);
            }
        }
        // RFC 7578 forbids `filename*`; there are clients that send it beside the other, always.
        if let Some(other) = &other
            && extended(other).as_deref() != filename.as_deref()
        {
            return Err(FILENAME);
        }
        let name = name.filter(|name| !name.is_empty()).ok_or(FORM_DATA)?;
        if is_clear(&name) { Ok(Self { name, is_file: filename.is_some() }) } else { Err(NAME) }
    }
}

/// Whether no reader decodes the name: percent-encoding is undone by some (RFC 7578 section 2), encoded words (RFC 2047) by
/// others.
fn is_clear(name: &str) -> bool {
    let is_escape = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    !name.contains("=?") && !name.split('%').skip(1).any(is_escape) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(parameters: &str, expected: Result<(&str, bool), Rule>) {
        let found = Disposition::read(&format!("form-data{parameters}"));
        let found = found.as_ref().map(|found| (found.name.as_str(), found.is_file)).map_err(|rule| *rule);
        assert_eq!(found, expected, "{parameters}");
    }

    #[test]
    fn a_name_is_what_stands_there() {
        check("; name=\"a b;c=d\"", Ok(("a b;c=d", false)));
        check(";name=a;filename=\"x; name=y.txt\"", Ok(("a", true)));
        check("; filename=\"\"; name=\"\u{e9}\"", Ok(("\u{e9}", true)));
        check("; name=\"100%\"; filename=\"a%22b\"", Ok(("100%", true)));
        check("; NAME=file; FileName=a.txt; filename*=utf-8''a.txt", Ok(("file", true)));
        check("; name=file; filename=\"\u{e9}\"; filename*=UTF-8''%C3%A9", Ok(("file", true)));
    }

    #[test]
    fn names_that_readers_take_for_another_are_refused() {
        for parameters in ["", ";", "; filename=\"x\"", "; name=\"\""] {
            check(parameters, Err(FORM_DATA));
        }
        for parameters in [
            "; name=\"a\\\"b\"",
            "; name=\"a\"; filename=\"x\\\"; name=\\\"b\"",
            "; name=\"a\"; filename=\"C:\\dir\\x\"",
            "; name=\"a\"; name=\"a\"",
            "; name=\"a\"; Name=\"b\"",
            "; name=\"a\"; filename=\"x\"; filename=\"y\"",
            "; name*=utf-8''a",
            "; name=\"a\"; name*=utf-8''b",
            "; name*0=a; name*1=b",
            "; name=\"a\"; filename*0=x",
            "; name=\"a\"; size=7",
            "; name=\"a",
            "; name=\"a\"b",
            "; name=a b",
            "; name=a=b",
            "; name =a",
            "; name= a",
            "; name='a b'",
            "; name",
            ", name=a",
        ] {
            let found = Disposition::read(&format!("form-data{parameters}"));
            assert!(matches!(found.map(|_| ()), Err(PARAMETERS | FORM_DATA)), "{parameters}");
        }
        for parameters in [
            "; name=\"a%22b\"",
            "; name=\"%61\"",
            "; name=\"=?utf-8?B?YQ==?=\"",
            "; name=\"a\u{7f}\"",
            "; name=\"a\u{85}\"",
        ] {
            check(parameters, Err(NAME));
        }
        for parameters in [
            "; name=a; filename*=utf-8''x",
            "; name=a; filename=y; filename*=utf-8''x",
            "; name=a; filename=x; filename*=iso-8859-1''x",
            "; name=a; filename=x; filename*=x",
        ] {
            check(parameters, Err(FILENAME));
        }
        for field in ["", "attachment; name=a", "form-data-x; name=a", "name=a; form-data"] {
            assert!(Disposition::read(field).is_err(), "{field}");
        }
    }
}
