//! The schema resources of one document, and what stands in them by name: `$id`, `$anchor`, `$dynamicAnchor` (JSON
//! Schema Core 2020-12 sections 8.2.1 and 8.2.2; draft 7 section 8.2).

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use crate::dialect::Dialect;
use crate::resource_id::{NoId, ResourceId};
use crate::{pointer, subschemas};

/// What the names of one document may take, in bytes: places within places have long pointers.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Faults of names that one document is told of.
const MAX_FAULTS: usize = 100;

/// The schema resources of one document, read in one dialect.
#[derive(Debug)]
pub(crate) struct Resources {
    /// By where they stand. The document itself is always one.
    all: BTreeMap<String, Resource>,
    /// Where they stand, by what they are called.
    ids: HashMap<ResourceId, String>,
    /// What is wrong with the names.
    pub(crate) faults: Vec<NameFault>,
    bytes: usize,
}

/// One schema resource.
#[derive(Debug)]
pub(crate) struct Resource {
    /// What references within it are relative to.
    pub(crate) id: ResourceId,
    pub(crate) dialect: Dialect,
    /// By name.
    pub(crate) anchors: BTreeMap<String, Anchor>,
}

/// A named place in a resource.
#[derive(Debug)]
pub(crate) struct Anchor {
    pub(crate) at: String,
    /// Whether `$dynamicAnchor` says so.
    pub(crate) dynamic: bool,
    /// Whether another place in the resource has the same name.
    pub(crate) twice: bool,
}

/// A name that is none, at `at`.
#[derive(Debug)]
pub(crate) struct NameFault {
    pub(crate) at: String,
    pub(crate) message: String,
    pub(crate) hint: Option<&'static str>,
}

impl Resources {
    /// Those of the document `root`, which is the file `file`. Where `dialect` is OpenAPI 3.0's, an OpenAPI document
    /// names nothing.
    pub(crate) fn of(file: &str, root: &Value, dialect: Dialect) -> Self {
        let id = ResourceId::File(file.to_owned());
        let document = Resource { id: id.clone(), dialect, anchors: BTreeMap::new() };
        let mut resources = Self {
            all: BTreeMap::from([(String::new(), document)]),
            ids: HashMap::from([(id, String::new())]),
            faults: Vec::new(),
            bytes: 0,
        };
        let is_openapi = root.get("openapi").is_some();
        if is_openapi && dialect == Dialect::Draft202012 {
            subschemas::in_openapi(root, &mut |schema, at| resources.visit(schema, at, "", dialect));
        } else if !is_openapi {
            resources.visit(root, "", "", dialect);
        }
        resources
    }

    /// The resource that what stands at `at` belongs to, and where that begins.
    pub(crate) fn around(&self, at: &str) -> Option<(&str, &Resource)> {
        let mut here = at;
        loop {
            if let Some((place, resource)) = self.all.get_key_value(here) {
                return Some((place, resource));
            }
            here = here.get(..here.rfind('/')?)?;
        }
    }

    /// The resource that begins at `at`.
    pub(crate) fn at(&self, at: &str) -> Option<&Resource> {
        self.all.get(at)
    }

    /// Where the resource of this name stands.
    pub(crate) fn place(&self, id: &ResourceId) -> Option<&str> {
        self.ids.get(id).map(String::as_str)
    }

    /// Whether the schema at `at` is known by the anchor `name`.
    pub(crate) fn is_named(&self, at: &str, name: &str) -> bool {
        let anchor = self.around(at).and_then(|(_, resource)| resource.anchors.get(name));
        anchor.is_some_and(|anchor| anchor.twice || anchor.at == at)
    }

    fn visit(&mut self, schema: &Value, at: &str, inside: &str, dialect: Dialect) {
        let Value::Object(keywords) = schema else { return };
        if self.bytes > MAX_BYTES {
            return;
        }
        let (mut inside, mut dialect) = (inside.to_owned(), dialect);
        // Draft 7 passes over what stands beside a reference (section 8.3).
        if dialect != Dialect::Draft7 || !keywords.contains_key("$ref") {
            if let Some(id) = keywords.get("$id") {
                dialect = self.identify(id, keywords, at, &mut inside, dialect);
            }
            if dialect != Dialect::Draft7 {
                for (keyword, dynamic) in [("$anchor", false), ("$dynamicAnchor", true)] {
                    let Some(name) = keywords.get(keyword) else { continue };
                    match name.as_str().filter(|name| is_anchor(name)) {
                        Some(name) => self.anchor(name, at, keyword, &inside, dynamic),
                        None => self.fault(
                            pointer::join(at, keyword),
                            format!("`{keyword}` is not a name"),
                            Some("begin it with a letter or `_`, and go on with letters, digits, `-`, `_` and `.`"),
                        ),
                    }
                }
            }
        }
        subschemas::of(keywords, at, &mut |schema, at| self.visit(schema, at, &inside, dialect));
    }

    /// Reads the `$id` of the schema at `at`; `inside` becomes the place of the resource that begins there, and the
    /// dialect of that comes back.
    fn identify(
        &mut self,
        id: &Value,
        keywords: &Map<String, Value>,
        at: &str,
        inside: &mut String,
        dialect: Dialect,
    ) -> Dialect {
        let place = || pointer::join(at, "$id");
        let Some(id) = id.as_str() else {
            self.fault(place(), "an `$id` must be a text".to_owned(), None);
            return dialect;
        };
        let (path, fragment) = id.split_once('#').unwrap_or((id, ""));
        match (path, fragment) {
            (_, "") => {}
            ("", name) if dialect == Dialect::Draft7 && !name.starts_with('/') => {
                self.anchor(name, at, "$id", inside, false);
                return dialect;
            }
            _ => {
                let hint = if dialect == Dialect::Draft7 {
                    "write either the name of a document or `#` and a name"
                } else {
                    "names within a document are written as `$anchor`"
                };
                self.fault(place(), "an `$id` has no fragment".to_owned(), Some(hint));
                return dialect;
            }
        }
        // An empty reference is the document itself, which says nothing new.
        if path.is_empty() && at.is_empty() {
            return dialect;
        }
        let base = self.all.get(inside.as_str()).map(|resource| &resource.id);
        let resolved = match base {
            Some(base) if path.is_empty() => Ok(base.clone()),
            Some(base) => base.resolve(path),
            None => return dialect,
        };
        let name = match resolved {
            Ok(name) => name,
            Err(cause) => {
                let (message, hint) = spell(cause, id);
                self.fault(place(), message, hint);
                return dialect;
            }
        };
        let dialect = match keywords.get("$schema") {
            // What no dialect is known for is a fault where the schema is read.
            Some(stated) if !at.is_empty() => Dialect::named_by(stated).unwrap_or(dialect),
            _ => dialect,
        };
        if self.ids.get(&name).is_some_and(|other| other != at) {
            self.fault(place(), format!("two schemas have the `$id` `{}`", pointer::shown(id)), None);
            return dialect;
        }
        self.bytes += at.len() * 2 + name.len() * 2;
        self.check_bytes(at);
        self.ids.insert(name.clone(), at.to_owned());
        at.clone_into(inside);
        let resource = Resource { id: name, dialect, anchors: BTreeMap::new() };
        self.all.insert(at.to_owned(), resource);
        dialect
    }

    /// Notes that the schema at `at`, in the resource at `inside`, has this name.
    fn anchor(&mut self, name: &str, at: &str, keyword: &str, inside: &str, dynamic: bool) {
        self.bytes += at.len() + name.len();
        self.check_bytes(at);
        let Some(resource) = self.all.get_mut(inside) else { return };
        let twice = match resource.anchors.get_mut(name) {
            Some(known) => {
                known.dynamic |= dynamic;
                known.twice |= known.at != at;
                known.twice
            }
            None => {
                let anchor = Anchor { at: at.to_owned(), dynamic, twice: false };
                resource.anchors.insert(name.to_owned(), anchor);
                false
            }
        };
        if twice {
            let message = format!("two schemas have the name `{}`", pointer::shown(name));
            self.fault(pointer::join(at, keyword), message, None);
        }
    }

    fn check_bytes(&mut self, at: &str) {
        if self.bytes > MAX_BYTES && !self.faults.iter().any(|fault| fault.message.starts_with(TOO_MANY)) {
            let message = format!("{TOO_MANY} {MAX_BYTES} bytes");
            self.faults.push(NameFault { at: at.to_owned(), message, hint: None });
        }
    }

    fn fault(&mut self, at: String, message: String, hint: Option<&'static str>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(NameFault { at, message, hint });
        }
    }
}

const TOO_MANY: &str = "the names of schemas, and where they stand, take more than";

/// Core 2020-12 section 8.2.2: an XML `NCName`, of US-ASCII as its meta-schema has it.
fn is_anchor(name: &str) -> bool {
    let goes_on = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    name.bytes().all(goes_on)
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

fn spell(cause: NoId, id: &str) -> (String, Option<&'static str>) {
    let shown = pointer::shown(id);
    match cause {
        NoId::Outside => (
            format!("the `$id` `{shown}` leaves the bundle"),
            Some("write a URI, or a path that stays below the folder of the policies"),
        ),
        NoId::Remote | NoId::Malformed => {
            (format!("the `$id` `{shown}` is not a URI reference (RFC 3986)"), None)
        }
        NoId::TooLong => (format!("the `$id` `{shown}` is longer than can be kept"), None),
    }
}

#[cfg(test)]
mod tests;
