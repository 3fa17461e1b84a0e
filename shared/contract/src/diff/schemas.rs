//! The schemas of one part of a message, both ways.

use super::change::{Change, Severity, Site};
use super::include::{Found, Inclusion, Level};
use super::rule::Rule;
use crate::bundle::{Bundle, Direction};
use crate::documents::Documents;
use crate::pointer;

/// A schema and where it comes from.
#[derive(Clone, Copy)]
pub(super) struct Schema<'a> {
    pub(super) documents: Documents<'a>,
    pub(super) bundle: &'a Bundle,
}

/// What changed from `old` to `new`. Of requests, what `new` refuses and `old` takes breaks; of answers, what `new`
/// takes and `old` refuses.
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
    let narrowed = narrowed.into_iter().map(|found| (true, found));
    let widened = widened.into_iter().map(|found| (false, found));
    let mut changes: Vec<Change> = Vec::new();
    for (is_narrowed, found) in narrowed.chain(widened) {
        let breaks = is_narrowed == (direction == Direction::Request);
        let Some(mut severity) = severity(direction, breaks, &found) else { continue };
        // A member that was for requests alone is to callers one more that they need not know.
        if direction == Direction::Response && found.rule == Rule::Property && is_described(old, &found) {
            severity = Severity::Compatible;
        }
        let new = if is_narrowed { Schema { bundle: taken, ..new } } else { new };
        let (of_old, of_new) = if is_narrowed { (&found.from, &found.to) } else { (&found.to, &found.from) };
        let code = found.rule.word(is_narrowed);
        let told = found.rule.told(is_narrowed, &found.what);
        let change = Change {
            severity,
            code,
            operation: None,
            part: String::new(),
            value: found.value,
            what: told,
            old: site(old, of_old),
            new: site(new, of_new),
        };
        // A schema that is referred to from several places is told of once, at the place that is nearest.
        let same = |other: &Change| {
            (other.code, &other.what, &other.old, &other.new)
                == (change.code, &change.what, &change.old, &change.new)
        };
        if !changes.iter().any(same) {
            changes.push(change);
        }
    }
    changes
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
    member.is_some_and(serde_json::Value::is_object)
}

pub(super) fn site(schema: Schema<'_>, at: &str) -> Option<Site> {
    let pointer = schema.bundle.origin(at);
    let place = schema.documents.place(&pointer);
    Some(Site { pointer, place })
}
