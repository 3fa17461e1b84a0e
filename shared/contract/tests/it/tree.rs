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
