//! Media types (RFC 9110 section 8.3.1) and what a contract models for them.

use doorward_model::{Fault, Omission, Shape};
use serde_json::Value;

use crate::checker::Checker;
use crate::documents::Documents;
use crate::form_object::FormObject;
use crate::held::Held;
use crate::{charset, pointer};

/// The media type without its parameters, in lower case; `None` for what is no media type.
pub(crate) fn essence(content_type: &str) -> Option<String> {
    let essence = content_type.split(';').next().unwrap_or("").trim_matches([' ', '\t']).to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    (is_token(kind) && is_token(subtype)).then_some(essence)
}

/// The media range (RFC 9110 section 12.5.1), as [`covers`] takes them; `None` for what means no messages.
pub(crate) fn range(name: &str) -> Option<String> {
    essence(name).filter(|range| !range.contains('*') || breadth(range) > 0)
}

/// RFC 9110 section 5.6.2.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Refuses what stands at `at` in place of a Media Type Object: bodies would pass that it seems to describe.
pub(crate) fn check_object(documents: &Documents<'_>, at: &str, object: &Value) -> Result<(), Fault> {
    if !object.is_object() {
        return Err(documents.fault(at, "expected an object"));
    }
    if object.get("$ref").is_some() {
        let fault = documents.fault(&pointer::join(at, "$ref"), "a media type cannot be a reference");
        return Err(fault.hint("write `schema: { $ref: … }`"));
    }
    Ok(())
}

/// Whether bodies of this media type are JSON texts: `application/json`, the suffix of RFC 6839, and `text/json`, which
/// servers read as JSON, too (WHATWG MIME Sniffing, JSON MIME type).
pub(crate) fn is_json(essence: &str) -> bool {
    ["application/json", "text/json"].contains(&essence) || essence.ends_with("+json")
}

/// Whether a media range may mean JSON.
pub(crate) fn may_be_json(range: &str) -> bool {
    is_json(range) || ["*/*", "application/*", "text/*"].contains(&range)
}

/// The media types of one body, the more exact ones first.
#[derive(Debug, Default)]
pub(crate) struct Contents(Vec<Content>);

/// One media range of the contract's, and the schema of its JSON bodies where there is one.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) range: String,
    pub(crate) checker: Option<Checker>,
    /// What is said of its bodies that are no JSON.
    pub(crate) other: Other,
}

/// What the contract says of bodies that are no JSON.
#[derive(Debug)]
pub(crate) enum Other {
    /// Nothing but that they may come.
    Unread,
    /// What they are held to.
    Held(Box<Held>),
    /// Something that they could not be held to: they are taken for unmodelled.
    Refused,
}

/// What the contract says of a body.
#[derive(Debug)]
pub(crate) enum Modelled<'a> {
    /// A JSON text, with its schema where the contract has one.
    Json(Option<&'a Checker>),
    /// Another body that has a schema.
    Held(&'a Held),
    /// Bytes that are not looked at.
    Unread,
}

impl Contents {
    pub(crate) fn new(mut contents: Vec<Content>) -> Self {
        contents.sort_by_key(|content| breadth(&content.range));
        Self(contents)
    }

    /// Whether no body is modelled.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The forms among them.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &FormObject> {
        self.0.iter().filter_map(|content| match &content.other {
            Other::Held(held) => held.form(),
            _ => None,
        })
    }

    /// Has the forms that have this type tree handed over; what these leave out.
    pub(crate) fn hand_over(&mut self, input: &Shape) -> Vec<Omission> {
        let mut left_out = Vec::new();
        let held = self.0.iter_mut().filter_map(|content| match &mut content.other {
            Other::Held(held) => held.form_mut(),
            _ => None,
        });
        for form in held {
            if let Some((shape, omissions)) = &form.tree
                && shape == input
            {
                form.is_handed_over = true;
                left_out.extend(omissions.iter().cloned());
            }
        }
        left_out
    }

    /// The bodies that are modelled and not handed over, so that they have no type tree.
    pub(crate) fn unread(&self) -> Vec<Omission> {
        let is_handed_over = |content: &Content| match &content.other {
            Other::Held(held) => held.form().is_some_and(|form| form.is_handed_over),
            _ => false,
        };
        let omission = |content: &Content| {
            let reason = match content.range.as_str() {
                _ if is_handed_over(content) => return None,
                range if is_json(range) => return None,
                _ if matches!(content.other, Other::Refused) => return None,
                range if may_be_json(range) => format!("a body of `{range}` that is no JSON"),
                range => format!("a body of `{range}`"),
            };
            Some(Omission { place: String::new(), reason })
        };
        self.0.iter().filter_map(omission).collect()
    }

    /// What is modelled for the value of a `Content-Type` field; `None` too for what is read as text in another charset
    /// than UTF-8.
    pub(crate) fn find(&self, content_type: &str) -> Option<Modelled<'_>> {
        // A message is of one type, which a range is not (RFC 9110 section 8.3.1).
        let essence = essence(content_type).filter(|essence| !essence.contains('*'))?;
        let content = self.0.iter().find(|content| covers(&content.range, &essence))?;
        let modelled = match &content.other {
            _ if is_json(&essence) => Modelled::Json(content.checker.as_ref()),
            Other::Held(held) if held.is_text() => Modelled::Held(held),
            Other::Held(held) => return Some(Modelled::Held(held)),
            Other::Unread => return Some(Modelled::Unread),
            Other::Refused => return None,
        };
        charset::is_utf8_alone(content_type).then_some(modelled)
    }
}

/// How much a media range covers: the smaller, the more exact it is.
pub(crate) fn breadth(range: &str) -> u8 {
    match range.split_once('/') {
        Some(("*", "*")) => 3,
        Some((kind, _)) if kind.contains('*') => 0,
        Some((_, "*")) => 2,
        Some((_, subtype)) if subtype.strip_prefix("*+").is_some_and(|suffix| !suffix.contains('*')) => 1,
        _ => 0,
    }
}

/// Whether a media type, or a whole range, is within `range`: `*/*`, `text/*`, or `application/*+json`, as frameworks
/// write all subtypes of one suffix.
pub(crate) fn covers(range: &str, essence: &str) -> bool {
    let Some((kind, subtype)) = range.split_once('/') else { return false };
    let found = essence.split_once('/').filter(|(found, _)| *found == kind);
    match (breadth(range), found) {
        (3, _) => true,
        (2, found) => found.is_some(),
        (1, Some((_, found))) => subtype.get(1..).is_some_and(|suffix| found.ends_with(suffix)),
        _ => range == essence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ranges: &[&str], content_type: &str, expected: &str) {
        let contents = ranges
            .iter()
            .map(|range| Content { range: (*range).to_owned(), checker: None, other: Other::Unread })
            .collect();
        let found = match Contents::new(contents).find(content_type) {
            Some(Modelled::Json(_)) => "json",
            Some(Modelled::Held(_)) => "held",
            Some(Modelled::Unread) => "unread",
            None => "unmodelled",
        };
        assert_eq!(found, expected, "{content_type}");
    }

    #[test]
    fn media_types_are_matched_without_their_parameters() {
        check(&["application/json"], "application/json", "json");
        check(&["application/json"], "Application/JSON; charset=utf-8", "json");
        check(&["application/json"], "application/vnd.shop+json", "unmodelled");
        check(&["application/vnd.shop+json"], "application/vnd.shop+json", "json");
        check(&["text/json"], "text/json; charset=utf-8", "json");
        check(&["text/*"], "text/json", "json");
        check(&["application/*+json"], "application/vnd.shop+json", "json");
        check(&["application/*+json"], "application/json", "unmodelled");
        check(&["application/*+json"], "text/x+json", "unmodelled");
        check(&["application/*+xml"], "application/atom+xml", "unread");
        check(&["application/*"], "application/problem+json", "json");
        check(&["application/*"], "text/plain", "unmodelled");
        check(&["*/*"], "text/plain", "unread");
        check(&["*/*"], "application/json", "json");
        check(&["text/plain"], "text/plain", "unread");
        check(&["application/json"], "", "unmodelled");
        check(&["*/*"], "application", "unmodelled");
        check(&["*/*"], "application/json, text/plain", "unmodelled");
        check(&["*/*"], "*/*", "unmodelled");
        check(&["application/*"], "application/*", "unmodelled");
        check(&["application/*+json"], "application/*+json", "unmodelled");
        check(&[], "application/json", "unmodelled");
    }

    #[test]
    fn ranges_are_of_all_types_of_one_type_or_of_one_suffix() {
        for name in ["*/*", "text/*", "Application/*+json; a=b", "text/plain"] {
            assert!(range(name).is_some(), "{name}");
        }
        for name in ["*/json", "application/j*", "*", "*/*+json", "text/*plain", "te*/*", "text/*+*"] {
            assert_eq!(range(name), None, "{name}");
        }
    }

    #[test]
    fn json_in_a_charset_that_the_door_does_not_read_is_unmodelled() {
        for range in ["application/json", "application/*", "*/*"] {
            check(&[range], "application/json; charset=UTF-8", "json");
            check(&[range], "application/json; charset=utf-7", "unmodelled");
            check(&[range], "application/json; charset=utf-8; charset=utf-16", "unmodelled");
            check(&[range], "application/json; charset", "unmodelled");
        }
        check(&["application/*"], "application/problem+json; charset=utf-16", "unmodelled");
        check(&["text/plain"], "text/plain; charset=utf-16", "unread");
        check(&["application/*"], "application/yaml; charset=utf-16; charset", "unread");
    }
}
