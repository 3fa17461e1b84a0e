//! One validator of many schemas.
//!
//! A validator judges by one root. Where several schemas share their definitions, the root is a choice among them, as a tree
//! of conditions; what they ask is no part of the value, but which schema is meant, and is held by the thread that judges.

use std::cell::Cell;

use jsonschema::paths::Location;
use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Value, json};

/// The keyword that asks: whether the entry that is meant comes before this one. Bundles hold no keyword of that name.
pub(crate) const KEYWORD: &str = "doorwardEntryBefore";

thread_local! {
    /// The entry that is meant.
    static ENTRY: Cell<usize> = const { Cell::new(0) };
}

/// The schema that is that of `references`, in their order, which is meant.
pub(crate) fn choice(references: &[String]) -> Value {
    tree(0, references)
}

fn tree(first: usize, references: &[String]) -> Value {
    match references {
        [] => Value::Bool(false),
        [only] => json!({ "$ref": only }),
        several => {
            let (before, after) = several.split_at(several.len() / 2);
            let middle = first + before.len();
            json!({ "if": { KEYWORD: middle }, "then": tree(first, before), "else": tree(middle, after) })
        }
    }
}

/// Has the schema `entry` be meant while `judge` judges.
pub(crate) fn meaning<T>(entry: usize, judge: impl FnOnce() -> T) -> T {
    ENTRY.set(entry);
    judge()
}

struct Before(usize);

type Compiled<'a> = Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>>;

/// Compiles [`KEYWORD`].
pub(crate) fn before<'a>(_: &'a Map<String, Value>, value: &'a Value, _: Location) -> Compiled<'a> {
    let entry = value.as_u64().and_then(|entry| usize::try_from(entry).ok());
    let entry = entry.ok_or_else(|| ValidationError::custom("must be the number of an entry"))?;
    Ok(Box::new(Before(entry)))
}

impl<'i> Keyword<'i> for Before {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom("is another entry")) }
    }

    fn is_valid(&self, _: &'i Value) -> bool {
        ENTRY.get() < self.0
    }
}
