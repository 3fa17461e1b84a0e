use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The decoded pairs of a query string, in order (WHATWG URL `application/x-www-form-urlencoded`: `+` is a space).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryPairs(pub Vec<(String, String)>);

impl QueryPairs {
    /// Decodes what stands after `?`. Bytes that are not UTF-8 become U+FFFD, as the WHATWG rule says.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let decode =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        Self(
            query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decode(name), decode(value)))
                .collect(),
        )
    }

    /// Every value of `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The one value of `name` in what stands after `?`, where programs cannot differ on it.
    ///
    /// # Errors
    /// [`AmbiguousParameter`] when the name stands more than once, or its value is not percent-encoded UTF-8.
    pub fn only(query: &str, name: &str) -> Result<Option<String>, AmbiguousParameter> {
        let mut found = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (own, value) = pair.split_once('=').unwrap_or((pair, ""));
            if Self::decode_exactly(own).as_deref() != Some(name) {
                continue;
            }
            if found.replace(Self::decode_exactly(value).ok_or(AmbiguousParameter)?).is_some() {
                return Err(AmbiguousParameter);
            }
        }
        Ok(found)
    }

    /// A name or value of a query, decoded (`+` is a space); `None` for what is not percent-encoded UTF-8.
    #[must_use]
    pub fn decode_exactly(text: &str) -> Option<String> {
        percent_decode_exactly(&text.replace('+', " ")).map(Cow::into_owned)
    }
}

/// A query parameter that has no reading, or more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmbiguousParameter;

/// `text` percent-decoded; `None` where a `%` begins no escape, or the bytes are not UTF-8.
#[must_use]
pub fn percent_decode_exactly(text: &str) -> Option<Cow<'_, str>> {
    let escapes = text.split('%').skip(1);
    let whole =
        |escape: &str| escape.len() >= 2 && escape.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !escapes.into_iter().all(whole) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_in_order() {
        let pairs = QueryPairs::parse("a=1&b=x+y&&c&a=%C3%A9=");
        assert_eq!(pairs.all("a").collect::<Vec<_>>(), ["1", "é="]);
        assert_eq!(pairs.all("b").collect::<Vec<_>>(), ["x y"]);
        assert_eq!(pairs.all("c").collect::<Vec<_>>(), [""]);
        assert_eq!(pairs.0.len(), 4);
    }

    #[track_caller]
    fn check(query: &str, expected: Result<Option<&str>, AmbiguousParameter>) {
        assert_eq!(
            QueryPairs::only(query, "page no"),
            expected.map(|value| value.map(str::to_owned)),
            "{query}"
        );
    }

    #[test]
    fn one_parameter_has_one_reading_or_none() {
        check("", Ok(None));
        check("a=1&page=2", Ok(None));
        check("page+no=2", Ok(Some("2")));
        check("a=%zz&page%20no=%C3%A9+%2B&b", Ok(Some("é +")));
        check("page+no", Ok(Some("")));
        check("page+no=a=b", Ok(Some("a=b")));
        check("page+no=1&page%20no=1", Err(AmbiguousParameter));
        check("page+no=1&p%61ge+no=2", Err(AmbiguousParameter));
        for value in ["%", "%4", "%zz", "a%4Gb", "%FF", "%C3", "%C3%28", "%+1"] {
            check(&format!("page+no={value}"), Err(AmbiguousParameter));
        }
    }
}
