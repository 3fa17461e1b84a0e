//! How a contract has the fields of a form written (OpenAPI, Encoding Object).

use std::collections::BTreeMap;

use doorward_model::Fault;
use serde_json::Value;

use crate::documents::Documents;
use crate::header_field::HeaderField;
use crate::style::{self, Style};
use crate::{media, pointer};

/// What is said of the fields of one name.
#[derive(Debug, Default)]
pub(crate) struct FieldEncoding {
    /// The media ranges that a value may be of; none where nothing is stated.
    pub(crate) types: Vec<String>,
    /// Whether these are what the schema itself says: a part that states none is of them, too.
    pub(crate) is_implied: bool,
    pub(crate) style: Option<Style>,
    pub(crate) explode: Option<bool>,
    /// The header fields of its parts, but `Content-Type`.
    pub(crate) headers: Vec<HeaderField>,
}

/// The encodings of a Media Type Object, by the names of members.
pub(crate) type Encodings = BTreeMap<String, FieldEncoding>;

const STYLES: &str = "expected `form`, `spaceDelimited`, `pipeDelimited` or `deepObject`";

/// Reads the `encoding` of the Media Type Object at `at`, without the header fields. A broken one is a fault: a form would
/// be read otherwise than was meant.
pub(crate) fn read(
    documents: &Documents<'_>,
    at: &str,
    object: &Value,
    faults: &mut Vec<Fault>,
) -> Encodings {
    let at = pointer::join(at, "encoding");
    let mut encodings = Encodings::new();
    let members = match object.get("encoding") {
        None => return encodings,
        Some(Value::Object(members)) => members,
        Some(_) => {
            faults.push(documents.fault(&at, "`encoding` must hold objects by the names of members"));
            return encodings;
        }
    };
    for (name, stated) in members {
        let at = pointer::join(&at, name);
        if !stated.is_object() {
            faults.push(documents.fault(&at, "expected an object"));
            continue;
        }
        let mut encoding = FieldEncoding::default();
        match style::flag(documents, &at, stated, "explode", false) {
            Ok(flag) => encoding.explode = stated.get("explode").map(|_| flag),
            Err(fault) => faults.push(fault),
        }
        if let Some(text) = stated.get("contentType") {
            match text.as_str().and_then(ranges) {
                Some(types) => encoding.types = types,
                None => {
                    faults.push(documents.fault(&pointer::join(&at, "contentType"), "expected a media type"));
                }
            }
        }
        encoding.style = match stated.get("style").map(|style| style.as_str().unwrap_or_default()) {
            None => None,
            Some("form") => Some(Style::Form),
            Some("spaceDelimited") => Some(Style::SpaceDelimited),
            Some("pipeDelimited") => Some(Style::PipeDelimited),
            Some("deepObject") => Some(Style::DeepObject),
            Some(_) => {
                let place = pointer::join(&at, "style");
                faults.push(documents.fault(&place, "there is no such style here").hint(STYLES));
                None
            }
        };
        encodings.insert(name.clone(), encoding);
    }
    encodings
}

/// The media ranges of a list: `image/png, image/*`.
pub(crate) fn ranges(list: &str) -> Option<Vec<String>> {
    list.split(',').map(media::essence).collect()
}

impl FieldEncoding {
    /// Whether a value of the media type `essence` is one that is stated, or nothing is.
    pub(crate) fn takes(&self, essence: &str) -> bool {
        self.types.is_empty() || self.types.iter().any(|range| media::covers(range, essence))
    }

    /// Whether it states that values are JSON texts, or may be.
    pub(crate) fn may_be_json(&self) -> bool {
        self.types.iter().any(|range| media::may_be_json(range))
    }

    /// Whether every value is a JSON text.
    pub(crate) fn is_json(&self) -> bool {
        !self.types.is_empty() && self.types.iter().all(|range| media::is_json(range))
    }

    /// Whether nothing is stated but what one value is without saying so.
    pub(crate) fn is_plain(&self) -> bool {
        self.types.iter().all(|range| range == "text/plain")
    }

    /// Whether what is stated is neither text nor JSON: a picture, say.
    pub(crate) fn is_neither_text_nor_json(&self) -> bool {
        let is_binary = |range: &String| !range.starts_with("text/") && !media::may_be_json(range);
        !self.types.is_empty() && self.types.iter().all(is_binary)
    }
}
