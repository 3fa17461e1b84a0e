//! One part: its header fields and its content.

use http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use memchr::memmem;

use super::disposition::Disposition;
use crate::media;
use crate::serialization::Rule;

pub(super) const MAX_PARTS: usize = 1_000;
const MAX_HEADER: usize = 8 * 1024;
const MAX_FIELDS: usize = 16;

const HEADER: Rule = "must have parts that begin with lines of the form `name: value`, then an empty line";
const LARGE: Rule = "must have parts with at most 16 header fields, of 8 KiB together";
const DISPOSITION: Rule = "must have parts with one field `Content-Disposition: form-data; name=\"…\"` each";
const TYPE: Rule = "must have parts with at most one `Content-Type`, which is a media type";
const NESTED: Rule = "must not have parts that are multipart themselves";
const TRANSFER: Rule = "must not have parts with a `Content-Transfer-Encoding` but 7bit, 8bit or binary";
const ENCODED: Rule = "must not have parts with a `Content-Encoding`";
const LENGTH: Rule = "must have parts that are as long as they say";

/// A part of a form.
#[derive(Debug)]
pub(crate) struct Part<'b> {
    pub(crate) name: String,
    /// Whether it is sent as a file: it has a `filename`.
    pub(crate) is_file: bool,
    /// Its `Content-Type`, where it has one.
    pub(crate) content_type: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) content: &'b [u8],
}

impl<'b> Part<'b> {
    /// Reads what stands between two delimiters.
    pub(super) fn read(part: &'b [u8]) -> Result<Self, Rule> {
        let end = memmem::find(part, b"\r\n\r\n").ok_or(HEADER)?;
        let header = part.get(..end).unwrap_or_default();
        let content = part.get(end + 4..).unwrap_or_default();
        let headers = fields(header)?;
        let disposition = only(&headers, &CONTENT_DISPOSITION).map_err(|()| DISPOSITION)?;
        let Disposition { name, is_file } = Disposition::read(disposition.ok_or(DISPOSITION)?)?;
        let content_type = only(&headers, &CONTENT_TYPE).map_err(|()| TYPE)?;
        // RFC 7578 section 4.3 has given up what was nested.
        match content_type.map(|stated| media::essence(stated).ok_or(TYPE)).transpose()? {
            Some(essence) if essence.starts_with("multipart/") => return Err(NESTED),
            _ => {}
        }
        let content_type = content_type.map(str::to_owned);
        // RFC 7578 section 4.7: nothing needs another, and readers differ in whether they decode.
        let transfer = HeaderName::from_static("content-transfer-encoding");
        let is_plain = |encoding: &str| {
            ["7bit", "8bit", "binary"].iter().any(|plain| encoding.eq_ignore_ascii_case(plain))
        };
        if !only(&headers, &transfer).map_err(|()| TRANSFER)?.is_none_or(is_plain) {
            return Err(TRANSFER);
        }
        if headers.contains_key(CONTENT_ENCODING) {
            return Err(ENCODED);
        }
        let is_length = |stated: &str| stated == content.len().to_string();
        if !only(&headers, &CONTENT_LENGTH).map_err(|()| LENGTH)?.is_none_or(is_length) {
            return Err(LENGTH);
        }
        Ok(Self { name, is_file, content_type, headers, content })
    }
}

/// The lines of a part's header. None of them is folded, and all end in CRLF.
fn fields(header: &[u8]) -> Result<HeaderMap, Rule> {
    if header.len() > MAX_HEADER {
        return Err(LARGE);
    }
    let mut fields = HeaderMap::new();
    let mut start = 0;
    let ends = memmem::find_iter(header, b"\r\n").chain(std::iter::once(header.len()));
    for (nth, end) in ends.enumerate() {
        if nth == MAX_FIELDS {
            return Err(LARGE);
        }
        let line = header.get(start..end).unwrap_or_default();
        let colon = memchr::memchr(b':', line).ok_or(HEADER)?;
        let (name, value) = line.split_at(colon);
        // Names are tokens, so that no line begins or breaks with a blank; values hold no control characters.
        let name = HeaderName::from_bytes(name).map_err(|_| HEADER)?;
        let value = value.get(1..).unwrap_or_default();
        fields.append(name, HeaderValue::from_bytes(trimmed(value)).map_err(|_| HEADER)?);
        start = end + 2;
    }
    Ok(fields)
}

fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// The one line of a field, which is text; an error where it stands twice or is none.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, ()> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(line), None) => std::str::from_utf8(line.as_bytes()).map(Some).map_err(|_| ()),
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = "Content-Disposition: form-data; name=\"a\"";

    #[track_caller]
    fn check(header: &str, expected: Result<(bool, Option<&str>), Rule>) {
        let part = format!("{}\r\n\r\nxyz", header.replace("DATA", DATA));
        let found = Part::read(part.as_bytes());
        let found = found.as_ref().map(|part| (part.is_file, part.content_type.as_deref()));
        assert_eq!(found.map_err(|rule| *rule), expected, "{part:?}");
    }

    #[test]
    fn a_part_is_a_field_or_a_file() {
        check("DATA", Ok((false, None)));
        check("DATA; filename=\"x\"", Ok((true, None)));
        check("content-disposition:Form-Data;name=a", Ok((false, None)));
        check("Content-Type:  text/plain\t\r\nDATA\r\nX-A: 1\r\nX-A: 2", Ok((false, Some("text/plain"))));
        check("DATA\r\nContent-Length: 3\r\nContent-Transfer-Encoding: Binary", Ok((false, None)));
    }

    #[test]
    fn header_fields_of_no_one_reading_are_refused() {
        for header in [
            "",
            "\r\nDATA",
            "DATA\nX-A: 1",
            "DATA\rX-A: 1",
            "DATA;\r\n filename=\"x\"",
            "DATA\r\n\tX-A: 1",
            " DATA",
            "X A: 1\r\nDATA",
            "Content-Disposition : form-data; name=\"a\"",
            ": 1\r\nDATA",
            "DATA\r\nnonsense",
            "DATA\r\nX-A: \0",
        ] {
            check(header, Err(HEADER));
        }
        check("Content-Type: text/plain", Err(DISPOSITION));
        check("DATA\r\nDATA", Err(DISPOSITION));
        check("DATA\r\ncontent-disposition: form-data; name=\"b\"", Err(DISPOSITION));
        check("DATA\r\nContent-Type: text/plain\r\nContent-Type: text/plain", Err(TYPE));
        check("DATA\r\nContent-Type: text", Err(TYPE));
        check("DATA\r\nContent-Type:", Err(TYPE));
        check("DATA\r\nContent-Type: multipart/mixed; boundary=c", Err(NESTED));
        check("DATA\r\nContent-Type: Multipart/Form-Data", Err(NESTED));
        for encoding in ["base64", "quoted-printable", "x-other", "7bit, base64", ""] {
            check(&format!("DATA\r\nContent-Transfer-Encoding: {encoding}"), Err(TRANSFER));
        }
        check("DATA\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64", Err(TRANSFER));
        check("DATA\r\nContent-Encoding: gzip", Err(ENCODED));
        for length in ["2", "4", "+3", "3, 3", "", "x"] {
            check(&format!("DATA\r\nContent-Length: {length}"), Err(LENGTH));
        }
        let wide = format!("DATA\r\nX-A: {}", "x".repeat(MAX_HEADER));
        check(&wide, Err(LARGE));
        check(&format!("DATA{}", "\r\nX-A: 1".repeat(MAX_FIELDS - 1)), Ok((false, None)));
        check(&format!("DATA{}", "\r\nX-A: 1".repeat(MAX_FIELDS)), Err(LARGE));
    }

    #[test]
    fn a_part_needs_an_empty_line_before_its_content() {
        assert_eq!(Part::read(DATA.as_bytes()).map(|part| part.name), Err(HEADER));
        assert_eq!(Part::read(b"").map(|part| part.name), Err(HEADER));
    }
}
