//! Encoding Objects: how the members of forms are written.

use std::collections::BTreeSet;

use serde_json::Value;

use super::change::Severity;
use super::conjunction::{Conjunction, Node};
use super::operations::{Pair, Side};
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
            written(side.value(&at), member.types(), is_multipart)
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

/// Of the Encoding Object, where there is one. One with a `style`, `explode` or `allowReserved` is read by these, and its
/// `contentType` is not (OpenAPI 3.1, Encoding Object); of values by themselves, `explode` says nothing.
fn written(encoding: Option<&Value>, types: Types, is_multipart: bool) -> Written {
    let member = |name: &str| encoding.and_then(|encoding| encoding.get(name));
    let styled = ["style", "explode", "allowReserved"].iter().any(|name| member(name).is_some());
    let stated = member("contentType").and_then(Value::as_str).filter(|_| !styled);
    let is_parts = types.meets(Types::OBJECT.or(Types::ARRAY)) && types != Types::ALL;
    match stated {
        Some(stated) => Written::Typed(stated.split(',').filter_map(media::essence).collect()),
        None if is_multipart && !styled => Written::Typed(BTreeSet::from([default_type(types).to_owned()])),
        None if types == Types::OBJECT && !styled => {
            Written::Typed(BTreeSet::from(["application/json".to_owned()]))
        }
        None => {
            let style = member("style").and_then(Value::as_str).unwrap_or("form").to_owned();
            let explode = member("explode").and_then(Value::as_bool).unwrap_or(style == "form");
            Written::Styled(style, explode && is_parts)
        }
    }
}

/// What a part is where nothing says so (OpenAPI 3.0 and 3.1, Encoding Object, `contentType`).
fn default_type(types: Types) -> &'static str {
    match types {
        Types::OBJECT => "application/json",
        _ => "text/plain",
    }
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
