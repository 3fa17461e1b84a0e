//! Bodies of `application/x-www-form-urlencoded` (WHATWG URL section 5), held to the schema of their members.

use std::borrow::Cow;
use std::collections::BTreeMap;

use doorward_model::{Fault, Violation};
use serde_json::{Map, Value};

use crate::bundle::Bundle;
use crate::checker::{Checker, violation};
use crate::coercion::{Form, Scalars, members_of};
use crate::documents::Documents;
use crate::operation::read_json;
use crate::query::pairs;
use crate::serialization::{ENCODED, Encoding, Rule, TWICE, many, one};
use crate::style::{self, Style};
use crate::{media, pointer};

/// The media type, without parameters.
pub(crate) const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

const JSON: Rule = "must hold JSON texts where its members are objects";

/// How a form becomes an object, and the schema of that.
#[derive(Debug)]
pub(crate) struct FormBody {
    fields: BTreeMap<String, Field>,
    others: Field,
    checker: Checker,
}

/// What the values of one name are.
#[derive(Debug, Clone, Copy)]
enum Field {
    One(Scalars),
    /// A name for each item.
    Repeated(Scalars),
    /// All items in one text.
    Delimited(Scalars, Style),
    /// A JSON text: what an object is (OpenAPI 3.0 and 3.1, Encoding Object, `contentType`).
    Json,
    /// A JSON text for each item.
    RepeatedJson,
}

impl FormBody {
    /// Of the Media Type Object `object`, whose schema `bundle` is; the `Checker` is that of the schema. `None` where no
    /// form, or more than one, would be what the schema describes.
    pub(crate) fn of(object: &Value, bundle: &Bundle, checker: Checker) -> Option<Self> {
        let members = members_of(bundle).ok()?;
        let encoding = |name: &str| object.get("encoding").and_then(|all| all.get(name));
        let mut fields = BTreeMap::new();
        for (name, schemas) in members.named {
            fields.insert(name.to_owned(), field(bundle, &schemas, encoding(name))?);
        }
        let others = field(bundle, &members.others, None)?;
        Some(Self { fields, others, checker })
    }

    /// Where the form breaks its schema.
    pub(crate) fn violations(&self, body: &[u8]) -> Vec<Violation> {
        match self.read(body) {
            Ok(object) => self.checker.violations("body", "", &object),
            Err(rule) => vec![violation("body", String::new(), rule)],
        }
    }

    fn read(&self, body: &[u8]) -> Result<Value, Rule> {
        let text = std::str::from_utf8(body).map_err(|_| ENCODED)?;
        let mut object = Map::new();
        for (name, text) in pairs(text) {
            let name = Encoding::Form.decode(name)?;
            let field = self.fields.get(name.as_ref()).copied().unwrap_or(self.others);
            let (value, is_item) = field.read(text)?;
            match object.get_mut(name.as_ref()) {
                None if is_item => drop(object.insert(name.into_owned(), Value::Array(vec![value]))),
                None => drop(object.insert(name.into_owned(), value)),
                Some(Value::Array(items)) if is_item => items.push(value),
                Some(_) => return Err(TWICE),
            }
        }
        Ok(Value::Object(object))
    }
}

/// What is wrong with the `encoding` of the Media Type Object at `at`; a form would be read otherwise than was meant.
pub(crate) fn encoding_faults(documents: &Documents<'_>, at: &str, object: &Value) -> Vec<Fault> {
    let at = pointer::join(at, "encoding");
    let members = match object.get("encoding") {
        None => return Vec::new(),
        Some(Value::Object(members)) => members,
        Some(_) => return vec![documents.fault(&at, "`encoding` must hold objects by the names of members")],
    };
    let mut faults = Vec::new();
    for (name, encoding) in members {
        let at = pointer::join(&at, name);
        if !encoding.is_object() {
            faults.push(documents.fault(&at, "expected an object"));
        }
        faults.extend(style::flag(documents, &at, encoding, "explode", false).err());
        let content_type = encoding.get("contentType");
        if content_type.is_some_and(|stated| stated.as_str().and_then(media::essence).is_none()) {
            faults.push(documents.fault(&pointer::join(&at, "contentType"), "expected a media type"));
        }
        let styles = ["form", "spaceDelimited", "pipeDelimited", "deepObject"];
        if encoding.get("style").is_some_and(|stated| !styles.iter().any(|style| stated == style)) {
            let fault = documents.fault(&pointer::join(&at, "style"), "there is no such style here");
            faults.push(fault.hint("expected `form`, `spaceDelimited`, `pipeDelimited` or `deepObject`"));
        }
    }
    faults
}

impl Field {
    /// The value of `text`, and whether it is one item of a list.
    fn read(self, text: &str) -> Result<(Value, bool), Rule> {
        let form = Encoding::Form;
        let json = |text: Cow<'_, str>| read_json(text.as_bytes()).map_err(|_| JSON);
        Ok(match self {
            Self::One(scalars) => (one(scalars, text, form)?, false),
            Self::Repeated(scalars) => (one(scalars, text, form)?, true),
            Self::Delimited(scalars, style) => (many(scalars, style.split(text), form)?, false),
            Self::Json => (json(form.decode(text)?)?, false),
            Self::RepeatedJson => (json(form.decode(text)?)?, true),
        })
    }
}

/// How what `schemas` describe is written; `None` where that is not clear.
fn field(bundle: &Bundle, schemas: &[&Value], encoding: Option<&Value>) -> Option<Field> {
    let said = |name: &str| encoding.and_then(|encoding| encoding.get(name));
    // `text/plain` is what one value is without saying so.
    let stated = said("contentType").and_then(Value::as_str).and_then(media::essence);
    if let Some(essence) = stated.filter(|essence| essence != "text/plain") {
        return Some(if media::is_json(&essence) { Field::Json } else { Field::One(Scalars::default()) });
    }
    let mut found: Option<Field> = None;
    for schema in schemas {
        let one = match Form::within(bundle, schema) {
            Ok(Form::One(scalars)) => Field::One(scalars),
            Ok(Form::Object(_)) => Field::Json,
            Ok(Form::Many(scalars)) => match (said("style").and_then(Value::as_str), said("explode")) {
                (None | Some("form"), None | Some(Value::Bool(true))) => Field::Repeated(scalars),
                (None | Some("form"), Some(Value::Bool(false))) => Field::Delimited(scalars, Style::Form),
                (Some("spaceDelimited"), None | Some(Value::Bool(false))) => {
                    Field::Delimited(scalars, Style::SpaceDelimited)
                }
                (Some("pipeDelimited"), None | Some(Value::Bool(false))) => {
                    Field::Delimited(scalars, Style::PipeDelimited)
                }
                _ => return None,
            },
            Err(_) if Form::is_list_of_objects(bundle, schema) => Field::RepeatedJson,
            Err(_) if Form::is_object(bundle, schema) => Field::Json,
            Err(_) => return None,
        };
        found = Some(match (found, one) {
            (None, one) => one,
            (Some(Field::One(known)), Field::One(more)) => Field::One(known.or(more)),
            (Some(Field::Repeated(known)), Field::Repeated(more)) => Field::Repeated(known.or(more)),
            (Some(Field::Delimited(known, style)), Field::Delimited(more, _)) => {
                Field::Delimited(known.or(more), style)
            }
            (Some(Field::Json), Field::Json) => Field::Json,
            (Some(Field::RepeatedJson), Field::RepeatedJson) => Field::RepeatedJson,
            // A part that says nothing of the type leaves it to the others.
            (Some(known), Field::One(more)) if more == Scalars::default() => known,
            (Some(Field::One(known)), more) if known == Scalars::default() => more,
            _ => return None,
        });
    }
    Some(found.unwrap_or(Field::One(Scalars::default())))
}
