//! Encoding Objects: how the members of forms are written.

use std::collections::BTreeSet;

use serde_json::Value;

use super::change::Severity;
use super::conjunction::{Conjunction, Node};
use super::operations::{Pair, Side};
use super::texts;
use super::types::Types;
use crate::bundle::{Bundle, Direction};
use crate::{media, pointer};

/// How one member is written.
#[derive(Debug, PartialEq, Eq)]
enum Written {
    /// By `style`, and `explode`.
    Styled(String, bool),
    /// As a text of one of these media types.
    Typed(BTreeSet<String>),
}

/// Compares how the members are written that both Media Type Objects, of the ranges `old` and `new`, describe.
pub(super) fn compare(pair: &mut Pair<'_>, part: &str, range: &str, at_old: &str, at_new: &str) {
    let is_multipart = range.starts_with("multipart/");
    if !is_multipart && range != "application/x-www-form-urlencoded" {
        return;
    }
    let schema = |side: Side<'_>, at: &str| side.schema(Direction::Request, &pointer::join(at, "schema"));
    let (Some(of_old), Some(of_new)) = (schema(pair.old, at_old), schema(pair.new, at_new)) else { return };
    let whole = |bundle| Conjunction::of(bundle, &[Node { schema: &bundle.schema, at: String::new() }]);
    let (whole_old, whole_new) = (whole(&of_old), whole(&of_new));
    for name in whole_old.named().intersection(&whole_new.named()) {
        let written = |side: Side<'_>, at: &str, bundle: &Bundle, schemas: &Conjunction<'_>| {
            let at = pointer::join(&pointer::join(at, "encoding"), name);
            let member = Conjunction::of(bundle, &schemas.member(name));
            let by_default = || default_types(side, bundle, &member);
            written(side.value(&at), member.types(), is_multipart.then_some(by_default))
        };
        let old = written(pair.old, at_old, &of_old, &whole_old);
        let new = written(pair.new, at_new, &of_new, &whole_new);
        let is_taken = match (&old, &new) {
            (Written::Typed(old), Written::Typed(new)) => old.is_subset(new),
            (old, new) => old == new,
        };
        if is_taken {
            continue;
        }
        let what = format!(
            "the member `{}` of the form is written otherwise: {}, and was {}",
            pointer::shown(name),
            new.told(),
            old.told()
        );
        pair.push(Severity::Breaking, "encoding-changed", part, what, at_old, at_new);
    }
}

/// How the members of a form of pairs or of parts are written in both, or in one of them; `None` where `range` is no form.
pub(super) fn written_as_texts(
    pair: &Pair<'_>,
    range: &str,
    at_old: &str,
    at_new: &str,
) -> Option<texts::Written> {
    let is_of_pairs = range == "application/x-www-form-urlencoded";
    if !is_of_pairs && range != "multipart/form-data" {
        return None;
    }
    let mut written = texts::Written::default();
    for (side, at) in [(pair.old, at_old), (pair.new, at_new)] {
        let encodings = side.value(&pointer::join(at, "encoding")).and_then(Value::as_object);
        for (name, encoding) in encodings.into_iter().flatten() {
            if encoding.get("contentType").is_some() {
                written.typed.insert(name.clone());
            } else if is_of_pairs && encoding.get("style").and_then(Value::as_str) == Some("deepObject") {
                written.deep.insert(name.clone());
            }
        }
    }
    Some(written)
}

/// Of the Encoding Object, where there is one. One with a `style`, `explode` or `allowReserved` is read by these, and its
/// `contentType` is not (OpenAPI 3.1, Encoding Object); of values by themselves, `explode` says nothing.
/// `by_default` are the media types of a part where nothing is stated; a form of pairs has none.
fn written(
    encoding: Option<&Value>,
    types: Types,
    by_default: Option<impl FnOnce() -> BTreeSet<String>>,
) -> Written {
    let member = |name: &str| encoding.and_then(|encoding| encoding.get(name));
    let styled = ["style", "explode", "allowReserved"].iter().any(|name| member(name).is_some());
    let stated = member("contentType").and_then(Value::as_str).filter(|_| !styled);
    let is_parts = types.meets(Types::OBJECT.or(Types::ARRAY)) && types != Types::ALL;
    match (stated, by_default) {
        (Some(stated), _) => Written::Typed(ranges(stated)),
        (None, Some(by_default)) if !styled => Written::Typed(by_default()),
        (None, None) if types == Types::OBJECT && !styled => {
            Written::Typed(BTreeSet::from(["application/json".to_owned()]))
        }
        (None, _) => {
            let style = member("style").and_then(Value::as_str).unwrap_or("form").to_owned();
            let explode = member("explode").and_then(Value::as_bool).unwrap_or(style == "form");
            Written::Styled(style, explode && is_parts)
        }
    }
}

/// What a part is where no encoding says so (OpenAPI 3.0 and 3.1, Encoding Object, `contentType`): bytes where its schema
/// has `format: binary` or is encoded, or what its `contentMediaType` says; of a list, what its items are.
fn default_types(side: Side<'_>, bundle: &Bundle, member: &Conjunction<'_>) -> BTreeSet<String> {
    let says = |word: &str| {
        member.nodes.iter().find_map(|node| side.value(&bundle.origin(&node.at))?.get(word)?.as_str())
    };
    let items: Vec<Node<'_>> = member.nodes.iter().filter_map(|node| node.keyword("items")).collect();
    if member.types() == Types::ARRAY && !items.is_empty() {
        // A list of lists is a JSON text.
        let items = Conjunction::of(bundle, &items);
        let is_nested = items.types().meets(Types::ARRAY) && items.types() != Types::ALL;
        return if is_nested { ranges("application/json") } else { default_types(side, bundle, &items) };
    }
    match (says("contentEncoding"), says("contentMediaType")) {
        (Some(_), _) => ranges("application/octet-stream"),
        (None, Some(stated)) => ranges(stated),
        _ if says("format") == Some("binary") => ranges("application/octet-stream"),
        _ if member.types() == Types::OBJECT => ranges("application/json"),
        _ => ranges("text/plain"),
    }
}

/// The media types in a list of these.
fn ranges(stated: &str) -> BTreeSet<String> {
    stated.split(',').filter_map(media::essence).collect()
}

impl Written {
    fn told(&self) -> String {
        match self {
            Self::Styled(style, explode) => {
                format!("`style: {}`, `explode: {explode}`", pointer::shown(style))
            }
            Self::Typed(types) => {
                let types: Vec<String> =
                    types.iter().map(|name| format!("`{}`", pointer::shown(name))).collect();
                types.join(" or ")
            }
        }
    }
}
