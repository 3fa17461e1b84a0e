//! One document, and the others of its library that it refers to.
//!
//! A place is written as a JSON Pointer where it is in the document itself; one in another file begins with the file's
//! path and `#`.

use doorward_model::{Fault, Faults, Place};
use serde_json::Value;

use crate::anchors;
use crate::dialect::Dialect;
use crate::library::Library;
use crate::pointer;
use crate::source::Source;

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

    /// Whether `at` is in an OpenAPI document, whose schemas have no names but their places.
    pub(crate) fn is_openapi(&self, at: &str) -> bool {
        self.source(at).value.get("openapi").is_some()
    }

    /// The dialect at `at`, where what refers there has `inherited`.
    pub(crate) fn dialect_at(&self, at: &str, inherited: Dialect) -> Result<Dialect, Fault> {
        match file_of(at) {
            None => Ok(self.dialect),
            Some(_) => Ok(Dialect::stated(self.source(at))?.unwrap_or(inherited)),
        }
    }

    /// The root of the file that `path` names, as it is written in the file of `at`; without a path that file's own.
    pub(crate) fn follow_file(&self, at: &str, path: &str) -> Result<String, FileFault> {
        let own = file_of(at).unwrap_or(self.file);
        let root = |file: &str| if file == self.file { String::new() } else { format!("{file}#") };
        let is_own_id = |id: &str| id.trim_end_matches('#') == path;
        if path.is_empty() || self.source(at).value.get("$id").and_then(Value::as_str).is_some_and(is_own_id)
        {
            return Ok(root(own));
        }
        let file = relative(own, path)?;
        match self.library.source(&file) {
            Some(Ok(_)) => Ok(root(&file)),
            Some(Err(faults)) => Err(FileFault::Unreadable(faults.clone())),
            None => Err(FileFault::Missing(
                crate::reference::closest(&file, self.library.names()).map(str::to_owned),
            )),
        }
    }

    /// The places in the file whose root is at `root` that have the name `anchor`.
    pub(crate) fn anchored(&self, root: &str, anchor: &str) -> Vec<String> {
        let places = anchors::of(&self.source(root).value, anchor);
        places.into_iter().map(|place| format!("{root}{place}")).collect()
    }
}

/// Why a reference leads to no file.
pub(crate) enum FileFault {
    /// To another machine, or by a name that is no file's.
    Remote,
    /// Out of the folder that holds everything.
    Outside,
    /// To none that is there; the likeliest one that was meant.
    Missing(Option<String>),
    /// To one with faults.
    Unreadable(Faults),
}

/// The file of a place that is not in the document itself.
fn file_of(at: &str) -> Option<&str> {
    (!at.is_empty() && !at.starts_with('/')).then(|| at.split_once('#').map_or(at, |(file, _)| file))
}

/// `path`, relative to the folder of the file `own`.
fn relative(own: &str, path: &str) -> Result<String, FileFault> {
    let path = doorward_model::percent_decode_exactly(path).ok_or(FileFault::Outside)?;
    let scheme = path.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    if scheme || path.starts_with("//") || path.contains('?') {
        return Err(FileFault::Remote);
    }
    if path.starts_with('/') || path.contains(['\\', '#']) || path.chars().any(char::is_control) {
        return Err(FileFault::Outside);
    }
    let mut segments: Vec<&str> = own.split('/').collect();
    segments.pop();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => drop(segments.pop().ok_or(FileFault::Outside)?),
            "" => return Err(FileFault::Outside),
            name => segments.push(name),
        }
    }
    Ok(segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        assert_eq!(relative("contracts/shop/a.yaml", path).ok().as_deref(), expected, "{path}");
    }

    #[test]
    fn paths_stay_in_the_folder_that_holds_everything() {
        check("b.yaml", Some("contracts/shop/b.yaml"));
        check("./b%20c.yaml", Some("contracts/shop/b c.yaml"));
        check("../common/b.yaml", Some("contracts/common/b.yaml"));
        check("../../b.yaml", Some("b.yaml"));
        for path in [
            "../../../b.yaml",
            "%2E%2E/../../b.yaml",
            "/etc/passwd",
            "//example.com/b.yaml",
            "http://example.com/b.yaml",
            "file:b.yaml",
            "urn:example:b",
            "c:b.yaml",
            "b.yaml?x=1",
            "a//b.yaml",
            "a\\b.yaml",
            "b%00.yaml",
            "b%zz.yaml",
            "b%23.yaml",
            "",
        ] {
            check(path, None);
        }
    }
}
