//! Which schemas a bundle holds.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::dialect::Dialect;
use crate::dynamic_scope::ScopeId;
use crate::one_way::Unsent;

/// Schemas that one bundle holds.
pub(crate) const MAX_DEFINITIONS: usize = 2_000;
/// What the schemas that are met in several dynamic scopes, or with other members not sent, may take, in bytes, for each time but
/// the first.
pub(crate) const MAX_COPIED: usize = 8 * 1024 * 1024;

/// Where a definition comes from, what its file is read in, the scope in which it is met, and which members are not sent there. One
/// file may be read in two dialects, where it states none and is referred to from both.
pub(crate) type Origin = (String, Dialect, ScopeId, Unsent);

/// The definitions of a bundle, by number.
#[derive(Default)]
pub(crate) struct Definitions {
    all: Vec<Origin>,
    numbers: HashMap<Origin, usize>,
    met: HashSet<(String, Dialect)>,
    copied: usize,
}

impl Definitions {
    /// The number of the definition that comes from `origin`, where `schema` stands.
    pub(crate) fn number(&mut self, origin: Origin, schema: Option<&Value>) -> usize {
        if let Some(number) = self.numbers.get(&origin) {
            return *number;
        }
        if !self.met.insert((origin.0.clone(), origin.1)) {
            self.copied = self.copied.saturating_add(schema.map_or(0, weight));
        }
        let number = self.all.len();
        self.numbers.insert(origin.clone(), number);
        self.all.push(origin);
        number
    }

    pub(crate) fn get(&self, number: usize) -> Option<&Origin> {
        self.all.get(number)
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether dynamic scopes multiply the schemas beyond [`MAX_COPIED`].
    pub(crate) fn are_copied_too_often(&self) -> bool {
        self.copied > MAX_COPIED
    }

    /// Where each comes from.
    pub(crate) fn into_origins(self) -> Vec<String> {
        self.all.into_iter().map(|(origin, ..)| origin).collect()
    }
}

/// About how many bytes a copy of `value` takes.
fn weight(value: &Value) -> usize {
    const NODE: usize = 32;
    NODE + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + weight(value)).sum(),
        _ => 0,
    }
}
