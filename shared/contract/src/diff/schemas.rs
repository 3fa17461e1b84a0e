//! The schemas of one part of a message, both ways.

use serde_json::Value;

use super::change::{Change, Severity, Site};
use super::described;
use super::include::{Found, Inclusion, Level};
use super::rule::Rule;
use crate::bundle::{Bundle, Direction};
use crate::dialect::Dialect;
use crate::documents::Documents;
use crate::pointer;

/// A schema and where it comes from.
#[derive(Clone, Copy)]
pub(super) struct Schema<'a> {
    pub(super) documents: Documents<'a>,
    pub(super) bundle: &'a Bundle,
}

/// What changed from `old` to `new`. Of requests, what `new` refuses and `old` takes breaks; of answers, what `new`
/// takes and `old` refuses; and members that `old` describes and `new` does not are for review.
pub(super) fn compare(direction: Direction, old: Schema<'_>, new: Schema<'_>) -> Vec<Change> {
    compare_taking(direction, old, new, new.bundle)
}

/// The same where what `new` takes is what `taken` says.
pub(super) fn compare_taking(
    direction: Direction,
    old: Schema<'_>,
    new: Schema<'_>,
    taken: &Bundle,
) -> Vec<Change> {
    let (narrowed, widened) = (Inclusion::ask(old.bundle, taken), Inclusion::ask(new.bundle, old.bundle));
    let lost = match direction {
        Direction::Request => Vec::new(),
        Direction::Response => described::lost(old.bundle, new.bundle),
    };
    let is_lost = |found: &Found| {
        let place = (found.rule, &found.value, &found.what);
        lost.iter().any(|lost| (lost.rule, &lost.value, &lost.what) == place)
    };
    let mut changes: Vec<Change> = Vec::new();
    // A schema that is referred to from several places is told of once, at the place that is nearest.
    let mut push = |change: Change| {
        let same = |other: &Change| {
            (other.code, &other.what, &other.old, &other.new)
                == (change.code, &change.what, &change.old, &change.new)
        };
        if !changes.iter().any(same) {
            changes.push(change);
        }
    };
    for found in &lost {
        push(told(old, new, true, found, Severity::Unknown, ", which callers may read"));
    }
    let narrowed = narrowed.into_iter().filter(|found| !is_lost(found)).map(|found| (true, found));
    let widened = widened.into_iter().map(|found| (false, found));
    for (is_narrowed, found) in narrowed.chain(widened) {
        let breaks = is_narrowed == (direction == Direction::Request);
        let Some(mut severity) = severity(direction, breaks, &found) else { continue };
        // A member that was for requests alone is to callers one more that they need not know.
        if direction == Direction::Response && found.rule == Rule::Property && is_described(old, &found) {
            severity = Severity::Compatible;
        }
        let other = if is_narrowed { old } else { new };
        let is_encoded = breaks && is_base64(other, &found);
        let new = if is_narrowed { Schema { bundle: taken, ..new } } else { new };
        let (severity, more) = match direction {
            _ if !is_encoded => (severity, ""),
            Direction::Request => {
                (Severity::Unknown, ", which `contentEncoding` promised and nothing was held to")
            }
            Direction::Response => (Severity::Compatible, ", which `contentEncoding` goes on promising"),
        };
        push(told(old, new, is_narrowed, &found, severity, more));
    }
    changes
}

/// What was found as a change, with `more` of its words.
fn told(
    old: Schema<'_>,
    new: Schema<'_>,
    is_narrowed: bool,
    found: &Found,
    severity: Severity,
    more: &str,
) -> Change {
    let (of_old, of_new) = if is_narrowed { (&found.from, &found.to) } else { (&found.to, &found.from) };
    Change {
        severity,
        code: found.rule.word(is_narrowed),
        operation: None,
        part: String::new(),
        value: found.value.clone(),
        what: found.rule.told(is_narrowed, &found.what) + more,
        old: site(old, of_old),
        new: site(new, of_new),
    }
}

/// Whether `format: byte` is what `contentEncoding: base64` says in the schema that lacks it: the OpenAPI Initiative has
/// the one become the other from 3.0 to 3.1 ("Migrating from OpenAPI 3.0 to 3.1.0"). Of the two words for base64, that of
/// RFC 4648 is meant (JSON Schema 2020-12 validation, section 8.3). The door holds values to the format alone.
fn is_base64(schema: Schema<'_>, found: &Found) -> bool {
    let stated = schema.documents.value(&schema.bundle.origin(&found.from));
    (found.rule, found.what.as_str()) == (Rule::Format, "`byte`")
        && schema.documents.dialect != Dialect::OpenApi30
        && stated.and_then(|schema| schema.get("contentEncoding")) == Some(&Value::from("base64"))
}

fn severity(direction: Direction, breaks: bool, found: &Found) -> Option<Severity> {
    Some(match (breaks, found.level) {
        (true, Level::Narrower) => Severity::Breaking,
        (true, Level::Unknown) => Severity::Unknown,
        // Callers may still send the member; whether that still means anything, only the target knows.
        (true, Level::Note) if direction == Direction::Request => Severity::Unknown,
        (false, Level::Unknown) => return None,
        _ => Severity::Compatible,
    })
}

/// Whether the member that `found` speaks of is described in the document, though its answers must not hold it.
fn is_described(schema: Schema<'_>, found: &Found) -> bool {
    let members = pointer::join(&schema.bundle.origin(&found.to), "properties");
    let member = schema.documents.value(&pointer::join(&members, found.what.trim_matches('`')));
    member.is_some_and(Value::is_object)
}

pub(super) fn site(schema: Schema<'_>, at: &str) -> Option<Site> {
    let pointer = schema.bundle.origin(at);
    let place = schema.documents.place(&pointer);
    Some(Site { pointer, place })
}
