//! Answers: their statuses, media types and bodies.
//!
//! Callers must expect an error of any kind, so a new one breaks nobody, while a new status of success does: who waits
//! for 200 does not know 202. A media type more breaks nobody, since callers say which they take; one less does, and so
//! does a range in the place of one that is within it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::Severity;
use super::operations::{Pair, Side, has_bodies};
use super::parameters::{content, written};
use super::requests::takers;
use crate::bundle::Direction;
use crate::{media, pointer};

pub(super) fn compare(pair: &mut Pair<'_>) {
    let (old, new) = (statuses(pair.old), statuses(pair.new));
    let stated = |all: &[(String, String)], status: &str| all.iter().any(|(name, _)| name == status);
    // What describes each status before and after, whether by its own name, that of a range, or `default`.
    for (status, at) in &new {
        match describing(&old, status) {
            Some(at_old) => both(pair, status, at_old, at),
            None => added(pair, status, at),
        }
    }
    for (status, at) in old.iter().filter(|(status, _)| !stated(&new, status)) {
        match describing(&new, status) {
            Some(at_new) => both(pair, status, at, at_new),
            None => removed(pair, status, at, &new),
        }
    }
}

fn both(pair: &mut Pair<'_>, status: &str, at_old: &str, at_new: &str) {
    fields(pair, status, at_old, at_new);
    bodies(pair, status, at_old, at_new);
}

fn added(pair: &mut Pair<'_>, status: &str, at: &str) {
    let part = format!("answer {}", pointer::shown(status));
    let old = pointer::join(&pair.old.entry.at, "responses");
    let (severity, code, what) = match is_success(status) {
        true => (
            Severity::Breaking,
            "success-status-added",
            "callers may be answered by a status of success that is new to them",
        ),
        false => (
            Severity::Compatible,
            "error-status-added",
            "callers may be answered by a status that is new to them",
        ),
    };
    pair.push(severity, code, &part, what.to_owned(), &old, at);
}

/// An error less is one that callers need not know any more. A status of success is what they wait for, as oasdiff has
/// it; of a range, each of those that are left.
fn removed(pair: &mut Pair<'_>, status: &str, at: &str, new: &[(String, String)]) {
    let part = format!("answer {}", pointer::shown(status));
    let is_left = |other: &str| status.ends_with("XX") && other.get(..1) == status.get(..1);
    let is_last = !new.iter().any(|(other, _)| is_success(other));
    let breaks = is_success(status)
        && (is_last || status.starts_with('2') && !new.iter().any(|(other, _)| is_left(other)));
    let (severity, code, what) = match (breaks, is_last) {
        (true, true) => (Severity::Breaking, "success-status-removed", "no status of success is left"),
        (true, false) => (
            Severity::Breaking,
            "success-status-removed",
            "callers who wait for the status are no longer answered so",
        ),
        (false, _) => (Severity::Compatible, "status-removed", "callers are no longer answered so"),
    };
    let responses = pointer::join(&pair.new.entry.at, "responses");
    pair.push(severity, code, &part, what.to_owned(), at, &responses);
}

/// Header fields: callers may count on those that are required.
fn fields(pair: &mut Pair<'_>, status: &str, at_old: &str, at_new: &str) {
    let (old, new) = (pair.old.fields(at_old), pair.new.fields(at_new));
    let part = |name: &str| format!("answer {} header {}", pointer::shown(status), pointer::shown(name));
    let required = |side: Side<'_>, at: &str| {
        side.value(at).and_then(|field| field.get("required")) == Some(&Value::Bool(true))
    };
    for (name, at) in &old {
        let was_required = required(pair.old, at);
        let part = part(name);
        let Some(newer) = new.get(name) else {
            // What need not come may have been read wherever it came.
            let (severity, more) = match was_required {
                true => (Severity::Breaking, ""),
                false => (Severity::Unknown, ", which they may read"),
            };
            let what = format!("callers are no longer answered with the header field{more}");
            pair.push(severity, "answer-header-removed", &part, what, at, at_new);
            continue;
        };
        if was_required && !required(pair.new, newer) {
            let what = "callers may be answered without the header field".to_owned();
            pair.push(Severity::Breaking, "answer-header-became-optional", &part, what, at, newer);
        }
        field(pair, &part, at, newer);
    }
    for (name, at) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        let what = "callers are answered with the header field, too".to_owned();
        pair.push(Severity::Compatible, "answer-header-added", &part(name), what, at_old, at);
    }
}

/// One header field, which stands at `old` and at `new`.
fn field(pair: &mut Pair<'_>, part: &str, old: &str, new: &str) {
    let form = |side: Side<'_>, at: &str| {
        let bundle = side.schema(Direction::Response, &pointer::join(at, "schema"))?;
        Some(written("header", side.value(at)?, &bundle))
    };
    let is_rewritten = match (content(pair.old, old), content(pair.new, new)) {
        (Some(old), Some(new)) => return pair.contents(Direction::Response, part, &old, &new),
        // What is one value here and a list there is told of by its type.
        (None, None) => match (form(pair.old, old), form(pair.new, new)) {
            (Some(old), Some(new)) => old.0 == new.0 && old != new,
            _ => false,
        },
        _ => true,
    };
    if is_rewritten {
        let what =
            "the header field is written otherwise: by `content`, or with another `explode`".to_owned();
        pair.push(Severity::Breaking, "answer-header-style-changed", part, what, old, new);
        return;
    }
    pair.contents(Direction::Response, part, old, new);
}

impl Side<'_> {
    /// The header fields of the answer at `at` by their names in lower case, and where each is described.
    fn fields(&self, at: &str) -> BTreeMap<String, String> {
        let at = pointer::join(at, "headers");
        let names = self.value(&at).and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
        let place =
            |name: &String| Some((name.to_ascii_lowercase(), self.object(&pointer::join(&at, name))?.0));
        // OpenAPI has content types described elsewhere.
        names.filter(|name| !name.eq_ignore_ascii_case("content-type")).filter_map(place).collect()
    }
}

fn bodies(pair: &mut Pair<'_>, status: &str, at_old: &str, at_new: &str) {
    if !has_bodies(&pair.new.entry.method) {
        return;
    }
    let (old, new) = (pair.old.media_types(at_old), pair.new.media_types(at_new));
    let part = |range: &str| format!("answer {} {}", pointer::shown(status), pointer::shown(range));
    let mut wider = BTreeSet::new();
    for (range, at) in &old {
        match takers(&new, range).first() {
            Some((newer, _)) if newer == range => {}
            Some((newer, at_new)) => {
                wider.insert(*newer);
                let shown = pointer::shown(newer);
                let what = format!("callers may be answered in any media type of `{shown}` instead");
                pair.push(Severity::Breaking, "answer-media-type-widened", &part(range), what, at, at_new);
                pair.contents(Direction::Response, &part(range), at, at_new);
            }
            None => gone(pair, &part(range), (range, at), &new, at_new),
        }
    }
    for (range, at) in &new {
        let older = takers(&old, range);
        if older.is_empty() && !wider.contains(range.as_str()) {
            let what = "callers may be answered in the media type, too".to_owned();
            pair.push(Severity::Compatible, "answer-media-type-added", &part(range), what, at_old, at);
        }
        for (_, at_old) in older {
            pair.contents(Direction::Response, &part(range), at_old, at);
        }
    }
}

/// A media type in which callers are no longer answered; of a range, what is left of it is something that they knew.
fn gone(
    pair: &mut Pair<'_>,
    part: &str,
    (range, at): (&str, &str),
    new: &BTreeMap<String, String>,
    at_new: &str,
) {
    let left: Vec<String> = new
        .keys()
        .filter(|other| media::covers(range, other))
        .map(|other| format!("`{}`", pointer::shown(other)))
        .collect();
    let (severity, code, what) = match left.is_empty() {
        true => (
            Severity::Breaking,
            "answer-media-type-removed",
            "callers are no longer answered in the media type".to_owned(),
        ),
        false => (
            Severity::Compatible,
            "answer-media-type-narrowed",
            format!("of the media types, callers are answered in {} alone", left.join(" or ")),
        ),
    };
    pair.push(severity, code, part, what, at, at_new);
}

/// The statuses as they stand, and where each answer is.
fn statuses(side: Side<'_>) -> Vec<(String, String)> {
    let at = pointer::join(&side.entry.at, "responses");
    let names = side.value(&at).and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
    let place = |name: &String| {
        Some((
            name.to_ascii_uppercase().replace("DEFAULT", "default"),
            side.object(&pointer::join(&at, name))?.0,
        ))
    };
    names.filter(|name| !name.starts_with("x-")).filter_map(place).collect()
}

/// Where it stands how a status, or those of a range that are not named, are answered.
fn describing<'s>(known: &'s [(String, String)], status: &str) -> Option<&'s str> {
    let range = format!("{}XX", status.get(..1).unwrap_or(""));
    // `default` stands for what is not named: for success only where no status of success is.
    let others = !is_success(status) || !known.iter().any(|(name, _)| is_success(name));
    let mut names = [status, range.as_str()].into_iter().chain(others.then_some("default"));
    names.find_map(|name| known.iter().find(|(known, _)| known == name)).map(|(_, at)| at.as_str())
}

fn is_success(status: &str) -> bool {
    status.starts_with(['1', '2', '3'])
}
