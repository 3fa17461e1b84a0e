//! JSON Schema documents that stand alone, and references between the files of one library.

use std::sync::Arc;

use doorward_contract::{Document, Library, Schema, check_form};
use doorward_model::Shape;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::shop::lines;

pub(crate) fn compile(files: &[(&str, &str)], place: &str) -> Result<Schema, String> {
    let library = Library::new(files.iter().copied());
    Schema::compile(&library, files[0].0, place).map_err(|faults| faults.to_string())
}

#[track_caller]
pub(crate) fn check(files: &[(&str, &str)], value: Value, expected: Expect) {
    let schema = compile(files, "").unwrap_or_else(|faults| panic!("{faults}"));
    expected.assert_eq(&lines(&schema.violations(&value)));
}

#[track_caller]
pub(crate) fn refuse(files: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&compile(files, "").expect_err("faults"));
}

const DRAFT7: &str = r##"{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$id": "https://example.com/receipt.json",
  "type": "object",
  "properties": {
    "pair": { "items": [{ "type": "string" }, { "type": "integer" }], "additionalItems": false },
    "many": { "items": { "type": "string" }, "additionalItems": false },
    "card": { "$ref": "#card", "minLength": 100 },
    "own": { "$ref": "https://example.com/receipt.json#/definitions/card" },
    "above": { "exclusiveMinimum": 5 }
  },
  "dependencies": { "card": ["name"], "iban": { "required": ["bic"], "properties": { "bic": { "type": "string" } } } },
  "definitions": { "card": { "$id": "#card", "type": "string", "minLength": 2 } }
}"##;

#[test]
fn draft_7_is_read_as_draft_7() {
    let files = [("s.json", DRAFT7)];
    check(
        &files,
        json!({"pair": ["a", 1], "many": ["a"], "above": 5.5, "card": "xy", "name": 1, "own": "xy"}),
        expect![""],
    );
    check(&files, json!({"pair": ["a", 1, 2]}), expect![[r#"body "/pair/2": must not be there"#]]);
    check(
        &files,
        json!({"pair": [1], "many": [1], "above": 5, "own": "x"}),
        expect![[r#"
        body "/pair/0": must be of type `string`
        body "/many/0": must be of type `string`
        body "/above": must be greater than 5
        body "/own": must be at least 2 characters long"#]],
    );
    check(
        &files,
        json!({"card": "x"}),
        expect![[r#"
        body "/name": is required
        body "/card": must be at least 2 characters long"#]],
    );
    check(&files, json!({"iban": "x"}), expect![[r#"body "/bic": is required"#]]);
    check(&files, json!({"iban": "x", "bic": 1}), expect![[r#"body "/bic": must be of type `string`"#]]);
}

const DRAFT2020: &str = r##"
$id: https://example.com/receipt
type: object
required: [total]
properties:
  total: { type: integer, minimum: 9007199254740993 }
  card: { $ref: "#card", minLength: 3 }
  next: { $ref: "#" }
  pair: { prefixItems: [{ type: string }], items: false }
$defs:
  card: { $anchor: card, type: string }
"##;

#[test]
fn without_a_dialect_it_is_2020_12() {
    let files = [("s.yaml", DRAFT2020)];
    check(
        &files,
        json!({"total": 9_007_199_254_740_993_u64, "card": "abc", "next": {"total": u64::MAX}, "pair": ["a"]}),
        expect![""],
    );
    check(
        &files,
        json!({"total": 9_007_199_254_740_992_u64, "card": "ab", "next": {}, "pair": ["a", 1]}),
        expect![[r#"
            body "/total": must be at least 9007199254740993
            body "/card": must be at least 3 characters long
            body "/next/total": is required
            body "/pair/1": must not be there"#]],
    );
    let schema = compile(&files, "card").unwrap();
    assert_eq!(schema.input(), &Shape::Text { values: vec![] });
    assert_eq!(lines(&schema.violations(&json!(1))), r#"body "": must be of type `string`"#);
    assert!(compile(&files, "/$defs/card").is_ok());
    assert!(compile(&[("t", "true")], "").is_ok());
    for (place, expected) in [
        (
            "crad",
            expect![[r#"
        s.yaml:1:1: no schema here is named `crad`
          hint: write the schema's place after `#`: `#/$defs/NAME`"#]],
        ),
        ("/$defs/crad", expect!["s.yaml:10:1: there is no schema at `#/$defs/crad`"]),
    ] {
        expected.assert_eq(&compile(&files, place).unwrap_err());
    }
}

#[test]
fn dialects_that_are_not_carried() {
    for dialect in [
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-06/schema#",
        "https://json-schema.org/draft/2019-09/schema",
        "https://example.com/own",
    ] {
        let text = json!({"$schema": dialect}).to_string();
        let fault = compile(&[("s.json", &text)], "").expect_err(dialect);
        assert!(fault.starts_with("s.json:1:2: the schema dialect is not carried\n  hint: use "), "{fault}");
    }
    refuse(
        &[("s.json", r#"{"$schema": 7}"#)],
        expect![[r#"
        s.json:1:2: the schema dialect is not carried
          hint: use `https://json-schema.org/draft/2020-12/schema` or `http://json-schema.org/draft-07/schema#`"#]],
    );
    refuse(
        &[("s.json", r#"{"swagger": "2.0"}"#)],
        expect![[r#"
        s.json:1:2: OpenAPI 2 is not carried
          hint: expected `openapi: 3.0.x` or `openapi: 3.1.x`, which API Gateway exports by `--export-type oas30`"#]],
    );
    refuse(
        &[("s.json", r#"{"openapi": "3.1.0"}"#)],
        expect![[r#"
        s.json:1:1: an OpenAPI document is no schema
          hint: write the schema's place after `#`: `#/components/schemas/NAME`"#]],
    );
    refuse(&[("s.json", "[]")], expect!["s.json:1:1: a schema must be an object, `true` or `false`"]);
    refuse(
        &[("s.json", r#"{"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}}"#)],
        expect![[r#"
            s.json:1:23: the schema dialect is not that of its document
              hint: put a schema of another dialect into a file of its own"#]],
    );
}

#[test]
fn keywords_of_another_dialect_are_not_passed_over() {
    refuse(
        &[(
            "s.json",
            r##"{"$schema": "http://json-schema.org/draft-07/schema#", "prefixItems": [], "dependentRequired": {}, "unevaluatedProperties": false, "$anchor": "a", "$dynamicRef": "#a", "properties": {"x": {"$id": "x.json"}}, "dependencies": 7}"##,
        )],
        expect![[r#"
            s.json:1:56: the keyword `prefixItems` is not of this schema dialect
              hint: write `items` with a list, and `additionalItems`
            s.json:1:75: the keyword `dependentRequired` is not of this schema dialect
              hint: write `dependencies`
            s.json:1:100: the keyword `unevaluatedProperties` is not of this schema dialect
              hint: use the dialect `https://json-schema.org/draft/2020-12/schema`
            s.json:1:132: the keyword `$anchor` is not carried
              hint: name the schema by its place: `#/$defs/NAME`
            s.json:1:148: the keyword `$dynamicRef` is not carried
              hint: name the schema by its place: `#/$defs/NAME`
            s.json:1:209: expected schemas or names by name"#]],
    );
    refuse(
        &[(
            "s.json",
            r##"{"dependencies": {}, "additionalItems": false, "items": [], "$dynamicAnchor": "a", "properties": {"x": {"$id": "#x"}}}"##,
        )],
        expect![[r#"
            s.json:1:2: the keyword `dependencies` is not of this schema dialect
              hint: write `dependentRequired` or `dependentSchemas`
            s.json:1:22: the keyword `additionalItems` is not of this schema dialect
              hint: write `prefixItems` and `items`
            s.json:1:48: a schema must be an object, `true` or `false`
            s.json:1:105: an `$id` has no fragment
              hint: names within a document are written as `$anchor`"#]],
    );
    refuse(
        &[("s.json", "{\"items\": [{}]}")],
        expect!["s.json:1:2: a schema must be an object, `true` or `false`"],
    );
}

#[test]
fn what_draft_7_calls_otherwise_is_named_where_it_stands() {
    let faults = |keywords: Value| {
        let mut schema = json!({"$schema": "http://json-schema.org/draft-07/schema#"});
        schema.as_object_mut().unwrap().extend(keywords.as_object().unwrap().clone());
        let text =
            json!({"properties": {"a": schema["properties"]}, "definitions": {"s": schema}}).to_string();
        let root =
            r##"{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "s.json#/definitions/s"}"##;
        compile(&[("root.json", root), ("s.json", &text.replace(",", ",\n"))], "").expect_err("faults")
    };
    let found = [
        faults(json!({"dependencies": {"a": [1]}})),
        faults(json!({"dependencies": {"a": {"minLength": -1}}})),
        faults(json!({"items": [true, {"minLength": -1}]})),
        faults(json!({"items": [true], "additionalItems": {"required": ["a", "a"]}})),
        faults(json!({"items": []})),
        faults(json!({"format": 1})),
    ];
    expect![[r#"
        s.json:3:17: `0` must be of type `string`
        s.json:3:22: `minLength` must be at least 0
        s.json:4:2: `minLength` must be at least 0
        s.json:4:20: `required` must not hold an item twice
        s.json:3:1: `items` must hold at least 1 schema
        s.json:3:1: `format` must be of type `string`"#]]
    .assert_eq(&found.join("\n"));
}

const SHOP: &str = r##"
openapi: 3.0.3
paths:
  /orders/{id}:
    $ref: "common/paths.yaml#/order"
components:
  schemas:
    Order: { type: object, properties: { item: { $ref: "common/item.json" }, back: { $ref: "common/paths.yaml#/back" } } }
"##;
const PATHS: &str = r##"
order:
  parameters: [{ $ref: "#/id" }]
  post:
    operationId: put
    requestBody: { content: { application/json: { schema: { $ref: "../shop.yaml#/components/schemas/Order" } } } }
    responses: { "200": { description: x, headers: { X-Left: { $ref: "../common/paths.yaml#/left" } } } }
id: { name: id, in: path, required: true, schema: { type: integer } }
left: { required: true, schema: { type: integer, minimum: 0, exclusiveMinimum: true } }
back: { type: string, nullable: true }
"##;
const ITEM: &str = r##"{ "$schema": "http://json-schema.org/draft-07/schema#", "items": [{ "$ref": "./kinds/sku.json#sku" }] }"##;
const SKU: &str = r##"{ "definitions": { "s": { "$id": "#sku", "items": [{ "const": "a" }] } } }"##;

#[test]
fn references_lead_to_other_files_each_in_its_own_dialect() {
    let files = [
        ("contracts/shop.yaml", SHOP),
        ("contracts/common/paths.yaml", PATHS),
        ("contracts/common/item.json", ITEM),
        ("contracts/common/kinds/sku.json", SKU),
    ];
    let library = Arc::new(Library::new(files));
    let operation = Document::open(&library, "contracts/shop.yaml").unwrap().operation("put").unwrap();
    let check = |body: &str, expected: Expect| {
        let request = crate::shop::Request {
            path: &[("id", "7")],
            headers: &[("content-type", "application/json")],
            body: body.as_bytes(),
            ..Default::default()
        };
        expected.assert_eq(&crate::shop::spell(&request.check(&operation)));
    };
    // `nullable` is of OpenAPI 3.0, which the file without a dialect is read in; the list of draft 7 in the last file too.
    check(r#"{"back":null,"item":[["a",1],2]}"#, expect![[r#"ok {"back":null,"item":[["a",1],2]}"#]]);
    check(
        r#"{"back":1,"item":[["b"]]}"#,
        expect![[r#"
        body "/back": must be of type `null` or `string`
        body "/item/0/0": must be `a`"#]],
    );
    let mut headers = http::HeaderMap::new();
    expect![[r#"header "/X-Left": is required"#]]
        .assert_eq(&lines(&operation.check_response(200, &headers, b"")));
    headers.insert("x-left", http::HeaderValue::from_static("0"));
    expect![[r#"header "/X-Left": must be greater than 0"#]]
        .assert_eq(&lines(&operation.check_response(200, &headers, b"")));
    let order = Schema::compile(&library, "contracts/shop.yaml", "/components/schemas/Order").unwrap();
    assert!(order.violations(&json!({"back": null})).is_empty());
    for file in files {
        assert_eq!(check_form(&library, file.0), Ok(()), "{}", file.0);
    }
}

#[test]
fn references_that_leave_the_bundle_or_lead_nowhere() {
    for reference in [
        "https://example.com/a.json",
        "http://169.254.169.254/latest/meta-data#/a",
        "//example.com/a.json",
        "urn:example:a",
        "file:///etc/passwd",
        "/etc/passwd",
        "../../secrets.json",
        "%2e%2e/%2e%2e/secrets.json",
        "othre.json#/a",
        "other.json#/b",
        "other.json#b",
        "other.json#twice",
        "broken.json",
        "loop.json",
        "circle.json",
        "old.json",
    ] {
        let text = json!({"properties": {"a": {"$ref": reference}}}).to_string();
        let twice = r#"{"a": true, "$defs": {"x": {"$anchor": "twice"}, "y": {"$anchor": "twice"}}}"#;
        let files = [
            ("contracts/s.json", text.as_str()),
            ("contracts/other.json", twice),
            ("contracts/broken.json", "{\"a\": 1, \"a\": 2}"),
            ("contracts/loop.json", r#"{"$ref": "s.json#/properties/a"}"#),
            ("contracts/circle.json", r#"{"anyOf": [{"$ref": "circle2.json"}]}"#),
            ("contracts/circle2.json", r#"{"not": {"$ref": "circle.json"}}"#),
            ("contracts/old.json", r#"{"$schema": "http://json-schema.org/draft-04/schema#"}"#),
        ];
        let fault = compile(&files, "").expect_err(reference);
        let expected = match reference {
            "https://example.com/a.json" => expect![[r#"
                contracts/s.json:1:21: the reference `https://example.com/a.json` is remote
                  hint: nothing is fetched: put the document beside this one, and refer to it by its relative path"#]],
            "http://169.254.169.254/latest/meta-data#/a" => expect![[r#"
                contracts/s.json:1:21: the reference `http://169.254.169.254/latest/meta-data#/a` is remote
                  hint: nothing is fetched: put the document beside this one, and refer to it by its relative path"#]],
            "//example.com/a.json" => expect![[r#"
                contracts/s.json:1:21: the reference `//example.com/a.json` is remote
                  hint: nothing is fetched: put the document beside this one, and refer to it by its relative path"#]],
            "urn:example:a" => expect![[r#"
                contracts/s.json:1:21: the reference `urn:example:a` is remote
                  hint: nothing is fetched: put the document beside this one, and refer to it by its relative path"#]],
            "file:///etc/passwd" => expect![[r#"
                contracts/s.json:1:21: the reference `file:///etc/passwd` is remote
                  hint: nothing is fetched: put the document beside this one, and refer to it by its relative path"#]],
            "/etc/passwd" => expect![[r#"
                contracts/s.json:1:21: the reference `/etc/passwd` leaves the bundle
                  hint: files are named relative to the one that refers to them, below the folder of the policies"#]],
            "../../secrets.json" => expect![[r#"
                contracts/s.json:1:21: the reference `../../secrets.json` leaves the bundle
                  hint: files are named relative to the one that refers to them, below the folder of the policies"#]],
            "%2e%2e/%2e%2e/secrets.json" => expect![[r#"
                contracts/s.json:1:21: the reference `%2e%2e/%2e%2e/secrets.json` leaves the bundle
                  hint: files are named relative to the one that refers to them, below the folder of the policies"#]],
            "othre.json#/a" => expect![[r#"
                contracts/s.json:1:21: the reference `othre.json#/a` leads to a file that is not there
                  hint: did you mean `contracts/other.json`?"#]],
            "other.json#/b" => expect!["contracts/s.json:1:21: the reference `other.json#/b` points nowhere"],
            "other.json#b" => expect![[r##"
                contracts/s.json:1:21: the reference `other.json#b` names no schema
                  hint: a schema is named by `$anchor`, in draft 7 by `$id: "#name"`; or write a JSON Pointer"##]],
            "other.json#twice" => {
                expect!["contracts/s.json:1:21: the reference `other.json#twice` names more than one schema"]
            }
            "broken.json" => expect!["contracts/broken.json:1:10: the name `a` stands twice in one mapping"],
            "loop.json" => expect![
                "contracts/loop.json:1:2: the reference leads back to itself without descending into the value"
            ],
            "circle.json" => expect![
                "contracts/circle.json:1:13: the reference leads back to itself without descending into the value"
            ],
            _ => expect![[r#"
                contracts/old.json:1:2: the schema dialect is not carried
                  hint: use `https://json-schema.org/draft/2020-12/schema` or `http://json-schema.org/draft-07/schema#`"#]],
        };
        expected.assert_eq(&fault);
    }
}

#[test]
fn faults_of_a_schema_name_the_file_that_has_them() {
    refuse(
        &[
            ("a.json", r#"{"properties": {"b": {"$ref": "b.json"}}}"#),
            ("b.json", r#"{"pattern": "(?<=a)b"}"#),
        ],
        expect![[r#"
            b.json:1:2: the pattern is not one that can be checked in linear time
              hint: write it without look-around and back-references, and with small repetition counts"#]],
    );
    refuse(
        &[("a.json", r#"{"$ref": "b.json"}"#), ("b.json", r#"{"$ref": "http://x/"}"#)],
        expect![[r#"
        b.json:1:2: the reference `http://x/` is remote
          hint: nothing is fetched: put the document beside this one, and refer to it by its relative path"#]],
    );
}

#[test]
fn limits_that_would_be_rounded_are_faults() {
    let json = r#"{"properties": {"a": {"minimum": 100000.0000000000072}, "b": {"const":12345678901234567890123}, "c": {"multipleOf": 1e-400}, "d": {"maximum": 0.30000000000000004, "minimum": 18446744073709551615}}}"#;
    refuse(
        &[("s.json", json)],
        expect![[r#"
            s.json:1:23: the number of `minimum` has more digits than can be kept exactly
            s.json:1:63: the number of `const` has more digits than can be kept exactly
            s.json:1:103: the number of `multipleOf` has more digits than can be kept exactly"#]],
    );
    refuse(
        &[("s.yaml", "minimum: 1\nproperties:\n  a:\n    exclusiveMaximum: 0.10000000000000001 # a tenth\n")],
        expect!["s.yaml:4:5: the number of `exclusiveMaximum` has more digits than can be kept exactly"],
    );
    refuse(
        &[(
            "s.json",
            r#"{"enum": [1, "a", 12345678901234567890123], "not": {"const": {"a": [0.1, 0.12345678901234567]}}}"#,
        )],
        expect![[r#"
            s.json:1:2: a number in `enum` may have more digits than can be kept exactly
            s.json:1:53: a number in `const` may have more digits than can be kept exactly"#]],
    );
    let kept =
        r#"{"enum": [0.1, -1.5e300, 123456789012345, 18446744073709551615, 1e22, 0.000000123456789012345]}"#;
    check(&[("s.json", kept)], json!(0.1), expect![""]);
}

/// Whether the whole document that has only this pattern takes a text.
#[track_caller]
fn check_pattern(pattern: &str, text: &str, expected: bool) {
    let schema = json!({"pattern": pattern}).to_string();
    let schema = compile(&[("s.json", &schema)], "").unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(schema.violations(&json!(text)).is_empty(), expected, "{pattern} {text:?}");
}

#[test]
fn patterns_mean_what_ecma_262_means_by_them() {
    check_pattern(r"\bcaf\b", "café", true);
    check_pattern(r"caf\B.", "café", false);
    check_pattern("^[^]$", "\n", true);
    check_pattern("^[^]a]$", "xa]", true);
    check_pattern("^[^]a]$", "x", false);
    check_pattern("[]", "]", false);
    check_pattern("^[]a]$", "a", false);
    check_pattern(r"^[\w-\.]+@$", "a-.b@", true);
    check_pattern(r"^[\w-\.]+@$", "a,@", false);
    check_pattern(r"^\d$", "߀", false);
    check_pattern(r"^\s$", "\u{feff}", true);
    check_pattern(r"^\w$", "é", false);
    check_pattern("^.$", "\u{2028}", false);
    check_pattern("^a$", "a\n", false);
    check_pattern(r"^\cA$", "\u{1}", true);
    check_pattern(r"^\p{L}+$", "é", true);
    check_pattern("^🐲*$", "🐲🐲", true);
    check_pattern("^[[:alpha:]]$", "b", false);
    let named = json!({"patternProperties": {r"\bcaf\b": false}}).to_string();
    check(&[("s.json", &named)], json!({"café": 1}), expect![[r#"body "/*": must not be there"#]]);
    let shown = json!({"pattern": r"\ba\b"}).to_string();
    check(&[("s.json", &shown)], json!("b"), expect![[r#"body "": must match the pattern `\ba\b`"#]]);
}

#[test]
fn patterns_that_ecma_262_reads_otherwise_are_faults() {
    refuse(
        &[(
            "s.json",
            r#"{"properties": {"a": {"pattern": "\\<a"}, "b": {"patternProperties": {"\\Aa": true, "[\\w-.]": true, "[\\w\\-.]": true}}}}"#,
        )],
        expect![[r#"
            s.json:1:23: the pattern has `\<`, which ECMA-262 does not have
              hint: write `<`, or `\b` for where a word begins or ends
            s.json:1:71: the pattern has `\A`, which ECMA-262 does not have
              hint: write `^`
            s.json:1:102: the pattern `[\w\-.]` is written in two ways"#]],
    );
}
