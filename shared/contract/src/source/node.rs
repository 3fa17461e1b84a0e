//! A document as the reader hands it over.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

use super::{Inner, Spot, span_of};

/// The document as it is read, each name with its place. Values are read without theirs: that would multiply the
/// stack which each level of nesting takes.
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Spanned<String>, Node)>),
}

impl Node {
    /// Parts the value from its places; `span` is where this node stands.
    pub(super) fn split(self, span: Range<usize>) -> (Value, Spot) {
        let leaf = |value| (value, Spot { span: span.clone(), inner: Inner::Leaf });
        match self {
            Self::Null => leaf(Value::Null),
            Self::Bool(value) => leaf(Value::Bool(value)),
            Self::Number(value) => leaf(Value::Number(value)),
            Self::Text(value) => leaf(Value::String(value)),
            Self::List(items) => {
                let placed = items.into_iter().map(|item| {
                    let place = item.first_name().unwrap_or_else(|| span.clone());
                    item.split(place)
                });
                let (values, spots): (_, Vec<_>) = placed.unzip();
                (Value::Array(values), Spot { span, inner: Inner::List(spots.into()) })
            }
            Self::Map(entries) => {
                let mut values = Map::new();
                let mut spots = Vec::with_capacity(entries.len());
                for (name, node) in entries {
                    let (value, spot) = node.split(span_of(name.referenced));
                    spots.push((name.value.as_str().into(), spot));
                    values.insert(name.value, value);
                }
                spots.sort_by(|(one, _), (other, _): &(Box<str>, Spot)| one.cmp(other));
                (Value::Object(values), Spot { span, inner: Inner::Map(spots.into()) })
            }
        }
    }

    fn first_name(&self) -> Option<Range<usize>> {
        match self {
            Self::Map(entries) => entries.first().map(|(name, _)| span_of(name.referenced)),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can express")
    }
    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        Number::from_f64(value).map(Node::Number).ok_or_else(|| E::custom("not a finite number"))
    }
    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }
}
