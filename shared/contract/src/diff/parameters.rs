//! The parameters of an operation.

use serde_json::Value;

use super::change::Severity;
use super::operations::{Pair, Side};
use super::texts;
use crate::bundle::{Bundle, Direction};
use crate::coercion::Form;
use crate::pointer;

/// A parameter of one document.
struct Parameter<'a> {
    at: String,
    place: &'a str,
    name: &'a str,
    /// What it is matched by: parameters of the path by where in it they stand, header fields in lower case.
    key: String,
    object: &'a Value,
}

pub(super) fn compare(pair: &mut Pair<'_>) {
    let (old, new) = (read(pair.old), read(pair.new));
    for parameter in &old {
        let same = |other: &&Parameter<'_>| (other.place, &other.key) == (parameter.place, &parameter.key);
        match new.iter().find(same) {
            Some(newer) => compare_two(pair, parameter, newer),
            None => removed(pair, parameter, &new),
        }
    }
    for parameter in &new {
        if old.iter().any(|other| (other.place, &other.key) == (parameter.place, &parameter.key)) {
            continue;
        }
        let at = &parameter.at;
        if parameter.is_required() {
            let what = "the required parameter is new".to_owned();
            pair.push(Severity::Breaking, "required-parameter-added", &parameter.part(), what, "", at);
        } else {
            let what = "the optional parameter is new".to_owned();
            pair.push(Severity::Compatible, "parameter-added", &parameter.part(), what, "", at);
        }
    }
}

fn removed(pair: &mut Pair<'_>, parameter: &Parameter<'_>, new: &[Parameter<'_>]) {
    let moved = new.iter().find(|other| other.name.eq_ignore_ascii_case(parameter.name));
    match moved {
        Some(other) => {
            let what = format!("the parameter stands in the {} now", other.place);
            pair.push(
                Severity::Breaking,
                "parameter-location-changed",
                &parameter.part(),
                what,
                &parameter.at,
                &other.at,
            );
        }
        None => {
            let what = "the parameter is gone: callers may still send it, and nothing looks at it".to_owned();
            pair.push(Severity::Unknown, "parameter-removed", &parameter.part(), what, &parameter.at, "");
        }
    }
}

fn compare_two(pair: &mut Pair<'_>, old: &Parameter<'_>, new: &Parameter<'_>) {
    let part = old.part();
    if old.place == "path" && old.name != new.name {
        let what = format!("the parameter of the path is called `{}` now", pointer::shown(new.name));
        pair.push(Severity::Compatible, "path-parameter-renamed", &part, what, &old.at, &new.at);
    }
    match (old.is_required(), new.is_required()) {
        (false, true) => {
            let what = "the parameter is required now".to_owned();
            pair.push(Severity::Breaking, "parameter-became-required", &part, what, &old.at, &new.at);
        }
        (true, false) => {
            let what = "the parameter is no longer required".to_owned();
            pair.push(Severity::Compatible, "parameter-became-optional", &part, what, &old.at, &new.at);
        }
        _ => {}
    }
    let rewritten =
        "the parameter is written otherwise: as one value or a list, or with another `style` or `explode`";
    match (content(pair.old, &old.at), content(pair.new, &new.at)) {
        (Some(old), Some(new)) => return pair.contents(Direction::Request, &part, &old, &new),
        (None, None) => {}
        _ => {
            let what = rewritten.to_owned();
            pair.push(Severity::Breaking, "parameter-style-changed", &part, what, &old.at, &new.at);
            return;
        }
    }
    let schema = |side: Side<'_>, parameter: &Parameter<'_>| {
        side.schema(Direction::Request, &pointer::join(&parameter.at, "schema"))
    };
    let (Some(of_old), Some(of_new)) = (schema(pair.old, old), schema(pair.new, new)) else { return };
    let written = (written(old.place, old.object, &of_old), written(new.place, new.object, &of_new));
    if written.0 != written.1 {
        let what = rewritten.to_owned();
        pair.push(Severity::Breaking, "parameter-style-changed", &part, what, &old.at, &new.at);
        return;
    }
    let sides = (pair.old.schema_of(&of_old), pair.new.schema_of(&of_new));
    let may_be_left_out = !(old.is_required() && new.is_required());
    pair.defaults(Severity::Breaking, may_be_left_out, &part, sides.0, sides.1);
    if takes_any_text(&of_new) {
        return;
    }
    if old.may_be_empty() && !new.may_be_empty() {
        let what = "the parameter may no longer stand there without a value".to_owned();
        pair.push(Severity::Breaking, "parameter-empty-refused", &part, what, &old.at, &new.at);
    }
    let before = pair.changes.len();
    let taken = texts::of_parameter(&of_new);
    pair.schemas(Direction::Request, &part, sides.0, sides.1, taken.as_ref());
    if let (Some(from), Some(to)) = (form(&of_old), form(&of_new))
        && to.reads_more_than(&from)
        && may_be_text(&of_old)
        && !pair.changes.iter().skip(before).any(|change| change.severity == Severity::Breaking)
    {
        let what = "texts that look like numbers or truth values are read as such now".to_owned();
        pair.push(Severity::Unknown, "parameter-reading-changed", &part, what, &old.at, &new.at);
    }
}

impl Parameter<'_> {
    fn is_required(&self) -> bool {
        self.place == "path" || self.object.get("required") == Some(&Value::Bool(true))
    }

    fn may_be_empty(&self) -> bool {
        self.place == "query" && self.object.get("allowEmptyValue") == Some(&Value::Bool(true))
    }

    fn part(&self) -> String {
        format!("{} parameter {}", self.place, pointer::shown(self.name))
    }
}

/// The parameters of the operation, and those of its path that it does not replace.
fn read<'a>(side: Side<'a>) -> Vec<Parameter<'a>> {
    let mut parameters: Vec<Parameter<'a>> = Vec::new();
    for list in [&side.entry.at, &side.entry.item] {
        let list = pointer::join(list, "parameters");
        let count = side.value(&list).and_then(Value::as_array).map_or(0, Vec::len);
        for nth in 0..count {
            let Some((at, object)) = side.object(&format!("{list}/{nth}")) else { continue };
            let text = |name: &str| object.get(name).and_then(Value::as_str);
            let Some((place, name)) = text("in").zip(text("name")) else { continue };
            let key = match place {
                "path" => position(&side.entry.path, name),
                // The door looks at none of these (OpenAPI 3.1, Parameter Object).
                "header"
                    if ["accept", "content-type", "authorization"]
                        .contains(&name.to_ascii_lowercase().as_str()) =>
                {
                    continue;
                }
                "header" => name.to_ascii_lowercase(),
                _ => name.to_owned(),
            };
            if !parameters.iter().any(|other| (other.place, &other.key) == (place, &key)) {
                parameters.push(Parameter { at, place, name, key, object });
            }
        }
    }
    parameters
}

/// Which parameter of the path it is.
fn position(path: &str, name: &str) -> String {
    [format!("{{{name}}}"), format!("{{{name}+}}")]
        .iter()
        .find_map(|braced| path.find(braced))
        .and_then(|at| path.get(..at))
        .map_or(0, |before| before.matches('{').count())
        .to_string()
}

/// Where the media type stands of the Parameter or Header Object at `at`, where it is one JSON text: `content`.
pub(super) fn content(side: Side<'_>, at: &str) -> Option<String> {
    let at = pointer::join(at, "content");
    let name = side.value(&at)?.as_object()?.keys().next()?;
    Some(pointer::join(&at, name))
}

/// Whether what `object` describes in `place` is a list, and how its items stand beside each other.
pub(super) fn written(place: &str, object: &Value, bundle: &Bundle) -> (u8, String, bool) {
    let is_list = match Form::of(bundle) {
        Ok(Form::One(_)) | Err(_) => 1,
        Ok(Form::Many(_)) => 2,
        Ok(Form::Object(_)) => 3,
    };
    let default = if matches!(place, "query" | "cookie") { "form" } else { "simple" };
    let style = object.get("style").and_then(Value::as_str).unwrap_or(default);
    let explode = object.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
    // One value is written alike in both ways.
    let explode = is_list > 1 && explode;
    (is_list, style.to_owned(), explode)
}

fn form(bundle: &Bundle) -> Option<Form> {
    Form::of(bundle).ok()
}

/// Whether the parameter is a text of which nothing more is said: any text is one, whatever it was before.
fn takes_any_text(bundle: &Bundle) -> bool {
    bundle.definition("#/$defs/0").is_some_and(|schema| schema == &serde_json::json!({ "type": "string" }))
}

/// Whether a text may be what it is, rather than the number that it looks like.
fn may_be_text(bundle: &Bundle) -> bool {
    let Some(schema) = bundle.definition("#/$defs/0") else { return true };
    let is_plain = schema.as_object().is_some_and(|schema| {
        schema.keys().all(|name| !matches!(name.as_str(), "$ref" | "allOf" | "anyOf" | "oneOf" | "items"))
    });
    !is_plain
        || super::types::Types::stated(schema).is_none_or(|types| types.meets(super::types::Types::STRING))
}
