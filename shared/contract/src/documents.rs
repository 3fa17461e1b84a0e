//! One document, and the others of its library that it refers to.
//!
//! A place is written as a JSON Pointer where it is in the document itself; one in another file begins with the file's
//! path and `#`.

use doorward_model::{Fault, Faults, Place};
use serde_json::Value;

use crate::dialect::Dialect;
use crate::library::Library;
use crate::metaschemas;
use crate::pointer;
use crate::resource_id::{NoId, ResourceId, has_scheme};
use crate::resources::{Anchor, Resource, Resources};
use crate::source::Source;

/// The fields of an OpenAPI Object beside its components, of 3.0 and 3.1.
const OPENAPI_FIELDS: [&str; 9] = [
    "openapi",
    "info",
    "jsonSchemaDialect",
    "servers",
    "paths",
    "webhooks",
    "security",
    "tags",
    "externalDocs",
];

/// A document in its library.
#[derive(Clone, Copy)]
pub(crate) struct Documents<'l> {
    library: &'l Library,
    file: &'l str,
    root: &'l Source,
    /// The dialect of what states none.
    pub(crate) dialect: Dialect,
}

impl<'l> Documents<'l> {
    /// The document `file` of `library`, which must state a dialect that is carried, or none.
    pub(crate) fn open(library: &'l Library, file: &'l str) -> Result<Self, Faults> {
        let root = match library.source(file) {
            Some(read) => read.map_err(Clone::clone)?,
            None => {
                return Err(
                    Fault::new(format!("the contract `{}` is not there", pointer::shown(file))).into()
                );
            }
        };
        let dialect = Dialect::stated(root)?.unwrap_or(Dialect::Draft202012);
        Ok(Self { library, file, root, dialect })
    }

    /// The document itself.
    pub(crate) fn root(&self) -> &'l Source {
        self.root
    }

    /// The file that `at` is in, its content, and the pointer there; `None` for a file that cannot be read, where
    /// nothing is.
    fn find<'a>(&self, at: &'a str) -> Option<(&'l Source, &'a str)> {
        match file_of(at) {
            None => Some((self.root, at)),
            Some(file) => Some((self.library.source(file)?.ok()?, at.get(file.len() + 1..)?)),
        }
    }

    /// What stands at `at`.
    pub(crate) fn value(&self, at: &str) -> Option<&'l Value> {
        let (source, pointer) = self.find(at)?;
        source.value.pointer(pointer)
    }

    /// The content of the file that `at` is in.
    fn source(&self, at: &str) -> &'l Source {
        self.find(at).map_or(self.root, |(source, _)| source)
    }

    /// Where what stands at `at` is written.
    pub(crate) fn place(&self, at: &str) -> Place {
        match self.find(at) {
            Some((source, pointer)) => source.place(pointer),
            None => self.root.place(""),
        }
    }

    /// Whether the member at `at` is written as a number that was rounded when it was read.
    pub(crate) fn is_rounded(&self, at: &str) -> bool {
        self.find(at).is_some_and(|(source, pointer)| source.is_rounded(pointer))
    }

    /// A fault at `at`.
    pub(crate) fn fault(&self, at: &str, message: impl Into<String>) -> Fault {
        Fault::new(message).at(self.place(at))
    }

    /// Keeps a note on the document, which is no fault.
    pub(crate) fn note(&self, note: Fault) {
        self.library.keep(note);
    }

    /// Whether `at` is in an OpenAPI document, whose schemas have no names but their places.
    pub(crate) fn is_openapi(&self, at: &str) -> bool {
        self.source(at).value.get("openapi").is_some()
    }

    /// Whether an object of OpenAPI's own stands at `at`, in which no schema is looked for: the document itself, its `info`, a
    /// parameter.
    pub(crate) fn is_other_object(&self, at: &str) -> bool {
        let place = file_of(at).and_then(|file| at.strip_prefix(self.root_of(file).as_str())).unwrap_or(at);
        let mut tokens = pointer::tokens(place);
        let is_own = match tokens.next().as_deref() {
            None => true,
            Some("components") => tokens.next().is_none_or(|kind| kind != "schemas"),
            Some(field) => OPENAPI_FIELDS.contains(&field),
        };
        is_own && self.is_openapi(at) && !tokens.any(|token| token == "schema")
    }

    /// The dialect that the file of `at` is read in, where what refers there has `inherited`.
    pub(crate) fn dialect_at(&self, at: &str, inherited: Dialect) -> Result<Dialect, Fault> {
        match file_of(at) {
            None => Ok(self.dialect),
            Some(_) => Ok(Dialect::stated(self.source(at))?.unwrap_or(inherited)),
        }
    }

    /// The dialect that the file of `to` is read in, where what stands at `at`, in a file that is read in `dialect`, refers
    /// there.
    pub(crate) fn dialect_from(&self, at: &str, dialect: Dialect, to: &str) -> Result<Dialect, Fault> {
        if file_of(at) == file_of(to) {
            return Ok(dialect);
        }
        self.dialect_at(to, self.resource(at, dialect).map_or(dialect, |(_, resource)| resource.dialect))
    }

    /// The schema resources of the file of `at`, which is read in `dialect`.
    pub(crate) fn resources(&self, at: &str, dialect: Dialect) -> &'l Resources {
        self.source(at).resources(dialect)
    }

    /// The file that `at` is in.
    pub(crate) fn file<'a>(&self, at: &'a str) -> &'a str
    where
        'l: 'a,
    {
        file_of(at).unwrap_or(self.file)
    }

    /// What is wrong with the names of schemas in the file of `at`, which is read in `dialect`.
    pub(crate) fn name_faults(&self, at: &str, dialect: Dialect) -> Vec<Fault> {
        let source = self.source(at);
        let faults = source.resources(dialect).faults.iter().map(|found| {
            let fault = source.fault(&found.at, found.message.as_str());
            match found.hint {
                Some(hint) => fault.hint(hint),
                None => fault,
            }
        });
        faults.collect()
    }

    /// Whether the keyword `name` at `at` names the schema that has it, or has a fault that says why not.
    pub(crate) fn is_name(&self, at: &str, name: &str, value: &Value, dialect: Dialect) -> bool {
        let Some((source, inside)) = self.find(at) else { return false };
        let resources = source.resources(dialect);
        let schema = inside.rsplit_once('/').map_or("", |(schema, _)| schema);
        let text = value.as_str().unwrap_or_default();
        let is_known = match name {
            "$id" => {
                resources.at(schema).is_some()
                    || text.strip_prefix('#').is_some_and(|text| resources.is_named(schema, text))
            }
            "$dynamicAnchor" => resources.is_named(schema, text),
            // A place that nothing refers to by its name may have one.
            _ => true,
        };
        is_known || resources.faults.iter().any(|fault| fault.at == inside)
    }

    /// What is called `anchor` in the resource that begins at `root`, in a file that is read in `dialect`, and where that
    /// stands.
    pub(crate) fn anchored(
        &self,
        root: &str,
        dialect: Dialect,
        anchor: &str,
    ) -> Option<(String, &'l Anchor)> {
        let (source, pointer) = self.find(root)?;
        let found = source.resources(dialect).at(pointer)?.anchors.get(anchor)?;
        Some((format!("{}{}", root.get(..root.len() - pointer.len())?, found.at), found))
    }

    /// The schema resource that `at` is in, and where it begins.
    pub(crate) fn resource<'a>(&self, at: &'a str, dialect: Dialect) -> Option<(&'a str, &'l Resource)> {
        let (source, pointer) = self.find(at)?;
        let (place, resource) = source.resources(dialect).around(pointer)?;
        // A resource begins at a place that `at` leads through.
        Some((at.get(..at.len() - pointer.len() + place.len())?, resource))
    }

    /// Where the resource begins that `path`, a reference without its fragment, names at `at`, in a file that is read in
    /// `dialect`.
    ///
    /// It is called so by its `$id`, first of all in the same file, or it is the file of that name. From a document that
    /// is named, a relative path also leads to the file beside it.
    pub(crate) fn locate(&self, at: &str, dialect: Dialect, path: &str) -> Result<String, NotFound> {
        let own = file_of(at).unwrap_or(self.file);
        let Some((here, resource)) = self.resource(at, dialect) else { return Err(NotFound::Remote) };
        if path.is_empty() {
            return Ok(here.to_owned());
        }
        let resolved = resource.id.resolve(path);
        if let Some(place) = resolved.as_ref().ok().and_then(|id| self.resources(at, dialect).place(id)) {
            return Ok(self.root_of(own) + place);
        }
        let beside = self.beside(own, &resource.id, here == self.root_of(own), path);
        let known = beside.as_ref().ok().filter(|file| self.library.source(file).is_some());
        match (&resolved, known) {
            (Ok(ResourceId::File(named)), Some(file)) if named == file => {}
            (Ok(id), known) => match self.identified(id, resource.dialect).as_slice() {
                [] => {}
                [(file, place)] => return Ok(self.root_of(file) + place),
                several if known.is_some_and(|known| several.contains(&(known.as_str(), ""))) => {}
                _ => return Err(NotFound::Ambiguous),
            },
            (Err(_), _) => {}
        }
        let file = match (beside, resolved) {
            (Ok(file), _) => file,
            (Err(NotFound::Remote), Ok(ResourceId::Uri(uri))) if !has_scheme(path) => {
                return Err(NotFound::Unknown(uri));
            }
            (Err(cause), _) => return Err(cause),
        };
        match self.library.source(&file) {
            Some(Ok(_)) => Ok(self.root_of(&file)),
            Some(Err(faults)) => Err(NotFound::Unreadable(faults.clone())),
            None => {
                let closest = crate::reference::closest(&file, self.library.names());
                Err(NotFound::Missing(closest.map(str::to_owned)))
            }
        }
    }

    /// Where the schema resources stand that other files call `id`. Files that cannot be read hold none; one that states
    /// no dialect is read in `inherited`. A meta-schema stands in a file of its own, unless another has its name.
    fn identified(&self, id: &ResourceId, inherited: Dialect) -> Vec<(&'l str, &'l str)> {
        let mut found = Vec::new();
        for file in self.library.names() {
            let Some(Ok(source)) = self.library.source(file) else { continue };
            let Ok(stated) = Dialect::stated(source) else { continue };
            let dialect = if file == self.file { self.dialect } else { stated.unwrap_or(inherited) };
            found.extend(source.resources(dialect).place(id).map(|place| (file, place)));
        }
        if let (true, ResourceId::Uri(uri)) = (found.is_empty(), id) {
            found.extend(metaschemas::find(uri).map(|source| (source.file(), "")));
        }
        found
    }

    /// The file that `path` names, from the file `own` or a resource within it that is called `id`.
    fn beside(&self, own: &str, id: &ResourceId, is_whole: bool, path: &str) -> Result<String, NotFound> {
        if path.starts_with('/') && !path.starts_with("//") {
            return Err(NotFound::Outside);
        }
        let from = match id {
            _ if is_whole => &ResourceId::File(own.to_owned()),
            ResourceId::File(_) => id,
            ResourceId::Uri(_) => return Err(NotFound::Remote),
        };
        match from.resolve(path) {
            Ok(ResourceId::File(file)) => Ok(file),
            Ok(ResourceId::Uri(_)) | Err(NoId::Remote | NoId::Malformed) => Err(NotFound::Remote),
            Err(NoId::Outside | NoId::TooLong) => Err(NotFound::Outside),
        }
    }

    /// Where the content of `file` begins.
    fn root_of(&self, file: &str) -> String {
        if file == self.file { String::new() } else { format!("{file}#") }
    }
}

/// Why a reference leads nowhere.
pub(crate) enum NotFound {
    /// To another machine, or by a name that is no file's.
    Remote,
    /// Out of the folder that holds everything.
    Outside,
    /// To none that is there; the likeliest one that was meant.
    Missing(Option<String>),
    /// To one with faults.
    Unreadable(Faults),
    /// To what several files call a schema of theirs.
    Ambiguous,
    /// To this URI, which is that of no schema.
    Unknown(String),
}

/// The file of a place that is not in the document itself.
fn file_of(at: &str) -> Option<&str> {
    (!at.is_empty() && !at.starts_with('/')).then(|| at.split_once('#').map_or(at, |(file, _)| file))
}
