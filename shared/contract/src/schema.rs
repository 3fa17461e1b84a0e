//! A JSON Schema that describes a payload by itself.

use doorward_model::{Fault, Faults, LocatedJsonFault, MalformedJson, Omission, Shape, Violation};
use serde_json::Value;

use crate::bundle::{Bundle, Direction};
use crate::checker::Checker;
use crate::dialect::Dialect;
use crate::documents::Documents;
use crate::library::Library;
use crate::{pointer, shape};

/// One schema, ready to check values: a JSON Schema document (2020-12 or draft 7, as `$schema` says; 2020-12 where it
/// says nothing), or a schema within one or within an OpenAPI document.
#[derive(Debug)]
pub struct Schema {
    checker: Checker,
    input: Shape,
    omissions: Vec<Omission>,
}

impl Schema {
    /// Compiles the schema at `place` of the document `file`: a JSON Pointer, the name of an `$anchor`, or nothing, for
    /// the whole document.
    ///
    /// # Errors
    /// There is none, or something of it cannot be checked; every such place is named.
    pub fn compile(library: &Library, file: &str, place: &str) -> Result<Self, Faults> {
        let documents = Documents::open(library, file)?;
        let at = find(&documents, place)?;
        let mut faults = Vec::new();
        let Some(bundle) = Bundle::gather(&documents, Direction::Request, &at, &mut faults) else {
            faults.sort_by_key(|fault| fault.place.as_ref().map(|place| place.span.start));
            return Err(Faults(faults));
        };
        let checker = Checker::compile(&documents, &bundle)?;
        let (input, omissions) = shape::of(&bundle);
        Ok(Self { checker, input, omissions })
    }

    /// What is told of a text that should have been a value that the schema describes.
    #[must_use]
    pub fn malformed(&self, located: LocatedJsonFault) -> MalformedJson {
        self.checker.malformed("body", located)
    }

    /// Where `value` breaks the schema; at most twenty places.
    #[must_use]
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        self.checker.violations("body", "", value)
    }

    /// The type tree of what it describes.
    #[must_use]
    pub fn input(&self) -> &Shape {
        &self.input
    }

    /// What values may hold that [`Self::input`] says nothing of.
    #[must_use]
    pub fn omissions(&self) -> &[Omission] {
        &self.omissions
    }
}

/// Where in the document the schema stands that is called `place`.
fn find(documents: &Documents<'_>, place: &str) -> Result<String, Fault> {
    let shown = pointer::shown(place);
    let root = documents.root();
    if place.is_empty() && documents.is_openapi("") {
        return Err(root
            .fault("", "an OpenAPI document is no schema")
            .hint("write the schema's place after `#`: `#/components/schemas/NAME`"));
    }
    if place.is_empty() || place.starts_with('/') {
        return match documents.value(place) {
            Some(_) => Ok(place.to_owned()),
            None => Err(root.fault(place, format!("there is no schema at `#{shown}`"))),
        };
    }
    match documents.anchored("", documents.dialect, place) {
        Some((_, found)) if found.twice => {
            Err(root.fault("", format!("more than one schema here is named `{shown}`")))
        }
        Some((at, _)) => Ok(at),
        None => Err(root
            .fault("", format!("no schema here is named `{shown}`"))
            .hint("write the schema's place after `#`: `#/$defs/NAME`")),
    }
}

/// The faults that a file of contracts has whatever refers to it: an OpenAPI document of its own form, or a schema of a
/// dialect that is carried.
pub fn check_form(library: &std::sync::Arc<Library>, file: &str) -> Result<(), Faults> {
    let documents = Documents::open(library, file)?;
    if documents.is_openapi("") {
        return crate::Document::open(library, file).map(drop);
    }
    let root = documents.root();
    match &root.value {
        Value::Object(_) | Value::Bool(_) => Dialect::stated(root).map(drop).map_err(Faults::from),
        _ => Err(root.fault("", "the document is neither an OpenAPI document nor a JSON Schema").into()),
    }
}
