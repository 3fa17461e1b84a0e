//! An OpenAPI document.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use doorward_model::{Fault, Faults};
use http::Method;
use serde_json::{Map, Value};

use crate::dialect;
use crate::documents::Documents;
use crate::library::Library;
use crate::operation::Operation;
use crate::reference::{closest, follow};
use crate::shared::Shared;
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
    pub(crate) library: Arc<Library>,
    pub(crate) file: String,
    /// By `operationId`.
    pub(crate) operations: BTreeMap<String, Entry>,
    /// What operations share, once that is known.
    pub(crate) shared: OnceLock<Shared>,
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
    /// Reads the document at `file` of `library`: YAML or JSON of at most 16 MiB. What it refers to is read with the
    /// operations that do.
    ///
    /// # Errors
    /// The text is no unambiguous document, not of a version that is carried, or two operations share an id.
    pub fn open(library: &Arc<Library>, file: &str) -> Result<Self, Faults> {
        let documents = Documents::open(library, file)?;
        if !documents.is_openapi("") {
            return Err(dialect::no_version(documents.root()).into());
        }
        let mut faults = Vec::new();
        let operations = collect(&documents, &mut faults);
        let (library, file) = (Arc::clone(library), file.to_owned());
        Faults(faults).or(Self { library, file, operations, shared: OnceLock::new() })
    }

    /// As [`Self::open`], of a document that stands alone; `file` is how faults name it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        Self::open(&Arc::new(Library::new([(file, text)])), file)
    }

    /// The operations that have an `operationId`, ordered by it.
    pub fn operations(&self) -> impl Iterator<Item = OperationName<'_>> {
        self.operations.iter().map(|(id, entry)| OperationName {
            id,
            method: &entry.method,
            path: &entry.path,
        })
    }

    /// Compiles what the bodies of the operations with these `ids` share, which are to be asked for next: schemas that many
    /// refer to are else compiled for each. The first call counts.
    pub fn prepare<'a>(&self, ids: impl IntoIterator<Item = &'a str>) {
        self.share(ids.into_iter().filter_map(|id| self.operations.get(id)));
    }

    /// The same of the operations at `entries`.
    pub(crate) fn share<'e>(&self, entries: impl IntoIterator<Item = &'e Entry>) {
        if let Some(documents) = self.documents() {
            self.shared.get_or_init(|| Shared::of_bodies(&documents, entries));
        }
    }

    /// Compiles the operation whose `operationId` is `id`.
    ///
    /// # Errors
    /// There is none, or what the document says of it cannot be checked; every such place is named.
    pub fn operation(&self, id: &str) -> Result<Operation, Faults> {
        let documents = Documents::open(&self.library, &self.file)?;
        let Some(entry) = self.operations.get(id) else {
            let message = format!("the contract has no operation `{}`", pointer::shown(id));
            let fault = documents.fault("/paths", message);
            return Err(match closest(id, self.operations.keys().map(String::as_str)) {
                Some(name) => fault.hint(format!("did you mean `{}`?", pointer::shown(name))).into(),
                None => fault.into(),
            });
        };
        compile::operation(documents, entry, self.shared.get())
    }
}

fn collect(documents: &Documents<'_>, faults: &mut Vec<Fault>) -> BTreeMap<String, Entry> {
    let mut operations = BTreeMap::new();
    let empty = Map::new();
    let paths = match documents.value("/paths") {
        None => &empty,
        Some(Value::Object(paths)) => paths,
        Some(_) => {
            faults.push(documents.fault("/paths", "`paths` must hold path items by path"));
            &empty
        }
    };
    for path in paths.keys().filter(|path| !path.starts_with("x-")) {
        let at = pointer::join("/paths", path);
        if !path.starts_with('/') {
            let message = format!("the path `{}` must begin with a slash", pointer::shown(path));
            faults.push(documents.fault(&at, message));
            continue;
        }
        let (item, value) = match follow(documents, &at) {
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
                    faults.push(documents.fault(&place, message));
                }
                Some(id) => drop(operations.insert(id.to_owned(), entry)),
                None => faults.push(documents.fault(&place, "an `operationId` must be a text")),
            }
        }
    }
    operations
}
