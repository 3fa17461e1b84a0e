use std::collections::BTreeMap;

use doorward_model::{Field, Shape};

use crate::shop::{SHOP, operation};

#[test]
fn the_body_of_create_order_as_a_policy_sees_it() {
    let text = || Shape::Text { values: vec![] };
    let record = |fields: Vec<(&str, Shape, bool)>| {
        let fields =
            fields.into_iter().map(|(name, shape, required)| (name.to_owned(), Field { shape, required }));
        Shape::Record(fields.collect::<BTreeMap<_, _>>())
    };
    let item = record(vec![("sku", text(), true), ("quantity", Shape::Long, true)]);
    let expected = record(vec![
        ("items", Shape::List(Box::new(item)), true),
        ("total", Shape::Long, true),
        ("note", text(), false),
    ]);
    assert_eq!(operation(SHOP, "createOrder").input(), Some(&expected));
    assert_eq!(operation(SHOP, "getOrder").input(), None);
}

#[track_caller]
fn check(content: &str, expected: Option<Shape>) {
    let text = format!(
        "openapi: 3.1.0\npaths: {{ /a: {{ put: {{ operationId: a, requestBody: {{ content: {{ {content} }} }} }} }} }}"
    );
    assert_eq!(operation(&text, "a").input(), expected.as_ref());
}

#[test]
fn media_types_must_agree_on_the_tree() {
    let opaque = |reason: &str| Some(Shape::Opaque { reason: reason.to_owned() });
    let long = "schema: { type: integer }";
    check(&format!("application/json: {{ {long} }}"), Some(Shape::Long));
    check(&format!("application/json: {{ {long} }}, a/b+json: {{ {long} }}"), Some(Shape::Long));
    check(
        &format!("application/json: {{ {long} }}, a/b+json: {{ schema: {{ type: string }} }}"),
        opaque("its media types have different schemas"),
    );
    check(&format!("text/plain: {{ {long} }}"), None);
    check("application/json: {}", opaque("it has no schema"));
}

#[track_caller]
fn check_omissions(content: &str, expected: &[&str]) {
    let text = format!(
        "openapi: 3.1.0\npaths: {{ /a: {{ put: {{ operationId: a, requestBody: {{ content: {{ {content} }} }} }} }} }}"
    );
    let operation = operation(&text, "a");
    let told: Vec<String> =
        operation.omissions().iter().map(|o| format!("{}: {}", o.place, o.reason)).collect();
    assert_eq!(told, expected);
}

#[test]
fn what_the_tree_leaves_out_is_told() {
    let open = "schema: { type: object, properties: { a: { type: string } }, additionalProperties: {} }";
    let others = ".*: members that the contract does not name";
    check_omissions(&format!("application/json: {{ {open} }}"), &[others]);
    check_omissions(
        &format!("application/json: {{ {open} }}, text/plain: {{}}"),
        &[others, ": a body of `text/plain`"],
    );
    // What is no JSON is refused, where it could not be what the schema describes.
    check_omissions(&format!("'*/*': {{ {open} }}"), &[others]);
    check_omissions("'*/*': {}", &[": a body of `*/*` that is no JSON"]);
    check_omissions("application/json: { schema: { type: string } }", &[]);
    check_omissions("multipart/form-data: {}", &[": a body of `multipart/form-data`"]);
}

#[test]
fn forms_have_the_tree_of_what_is_handed_over() {
    let json = "application/json: { schema: { type: object, properties: { a: { type: integer } } } }";
    let form = |properties: &str| {
        format!(
            "application/x-www-form-urlencoded: {{ schema: {{ type: object, properties: {{ {properties} }} }} }}"
        )
    };
    let upload = "multipart/form-data: { schema: { type: object, properties: { a: { type: integer },
        f: { type: string, format: binary } } } }";
    let field = |shape| Field { shape, required: false };
    let tree = Some(Shape::Record([("a".to_owned(), field(Shape::Long))].into()));
    let a = form("a: { type: integer }");
    for content in [a.as_str(), upload, &format!("{json}, {a}, {upload}"), &format!("{a}, {upload}")] {
        check(content, tree.clone());
    }
    let file = ".f: a file";
    check_omissions(&a, &[]);
    check_omissions(upload, &[file]);
    check_omissions(&format!("{json}, {a}, {upload}"), &[file]);
    // What JSON bodies are is what policies read; another form is left out.
    let other = form("b: { type: integer }");
    let omitted = ": a body of `application/x-www-form-urlencoded`";
    check(&format!("{json}, {other}"), tree.clone());
    check_omissions(&format!("{json}, {other}"), &[omitted]);
    let different = Shape::Opaque { reason: "its media types have different schemas".to_owned() };
    check(&format!("{other}, {upload}"), Some(different));
    // A field of several readings, or no field that is no file.
    for properties in [
        "a: { type: [integer, string] }",
        "a: { type: integer }, b: { anyOf: [{ type: integer }, { type: string }] }",
    ] {
        check(&form(properties), None);
        check_omissions(&form(properties), &[omitted]);
    }
    check("multipart/form-data: { schema: { type: object, properties: { f: { format: binary } } } }", None);
}
