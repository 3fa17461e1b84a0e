//! Bodies that are no JSON and are held to a schema.

use doorward_model::{Fault, Violation};
use serde_json::Value;

use crate::bundle::Bundle;
use crate::checker::{Checker, violation};
use crate::coercion::Scalars;
use crate::documents::Documents;
use crate::form_body::FormBody;
use crate::form_object::FormObject;
use crate::multipart_body::MultipartBody;
use crate::reading::{self, OF_CHARACTERS, UTF8};
use crate::said::{self, Said, has_any};

/// How such a body is read, and its schema.
#[derive(Debug)]
pub(crate) enum Held {
    Form(FormBody),
    Multipart(MultipartBody),
    /// One text in UTF-8, which may be read as a number or truth value where the schema has these.
    Text(Scalars, Checker),
    /// Bytes, of which the schema tells numbers apart up to this one.
    Octets(usize, Checker),
}

impl Held {
    /// Whether all of it is text.
    pub(crate) fn is_text(&self) -> bool {
        !matches!(self, Self::Octets(..))
    }

    /// The form that it is, if it is one.
    pub(crate) fn form(&self) -> Option<&FormObject> {
        match self {
            Self::Form(FormBody(form)) | Self::Multipart(MultipartBody(form)) => Some(form),
            Self::Text(..) | Self::Octets(..) => None,
        }
    }

    /// See [`Self::form`].
    pub(crate) fn form_mut(&mut self) -> Option<&mut FormObject> {
        match self {
            Self::Form(FormBody(form)) | Self::Multipart(MultipartBody(form)) => Some(form),
            Self::Text(..) | Self::Octets(..) => None,
        }
    }

    /// What is handed over of the body, if it is a form.
    ///
    /// # Errors
    /// Where it breaks its schema.
    pub(crate) fn read(&self, content_type: &str, body: &[u8]) -> Result<Option<Value>, Vec<Violation>> {
        match self {
            Self::Form(form) => form.read(body),
            Self::Multipart(multipart) => multipart.read(content_type, body),
            Self::Text(..) | Self::Octets(..) => match self.violations(content_type, body) {
                none if none.is_empty() => Ok(None),
                violations => Err(violations),
            },
        }
    }

    /// Where the body breaks its schema.
    pub(crate) fn violations(&self, content_type: &str, body: &[u8]) -> Vec<Violation> {
        match self {
            Self::Form(_) | Self::Multipart(_) => self.read(content_type, body).err().unwrap_or_default(),
            Self::Octets(known, checker) => checker.violations("body", "", &reading::octets(body, *known)),
            Self::Text(scalars, checker) => {
                let Ok(text) = std::str::from_utf8(body) else {
                    return vec![violation("body", String::new(), UTF8)];
                };
                let value = scalars.read(text);
                if value.is_string() || checker.is_valid(&value) {
                    return checker.violations("body", "", &value);
                }
                // What looks like a number may be a text.
                let text = Value::String(text.to_owned());
                if checker.is_valid(&text) { Vec::new() } else { checker.violations("body", "", &value) }
            }
        }
    }
}

/// How a body of one of `range` is held to the schema that `bundle` is of: `None` where that says nothing but that it is a
/// text, or bytes.
///
/// # Errors
/// The schema is broken, or such a body can be nothing that it describes.
pub(crate) fn plain(
    documents: &Documents<'_>,
    bundle: &Bundle,
    range: &str,
) -> Result<Option<Held>, Option<Fault>> {
    let all = Said::whole(bundle).of_same_value(bundle);
    let types = said::types(&all);
    let silent = ["type", "$ref", "allOf", "$defs"];
    let says_nothing = all.iter().all(|said| match said.schema {
        Value::Object(keywords) => keywords.keys().all(|word| silent.contains(&word.as_str())),
        schema => *schema == Value::Bool(true),
    });
    if says_nothing && (types.is_empty() || types.contains("string")) {
        return Ok(None);
    }
    let scalars = Scalars::among(&types);
    let is_readable = types.is_empty() || types.contains("string") || scalars != Scalars::default();
    if !is_readable || types.is_empty() && reading::describes_parts(&all) {
        return Err(None);
    }
    let says = |word: &str| all.iter().find_map(|said| said.annotation(documents, bundle, word));
    let is_bytes = says("format") == Some("binary") || !range.starts_with("text/");
    let checker = Checker::compile(documents, bundle).map_err(Some)?;
    Ok(Some(match is_bytes && scalars == Scalars::default() && !has_any(&all, &OF_CHARACTERS) {
        true => Held::Octets(reading::known_length(&all), checker),
        false => Held::Text(scalars, checker),
    }))
}
