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
}
