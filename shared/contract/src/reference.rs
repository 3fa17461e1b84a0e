//! `$ref` within the files of one library.

use doorward_model::Fault;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::dialect::Dialect;
use crate::documents::{Documents, NotFound};
use crate::pointer;

/// Links that one chain of references may have; a longer one is taken for a cycle.
const MAX_CHAIN: usize = 32;

/// Where a reference leads.
pub(crate) struct Target {
    pub(crate) at: String,
    /// What its file is read in.
    pub(crate) dialect: Dialect,
    /// The name by which it is known there, if that was given by `$dynamicAnchor`.
    pub(crate) dynamic: Option<String>,
}

/// The place that the reference `keyword` in the object at `at` leads to, in a file that is read in `dialect`.
pub(crate) fn target(
    documents: &Documents<'_>,
    dialect: Dialect,
    at: &str,
    keyword: &str,
    reference: &Value,
) -> Result<Target, Fault> {
    let fault = |message: String| documents.fault(&pointer::join(at, keyword), message);
    let Some(reference) = reference.as_str() else {
        return Err(fault(format!("a `{keyword}` must be a text")));
    };
    let shown = pointer::shown(reference);
    let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let root = documents.locate(at, dialect, path).map_err(|cause| explain(cause, &shown, &fault))?;
    let dialect = documents.dialect_from(at, dialect, &root)?;
    let decoded = percent_decode_str(fragment).decode_utf8_lossy();
    if !decoded.is_empty() && !decoded.starts_with('/') {
        return anchored(documents, dialect, &root, &decoded, &shown, fault);
    }
    let target = format!("{root}{decoded}");
    if documents.value(&target).is_none() {
        let fault = fault(format!("the reference `{shown}` points nowhere"));
        return Err(match nearest(documents, &target) {
            Some(name) => fault.hint(format!("did you mean `{}`?", pointer::shown(&name))),
            None => fault,
        });
    }
    Ok(Target { at: target, dialect, dynamic: None })
}

/// Why the reference that is `shown` leads nowhere.
fn explain(cause: NotFound, shown: &str, fault: &dyn Fn(String) -> Fault) -> Fault {
    match cause {
        NotFound::Remote => fault(format!("the reference `{shown}` is remote")).hint(
            "nothing is fetched: put the document beside this one, and refer to it by its relative path",
        ),
        NotFound::Outside => fault(format!("the reference `{shown}` leaves the bundle")).hint(
            "files are named relative to the one that refers to them, below the folder of the policies",
        ),
        NotFound::Missing(closest) => {
            let fault = fault(format!("the reference `{shown}` leads to a file that is not there"));
            match closest {
                Some(name) => fault.hint(format!("did you mean `{}`?", pointer::shown(&name))),
                None => fault,
            }
        }
        NotFound::Unreadable(faults) => {
            faults.0.into_iter().next().unwrap_or_else(|| {
                fault(format!("the reference `{shown}` leads to a file that cannot be read"))
            })
        }
        NotFound::Ambiguous => fault(format!(
            "the reference `{shown}` means schemas of several files, which have the same `$id`"
        )),
        NotFound::Unknown(uri) => fault(format!(
            "the reference `{shown}` means `{}`, which no schema here is called",
            pointer::shown(&uri)
        ))
        .hint("it is relative to the `$id` around it, and nothing is fetched: name a schema so by its `$id`"),
    }
}

/// The one place in the resource that begins at `root` that has the name `anchor`.
fn anchored(
    documents: &Documents<'_>,
    dialect: Dialect,
    root: &str,
    anchor: &str,
    shown: &str,
    fault: impl Fn(String) -> Fault,
) -> Result<Target, Fault> {
    match documents.anchored(root, dialect, anchor) {
        Some((_, found)) if found.twice => {
            Err(fault(format!("the reference `{shown}` names more than one schema")))
        }
        Some((at, found)) => {
            let dynamic = found.dynamic.then(|| anchor.to_owned());
            Ok(Target { at, dialect, dynamic })
        }
        None if documents.is_openapi(root) => {
            Err(fault(format!("the reference `{shown}` is not a JSON Pointer"))
                .hint("write it as `#/components/schemas/NAME`"))
        }
        None => Err(fault(format!("the reference `{shown}` names no schema"))
            .hint("a schema is named by `$anchor`, in draft 7 by `$id: \"#name\"`; or write a JSON Pointer")),
    }
}

/// Follows the object at `at` while it is nothing but a reference: OpenAPI's Reference Object.
pub(crate) fn follow<'l>(documents: &Documents<'l>, at: &str) -> Result<(String, &'l Value), Fault> {
    let mut here = at.to_owned();
    for _ in 0..MAX_CHAIN {
        let value = documents.value(&here).unwrap_or(&Value::Null);
        match value.get("$ref") {
            Some(reference) => {
                let dialect = documents.dialect_at(&here, documents.dialect)?;
                here = target(documents, dialect, &here, "$ref", reference)?.at;
            }
            None => return Ok((here, value)),
        }
    }
    Err(documents.fault(&pointer::join(at, "$ref"), "the reference leads back to itself"))
}

/// The name that was probably meant by the last token of `pointer`, among those that exist beside it.
fn nearest(documents: &Documents<'_>, pointer: &str) -> Option<String> {
    let (parent, _) = pointer.rsplit_once('/')?;
    let wanted = pointer::tokens(pointer).last()?;
    let siblings = documents.value(parent)?.as_object()?;
    closest(&wanted, siblings.keys().map(String::as_str)).map(str::to_owned)
}

/// The one of `names` that is most like `wanted`, if it is like it at all.
pub(crate) fn closest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::normalized_damerau_levenshtein(wanted, name), name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;
    use expect_test::{Expect, expect};

    const TEXT: &str = r##"{"openapi": "3.1.0", "components": {
        "schemas": {"Order": {}, "a/b c": {}},
        "parameters": {
            "one": {"$ref": "#/components/parameters/two"},
            "two": {"$ref": "#/components/parameters/one"},
            "fine": {"$ref": "#/components/schemas/a~1b%20c"},
            "gone": {"$ref": "#/components/schemas/Oder"},
            "far": {"$ref": "https://example.com/a.json#/x"},
            "file": {"$ref": "other.yaml"},
            "anchor": {"$ref": "#order"},
            "odd": {"$ref": 1}
        }}}"##;

    #[track_caller]
    fn check(name: &str, expected: Expect) {
        let library = Library::new([("f", TEXT)]);
        let documents = Documents::open(&library, "f").unwrap();
        let found = match follow(&documents, &format!("/components/parameters/{name}")) {
            Ok((pointer, _)) => pointer,
            Err(fault) => fault.to_string(),
        };
        expected.assert_eq(&found);
    }

    #[test]
    fn references_lead_somewhere_in_the_document_or_are_faults() {
        check("fine", expect!["/components/schemas/a~1b c"]);
        check("one", expect!["f:4:21: the reference leads back to itself"]);
        check(
            "gone",
            expect![[r#"
            f:7:22: the reference `#/components/schemas/Oder` points nowhere
              hint: did you mean `Order`?"#]],
        );
        check(
            "far",
            expect![[r#"
                f:8:21: the reference `https://example.com/a.json#/x` is remote
                  hint: nothing is fetched: put the document beside this one, and refer to it by its relative path"#]],
        );
        check("file", expect!["f:9:22: the reference `other.yaml` leads to a file that is not there"]);
        check(
            "anchor",
            expect![[r#"
            f:10:24: the reference `#order` is not a JSON Pointer
              hint: write it as `#/components/schemas/NAME`"#]],
        );
        check("odd", expect!["f:11:21: a `$ref` must be a text"]);
    }
}
