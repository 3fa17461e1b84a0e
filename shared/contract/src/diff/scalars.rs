//! Numbers and texts.

use super::conjunction::{Conjunction, Node, is_tighter, whole};
use super::include::{Found, Level, found};
use super::number;
use super::rule::Rule;
use super::types::Types;
use serde_json::{Number, Value};

use crate::formats;

pub(super) fn numbers(from: &Conjunction<'_>, to: &Node<'_>, value: &str) -> Vec<Found> {
    let mut all = Vec::new();
    let only = Conjunction { nodes: vec![to.clone()], ..Conjunction::default() };
    let all_whole = from.types().and(Types::NUMBER).within(Types::INTEGER);
    for lower in [true, false] {
        let Some(bound) = only.bound(lower, all_whole) else { continue };
        if from.bound_on_steps(lower, all_whole).is_none_or(|held| is_tighter(&bound, &held, lower)) {
            let (side, is) = if lower { ("lower", "minimum") } else { ("upper", "maximum") };
            all.push(found(Rule::Bound, from, to, value, &format!("{side} bound ({is} {})", bound.0)));
        }
    }
    if let Some(Value::Number(step)) = to.schema.get("multipleOf") {
        let held = |node: &Node<'_>| match node.schema.get("multipleOf") {
            Some(Value::Number(held)) => number::divides(step, held),
            _ => false,
        };
        let whole_are_held = all_whole && number::divides(step, &1.into());
        if !(from.nodes.iter().any(held) || whole_are_held) {
            all.push(found(Rule::Multiple, from, to, value, &step.to_string()));
        }
    }
    all.extend(range(from, to, value));
    all
}

/// The formats of whole numbers are ranges: whole numbers that `from` holds within them are of the format, whatever it says.
fn range(from: &Conjunction<'_>, to: &Node<'_>, value: &str) -> Option<Found> {
    let name = to.schema.get("format")?.as_str()?;
    let [least, most] = number::range(name)?;
    let is_within = |limit: Number, lower: bool| {
        let held = from.bound_on_steps(lower, true);
        held.is_some_and(|held| !is_tighter(&(limit, false), &held, lower))
    };
    let implied = is_within(least, true) && is_within(most, false);
    (!implied).then(|| found(Rule::Format, from, to, value, &format!("`{name}`")))
}

pub(super) fn texts(from: &Conjunction<'_>, to: &Node<'_>, value: &str) -> Vec<Found> {
    let mut all = counts(from, to, value, "minLength", "maxLength");
    if let Some(pattern) = to.schema.get("pattern") {
        let held: Vec<_> = from.nodes.iter().filter_map(|node| node.schema.get("pattern")).collect();
        let what = format!("`{}`", crate::pointer::shown(pattern.as_str().unwrap_or_default()));
        match held.as_slice() {
            held if held.contains(&pattern) => {}
            [] => all.push(found(Rule::Pattern, from, to, value, &what)),
            _ => {
                let other = found(Rule::OtherPattern, from, to, value, &what);
                all.push(Found { level: Level::Unknown, ..other });
            }
        }
    }
    all.extend(format(from, to, value));
    all
}

/// Formats of whole numbers say nothing of texts.
fn format(from: &Conjunction<'_>, to: &Node<'_>, value: &str) -> Option<Found> {
    let format = to.schema.get("format")?.as_str().filter(|name| formats::OF_TEXTS.contains(name))?;
    let held = |node: &Node<'_>| match node.schema.get("format").and_then(Value::as_str) {
        Some("uri") => matches!(format, "uri" | "uri-reference"),
        held => held == Some(format),
    };
    let implied = from.nodes.iter().any(held);
    let told = || {
        // What says that it is a text is what else may be said of its form.
        let texts =
            |node: &&Node<'_>| Types::stated(node.schema).is_some_and(|types| types.meets(Types::STRING));
        let place = from.nodes.iter().rfind(texts).map(|node| node.at.clone());
        let found = found(Rule::Format, from, to, value, &format!("`{format}`"));
        Found { from: place.unwrap_or_else(|| found.from.clone()), ..found }
    };
    (!implied).then(told)
}

/// Compares a keyword that bounds a count from below, and one that does from above.
pub(super) fn counts(
    from: &Conjunction<'_>,
    to: &Node<'_>,
    value: &str,
    least: &str,
    most: &str,
) -> Vec<Found> {
    let mut all = Vec::new();
    let wanted = |keyword: &str| whole(to.schema.get(keyword)?);
    if let Some(wanted) = wanted(least)
        && from.count(least, true).unwrap_or(0) < wanted
    {
        all.push(found(Rule::Bound, from, to, value, &format!("lower bound (`{least}` {wanted})")));
    }
    if let Some(wanted) = wanted(most)
        && from.count(most, false).is_none_or(|held| held > wanted)
    {
        all.push(found(Rule::Bound, from, to, value, &format!("upper bound (`{most}` {wanted})")));
    }
    all
}
