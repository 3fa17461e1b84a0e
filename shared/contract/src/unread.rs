//! Keywords and formats that nothing reads: a misspelt one holds no value to anything.

use doorward_model::Fault;
use serde_json::Value;

use crate::bundle::{INNER, SAME, SAME_LIST};
use crate::dialect::Dialect;
use crate::documents::Documents;
use crate::formats;
use crate::gather::{NAMING, PLAIN};
use crate::pointer::shown;
use crate::reference::closest;

/// Keywords that are read in ways of their own.
const OTHERS: [&str; 9] = [
    "$ref",
    "$schema",
    "dependentSchemas",
    "dependencies",
    "additionalItems",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
];
/// Keywords that assert nothing: annotations, what holds schemas for references, and what OpenAPI has for the serialized form.
const ANNOTATIONS: [&str; 20] = [
    "$comment",
    "$defs",
    "$recursiveAnchor",
    "$vocabulary",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "definitions",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "id",
    "readOnly",
    "title",
    "writeOnly",
    "xml",
];
/// Formats of JSON Schema and of OpenAPI's Format Registry that annotate.
const FORMATS: [&str; 35] = [
    "base64url",
    "binary",
    "char",
    "commonmark",
    "date-time-local",
    "decimal",
    "decimal128",
    "double",
    "double-int",
    "float",
    "html",
    "http-date",
    "idn-email",
    "idn-hostname",
    "int16",
    "int8",
    "iri",
    "iri-reference",
    "json-pointer",
    "media-range",
    "password",
    "regex",
    "relative-json-pointer",
    "sf-binary",
    "sf-boolean",
    "sf-decimal",
    "sf-integer",
    "sf-string",
    "sf-token",
    "time-local",
    "uint16",
    "uint32",
    "uint8",
    "unixtime",
    "uri-template",
];

/// What is told of the keyword `name` at `at`, with this value, where nothing reads it.
pub(crate) fn note(
    documents: &Documents<'_>,
    dialect: Dialect,
    name: &str,
    value: &Value,
    at: &str,
) -> Option<Fault> {
    if name == "format" {
        let format = value.as_str()?;
        let known = || formats::OF_TEXTS.iter().chain(&formats::OF_INTEGERS).chain(&FORMATS).copied();
        if known().any(|name| name == format) {
            return None;
        }
        let note = documents.fault(at, format!("no value is held to the format `{}`", shown(format)));
        return Some(did_you_mean(note, closest(format, known())));
    }
    if name == "nullable" && dialect != Dialect::OpenApi30 {
        let note = documents.fault(at, "nothing reads the keyword `nullable` here");
        return Some(note.hint("list `null` among the types: `type: [string, \"null\"]`"));
    }
    let read = || {
        let listed = PLAIN.iter().chain(&NAMING).chain(&INNER).chain(&SAME).chain(&SAME_LIST).chain(&OTHERS);
        listed.chain(["nullable"].iter().filter(|_| dialect == Dialect::OpenApi30)).copied()
    };
    let is_known = name.starts_with("x-") || ANNOTATIONS.contains(&name) || read().any(|known| known == name);
    (!is_known).then(|| {
        let note = documents.fault(at, format!("nothing reads the keyword `{}`", shown(name)));
        did_you_mean(note, closest(name, read().chain(ANNOTATIONS)))
    })
}

fn did_you_mean(note: Fault, name: Option<&str>) -> Fault {
    match name {
        Some(name) => note.hint(format!("did you mean `{name}`?")),
        None => note,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::library::Library;
    use crate::schema::Schema;

    #[track_caller]
    fn check(schema: serde_json::Value, expected: &[&str]) {
        let library = Library::new([("f", schema.to_string())]);
        Schema::compile(&library, "f", "").unwrap();
        Schema::compile(&library, "f", "").unwrap();
        let notes = library.notes();
        let told = notes.iter().map(|note| {
            let hint = note.hint.iter().map(|hint| format!("; {hint}"));
            note.message.clone() + &hint.collect::<String>()
        });
        assert_eq!(told.collect::<Vec<_>>(), expected, "{schema}");
    }

    #[test]
    fn what_nothing_reads_is_told_once_with_the_likely_name() {
        check(
            json!({"properties": {"a": {"format": "dat"}, "b": {"minimun": 1, "x-own": 2, "title": "t"}}, "propertis": {}}),
            &[
                "no value is held to the format `dat`; did you mean `date`?",
                "nothing reads the keyword `minimun`; did you mean `minimum`?",
                "nothing reads the keyword `propertis`; did you mean `properties`?",
            ],
        );
        check(json!({"nonsense": 1}), &["nothing reads the keyword `nonsense`"]);
        check(
            json!({"type": "string", "nullable": true}),
            &[
                "nothing reads the keyword `nullable` here; list `null` among the types: `type: [string, \"null\"]`",
            ],
        );
    }

    #[test]
    fn annotations_and_names_of_members_are_not() {
        check(
            json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": "c", "default": 1,
                "properties": {"minimun": {"format": "password"}, "b": {"format": "binary", "deprecated": true}},
                "$defs": {"unused": {"minimun": 1}}, "dependentRequired": {"a": ["b"]}, "enum": [{"minimun": 1}],
                "anyOf": [{"minContains": 1}, {"unevaluatedItems": false}], "pattern": "a", "$ref": "#/$defs/used",
            })
            .as_object()
            .cloned()
            .map(|mut schema| {
                schema.get_mut("$defs").unwrap()["used"] = json!({"format": "double"});
                schema.into()
            })
            .unwrap(),
            &[],
        );
        check(
            json!({"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {}, "dependencies": {"a": ["b"]},
                "items": [{}], "additionalItems": false, "examples": [1]}),
            &[],
        );
    }
}
