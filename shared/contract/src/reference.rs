//! `$ref` within one document.

use doorward_model::Fault;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::pointer;
use crate::source::Source;

/// Links that one chain of references may have; a longer one is taken for a cycle.
const MAX_CHAIN: usize = 32;

/// The pointer that the `$ref` in the object at `at` leads to.
pub(crate) fn target(source: &Source, at: &str, reference: &Value) -> Result<String, Fault> {
    let fault = |message: String| source.fault(&pointer::join(at, "$ref"), message);
    let Some(reference) = reference.as_str() else {
        return Err(fault("a `$ref` must be a text".to_owned()));
    };
    let shown = pointer::shown(reference);
    let Some(fragment) = reference.strip_prefix('#') else {
        return Err(fault(format!("the reference `{shown}` leaves the document")).hint(
            "bring everything into one document; references to other files and addresses are not followed",
        ));
    };
    let decoded = percent_decode_str(fragment).decode_utf8_lossy();
    if !decoded.starts_with('/') {
        return Err(fault(format!("the reference `{shown}` is not a JSON Pointer"))
            .hint("write it as `#/components/schemas/NAME`"));
    }
    if source.value.pointer(&decoded).is_none() {
        let fault = fault(format!("the reference `{shown}` points nowhere"));
        return Err(match nearest(source, &decoded) {
            Some(name) => fault.hint(format!("did you mean `{}`?", pointer::shown(&name))),
            None => fault,
        });
    }
    Ok(decoded.into_owned())
}

/// Follows the object at `at` while it is nothing but a reference: OpenAPI's Reference Object.
pub(crate) fn follow<'a>(source: &'a Source, at: &str) -> Result<(String, &'a Value), Fault> {
    let mut here = at.to_owned();
    for _ in 0..MAX_CHAIN {
        let value = source.value.pointer(&here).unwrap_or(&Value::Null);
        match value.get("$ref") {
            Some(reference) => here = target(source, &here, reference)?,
            None => return Ok((here, value)),
        }
    }
    Err(source.fault(&pointer::join(at, "$ref"), "the reference leads back to itself"))
}

/// The name that was probably meant by the last token of `pointer`, among those that exist beside it.
fn nearest(source: &Source, pointer: &str) -> Option<String> {
    let (parent, _) = pointer.rsplit_once('/')?;
    let wanted = pointer::tokens(pointer).last()?;
    let siblings = source.value.pointer(parent)?.as_object()?;
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
    use expect_test::{Expect, expect};

    const TEXT: &str = r##"{"components": {
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
        let source = Source::read("f", TEXT).unwrap();
        let found = match follow(&source, &format!("/components/parameters/{name}")) {
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
            f:8:21: the reference `https://example.com/a.json#/x` leaves the document
              hint: bring everything into one document; references to other files and addresses are not followed"#]],
        );
        check(
            "file",
            expect![[r#"
            f:9:22: the reference `other.yaml` leaves the document
              hint: bring everything into one document; references to other files and addresses are not followed"#]],
        );
        check(
            "anchor",
            expect![[r#"
            f:10:24: the reference `#order` is not a JSON Pointer
              hint: write it as `#/components/schemas/NAME`"#]],
        );
        check("odd", expect!["f:11:21: a `$ref` must be a text"]);
    }
}
