//! The bodies of requests.

use std::collections::BTreeMap;

use serde_json::Value;

use super::change::Severity;
use super::defaults;
use super::encodings;
use super::operations::{Pair, Side};
use super::schemas::{self, Schema};
use super::texts;
use crate::bundle::{Bundle, Direction};
use crate::media;
use crate::pointer;

pub(super) fn compare(pair: &mut Pair<'_>) {
    let body = |side: Side<'_>| {
        side.object(&pointer::join(&side.entry.at, "requestBody"))
            .map(|(at, object)| (at, object.get("required") == Some(&Value::Bool(true))))
    };
    match (body(pair.old), body(pair.new)) {
        (None, None) => {}
        (Some((old, _)), None) => {
            let what = "a body is no longer taken".to_owned();
            pair.push(Severity::Breaking, "body-removed", "body", what, &old, &pair.new.entry.at.clone());
        }
        (None, Some((new, true))) => {
            let what = "a body is required now".to_owned();
            pair.push(
                Severity::Breaking,
                "required-body-added",
                "body",
                what,
                &pair.old.entry.at.clone(),
                &new,
            );
        }
        (None, Some((new, false))) => {
            let what = "a body is taken now".to_owned();
            pair.push(Severity::Compatible, "body-added", "body", what, &pair.old.entry.at.clone(), &new);
        }
        (Some((old, was_required)), Some((new, is_required))) => {
            if is_required && !was_required {
                let what = "a body is required now".to_owned();
                pair.push(Severity::Breaking, "body-became-required", "body", what, &old, &new);
            }
            if was_required && !is_required {
                let what = "a body is no longer required".to_owned();
                pair.push(Severity::Compatible, "body-became-optional", "body", what, &old, &new);
            }
            compare_types(pair, &old, &new);
        }
    }
}

fn compare_types(pair: &mut Pair<'_>, at_old: &str, at_new: &str) {
    let (old, new) = (pair.old.media_types(at_old), pair.new.media_types(at_new));
    for (range, at) in &old {
        let newer = takers(&new, range);
        if newer.is_empty() {
            let part = format!("body {}", pointer::shown(range));
            let what = "the media type is no longer taken".to_owned();
            pair.push(Severity::Breaking, "media-type-removed", &part, what, at, at_new);
        }
        for (name, at_new) in newer {
            let part = format!("body {}", pointer::shown(name));
            let written = encodings::written_as_texts(pair, range, at, at_new).filter(|_| name == range);
            pair.contents_of(Direction::Request, &part, at, at_new, |schema| {
                written.and_then(|written| texts::of_form(schema, &written))
            });
            encodings::compare(pair, &part, range, at, at_new);
        }
    }
    for (range, at) in &new {
        if takers(&old, range).is_empty() {
            let part = format!("body {}", pointer::shown(range));
            let what = "the media type is taken now".to_owned();
            pair.push(Severity::Compatible, "media-type-added", &part, what, at_old, at);
        }
    }
}

/// The media ranges that bodies of `range` are read by: the one that covers it best, and those within it.
pub(super) fn takers<'m>(types: &'m BTreeMap<String, String>, range: &str) -> Vec<(&'m str, &'m str)> {
    let covering = types.iter().filter(|(name, _)| media::covers(name, range));
    let Some((name, at)) = covering.min_by_key(|(name, _)| media::breadth(name)) else {
        return Vec::new();
    };
    let within = |other: &str| other != name && media::covers(range, other);
    let inner =
        types.iter().filter(|(other, _)| within(other)).map(|(name, at)| (name.as_str(), at.as_str()));
    std::iter::once((name.as_str(), at.as_str())).chain(inner).collect()
}

impl<'a> Side<'a> {
    pub(super) fn schema_of<'s>(&self, bundle: &'s Bundle) -> Schema<'s>
    where
        'a: 's,
    {
        Schema { documents: self.documents, bundle }
    }

    /// The media ranges of the `content` in the object at `at`, and where each stands.
    pub(super) fn media_types(&self, at: &str) -> BTreeMap<String, String> {
        let at = pointer::join(at, "content");
        let names = self.value(&at).and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
        names.filter_map(|name| Some((media::essence(name)?, pointer::join(&at, name)))).collect()
    }
}

impl Pair<'_> {
    /// Compares the schemas of two Media Type Objects; one without a schema takes everything.
    pub(super) fn contents(&mut self, direction: Direction, part: &str, old: &str, new: &str) {
        self.contents_of(direction, part, old, new, |_| None);
    }

    /// The same where what the newer schema takes is what `taken` makes of it.
    fn contents_of(
        &mut self,
        direction: Direction,
        part: &str,
        old: &str,
        new: &str,
        taken: impl FnOnce(&Bundle) -> Option<Bundle>,
    ) {
        let schema = |side: Side<'_>, at: &str| side.schema(direction, &pointer::join(at, "schema"));
        let severity = |narrowed: bool| match narrowed == (direction == Direction::Request) {
            true => Severity::Breaking,
            false => Severity::Compatible,
        };
        match (schema(self.old, old), schema(self.new, new)) {
            (Some(of_old), Some(of_new)) => {
                let (old, new) = (self.old, self.new);
                let (old, new) = (old.schema_of(&of_old), new.schema_of(&of_new));
                let taken = taken(&of_new);
                self.schemas(direction, part, old, new, taken.as_ref());
                if direction == Direction::Request {
                    self.defaults(Severity::Unknown, true, part, old, new);
                }
            }
            (None, Some(_)) => {
                self.push(
                    severity(true),
                    "schema-added",
                    part,
                    "the body is held to a schema now".to_owned(),
                    old,
                    new,
                );
            }
            (Some(_), None) => {
                let what = "the body is no longer held to a schema".to_owned();
                self.push(severity(false), "schema-removed", part, what, old, new);
            }
            (None, None) => {}
        }
    }

    /// Compares two schemas; what `new` takes is what `taken` says, where that is another one.
    pub(super) fn schemas(
        &mut self,
        direction: Direction,
        part: &str,
        old: Schema<'_>,
        new: Schema<'_>,
        taken: Option<&Bundle>,
    ) {
        self.add(part, schemas::compare_taking(direction, old, new, taken.unwrap_or(new.bundle)));
    }

    /// Compares what is meant by leaving out the value of a part of requests, or a part of that value.
    pub(super) fn defaults(
        &mut self,
        severity: Severity,
        may_be_left_out: bool,
        part: &str,
        old: Schema<'_>,
        new: Schema<'_>,
    ) {
        self.add(part, defaults::compare(severity, may_be_left_out, old, new));
    }

    fn add(&mut self, part: &str, changes: Vec<super::Change>) {
        for change in changes {
            let operation = self.new.name();
            self.changes.push(super::Change { operation: Some(operation), part: part.to_owned(), ..change });
        }
    }
}
