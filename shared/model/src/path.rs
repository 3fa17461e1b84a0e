use std::fmt;
use std::hash::{Hash, Hasher};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but RFC 3986's unreserved characters (section 2.3) and the slash.
const SEGMENTS: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same without `:` and `@`, which mean in a path's segment what their escapes mean.
const FRIENDLY: AsciiSet = SEGMENTS.remove(b':').remove(b'@');

/// The same without what else a segment holds unescaped (`pchar`, section 3.3). A `;` is in no path that is read.
const BARE: AsciiSet = FRIENDLY
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b'=');

/// Whether a front hands the path over as sent or after percent-decoding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathForm {
    /// As the caller sent it: Lambda function URLs.
    Encoded,
    /// Already decoded once: `rawPath` of HTTP APIs. An encoded slash can no longer be told from a real one there.
    /// Between two segments it adds a segment, which routes count, but for one whose last parameter takes all that is
    /// left; at the end it would be dropped unseen, so a path that ends with a slash is refused.
    Decoded,
    /// As sent or already decoded, which of the two nobody says: the path in the ARN of a `TOKEN` question. What the two
    /// read differently is refused, which is whatever holds a `%` and what ends with a slash.
    Unclear,
}

/// A path that has one reading only: decoded segments, none of them empty, `.` or `..`, and no byte that another
/// component could take for a separator. Router, authorizer, emitted policies and the forwarded request all use it.
#[derive(Debug, Clone)]
pub struct CanonicalPath {
    decoded: String,
    spelling: Spelling,
}

/// How the caller wrote the characters that may stand in a path escaped or not.
#[derive(Debug, Clone)]
enum Spelling {
    /// Without any escape.
    Bare,
    /// So, once what must be escaped is, and what need not be is not.
    Sent(String),
    /// A front decoded it.
    Unknown,
}

/// Two paths are one where their segments are, however they were spelled.
impl PartialEq for CanonicalPath {
    fn eq(&self, other: &Self) -> bool {
        self.decoded == other.decoded
    }
}

impl Eq for CanonicalPath {}

impl Hash for CanonicalPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.decoded.hash(state);
    }
}

/// Why a path has more than one reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// It does not begin with `/`.
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    /// `%2F`, `%5C` or a raw backslash.
    #[error("the path holds an encoded slash or a backslash")]
    EncodedSeparator,
    /// `.` or `..` as a segment, raw or encoded.
    #[error("the path holds a dot segment")]
    DotSegment,
    /// `//`.
    #[error("the path holds an empty segment")]
    EmptySegment,
    /// `%2541`: decoding twice gives another path than decoding once.
    #[error("the path is percent-encoded twice")]
    DoubleEncoding,
    /// A `%` that two hexadecimal digits do not follow.
    #[error("the path holds a broken percent-encoding")]
    BrokenEncoding,
    /// NUL, another control character, or bytes that are not UTF-8 (overlong forms among them).
    #[error("the path holds a control character or bytes that are not UTF-8")]
    IllegalCharacter,
    /// `;`, `?` or `#` after decoding: parameters or delimiters to some readers.
    #[error("the path holds a delimiter in a segment")]
    Delimiter,
    /// `/orders/` as [`PathForm::Decoded`], which may have been `/orders%2F`: another path.
    #[error("the path ends with a slash, which this front may have decoded")]
    TrailingSlash,
    /// More than [`CanonicalPath::MAX_BYTES`].
    #[error("the path is longer than 2048 bytes")]
    TooLong,
}

impl CanonicalPath {
    /// The longest path that is read, in bytes as received.
    pub const MAX_BYTES: usize = 2048;

    /// Reads `path`, which the front gave in `form`. A single trailing slash is dropped where it was sent as one
    /// (`/orders/` is `/orders` as [`PathForm::Encoded`]); case is kept, as RFC 3986 section 6.2.2.1 has paths
    /// case-sensitive.
    ///
    /// # Errors
    /// [`PathFault`] for every path that two components could read differently.
    pub fn parse(path: &str, form: PathForm) -> Result<Self, PathFault> {
        if path.len() > Self::MAX_BYTES {
            return Err(PathFault::TooLong);
        }
        let rest = path.strip_prefix('/').ok_or(PathFault::NotAbsolute)?;
        let rest = match (form, rest.strip_suffix('/')) {
            (_, None) => rest,
            (PathForm::Encoded, Some(rest)) => rest,
            (PathForm::Decoded | PathForm::Unclear, Some(_)) => return Err(PathFault::TrailingSlash),
        };
        let mut decoded = String::with_capacity(path.len());
        if rest.is_empty() {
            if path.len() > 1 {
                return Err(PathFault::EmptySegment);
            }
            return Ok(Self::root());
        }
        for segment in rest.split('/') {
            let segment = decode(segment, form)?;
            check_segment(&segment)?;
            decoded.push('/');
            decoded.push_str(&segment);
        }
        let spelling = match form {
            PathForm::Decoded | PathForm::Unclear => Spelling::Unknown,
            PathForm::Encoded if rest.contains('%') => Spelling::Sent(respelled(rest)),
            PathForm::Encoded => Spelling::Bare,
        };
        Ok(Self { decoded, spelling })
    }

    /// `/`.
    #[must_use]
    pub fn root() -> Self {
        Self { decoded: "/".to_owned(), spelling: Spelling::Bare }
    }

    /// The path with decoded segments. No segment holds a slash, so splitting at `/` gives the segments back.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.decoded
    }

    /// The path as it is sent on: escaped is what must be, in upper case. Of what may stand in a segment either way (RFC 3986
    /// section 3.3), that is bare which came bare; where a front decoded it all, `:` and `@` are bare and the rest is escaped,
    /// which few read otherwise.
    #[must_use]
    pub fn respelled(&self) -> String {
        match &self.spelling {
            Spelling::Bare => utf8_percent_encode(&self.decoded, &BARE).to_string(),
            Spelling::Sent(spelled) => spelled.clone(),
            Spelling::Unknown => utf8_percent_encode(&self.decoded, &FRIENDLY).to_string(),
        }
    }

    /// The path with every byte but RFC 3986's unreserved ones escaped, in upper case.
    #[must_use]
    pub fn encoded(&self) -> String {
        utf8_percent_encode(&self.decoded, &SEGMENTS).to_string()
    }
}

/// `segments`, escaped: an escape that need not be is taken off, all others are written in upper case, and of what stands
/// bare that is escaped which must be.
fn respelled(segments: &str) -> String {
    let mut text = String::with_capacity(segments.len() + 1);
    text.push('/');
    let mut pieces = segments.split('%');
    text.extend(pieces.next().map(|bare| utf8_percent_encode(bare, &BARE)).into_iter().flatten());
    for piece in pieces {
        let (escape, bare) = piece.split_at_checked(2).unwrap_or((piece, ""));
        let byte = u8::from_str_radix(escape, 16).unwrap_or(b'%');
        text.push_str(percent_encoding::percent_encode(&[byte], &SEGMENTS).next().unwrap_or_default());
        text.extend(utf8_percent_encode(bare, &BARE));
    }
    text
}

impl fmt::Display for CanonicalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.decoded)
    }
}

fn decode(segment: &str, form: PathForm) -> Result<String, PathFault> {
    match form {
        PathForm::Decoded | PathForm::Unclear if has_escape(segment) => Err(PathFault::DoubleEncoding),
        PathForm::Unclear if segment.contains('%') => Err(PathFault::BrokenEncoding),
        PathForm::Decoded | PathForm::Unclear => Ok(segment.to_owned()),
        PathForm::Encoded => {
            if has_broken_escape(segment) {
                return Err(PathFault::BrokenEncoding);
            }
            let decoded =
                percent_decode_str(segment).decode_utf8().map_err(|_| PathFault::IllegalCharacter)?;
            if has_escape(&decoded) {
                return Err(PathFault::DoubleEncoding);
            }
            Ok(decoded.into_owned())
        }
    }
}

fn check_segment(segment: &str) -> Result<(), PathFault> {
    if segment.is_empty() {
        return Err(PathFault::EmptySegment);
    }
    if segment == "." || segment == ".." {
        return Err(PathFault::DotSegment);
    }
    if segment.contains(['/', '\\']) {
        return Err(PathFault::EncodedSeparator);
    }
    if segment.contains([';', '?', '#']) {
        return Err(PathFault::Delimiter);
    }
    // U+FFFD is what a front that decodes puts where the bytes were no UTF-8.
    if segment.chars().any(|c| c.is_control() || c == '\u{FFFD}') {
        return Err(PathFault::IllegalCharacter);
    }
    Ok(())
}

fn has_escape(text: &str) -> bool {
    text.as_bytes()
        .windows(3)
        .any(|w| matches!(w, [b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
}

fn has_broken_escape(text: &str) -> bool {
    text.split('%').skip(1).any(|after| {
        let mut digits = after.bytes();
        !matches!((digits.next(), digits.next()), (Some(a), Some(b)) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, form: PathForm, expected: Result<&str, PathFault>) {
        let parsed = CanonicalPath::parse(path, form);
        assert_eq!(parsed.as_ref().map(CanonicalPath::as_str).map_err(|fault| *fault), expected, "{path}");
    }

    #[test]
    fn a_path_as_sent_has_one_reading_or_none() {
        use PathFault::*;
        let form = PathForm::Encoded;
        check("/", form, Ok("/"));
        check("/orders", form, Ok("/orders"));
        check("/orders/", form, Ok("/orders"));
        check("/orders/4%32", form, Ok("/orders/42"));
        check("/caf%C3%A9/a%20b", form, Ok("/café/a b"));
        check("/Orders", form, Ok("/Orders"));
        check("", form, Err(NotAbsolute));
        check("orders", form, Err(NotAbsolute));
        check("//", form, Err(EmptySegment));
        check("//orders", form, Err(EmptySegment));
        check("/orders//", form, Err(EmptySegment));
        check("/a/../b", form, Err(DotSegment));
        check("/a/%2e%2E/b", form, Err(DotSegment));
        check("/a/.", form, Err(DotSegment));
        check("/a%2Fb", form, Err(EncodedSeparator));
        check("/a%5cb", form, Err(EncodedSeparator));
        check("/a\\b", form, Err(EncodedSeparator));
        check("/a%252Fb", form, Err(DoubleEncoding));
        check("/a%zz", form, Err(BrokenEncoding));
        check("/a%2", form, Err(BrokenEncoding));
        check("/a%00", form, Err(IllegalCharacter));
        check("/a%C0%AF", form, Err(IllegalCharacter));
        check("/a;v=1", form, Err(Delimiter));
        check("/a%3Fb", form, Err(Delimiter));
        check("/a%23b", form, Err(Delimiter));
        check(&format!("/{}", "a".repeat(2048)), form, Err(TooLong));
    }

    #[test]
    fn a_decoded_path_is_not_decoded_again() {
        use PathFault::*;
        let form = PathForm::Decoded;
        check("/100%", form, Ok("/100%"));
        check("/a b", form, Ok("/a b"));
        check("/a%2Fb", form, Err(DoubleEncoding));
        check("/a/../b", form, Err(DotSegment));
        check("/a\u{FFFD}", form, Err(IllegalCharacter));
        check("/a\0", form, Err(IllegalCharacter));
    }

    #[test]
    fn a_path_of_which_nobody_says_whether_it_is_decoded_is_read_where_that_makes_no_difference() {
        use PathFault::*;
        let form = PathForm::Unclear;
        check("/", form, Ok("/"));
        check("/orders/42", form, Ok("/orders/42"));
        check("/a b/é", form, Ok("/a b/é"));
        check("/orders/4%32", form, Err(DoubleEncoding));
        check("/a%252Fb", form, Err(DoubleEncoding));
        for path in ["/100%", "/orders/42%2", "/orders/42%zz", "/orders/42%u002F"] {
            check(path, form, Err(BrokenEncoding));
        }
        check("/orders/", form, Err(TrailingSlash));
    }

    #[test]
    fn an_encoded_slash_at_the_end_of_a_decoded_path_was_dropped() {
        use PathFault::*;
        let form = PathForm::Decoded;
        check("/", form, Ok("/"));
        check("/orders", form, Ok("/orders"));
        check("/orders/1001/", form, Err(TrailingSlash));
        check("//", form, Err(TrailingSlash));
        check("/orders//", form, Err(TrailingSlash));
        check("/orders/1001%2F", PathForm::Encoded, Err(EncodedSeparator));
        check("/orders/1001/", PathForm::Encoded, Ok("/orders/1001"));
        assert_eq!(
            TrailingSlash.to_string(),
            "the path ends with a slash, which this front may have decoded"
        );
    }

    #[test]
    fn the_encoded_form_reads_back_to_the_same_path() {
        for path in ["/", "/orders/42", "/caf%C3%A9/a%20b%2B", "/~a-b.c_d/%3A%40"] {
            let parsed = CanonicalPath::parse(path, PathForm::Encoded).unwrap();
            assert_eq!(CanonicalPath::parse(&parsed.encoded(), PathForm::Encoded).unwrap(), parsed);
            assert_eq!(CanonicalPath::parse(&parsed.respelled(), PathForm::Encoded).unwrap(), parsed);
        }
    }

    #[test]
    fn what_may_be_bare_goes_on_as_it_came() {
        let check = |path: &str, form: PathForm, expected: &str| {
            assert_eq!(CanonicalPath::parse(path, form).unwrap().respelled(), expected, "{path}");
        };
        let pchar = "/a:b@c/~-._/!$&'()*+,=";
        check(pchar, PathForm::Encoded, pchar);
        check("/", PathForm::Encoded, "/");
        check("/a/", PathForm::Encoded, "/a");
        // Capitals for small letters in escapes, and no escape that need not be (RFC 3986 section 6.2.2).
        check("/%41%2d/a:b%3a%40%2B+%7e", PathForm::Encoded, "/A-/a:b%3A%40%2B+~");
        check("/caf%c3%a9/a%20b", PathForm::Encoded, "/caf%C3%A9/a%20b");
        check("/é \"<>|^`{}[]", PathForm::Encoded, "/%C3%A9%20%22%3C%3E%7C%5E%60%7B%7D%5B%5D");
        check("/é\"/100%25", PathForm::Encoded, "/%C3%A9%22/100%25");
        for form in [PathForm::Decoded, PathForm::Unclear] {
            check("/a:b@c/$+&=é", form, "/a:b@c/%24%2B%26%3D%C3%A9");
        }
        let spelled = |path: &str| CanonicalPath::parse(path, PathForm::Encoded).unwrap();
        assert_eq!(spelled("/a:b"), spelled("/a%3Ab"));
    }
}
