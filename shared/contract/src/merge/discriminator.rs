//! Discriminator Objects: which of the schemas a value is meant to be of, told by one of its members (OpenAPI 3.1.1, section
//! 4.8.25).

use serde_json::{Value, json};

use crate::dialect::Dialect;
use crate::documents::Documents;
use crate::{pointer, reference, subschemas};

const COMPONENTS: &str = "/components/schemas";

/// What the discriminator of a schema says.
pub(super) struct Discriminator {
    /// The member that tells.
    pub(super) property: String,
    /// Where the schemas stand that its `mapping` names, by the values that mean them. What leads nowhere is left out.
    pub(super) mapped: Vec<(String, String)>,
    /// The same of those that are meant by what they are called among the components: those that the schema chooses from, or
    /// else those that are made of it by `allOf`.
    pub(super) called: Vec<(String, String)>,
}

impl Discriminator {
    /// Of the schema at `at`.
    pub(super) fn of(documents: &Documents<'_>, at: &str) -> Option<Self> {
        let schema = documents.value(at)?;
        let dialect = documents.dialect_at(at, documents.dialect).ok()?;
        // In 3.0 nothing beside a `$ref` counts.
        if schema.get("$ref").is_some() && dialect != Dialect::Draft202012 {
            return None;
        }
        let object = schema.get("discriminator")?.as_object()?;
        let mapping = object.get("mapping").and_then(Value::as_object).into_iter().flatten();
        let mapped = mapping.filter_map(|(value, target)| {
            Some((value.clone(), mapped(documents, dialect, at, target.as_str()?)?))
        });
        let is_chosen = ["oneOf", "anyOf"].iter().any(|list| schema.get(list).is_some());
        let places = match is_chosen {
            true => referred(documents, at, &["oneOf", "anyOf"]),
            false => made_of(documents, at),
        };
        Some(Self {
            property: object.get("propertyName")?.as_str()?.to_owned(),
            mapped: mapped.collect(),
            called: places.into_iter().filter_map(|at| Some((component(&at)?, at))).collect(),
        })
    }
}

/// Where a mapping leads: to what is called so among the components of the document, or of the file that it stands in; or by
/// its reference. What may be both is a name.
fn mapped(documents: &Documents<'_>, dialect: Dialect, at: &str, target: &str) -> Option<String> {
    let refer = |reference: &str| {
        let target = reference::target(documents, dialect, at, "discriminator", &json!(reference)).ok()?;
        (!documents.is_other_object(&target.at)).then_some(target.at)
    };
    let is_name = target.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    let named = is_name.then(|| pointer::join(COMPONENTS, target));
    let of_document = named.clone().filter(|at| documents.value(at).is_some());
    of_document.or_else(|| refer(&format!("#{}", named?))).or_else(|| refer(target))
}

/// Where the schemas stand that those under `lists` of the schema at `at` refer to.
fn referred(documents: &Documents<'_>, at: &str, lists: &[&str]) -> Vec<String> {
    let (Some(schema), Ok(dialect)) = (documents.value(at), documents.dialect_at(at, documents.dialect))
    else {
        return Vec::new();
    };
    let parts = lists.iter().flat_map(|list| {
        let parts = schema.get(list).and_then(Value::as_array).into_iter().flatten().enumerate();
        parts.map(move |(nth, part)| (format!("{at}/{list}/{nth}"), part))
    });
    let target = |(at, part): (String, &Value)| {
        Some(reference::target(documents, dialect, &at, "$ref", part.get("$ref")?).ok()?.at)
    };
    parts.filter_map(target).collect()
}

/// Where the components of the document stand that are made of the one at `at`, by `allOf`, or of one that is.
fn made_of(documents: &Documents<'_>, at: &str) -> Vec<String> {
    let names = documents.value(COMPONENTS).and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
    let mut rest: Vec<(String, Vec<String>)> = names
        .map(|name| pointer::join(COMPONENTS, name))
        .filter(|place| place != at)
        .map(|place| (place.clone(), referred(documents, &place, &["allOf"])))
        .collect();
    let mut found = vec![at.to_owned()];
    loop {
        let is_made = |(_, bases): &mut (String, Vec<String>)| bases.iter().any(|base| found.contains(base));
        let made: Vec<String> = rest.extract_if(.., is_made).map(|(place, _)| place).collect();
        if made.is_empty() {
            return found.split_off(1);
        }
        found.extend(made);
    }
}

/// What the schema at `at` is called, where it is a component.
fn component(at: &str) -> Option<String> {
    let inside = if at.starts_with('/') { at } else { at.split_once('#')?.1 };
    let mut tokens = pointer::tokens(inside.strip_prefix(COMPONENTS)?);
    let only = tokens.next().filter(|_| tokens.next().is_none())?;
    Some(only.into_owned())
}

/// The pointers, in the normalised `schema` as in the `original` that stands in its place, to the schemas of it that have a
/// discriminator.
pub(super) fn places(schema: &Value, original: Option<&Value>) -> Vec<String> {
    fn visit(schema: &Value, at: &str, original: &Value, found: &mut Vec<String>) {
        if original.pointer(at).is_some_and(|own| own.get("discriminator").is_some()) {
            found.push(at.to_owned());
        }
        if let Value::Object(keywords) = schema {
            subschemas::of(keywords, at, &mut |schema, at| visit(schema, at, original, found));
        }
    }
    let mut found = Vec::new();
    if let Some(original) = original {
        visit(schema, "", original, &mut found);
    }
    found
}
