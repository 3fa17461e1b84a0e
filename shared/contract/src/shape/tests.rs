//! What type trees say of schemas.

use super::*;
use crate::bundle::Direction;
use crate::dialect::Dialect;
use crate::documents::Documents;
use crate::library::Library;
use serde_json::json;

/// `?` after a member's name: it is optional.
fn spell(shape: &Shape) -> String {
    match shape {
        Shape::Bool => "bool".to_owned(),
        Shape::Long => "long".to_owned(),
        Shape::Decimal => "decimal".to_owned(),
        Shape::Text { values } if values.is_empty() => "text".to_owned(),
        Shape::Text { values } => format!("text({})", values.join("|")),
        Shape::List(items) => format!("[{}]", spell(items)),
        Shape::Record(fields) => {
            let optional = |field: &Field| if field.required { "" } else { "?" };
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, f)| format!("{name}{}: {}", optional(f), spell(&f.shape)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Shape::Opaque { reason } => format!("<{reason}>"),
    }
}

#[track_caller]
fn check_in(dialect: Dialect, schema: Value, expected: &str) {
    let text = json!({
        "s": schema,
        "id": {"type": "integer"},
        "base": {"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": ["string", "null"]}}},
        "tree": {"type": "object", "properties": {"next": {"$ref": "#/tree"}, "v": {"type": "boolean"}}},
    });
    let library = Library::new([("f", text.to_string())]);
    let mut documents = Documents::open(&library, "f").unwrap();
    documents.dialect = dialect;
    let bundle = Bundle::gather(&documents, Direction::Request, "/s", &mut vec![]).unwrap();
    let (shape, left_out) = of(&bundle);
    let left_out: Vec<_> = left_out.iter().map(|o| format!("; {}: {}", o.place, o.reason)).collect();
    assert_eq!(spell(&shape) + &left_out.concat(), expected);
}

#[track_caller]
fn check(schema: Value, expected: &str) {
    check_in(Dialect::Draft202012, schema, expected);
}

#[test]
fn scalars_and_lists() {
    check(json!({"type": "boolean"}), "bool");
    check(json!({"type": "integer", "format": "int32"}), "long");
    check(json!({"type": "integer", "maximum": u64::MAX}), "<an integer beyond 64 bits, signed>");
    check(json!({"type": "integer", "format": "uint64"}), "<an integer beyond 64 bits, signed>");
    check(json!({"type": "integer", "minimum": -1e30}), "<an integer beyond 64 bits, signed>");
    check(json!({"type": "integer", "maximum": i64::MAX}), "long");
    check(json!({"type": "number"}), "decimal");
    check(json!({"type": "string"}), "text");
    check(json!({"type": "string", "enum": ["a", "b"]}), "text(a|b)");
    check(json!({"const": "a"}), "text(a)");
    check(json!({"enum": ["a", 1]}), "<allowed values of several types>");
    check(json!({"type": "string", "enum": ["a", 1, "b"]}), "text(a|b)");
    check(json!({"type": "string", "enum": [1]}), "<allowed values of another type than its own>");
    check(json!({"enum": [1, -2]}), "long");
    check(json!({"enum": [1, 2.5]}), "decimal");
    check(json!({"const": true}), "bool");
    check(json!({"const": null}), "<the whole may be `null`>");
    check(json!({"enum": [["a"]]}), "<allowed values of several types>");
    check(json!({"type": "string", "anyOf": [{"pattern": "a"}, {"maxLength": 2}]}), "text");
    check(json!({"type": "array", "items": {"$ref": "#/id"}}), "[long]");
    check(json!({"type": "array"}), "<a list of any values>");
    check(json!({"type": "array", "prefixItems": [{"$ref": "#/id"}]}), "<a tuple>");
    check(json!({"type": "array", "items": {"type": ["string", "null"]}}), "<a list that may hold `null`>");
    check(json!({"type": "array", "items": {}}), "<a list of: its `type` is not stated>");
    check(json!({"type": ["string", "integer"]}), "<a union of types>");
    check(json!(true), "<any value>");
    check(json!({"minimum": 1}), "<its `type` is not stated>");
    check(json!({"type": ["string", "null"]}), "<the whole may be `null`>");
}

#[test]
fn records_and_their_optional_members() {
    let member = |schema: Value| json!({"type": "object", "required": ["m"], "properties": {"m": schema}});
    check(member(json!({"type": "string"})), "{m: text}");
    check(member(json!({"type": ["string", "null"]})), "{m?: text}");
    check(member(json!({"enum": ["a", null]})), "{m?: text(a)}");
    check(member(json!({"type": ["string", "null"], "enum": ["a"]})), "{m: text(a)}");
    check(member(json!({"anyOf": [{"$ref": "#/id"}, {"type": "null"}]})), "{m?: long}");
    check(member(json!({"oneOf": [{"const": null}, {"$ref": "#/base"}]})), "{m?: {a?: text, n?: text}}");
    check(
        member(json!({"oneOf": [{"$ref": "#/id"}, {"type": "string"}]})),
        "{m: <a choice of alternatives>}",
    );
    check(
        member(json!({"type": "object", "additionalProperties": {}})),
        "{m: <an object without known members>}",
    );
    check(member(json!(false)), "{}; .m: it is required and not described");
    check(json!({"properties": {"m": true}}), "<its `type` is not stated>");
}

#[test]
fn references_and_compositions() {
    check(json!({"$ref": "#/id", "minimum": 1}), "long");
    check(json!({"$ref": "#/tree"}), "{next?: <it refers to itself>, v?: bool}");
    check(json!({"allOf": [{"$ref": "#/id"}]}), "long");
    check(
        json!({"allOf": [{"$ref": "#/base"}, {"type": "object", "properties": {"b": {"type": "integer"}}}, {"required": ["a", "b", "n"]}]}),
        "{a: text, b: long, n?: text}",
    );
    check(
        json!({"$ref": "#/base", "type": "object", "properties": {"a": {"type": "string"}}}),
        "<an `allOf` whose parts share a member>",
    );
    check(json!({"allOf": [{"$ref": "#/id"}, {"type": "integer"}]}), "<an `allOf` of other than objects>");
    check(json!({"allOf": [{"$ref": "#/base"}, {"oneOf": [true]}]}), "<a choice of alternatives>");
    check(json!({"allOf": [{"minimum": 1}]}), "<its `type` is not stated>");
}

#[test]
fn nullable_of_openapi_30() {
    check_in(
        Dialect::OpenApi30,
        json!({"type": "object", "required": ["m"], "properties": {"m": {"type": "string", "nullable": true}}}),
        "{m?: text}",
    );
}

#[test]
fn a_tree_that_fans_out_is_bounded() {
    let mut schemas = json!({"s": {"$ref": "#/c0"}, "c30": {"type": "integer"}});
    for n in 0..30 {
        let next = json!({"$ref": format!("#/c{}", n + 1)});
        schemas[format!("c{n}")] = json!({"type": "object", "properties": {"a": next.clone(), "b": next}});
    }
    let library = Library::new([("f", schemas.to_string())]);
    let documents = Documents::open(&library, "f").unwrap();
    let bundle = Bundle::gather(&documents, Direction::Request, "/s", &mut vec![]).unwrap();
    assert!(spell(&of(&bundle).0).contains("nested too deeply"));
}
