use std::collections::BTreeMap;

/// An item of a store, by attribute name, before a schema has typed it.
pub type Item = BTreeMap<String, ItemValue>;

/// A value of an item, as exact as its store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemValue {
    /// Nothing, stated.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, digit by digit: a store keeps more of them than binary64 does.
    Number(String),
    /// A text.
    Text(String),
    /// A list, or a set in any order.
    List(Vec<Self>),
    /// A record.
    Record(Item),
    /// Bytes, which no schema types.
    Binary(Vec<u8>),
}

impl ItemValue {
    /// Its payload, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 1,
            Self::Binary(bytes) => bytes.len(),
            Self::Number(text) | Self::Text(text) => text.len(),
            Self::List(values) => values.iter().map(|value| 1 + value.size()).sum(),
            Self::Record(members) => members.iter().map(|(name, value)| name.len() + value.size()).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_counts_names_texts_and_elements() {
        let text = |text: &str| ItemValue::Text(text.to_owned());
        let members = [("ab", text("cde")), ("n", ItemValue::Number("4200".to_owned()))];
        let record = ItemValue::Record(members.map(|(name, value)| (name.to_owned(), value)).into());
        assert_eq!(record.size(), 2 + 3 + 1 + 4);
        assert_eq!(ItemValue::List(vec![record, ItemValue::Null, text("")]).size(), 11 + 2 + 1);
    }
}
