//! A query string as it was sent, for the lists in it must be split before they are decoded.

use doorward_model::QueryPairs;

/// The pairs of a query string in order: names decoded, values not.
pub(crate) struct Query<'a>(Vec<(String, &'a str)>);

impl<'a> Query<'a> {
    /// Reads what stands after `?`. A name that is not percent-encoded UTF-8 is no parameter's.
    pub(crate) fn parse(query: &'a str) -> Self {
        Self(
            pairs(query)
                .filter_map(|(name, value)| Some((QueryPairs::decode_exactly(name)?, value)))
                .collect(),
        )
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Every value of `name`, undecoded.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.pairs().filter(move |(own, _)| *own == name).map(|(_, value)| value)
    }
}

/// The pairs of a query string or a form in order, undecoded (WHATWG URL section 5.1).
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded_and_values_are_not() {
        let query = Query::parse("a%20b=1%2C2,3&&a+b&a%20b==&%zz=1&%FF=1&=1");
        assert_eq!(query.all("a b").collect::<Vec<_>>(), ["1%2C2,3", "", "="]);
        assert_eq!(query.pairs().map(|(name, _)| name).collect::<Vec<_>>(), ["a b", "a b", "a b", ""]);
    }
}
