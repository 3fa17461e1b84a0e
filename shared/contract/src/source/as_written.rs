//! Numbers that are none in YAML 1.2.
//!
//! The reader takes integers in base two for numbers, and those of eight and sixteen with a sign, as YAML 1.1 had them. By the
//! core schema of 1.2 (section 10.3.2) they are texts. What was read as a number is looked at again as it is written: a value
//! alone does not tell.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use serde_saphyr::Spanned;

use super::{Node, span_of};

/// Whether `text` may hold such a number: nearly none does, and it need not be read again.
pub(super) fn may_differ(text: &str) -> bool {
    ["0b", "-0x", "+0x", "-0o", "+0o"].iter().any(|begin| text.contains(begin))
}

/// Whether `written`, which was read as a number, is a text.
fn is_text(written: &str) -> bool {
    let unsigned = written.strip_prefix(['-', '+']);
    unsigned.unwrap_or(written).starts_with("0b")
        || unsigned.is_some_and(|digits| digits.starts_with("0x") || digits.starts_with("0o"))
}

/// Reads a node of `text` again, and makes texts of what is no number.
pub(super) struct AsWritten<'n> {
    pub(super) text: &'n str,
    pub(super) node: &'n mut Node,
}

impl<'de> DeserializeSeed<'de> for AsWritten<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.node {
            Node::Number(_) => {
                let number = Spanned::<IgnoredAny>::deserialize(deserializer)?;
                let written = self.text.get(span_of(number.defined)).unwrap_or_default();
                if is_text(written) {
                    *self.node = Node::Text(written.to_owned());
                }
                Ok(())
            }
            Node::List(_) => deserializer.deserialize_seq(self),
            Node::Map(_) => deserializer.deserialize_map(self),
            Node::Null | Node::Bool(_) | Node::Text(_) => {
                IgnoredAny::deserialize(deserializer).map(|IgnoredAny| ())
            }
        }
    }
}

impl<'de> Visitor<'de> for AsWritten<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what was read before")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Node::List(items) = self.node else { return Err(A::Error::custom("a list")) };
        for item in items {
            seq.next_element_seed(AsWritten { text: self.text, node: item })?;
        }
        seq.next_element::<IgnoredAny>().map(|_| ())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Node::Map(entries) = self.node else { return Err(A::Error::custom("a mapping")) };
        for (_, node) in entries {
            map.next_key::<IgnoredAny>()?;
            map.next_value_seed(AsWritten { text: self.text, node })?;
        }
        map.next_key::<IgnoredAny>().map(|_| ())
    }
}
