use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::allowance::Bomb;

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

/// The coding that a body with these fields is in; `None` where it is in none, or in one that nobody knows.
///
/// Of several, readers take off all or the first, in this order or the other, and skip what they do not know or read it as
/// deflate: no two of them agree on what such a body becomes, so that it is refused, as is what is no name.
pub(super) fn of(headers: &HeaderMap) -> Result<Option<Coding>, Bomb> {
    let mut fields = headers.get_all(CONTENT_ENCODING).iter();
    let Some(first) = fields.next() else { return Ok(None) };
    let name = first.to_str().map_err(|_| Bomb::Name)?.trim_matches([' ', '\t']);
    if fields.next().is_some() || !name.bytes().all(is_token) {
        return Err(Bomb::Name);
    }
    Ok(Coding::of(name))
}

/// RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(fields: &[&'static [u8]], expected: Result<Option<Coding>, Bomb>) {
        let fields = fields.iter().map(|field| (CONTENT_ENCODING, HeaderValue::from_bytes(field).unwrap()));
        assert_eq!(of(&HeaderMap::from_iter(fields)), expected);
    }

    #[test]
    fn a_coding_is_known_by_its_name() {
        check(&[], Ok(None));
        check(&[b""], Ok(None));
        check(&[b"identity"], Ok(None));
        check(&[b"dcb"], Ok(None));
        check(&[b"X-GZip"], Ok(Some(Coding::Gzip)));
        check(&[b" deflate\t"], Ok(Some(Coding::Deflate)));
        check(&[b"br"], Ok(Some(Coding::Brotli)));
        check(&[b"ZSTD"], Ok(Some(Coding::Zstd)));
    }

    #[test]
    fn what_is_not_one_name_has_many_readings() {
        for several in
            [&b"gzip, gzip"[..], b"gzip,", b",gzip", b"identity, gzip", b"aws-chunked,gzip", b"foo bar"]
        {
            check(&[several], Err(Bomb::Name));
        }
        check(&[b"gzip", b"gzip"], Err(Bomb::Name));
        check(&[b"identity", b"identity"], Err(Bomb::Name));
        check(&[b"gzip;q=1"], Err(Bomb::Name));
        check(&[b"gzip\xa0"], Err(Bomb::Name));
        check(&[b"\"gzip\""], Err(Bomb::Name));
    }
}
