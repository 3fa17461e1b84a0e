use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::allowance::Bomb;

/// The most codings that are taken off one after the other.
const MOST: usize = 3;

/// A content coding whose size can be told (RFC 9110 section 8.4.1, RFC 7932, RFC 8878).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// `None` of names that nobody here knows. Who reads `compress` takes gzip for it as well.
    fn of(name: &str) -> Option<Self> {
        let names = [
            ("gzip", Self::Gzip),
            ("x-gzip", Self::Gzip),
            ("compress", Self::Gzip),
            ("x-compress", Self::Gzip),
            ("deflate", Self::Deflate),
            ("br", Self::Brotli),
            ("zstd", Self::Zstd),
        ];
        names.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, coding)| coding)
    }
}

/// The codings that a body with these fields is read through, the last one that was applied first; up to one that nobody knows.
pub(super) fn of(headers: &HeaderMap) -> Result<Vec<Coding>, Bomb> {
    let mut names = Vec::new();
    for field in headers.get_all(CONTENT_ENCODING) {
        let text = String::from_utf8_lossy(field.as_bytes());
        names.extend(text.split(',').map(|name| name.trim().to_owned()));
    }
    names.retain(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"));
    let codings: Vec<Coding> = names.iter().rev().map_while(|name| Coding::of(name)).collect();
    if codings.len() > MOST { Err(Bomb::Codings(MOST)) } else { Ok(codings) }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(fields: &[&'static str], expected: Result<&[Coding], Bomb>) {
        let fields = fields.iter().map(|field| (CONTENT_ENCODING, HeaderValue::from_static(field)));
        assert_eq!(of(&HeaderMap::from_iter(fields)), expected.map(<[Coding]>::to_vec));
    }

    #[test]
    fn codings_are_taken_off_from_the_last_one() {
        check(&[], Ok(&[]));
        check(&["identity", ""], Ok(&[]));
        check(&["X-GZip"], Ok(&[Coding::Gzip]));
        check(&["deflate, , br"], Ok(&[Coding::Brotli, Coding::Deflate]));
        check(&["gzip", "identity,zstd"], Ok(&[Coding::Zstd, Coding::Gzip]));
    }

    #[test]
    fn behind_an_unknown_one_nothing_can_be_told() {
        check(&["dcb"], Ok(&[]));
        check(&["gzip, aws-chunked"], Ok(&[]));
        check(&["aws-chunked, gzip"], Ok(&[Coding::Gzip]));
    }

    #[test]
    fn nobody_compresses_that_often() {
        check(&["gzip, gzip", "gzip"], Ok(&[Coding::Gzip; 3]));
        check(&["gzip, gzip", "gzip, br"], Err(Bomb::Codings(3)));
    }
}
