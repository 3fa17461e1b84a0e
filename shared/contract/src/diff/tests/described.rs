//! Members that answers lose.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::super::described::lost;
use super::super::include::Level;
use super::super::rule::Rule;
use super::{changes, of_operation};
use crate::bundle::{Bundle, Direction};
use crate::documents::Documents;
use crate::library::Library;

fn answer(schema: &Value, components: &Value) -> Value {
    let content = json!({"description": "", "content": {"application/json": {"schema": schema}}});
    of_operation("3.1.0", json!({"responses": {"200": content}}), json!({ "schemas": components }))
}

/// The losses that are told of, as `code pointer`.
fn losses(old: &Value, new: &Value) -> Vec<String> {
    let components = json!({
        "Status": {"type": "object", "properties": {"status": {"type": "string"}}},
        "Tree": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Tree"}, "status": {"type": "string"}}},
        "Bare": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Bare"}}},
    });
    let told = changes(&answer(old, &components), &answer(new, &components));
    let told = told.iter().filter_map(|told| told.strip_prefix("unknown property-"));
    told.map(|told| told.replace(" answer 200 application/json", " ").trim_end().to_owned()).collect()
}

#[track_caller]
fn check(old: Value, new: Value, expected: &[&str]) {
    assert_eq!(losses(&old, &new), expected, "{old} to {new}");
    assert_eq!(losses(&old, &old), [""; 0]);
}

fn object(properties: Value) -> Value {
    json!({"type": "object", "properties": properties})
}

fn text() -> Value {
    json!({"type": "string"})
}

/// An object with the members `name`, and `status`.
fn pet() -> Value {
    object(json!({"name": text(), "status": text()}))
}

#[test]
fn a_member_that_answers_may_hold_is_missed() {
    let mut renamed = object(json!({"name": text(), "state": text()}));
    check(pet(), renamed.clone(), &["removed"]);
    renamed["required"] = json!(["state"]);
    check(pet(), renamed.clone(), &["removed"]);
    renamed["properties"]["name"] = json!({"type": "string", "maxLength": 3});
    check(pet(), renamed.clone(), &["removed"]);
    renamed["additionalProperties"] = json!(false);
    check(pet(), renamed.clone(), &["forbidden"]);
    renamed["additionalProperties"] = json!(true);
    check(pet(), renamed.clone(), &["removed"]);
    renamed["additionalProperties"] = json!({});
    check(pet(), renamed.clone(), &["removed"]);
    let closed = json!({"allOf": [renamed], "unevaluatedProperties": false});
    check(pet(), closed, &["removed"]);
    let password = object(json!({"name": text(), "status": {"type": "string", "writeOnly": true}}));
    check(pet(), password.clone(), &["forbidden"]);
    check(password, object(json!({"name": text()})), &[]);
    // That it was required is told of as a break.
    let mut required = pet();
    required["required"] = json!(["status"]);
    check(required, object(json!({"name": text()})), &[]);
}

#[test]
fn what_is_described_elsewhere_is_not_missed() {
    let named = |more: Value| {
        let mut schema = object(json!({"name": text()}));
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    for more in [
        json!({"allOf": [{"properties": {"status": text()}}]}),
        json!({"allOf": [{"$ref": "#/components/schemas/Status"}]}),
        json!({"$ref": "#/components/schemas/Status"}),
        json!({"patternProperties": {"^stat": text()}}),
        json!({"additionalProperties": text()}),
        json!({"unevaluatedProperties": text()}),
        json!({"allOf": [{"properties": {"a": text()}}], "unevaluatedProperties": text()}),
        json!({"anyOf": [object(json!({"status": text()})), object(json!({"a": text()}))]}),
        json!({"oneOf": [{"$ref": "#/components/schemas/Status"}]}),
        json!({"if": {"required": ["name"]}, "then": {"properties": {"status": text()}}}),
        json!({"dependentSchemas": {"name": {"properties": {"status": text()}}}}),
        json!({"required": ["status"]}),
    ] {
        check(pet(), named(more.clone()), &[]);
        check(named(more), object(json!({"name": text(), "status": text(), "a": text()})), &[]);
    }
    // There it is looked into, too.
    let tag = |properties: Value| object(json!({"name": text(), "tag": object(properties)}));
    let of = |schema: Value| named(json!({ "additionalProperties": schema }));
    check(tag(json!({"a": text()})), of(object(json!({"b": text()}))), &["removed /tag"]);
    check(tag(json!({"a": text()})), of(object(json!({"a": text()}))), &[]);
    check(pet(), named(json!({"allOf": [{"properties": {"other": text()}}]})), &["removed"]);
    check(pet(), named(json!({"patternProperties": {"^x-": text()}})), &["removed"]);
}

#[test]
fn members_are_missed_wherever_they_stand() {
    let bare = || object(json!({"name": text()}));
    let list = |items: Value| json!({"type": "array", "items": items});
    check(list(pet()), list(bare()), &["removed /*"]);
    check(json!({"prefixItems": [text(), pet()]}), json!({"prefixItems": [text(), bare()]}), &["removed /1"]);
    let map = |values: Value| json!({"type": "object", "additionalProperties": values});
    check(map(list(pet())), map(list(bare())), &["removed /*/*"]);
    let pattern = |values: Value| json!({"type": "object", "patternProperties": {"^x": values}});
    check(pattern(pet()), pattern(bare()), &["removed /*"]);
    check(object(json!({"a": pet()})), object(json!({"a": bare()})), &["removed /a"]);
    let nullable = |schema: Value| json!({"anyOf": [schema, {"type": "null"}]});
    check(nullable(pet()), nullable(bare()), &["removed"]);
    check(pet(), nullable(bare()), &["removed"]);
    check(json!({"allOf": [bare(), pet()]}), bare(), &["removed"]);
    let (tree, bare) =
        (json!({"$ref": "#/components/schemas/Tree"}), json!({"$ref": "#/components/schemas/Bare"}));
    check(tree.clone(), bare.clone(), &["removed"]);
    check(list(tree), list(bare), &["removed /*"]);
}

#[test]
fn alternatives_are_told_apart_by_what_they_list() {
    let kind = |name: &str, members: &[&str]| {
        let mut properties: Map<String, Value> =
            members.iter().map(|name| ((*name).to_owned(), text())).collect();
        properties.insert("kind".to_owned(), json!({"const": name}));
        json!({"type": "object", "properties": properties, "required": ["kind"]})
    };
    let one = |branches: &[&Value]| json!({ "oneOf": branches });
    let (cat, dog) = (kind("cat", &["name", "lives"]), kind("dog", &["name", "tricks"]));
    check(one(&[&cat, &dog]), one(&[&dog, &cat]), &[]);
    check(one(&[&cat, &dog]), one(&[&cat]), &[]);
    // The other alternative's member is none of this one's.
    check(one(&[&cat, &dog]), one(&[&cat, &kind("dog", &["tricks"])]), &["removed"]);
    check(one(&[&cat, &dog]), one(&[&cat, &kind("dog", &["name", "tricks", "age"])]), &[]);
    check(dog.clone(), one(&[&cat, &kind("dog", &["tricks"])]), &["removed"]);
    check(dog.clone(), one(&[&cat, &dog]), &[]);
    // What nothing tells apart may be either.
    let plain = |name: &str| object(json!({ name: text() }));
    check(one(&[&plain("a"), &plain("b")]), one(&[&plain("b"), &plain("a")]), &[]);
    check(one(&[&plain("a"), &plain("b")]), object(json!({"a": text(), "b": text()})), &[]);
    check(object(json!({"a": text(), "b": text()})), one(&[&plain("a"), &plain("c")]), &["removed"]);
}

#[test]
fn what_branches_too_much_is_not_taken_for_fine() {
    // Each schema is either of two that refer on: the alternatives double at each.
    let graph = |levels: usize, last: Value| {
        let of = |nth: usize| json!({"$ref": format!("#/s/S{nth}")});
        let either = |nth| json!({"anyOf": [{"allOf": [of(nth)]}, {"allOf": [of(nth)], "minProperties": 1}]});
        let mut all: Map<String, Value> =
            (0..levels).map(|nth| (format!("S{nth}"), either(nth + 1))).collect();
        all.insert(format!("S{levels}"), last);
        let library = Library::new([("f", json!({ "s": all }).to_string())]);
        let documents = Documents::open(&library, "f").unwrap();
        Bundle::gather(&documents, Direction::Response, "/s/S0", &mut vec![]).unwrap()
    };
    let rules = |levels| {
        let found = lost(&graph(levels, pet()), &graph(levels, object(json!({"name": text()}))));
        found.iter().map(|found| (found.rule, found.level)).collect::<Vec<_>>()
    };
    assert_eq!(rules(4), [(Rule::Declared, Level::Unknown)]);
    assert!(rules(11).contains(&(Rule::Incomparable, Level::Unknown)));
}

/// A schema that describes `depth` levels of members; their names are all different.
fn described(rng: &mut Rng, depth: usize, count: &mut usize) -> Value {
    let mut properties = Map::new();
    for _ in 0..rng.usize(1..3) {
        *count += 1;
        let name = format!("m{count}");
        let inner = if depth == 0 { text() } else { described(rng, depth - 1, count) };
        properties.insert(name, inner);
    }
    let mut schema = object(properties.into());
    if rng.u8(..3) == 0 {
        schema["additionalProperties"] = if rng.bool() { json!(false) } else { json!({"type": "number"}) };
    }
    match rng.u8(..6) {
        0 => json!({"type": "array", "items": schema}),
        1 => json!({"allOf": [schema, {"minProperties": 1}]}),
        2 => json!({"oneOf": [schema, {"type": "null"}]}),
        3 => json!({"anyOf": [schema, {"type": "string"}], "description": "either"}),
        _ => schema,
    }
}

/// Renames the member `name`, wherever it stands.
fn renamed(schema: &Value, name: &str) -> Value {
    match schema {
        Value::Object(all) => {
            let own = |key: &String| if key == name { "other".to_owned() } else { key.clone() };
            all.iter().map(|(key, value)| (own(key), renamed(value, name))).collect()
        }
        Value::Array(all) => all.iter().map(|value| renamed(value, name)).collect(),
        other => other.clone(),
    }
}

#[test]
fn whichever_member_is_renamed_is_missed() {
    let mut rng = Rng::with_seed(0x00d0_0a2d);
    for _ in 0..150 {
        let mut count = 0;
        let old = described(&mut rng, 3, &mut count);
        let name = format!("m{}", rng.usize(1..=count));
        let new = renamed(&old, &name);
        let told = changes(&answer(&old, &json!({})), &answer(&new, &json!({})));
        assert!(told.iter().any(|told| !told.starts_with("compatible")), "{name} of {old}: {told:?}");
        assert_eq!(changes(&answer(&old, &json!({})), &answer(&old, &json!({}))), [""; 0]);
    }
}
