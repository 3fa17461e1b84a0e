//! An OpenAPI document.

use std::collections::BTreeMap;

use doorward_model::{Fault, Faults};
use http::Method;
use serde_json::{Map, Value};

use crate::bundle::{self, Version};
use crate::operation::Operation;
use crate::reference::{closest, follow};
use crate::source::Source;
use crate::{compile, pointer};

/// Path Item Object: the members that are operations.
pub(crate) const METHODS: [(&str, Method); 8] = [
    ("get", Method::GET),
    ("put", Method::PUT),
    ("post", Method::POST),
    ("delete", Method::DELETE),
    ("options", Method::OPTIONS),
    ("head", Method::HEAD),
    ("patch", Method::PATCH),
    ("trace", Method::TRACE),
];

/// An OpenAPI 3.0 or 3.1 document that was read; operations are compiled as they are asked for.
#[derive(Debug)]
pub struct Document {
    pub(crate) source: Source,
    pub(crate) version: Version,
    /// By `operationId`.
    pub(crate) operations: BTreeMap<String, Entry>,
}

/// Where an operation stands in the document.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Of the Path Item Object, after references.
    pub(crate) item: String,
    /// Of the Operation Object.
    pub(crate) at: String,
}

/// What an operation is called in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationName<'a> {
    /// The `operationId`.
    pub id: &'a str,
    /// Its method.
    pub method: &'a Method,
    /// Its path template.
    pub path: &'a str,
}

impl Document {
    /// Reads `text`, YAML or JSON of at most 1 MiB; `file` is how faults name it.
    ///
    /// # Errors
    /// The text is no unambiguous document, not of a version that is carried, or two operations share an id.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        let source = Source::read(file, text)?;
        let version = version(&source)?;
        if let Some(dialect) = source.value.get("jsonSchemaDialect")
            && !dialect.as_str().is_some_and(bundle::is_carried_dialect)
        {
            return Err(bundle::dialect_fault(&source, "/jsonSchemaDialect").into());
        }
        let mut faults = Vec::new();
        let operations = collect(&source, &mut faults);
        Faults(faults).or(Self { source, version, operations })
    }

    /// The operations that have an `operationId`, ordered by it.
    pub fn operations(&self) -> impl Iterator<Item = OperationName<'_>> {
        self.operations.iter().map(|(id, entry)| OperationName {
            id,
            method: &entry.method,
            path: &entry.path,
        })
    }

    /// Compiles the operation whose `operationId` is `id`.
    ///
    /// # Errors
    /// There is none, or what the document says of it cannot be checked; every such place is named.
    pub fn operation(&self, id: &str) -> Result<Operation, Faults> {
        let Some(entry) = self.operations.get(id) else {
            let message = format!("the contract has no operation `{}`", pointer::shown(id));
            let fault = self.source.fault("/paths", message);
            return Err(match closest(id, self.operations.keys().map(String::as_str)) {
                Some(name) => fault.hint(format!("did you mean `{}`?", pointer::shown(name))).into(),
                None => fault.into(),
            });
        };
        compile::operation(&self.source, self.version, entry)
    }
}

fn version(source: &Source) -> Result<Version, Fault> {
    let Some(root) = source.value.as_object() else {
        return Err(source.fault("", "the document is not an OpenAPI document"));
    };
    let expected = "expected `openapi: 3.0.x` or `openapi: 3.1.x`";
    match root.get("openapi") {
        Some(Value::String(version)) if version.starts_with("3.0.") => Ok(Version::V30),
        Some(Value::String(version)) if version.starts_with("3.1.") => Ok(Version::V31),
        Some(Value::String(version)) => {
            let message = format!("the OpenAPI version `{}` is not carried", pointer::shown(version));
            Err(source.fault("/openapi", message).hint(expected))
        }
        Some(_) => Err(source.fault("/openapi", "the OpenAPI version is not a text").hint(expected)),
        None => Err(source.fault("", "the document does not say its OpenAPI version").hint(expected)),
    }
}

fn collect(source: &Source, faults: &mut Vec<Fault>) -> BTreeMap<String, Entry> {
    let mut operations = BTreeMap::new();
    let empty = Map::new();
    let paths = match source.value.get("paths") {
        None => &empty,
        Some(Value::Object(paths)) => paths,
        Some(_) => {
            faults.push(source.fault("/paths", "`paths` must hold path items by path"));
            &empty
        }
    };
    for path in paths.keys().filter(|path| !path.starts_with("x-")) {
        let at = pointer::join("/paths", path);
        if !path.starts_with('/') {
            let message = format!("the path `{}` must begin with a slash", pointer::shown(path));
            faults.push(source.fault(&at, message));
            continue;
        }
        let (item, value) = match follow(source, &at) {
            Ok(found) => found,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        for (name, method) in &METHODS {
            let Some(id) = value.get(name).and_then(|operation| operation.get("operationId")) else {
                continue;
            };
            let entry = Entry {
                method: method.clone(),
                path: path.clone(),
                at: pointer::join(&item, name),
                item: item.clone(),
            };
            let place = pointer::join(&entry.at, "operationId");
            match id.as_str() {
                Some(id) if operations.contains_key(id) => {
                    let message = format!("two operations have the id `{}`", pointer::shown(id));
                    faults.push(source.fault(&place, message));
                }
                Some(id) => drop(operations.insert(id.to_owned(), entry)),
                None => faults.push(source.fault(&place, "an `operationId` must be a text")),
            }
        }
    }
    operations
}
