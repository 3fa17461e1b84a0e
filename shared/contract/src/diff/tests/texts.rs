//! What is sent as text whatever its type.

use fastrand::Rng;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::{changes, document};
use crate::operation::RequestParts;

const PAIRS: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data";

fn with(operation: Value, schemas: Value) -> Value {
    super::of_operation("3.1.0", operation, json!({ "schemas": schemas }))
}

fn of_form(range: &str, schema: Value, encoding: Value) -> Value {
    let content = json!({ range: {"schema": schema, "encoding": encoding} });
    let schemas = json!({"Old": {"type": "integer"}, "Text": {"type": "string"},
        "Texts": {"type": "array", "items": {"$ref": "#/components/schemas/Text"}}});
    with(json!({"requestBody": { "content": content }, "responses": {}}), schemas)
}

fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

fn object(members: Value) -> Value {
    json!({"type": "object", "properties": members})
}

/// The places, as they are told of, at which something breaks from `old` to `new` in a form of `range`.
fn broken(range: &str, encoding: Value, old: Value, new: Value) -> Vec<String> {
    let told = changes(&of_form(range, old, encoding.clone()), &of_form(range, new, encoding));
    let begin = format!("body {range}");
    let breaking = told.iter().filter_map(|change| change.strip_prefix("breaking "));
    breaking.map(|change| change.replace(&begin, "")).collect()
}

#[test]
fn any_text_takes_what_was_a_number_in_lists_and_other_members_of_forms() {
    let (integer, text) = (json!({"type": "integer"}), json!({"type": "string"}));
    let shared = json!({"$ref": "#/components/schemas/Texts"});
    let short = json!({"type": "string", "maxLength": 3});
    for range in [PAIRS, PARTS] {
        let check = |old: &Value, new: &Value, expected: &[&str]| {
            assert_eq!(broken(range, json!({}), old.clone(), new.clone()), expected, "{range} {old} {new}");
        };
        let members = |ids: Value| object(json!({ "ids": ids }));
        let old = members(list(integer.clone()));
        check(&old, &members(list(text.clone())), &[]);
        check(&old, &members(shared.clone()), &[]);
        check(&old, &json!({"allOf": [members(shared.clone()), members(list(text.clone()))]}), &[]);
        check(&old, &members(list(short.clone())), &["type-removed /ids/*"]);
        check(
            &old,
            &json!({"allOf": [members(shared.clone()), members(list(short.clone()))]}),
            &["type-removed /ids/*"],
        );
        // It is one text now, or a list whose items are looked at otherwise too.
        for (old, new, expected) in [
            (&old, text.clone(), "type-removed /ids"),
            (&members(list(list(integer.clone()))), list(text.clone()), "type-removed /ids/*"),
        ] {
            let told = broken(range, json!({}), old.clone(), members(new));
            assert!(told.contains(&expected.to_owned()), "{told:?}");
        }
        let mut looked_at = list(text.clone());
        looked_at["contains"] = json!({"type": "integer"});
        check(&old, &members(looked_at), &["contains-tightened /ids", "type-removed /ids/*"]);

        let others = |schema: &Value| json!({"type": "object", "additionalProperties": schema});
        check(&others(&integer), &others(&text), &[]);
        check(&others(&list(integer.clone())), &others(&list(text.clone())), &[]);
        check(&others(&integer), &others(&short), &["type-removed /*"]);
        check(&object(json!({"n": integer})), &others(&text), &[]);
        check(&object(json!({"n": {"type": "object"}})), &others(&text), &["type-removed /n"]);
    }
}

#[test]
fn what_is_a_json_text_in_a_form_is_compared_as_json() {
    let (integer, text) = (json!({"type": "integer"}), json!({"type": "string"}));
    for range in [PAIRS, PARTS] {
        let inner = |schema: &Value| object(json!({"o": object(json!({ "n": schema }))}));
        assert_eq!(broken(range, json!({}), inner(&integer), inner(&text)), ["type-removed /o/n"]);
        // The same two schemas stand in a member that is a text: that one is told of nowhere.
        let shared = |name: &str| {
            let schema = json!({"$ref": format!("#/components/schemas/{name}")});
            object(
                json!({"a": schema, "o": object(json!({ "n": schema })), "t": list(object(json!({ "n": schema })))}),
            )
        };
        assert_eq!(broken(range, json!({}), shared("Old"), shared("Text")), ["type-removed /o/n"]);
        let listed = |schema: &Value| object(json!({"ids": list(schema.clone())}));
        let typed = json!({"ids": {"contentType": "application/json"}});
        assert_eq!(broken(range, typed.clone(), listed(&integer), listed(&text)), ["type-removed /ids/*"]);
        let others = |schema: &Value| json!({"type": "object", "additionalProperties": schema});
        assert_eq!(broken(range, typed, others(&integer), others(&text)), ["type-removed /*"]);
    }
    let deep = json!({"o": {"style": "deepObject"}});
    let inner = |schema: &Value| object(json!({"o": object(json!({ "n": schema }))}));
    assert_eq!(broken(PAIRS, deep, inner(&integer), inner(&text)), [""; 0]);
}

#[test]
fn any_text_takes_what_was_a_number_in_parameters() {
    let of = |style: &str, explode: bool, schema: &Value| {
        let parameter =
            json!({"in": "query", "name": "p", "style": style, "explode": explode, "schema": schema});
        with(json!({"parameters": [parameter], "responses": {}}), json!({}))
    };
    let (integer, text) = (json!({"type": "integer"}), json!({"type": "string"}));
    let members = |schema: &Value| object(json!({ "n": schema }));
    let others = |schema: &Value| json!({"type": "object", "additionalProperties": schema});
    for (style, explode, old, new, place) in [
        ("form", true, list(integer.clone()), list(text.clone()), "/*"),
        ("pipeDelimited", false, list(integer.clone()), list(text.clone()), "/*"),
        ("form", false, members(&integer), members(&text), "/n"),
        ("deepObject", true, members(&integer), members(&text), "/n"),
        ("deepObject", true, others(&integer), others(&text), "/*"),
    ] {
        let (old, new) = (of(style, explode, &old), of(style, explode, &new));
        let less = format!("breaking type-removed query parameter p{place}");
        let more = format!("compatible type-added query parameter p{place}");
        assert_eq!(changes(&old, &new), std::slice::from_ref(&more), "{style}");
        let back = changes(&new, &old);
        assert!(back.contains(&less), "{style}: {back:?}");
    }
    // A header of answers is what the door sends: a text that was a number may be anything now.
    let answer = |schema: &Value| {
        let headers = json!({"X-Ids": {"schema": list(schema.clone())}});
        with(json!({"responses": {"200": {"description": "", "headers": headers}}}), json!({}))
    };
    let told = changes(&answer(&integer), &answer(&text));
    assert!(told.iter().any(|change| change.starts_with("breaking type-added")), "{told:?}");
}

const TEXTS: [&str; 10] = ["1", "2", "-1", "1.5", "true", "x", "xy", "", "null", "%7B%22m%22:1%7D"];

fn scalar(rng: &mut Rng) -> Value {
    let text = || json!({"type": "string"});
    match rng.u8(..10) {
        0 | 1 => json!({"type": "integer"}),
        2 => json!({"type": ["integer", "null"]}),
        3 => json!({"type": "number", "minimum": 0}),
        4 => json!({"type": "boolean"}),
        5 => json!({"type": "string", "maxLength": 1}),
        6 => json!({"enum": [1, 2]}),
        7 => json!({"allOf": [text(), text()]}),
        _ => text(),
    }
}

fn scalars(rng: &mut Rng) -> Value {
    let mut list = list(scalar(rng));
    match rng.u8(..6) {
        0 => list["uniqueItems"] = json!(true),
        1 => list["contains"] = scalar(rng),
        2 => list["maxItems"] = json!(1),
        _ => {}
    }
    list
}

fn flat(rng: &mut Rng) -> Value {
    let mut schema = object(json!({"m": scalar(rng), "n": scalar(rng)}));
    match rng.u8(..6) {
        0 => schema["additionalProperties"] = scalar(rng),
        1 => schema["anyOf"] = json!([{"properties": {"m": scalar(rng)}}]),
        2 => schema["allOf"] = json!([{"properties": {"m": scalar(rng)}}]),
        _ => {}
    }
    schema
}

/// An operation with two parameters and a form of each shape that has texts within.
fn operation(rng: &mut Rng) -> Value {
    let mut form = object(json!({"a": scalar(rng), "l": scalars(rng), "o": flat(rng), "d": flat(rng)}));
    match rng.u8(..4) {
        0 => form["additionalProperties"] = if rng.bool() { scalar(rng) } else { scalars(rng) },
        1 => form["allOf"] = json!([object(json!({"a": scalar(rng), "l": scalars(rng)}))]),
        _ => {}
    }
    let encoding = json!({"d": {"style": "deepObject"}});
    with(
        json!({
            "parameters": [
                {"in": "query", "name": "l", "explode": false, "schema": scalars(rng)},
                {"in": "query", "name": "o", "style": "deepObject", "schema": flat(rng)},
            ],
            "requestBody": {"content": { PAIRS: {"schema": form, "encoding": encoding} }},
            "responses": {},
        }),
        json!({}),
    )
}

/// The operation with one of its schemas made anew, or any text.
fn changed(rng: &mut Rng, old: &Value) -> Value {
    let (mut new, fresh) = (old.clone(), operation(rng));
    let places = ["/parameters/0/schema", "/parameters/1/schema/properties/m", "/parameters/1/schema"];
    let members = ["a", "l", "l/items", "o", "o/properties/m", "d", "d/properties/m"];
    let form = "/requestBody/content/application~1x-www-form-urlencoded/schema";
    let mut places: Vec<String> = places.map(str::to_owned).to_vec();
    places.extend(members.map(|name| format!("{form}/properties/{name}")));
    places.push(format!("{form}/additionalProperties"));
    let at = format!("/paths/~1orders/post{}", places[rng.usize(..places.len())]);
    if let (Some(part), Some(own)) = (new.pointer_mut(&at), fresh.pointer(&at)) {
        let is_scalar = own.get("properties").is_none() && own.get("items").is_none();
        *part = if is_scalar && rng.bool() { json!({"type": "string"}) } else { own.clone() };
    }
    new
}

/// A query and a form. Names are those that the contract describes; others stand where it speaks of these.
fn message(rng: &mut Rng, has_others: bool) -> (String, String) {
    // Most schemas take a 1.
    let text = |rng: &mut Rng| if rng.bool() { "1" } else { TEXTS[rng.usize(..TEXTS.len())] };
    let pairs = |rng: &mut Rng, names: &[&str]| {
        let some = names.iter().filter(|_| rng.bool()).collect::<Vec<_>>();
        some.into_iter().map(|name| format!("{name}={}", text(rng))).collect::<Vec<_>>().join("&")
    };
    let mut query = pairs(rng, &["o[m]", "o[n]"]);
    if rng.bool() {
        let items = [text(rng), text(rng)].map(|text| text.replace("%22m%22:1", ""));
        query = format!("l={}&{query}", items.join(","));
    }
    let names = ["a", "l", "l", "d[m]", "d[n]", "z"];
    let mut form = pairs(rng, if has_others { &names } else { &names[..5] });
    if rng.u8(..3) == 0 {
        let members = ["1", "true", "\"x\"", "null"].map(|text| format!("{{\"m\":{text}}}"));
        form = format!("o={}&{form}", members[rng.usize(..4)]);
    }
    (query, form)
}

#[test]
fn where_no_break_is_found_every_form_and_parameter_is_taken_as_before() {
    let mut rng = Rng::with_seed(0x7e27);
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static(PAIRS));
    let (mut silent, mut told, mut taken, mut widened) = (0_u32, 0_u32, 0_u32, 0_u32);
    for nth in 0..400 {
        let old = operation(&mut rng);
        let new = changed(&mut rng, &old);
        let (of_old, of_new) = (document(&old), document(&new));
        let (Ok(takes_old), Ok(takes_new)) =
            (of_old.operation("createOrder"), of_new.operation("createOrder"))
        else {
            continue;
        };
        let found = changes(&old, &new);
        if found.iter().any(|change| !change.starts_with("compatible")) {
            told += 1;
            continue;
        }
        silent += 1;
        widened += u32::from(found.iter().any(|change| change.contains("type-added")));
        let has_others = old.to_string().contains(r#""additionalProperties""#);
        for _ in 0..30 {
            let (query, form) = message(&mut rng, has_others);
            let request = RequestParts { path: &[], query: &query, headers: &headers, body: form.as_bytes() };
            if takes_old.check_request(&request).is_ok() {
                taken += 1;
                let answer = takes_new.check_request(&request);
                assert!(answer.is_ok(), "pair {nth}: {old}\nto {new}\n{query}\n{form}: {answer:?}");
            }
        }
    }
    // The test says nothing unless many pairs are silent, not only because nothing changed, and many messages get through.
    assert!(
        silent > 120 && told > 120 && widened > 40 && taken > 400,
        "{silent} silent, {told} told, {widened} widened, {taken} messages"
    );
}
