//! Schemas whose patterns are in the engine's words.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{pattern, pointer, subschemas};

/// The patterns that the engine has other words for, as their contract wrote them.
#[derive(Debug, Default)]
pub(crate) struct Written(BTreeMap<String, String>);

impl Written {
    pub(crate) const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// The engine's `pattern` in the contract's words.
    pub(crate) fn of<'a>(&'a self, pattern: &'a str) -> &'a str {
        self.0.get(pattern).map_or(pattern, String::as_str)
    }

    /// Whether the engine's `pattern` is one of them.
    pub(crate) fn has(&self, pattern: &str) -> bool {
        self.0.contains_key(pattern)
    }

    /// Adds those of `other`.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// A pointer into the engine's schema as one into the contract's.
    pub(crate) fn place(&self, at: &str) -> String {
        let (mut place, mut is_pattern) = (String::new(), false);
        for token in pointer::tokens(at) {
            pointer::push(&mut place, if is_pattern { self.of(&token) } else { &token });
            is_pattern = !is_pattern && token == "patternProperties";
        }
        place
    }

    /// `text` for the engine; where it cannot be, as it is, for the engine to refuse.
    fn read(&mut self, text: &str) -> String {
        let own = pattern::read(text).unwrap_or_else(|_| text.to_owned());
        if own != text {
            self.0.insert(own.clone(), text.to_owned());
        }
        own
    }
}

/// `schema`, one of a bundle's, with its patterns in the engine's words.
pub(crate) fn for_engine(schema: &Value) -> (Value, Written) {
    let mut written = Written::default();
    (translated(schema, &mut written), written)
}

fn translated(schema: &Value, written: &mut Written) -> Value {
    let Value::Object(keywords) = schema else { return schema.clone() };
    let mut out = subschemas::map(keywords, "", &mut |_, schema, _| translated(schema, written));
    if let Some(Value::String(text)) = out.get_mut("pattern") {
        *text = written.read(text);
    }
    if let Some(Value::Object(schemas)) = out.get_mut("patternProperties") {
        let all = std::mem::take(schemas).into_iter();
        *schemas = all.map(|(text, schema)| (written.read(&text), schema)).collect::<Map<_, _>>();
    }
    Value::Object(out)
}
