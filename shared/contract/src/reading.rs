//! What the texts and files that a form holds under one name are, by what the schemas of the name say.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::bundle::Bundle;
use crate::coercion::{Members, Scalars};
use crate::documents::Documents;
use crate::field_encoding::FieldEncoding;
use crate::multipart::Part;
use crate::operation::read_json;
use crate::said::{self, Said, has_any, types};
use crate::serialization::{self, ENCODED, Encoding, Rule, TWICE};
use crate::style::Style;
use crate::{charset, media};

pub(crate) const JSON: Rule = "must hold JSON texts where its members are objects";
pub(crate) const UTF8: Rule = "must be text in UTF-8";
const TYPE: Rule = "must be of the media type that its encoding states, or of that of its schema";
const FILE: Rule = "must be a text, without a `filename`";
pub(crate) const NESTED: Rule = "must be of the form `name[member]=value`, one level deep";

/// One way to read what stands under a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// One value.
    One(Item),
    /// One for each item.
    List(Item),
    /// All items in one text.
    Delimited(Scalars, Style),
    /// `name[member]=value`.
    Deep(Members),
}

/// One text or file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// A JSON text.
    Json,
    /// A number, a truth value or a text.
    Scalar(Scalars),
    /// Bytes of which the schema knows the number, up to this one.
    Octets(usize),
}

/// What was sent under a name.
#[derive(Debug)]
pub(crate) enum Sent<'b> {
    /// Percent-encoded.
    Encoded(&'b str),
    /// The same, of a member of an object: `name[member]=value`.
    Member(String, &'b str),
    /// A part.
    Part(Part<'b>),
}

/// Of what a form is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of pairs of texts.
    Encoded,
    /// Of parts.
    Multipart,
}

impl Reading {
    /// The value that `sent` is.
    pub(crate) fn read(&self, sent: &[Sent<'_>], encoding: &FieldEncoding) -> Result<Value, Rule> {
        match (self, sent) {
            (Self::One(item), [one]) => item.read(one, encoding),
            (Self::List(item), all) => all.iter().map(|one| item.read(one, encoding)).collect(),
            (Self::Delimited(scalars, style), [Sent::Encoded(text)]) => {
                serialization::many(*scalars, style.split(text), Encoding::Form)
            }
            (Self::Deep(members), all) => {
                let pairs = all.iter().map(|sent| match sent {
                    Sent::Member(name, text) => {
                        Ok((Cow::Borrowed(name.as_str()), Encoding::Form.decode(text)?))
                    }
                    _ => Err(NESTED),
                });
                serialization::object(members, pairs.collect::<Result<Vec<_>, _>>()?.into_iter())
            }
            (Self::Delimited(..), [_]) => Err(NESTED),
            (Self::One(_) | Self::Delimited(..), _) => Err(TWICE),
        }
    }

    /// Whether `sent` can be nothing but what this reads: what begins as an object is one, and is not taken for a text where it
    /// is broken.
    pub(crate) fn claims(&self, sent: &[Sent<'_>]) -> bool {
        let (Self::One(Item::Json) | Self::List(Item::Json)) = self else { return false };
        sent.iter().any(|sent| match sent {
            Sent::Encoded(text) => {
                Encoding::Form.decode(text).is_ok_and(|text| text.trim_start().starts_with('{'))
            }
            Sent::Member(..) => false,
            Sent::Part(part) => part.content.trim_ascii_start().first() == Some(&b'{'),
        })
    }
}

impl Item {
    fn read(self, sent: &Sent<'_>, encoding: &FieldEncoding) -> Result<Value, Rule> {
        let text = match sent {
            Sent::Encoded(text) => Encoding::Form.decode(text)?,
            Sent::Member(..) => return Err(NESTED),
            Sent::Part(part) => {
                self.check_type(part, encoding)?;
                if let Self::Octets(known) = self {
                    return Ok(octets(part.content, known));
                }
                Cow::Borrowed(std::str::from_utf8(part.content).map_err(|_| UTF8)?)
            }
        };
        match self {
            Self::Json => read_json(text.as_bytes()).map_err(|_| JSON),
            Self::Scalar(scalars) => Ok(scalars.read(&text)),
            Self::Octets(_) => Err(ENCODED),
        }
    }

    /// Holds a part against what is stated of its media type, or what OpenAPI has where nothing is (Encoding Object,
    /// `contentType`). A part that states none is `text/plain` (RFC 7578 section 4.4); where the contract states none either,
    /// it is what the schema says.
    fn check_type(self, part: &Part<'_>, encoding: &FieldEncoding) -> Result<(), Rule> {
        let stated = part.content_type.as_deref();
        let essence = stated.and_then(media::essence);
        let essence = essence.as_deref();
        let is_left_out = encoding.is_implied && essence.is_none();
        if !is_left_out && !encoding.takes(essence.unwrap_or("text/plain")) {
            return Err(TYPE);
        }
        let is_free = encoding.types.is_empty() && essence.is_none();
        let fits = match self {
            Self::Json => {
                is_free
                    || essence.is_some_and(media::is_json)
                    || !encoding.types.is_empty() && encoding.is_plain()
            }
            Self::Scalar(_) if encoding.types.is_empty() => {
                essence.is_none_or(|essence| essence == "text/plain")
            }
            Self::Scalar(_) => !essence.is_some_and(media::is_json),
            Self::Octets(_) => return Ok(()),
        };
        if !fits || !stated.is_none_or(charset::is_utf8_alone) {
            return Err(TYPE);
        }
        // To servers a field with a file name is a file: they look for it elsewhere. Browsers give one to JSON, too.
        if part.is_file && matches!(self, Self::Scalar(_)) { Err(FILE) } else { Ok(()) }
    }
}

/// A text that is as long as the file, as far as its schema tells lengths apart: the file itself is not copied.
pub(crate) fn octets(content: &[u8], known: usize) -> Value {
    Value::String("x".repeat(content.len().min(known)))
}

/// Keywords that speak of the characters of a text.
pub(crate) const OF_CHARACTERS: [&str; 4] = ["pattern", "format", "enum", "const"];
/// Keywords that speak of the members of an object.
pub(crate) const OF_OBJECTS: [&str; 7] = [
    "properties",
    "patternProperties",
    "additionalProperties",
    "required",
    "minProperties",
    "maxProperties",
    "propertyNames",
];
/// Keywords that speak of the items of a list.
pub(crate) const OF_LISTS: [&str; 5] = ["items", "prefixItems", "contains", "minItems", "uniqueItems"];

/// Whether `all`, which speak of one value, speak of its members or items.
pub(crate) fn describes_parts(all: &[Said<'_>]) -> bool {
    has_any(all, &OF_OBJECTS) || has_any(all, &OF_LISTS)
}

/// Why there is no way to read what is described.
pub(crate) type Unreadable = (&'static str, &'static str);

/// The ways to read what `schemas` describe, in the order in which they are tried: a JSON text, a number or truth value, a
/// text, a file, a list.
pub(crate) fn of(
    documents: &Documents<'_>,
    bundle: &Bundle,
    schemas: &[Said<'_>],
    encoding: &FieldEncoding,
    kind: Kind,
) -> Result<Vec<Reading>, Unreadable> {
    let all = same(bundle, schemas);
    let types = types(&all);
    let mut readings = Vec::new();
    if encoding.style == Some(Style::DeepObject) && kind == Kind::Encoded {
        return deep(bundle, &all, encoding).map(|reading| vec![reading]);
    }
    let is_untyped = is_untyped_by(&types);
    if types.contains("object") && kind == Kind::Encoded && encoding.style.is_some() {
        return Err((
            "an object in a form is one JSON text, or has `style: deepObject`",
            "leave `style` out, or write `deepObject`",
        ));
    }
    let single = if is_untyped && has_any(&all, &OF_OBJECTS) {
        vec![Item::Json, Item::Scalar(Scalars::default())]
    } else if types.iter().all(|name| ["array", "null"].contains(name)) && !is_untyped {
        Vec::new()
    } else {
        let apart = types.iter().copied().filter(|name| *name != "array").collect();
        items(documents, bundle, &all, &apart, encoding, kind)?
    };
    readings.extend(single.into_iter().map(Reading::One));
    if types.contains("array") || is_untyped && has_any(&all, &OF_LISTS) {
        let inner = same(bundle, &said::of_items(&all));
        for item in items(documents, bundle, &inner, &said::types(&inner), encoding, kind)? {
            readings.push(listed(item, encoding, kind)?);
        }
        // One text for the whole list is what some make of a media type that is stated for each item.
        if encoding.is_json() {
            readings.push(Reading::One(Item::Json));
        }
    }
    let mut distinct: Vec<Reading> = Vec::new();
    for reading in readings {
        if !distinct.contains(&reading) {
            distinct.push(reading);
        }
    }
    Ok(distinct)
}

/// The media types that the schemas themselves state of what is a file or encoded (OpenAPI 3.1, "Working with Binary Data").
pub(crate) fn imply_type(
    documents: &Documents<'_>,
    bundle: &Bundle,
    schemas: &[Said<'_>],
    readings: &[Reading],
    encoding: &mut FieldEncoding,
) {
    if !encoding.types.is_empty() {
        return;
    }
    let all = same(bundle, schemas);
    let inner = same(bundle, &said::of_items(&all));
    let says =
        |word: &str| all.iter().chain(&inner).find_map(|said| said.annotation(documents, bundle, word));
    let are_files = readings
        .iter()
        .all(|reading| matches!(reading, Reading::One(Item::Octets(_)) | Reading::List(Item::Octets(_))));
    let types = match (says("contentEncoding"), says("contentMediaType")) {
        (Some(_), _) => Some(vec!["application/octet-stream".to_owned(), "text/plain".to_owned()]),
        (None, Some(stated)) if are_files => crate::field_encoding::ranges(stated),
        _ => None,
    };
    if let Some(types) = types {
        encoding.types = types;
        encoding.is_implied = true;
    }
}

fn same<'a>(bundle: &'a Bundle, schemas: &[Said<'a>]) -> Vec<Said<'a>> {
    schemas.iter().flat_map(|schema| schema.clone().of_same_value(bundle)).collect()
}

fn is_untyped_by(types: &BTreeSet<&str>) -> bool {
    types.iter().all(|name| *name == "null")
}

/// What one value of those that `all` speak of may be, where they have it of one of `types`.
fn items(
    documents: &Documents<'_>,
    bundle: &Bundle,
    all: &[Said<'_>],
    types: &BTreeSet<&str>,
    encoding: &FieldEncoding,
    kind: Kind,
) -> Result<Vec<Item>, Unreadable> {
    let is_untyped = is_untyped_by(types);
    let is_nested = types.contains("object") || types.contains("array");
    if encoding.is_json() {
        return Ok(vec![Item::Json]);
    }
    let says = |word: &str| all.iter().find_map(|said| said.annotation(documents, bundle, word));
    let is_file = kind == Kind::Multipart
        && (says("format") == Some("binary")
            || says("contentMediaType").is_some() && says("contentEncoding").is_none()
            || is_untyped && !has_any(all, &OF_CHARACTERS)
            || !is_nested && encoding.is_neither_text_nor_json() && !has_any(all, &OF_CHARACTERS));
    let mut found = Vec::new();
    if is_nested {
        if !encoding.is_plain() && !encoding.may_be_json() {
            return Err((
                "objects and lists of lists in a form are JSON texts, and of a media type for these",
                "write `contentType: application/json`, or leave the schema out: `{}`",
            ));
        }
        found.push(Item::Json);
    }
    if is_file {
        if has_any(all, &OF_CHARACTERS) {
            return Err((
                "of a file, only the length is held to a schema",
                "leave `pattern`, `format`, `enum` and `const` out, or describe it as text",
            ));
        }
        found.push(Item::Octets(known_length(all)));
        return Ok(found);
    }
    let scalars = Scalars::among(types);
    if scalars != Scalars::default() {
        found.push(Item::Scalar(scalars));
    }
    if is_untyped || types.contains("string") {
        found.push(Item::Scalar(Scalars::default()));
    }
    Ok(found)
}

/// The number of bytes up to which `all` tell lengths apart.
pub(crate) fn known_length(all: &[Said<'_>]) -> usize {
    let limits = all.iter().flat_map(|said| ["minLength", "maxLength"].map(|word| said.schema.get(word)));
    let bytes = |limit: &Value| limit.as_u64().and_then(|limit| usize::try_from(limit).ok());
    let largest = limits.flatten().map(|limit| bytes(limit).unwrap_or(usize::MAX)).max();
    largest.map_or(0, |limit| limit.saturating_add(1))
}

/// A list with items like `item`.
fn listed(item: Item, encoding: &FieldEncoding, kind: Kind) -> Result<Reading, Unreadable> {
    let unread =
        ("there is no such list in a form", "leave `style` and `explode` out: each item is sent by itself");
    let Item::Scalar(scalars) = item else { return Ok(Reading::List(item)) };
    match (encoding.style, encoding.explode) {
        (None | Some(Style::Form), None | Some(true)) => Ok(Reading::List(item)),
        _ if kind == Kind::Multipart => Err(unread),
        (None | Some(Style::Form), Some(false)) => Ok(Reading::Delimited(scalars, Style::Form)),
        (Some(style @ (Style::SpaceDelimited | Style::PipeDelimited)), None | Some(false)) => {
            Ok(Reading::Delimited(scalars, style))
        }
        _ => Err(unread),
    }
}

/// An object whose members stand beside each other.
fn deep(bundle: &Bundle, all: &[Said<'_>], encoding: &FieldEncoding) -> Result<Reading, Unreadable> {
    const FLAT: Unreadable = (
        "`deepObject` writes objects of values, one level deep",
        "describe such an object by `properties`, or leave `style` out: it is one JSON text",
    );
    let types = types(all);
    if encoding.explode == Some(false) || types.iter().any(|name| !["object", "null"].contains(name)) {
        return Err(FLAT);
    }
    if !said::patterns(all).is_empty() {
        return Err(FLAT);
    }
    let scalars = |name: Option<&str>| {
        let schemas = said::of_member(all, name, &BTreeSet::new());
        let types = said::types(&same(bundle, &schemas));
        let is_flat = !types.contains("object") && !types.contains("array");
        is_flat.then(|| (!schemas.is_empty()).then(|| Scalars::among(&types))).ok_or(FLAT)
    };
    let mut members = Members { others: scalars(None)?, ..Members::default() };
    for name in said::names(all) {
        members.named.insert(name.to_owned(), scalars(Some(name))?.unwrap_or_default());
    }
    Ok(Reading::Deep(members))
}
