//! Where no break is found, nothing breaks: of generated pairs of schemas, the checker that judges live messages takes
//! by the one what it takes by the other.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::super::include::{Inclusion, Level};
use crate::bundle::{Bundle, Direction};
use crate::checker::Checker;
use crate::documents::Documents;
use crate::library::Library;

const NAMES: [&str; 3] = ["a", "b", "x-c"];
const PAIRS: usize = 2_500;
const VALUES: usize = 40;

fn bundle(schema: &Value) -> Option<(Bundle, Checker)> {
    let library = Library::new([("f", json!({ "s": schema, "r": recursive() }).to_string())]);
    let documents = Documents::open(&library, "f").unwrap();
    let bundle = Bundle::gather(&documents, Direction::Request, "/s", &mut vec![])?;
    let checker = Checker::compile(&documents, &bundle).ok()?;
    Some((bundle, checker))
}

fn recursive() -> Value {
    json!({"type": "object", "properties": {"a": {"$ref": "#/r"}, "b": {"type": "integer"}}})
}

fn pick<'v>(rng: &mut Rng, values: &'v [Value]) -> &'v Value {
    &values[rng.usize(..values.len())]
}

/// A schema of a few keywords, which may be at odds with each other.
fn schema(rng: &mut Rng, depth: usize) -> Value {
    let mut out = Map::new();
    let kinds: &[&str] = &["string", "integer", "number", "boolean", "null", "array", "object", "object"];
    let kind = kinds[rng.usize(..kinds.len())];
    if depth > 0 && rng.u8(..8) == 0 {
        return json!({"$ref": "#/r"});
    }
    if depth > 0 && rng.u8(..6) == 0 {
        let list = ["anyOf", "oneOf", "allOf"][rng.usize(..3)];
        let branches: Vec<Value> = (0..rng.usize(1..4)).map(|_| schema(rng, depth - 1)).collect();
        out.insert(list.to_owned(), branches.into());
        if rng.bool() {
            return Value::Object(out);
        }
    }
    match rng.u8(..10) {
        0 => drop(out.insert("type".to_owned(), json!([kind, "null"]))),
        1 => {}
        _ => drop(out.insert("type".to_owned(), json!(kind))),
    }
    let mut say = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    let few = |rng: &mut Rng| rng.u8(..3) == 0;
    match kind {
        "string" => {
            if few(rng) {
                say("minLength", rng.u8(..3).into())
            }
            if few(rng) {
                say("maxLength", rng.u8(1..4).into())
            }
            if few(rng) {
                say("pattern", pick(rng, &[json!("^a"), json!("b$")]).clone())
            }
            if few(rng) {
                say("enum", json!(["a", "ab", "b"][..rng.usize(1..4)]))
            }
            if rng.u8(..8) == 0 {
                say("format", json!("date"))
            }
        }
        "integer" | "number" => {
            if few(rng) {
                say("minimum", pick(rng, &[json!(0), json!(1), json!(1.5)]).clone())
            }
            if few(rng) {
                say("exclusiveMaximum", pick(rng, &[json!(2), json!(3), json!(2.5)]).clone())
            }
            if few(rng) {
                say("multipleOf", pick(rng, &[json!(1), json!(2), json!(0.5)]).clone())
            }
            if few(rng) {
                say("const", pick(rng, &[json!(1), json!(2), json!(1.0)]).clone())
            }
        }
        "array" if depth > 0 => {
            if rng.bool() {
                say("items", schema(rng, depth - 1))
            }
            if few(rng) {
                say("prefixItems", json!([schema(rng, depth - 1)]))
            }
            if few(rng) {
                say("minItems", rng.u8(..3).into())
            }
            if few(rng) {
                say("maxItems", rng.u8(..3).into())
            }
            if few(rng) {
                say("uniqueItems", rng.bool().into())
            }
            if few(rng) {
                say("contains", schema(rng, depth - 1))
            }
        }
        "object" if depth > 0 => {
            let mut properties = Map::new();
            for name in NAMES {
                if rng.bool() {
                    properties.insert(name.to_owned(), schema(rng, depth - 1));
                }
            }
            say("properties", properties.into());
            let required: Vec<&str> = NAMES.into_iter().filter(|_| rng.u8(..3) == 0).collect();
            say("required", json!(required));
            if few(rng) {
                say("additionalProperties", if rng.bool() { json!(false) } else { schema(rng, depth - 1) })
            }
            if rng.u8(..6) == 0 {
                say("unevaluatedProperties", json!(false))
            }
            if rng.u8(..6) == 0 {
                say("patternProperties", json!({"^x-": schema(rng, depth - 1)}))
            }
            if rng.u8(..6) == 0 {
                say("minProperties", 1.into())
            }
            if rng.u8(..6) == 0 {
                say("maxProperties", 2.into())
            }
            if rng.u8(..6) == 0 {
                say("propertyNames", json!({"maxLength": rng.u8(1..3)}))
            }
            if rng.u8(..6) == 0 {
                say("dependentRequired", json!({"a": ["b"]}))
            }
        }
        _ => {}
    }
    if depth > 0 && rng.u8(..12) == 0 {
        say("not", schema(rng, depth - 1))
    }
    if depth > 0 && rng.u8(..16) == 0 {
        say("if", schema(rng, depth - 1));
        say("then", schema(rng, depth - 1));
    }
    Value::Object(out)
}

/// The schema with one of its parts made anew.
fn changed(rng: &mut Rng, schema: &Value, depth: usize) -> Value {
    let mut out = schema.clone();
    let Value::Object(keywords) = &mut out else { return self::schema(rng, depth) };
    let names: Vec<String> = keywords.keys().cloned().collect();
    let Some(name) = names.get(rng.usize(..names.len().max(1))) else { return self::schema(rng, depth) };
    let fresh = self::schema(rng, depth);
    match keywords.get_mut(name) {
        Some(Value::Array(list)) if ["anyOf", "oneOf", "allOf", "prefixItems"].contains(&name.as_str()) => {
            match rng.u8(..3) {
                0 => list.push(fresh),
                1 if list.len() > 1 => drop(list.remove(0)),
                _ => {
                    let nth = rng.usize(..list.len());
                    list[nth] = changed(rng, &list[nth], depth.saturating_sub(1));
                }
            }
        }
        Some(Value::Object(members)) if name == "properties" && !members.is_empty() => {
            let nth = rng.usize(..members.len());
            let member = members.keys().nth(nth).unwrap().clone();
            let value = changed(rng, &members[&member], depth.saturating_sub(1));
            members.insert(member, value);
        }
        Some(inner @ Value::Object(_)) if name != "patternProperties" && name != "dependentRequired" => {
            *inner = changed(rng, inner, depth.saturating_sub(1));
        }
        _ if rng.bool() => drop(keywords.remove(name)),
        _ => match fresh.get(name) {
            Some(value) => drop(keywords.insert(name.clone(), value.clone())),
            None => drop(keywords.remove(name)),
        },
    }
    out
}

fn value(rng: &mut Rng, depth: usize) -> Value {
    let scalars = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(2),
        json!(1.0),
        json!(1.5),
        json!(0.5),
        json!(-1),
        json!(3),
        json!(""),
        json!("a"),
        json!("ab"),
        json!("b"),
        json!("aab"),
        json!("2020-01-01"),
    ];
    match rng.u8(..if depth == 0 { 3 } else { 7 }) {
        0..3 => pick(rng, &scalars).clone(),
        3 | 4 => (0..rng.usize(..4)).map(|_| value(rng, depth - 1)).collect(),
        _ => {
            let names: Vec<&str> = NAMES.into_iter().filter(|_| rng.bool()).collect();
            names.into_iter().map(|name| (name.to_owned(), value(rng, depth - 1))).collect()
        }
    }
}

/// Whether the value keeps to what the schema describes: it has no member that the schema could name and does not,
/// unless it says something of others. Every object that names members is looked at, wherever the value meets it.
fn keeps(schema: &Value, value: &Value) -> bool {
    let (mut names, mut opens, mut describes) = (Vec::new(), false, false);
    in_place(schema, &mut |part| {
        if let Some(properties) = part.get("properties").and_then(Value::as_object) {
            describes |= !properties.is_empty();
            names.extend(properties.keys().cloned());
        }
        if part.get("patternProperties").is_some() {
            describes = true;
            names.push("x-c".to_owned());
        }
        names.extend(
            part.get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(|name| name.as_str().unwrap().to_owned()),
        );
        opens |= ["additionalProperties", "unevaluatedProperties", "if"]
            .iter()
            .any(|keyword| part.get(keyword).is_some());
    });
    match value {
        Value::Object(members) => {
            (opens || !describes || members.keys().all(|name| names.contains(name)))
                && members.iter().all(|(name, value)| {
                    let mut kept = true;
                    in_place(schema, &mut |part| {
                        let own = part.get("properties").and_then(|all| all.get(name));
                        let pattern = part
                            .get("patternProperties")
                            .and_then(|all| all.get("^x-"))
                            .filter(|_| name.starts_with("x-"));
                        let said: Vec<&Value> = own.into_iter().chain(pattern).collect();
                        let said = if said.is_empty() {
                            part.get("additionalProperties").into_iter().collect()
                        } else {
                            said
                        };
                        kept &= said.into_iter().all(|said| keeps(said, value));
                    });
                    kept
                })
        }
        Value::Array(items) => {
            let mut kept = true;
            in_place(schema, &mut |part| {
                for (nth, item) in items.iter().enumerate() {
                    let own =
                        part.get("prefixItems").and_then(|all| all.get(nth)).or_else(|| part.get("items"));
                    kept &= own.is_none_or(|own| keeps(own, item));
                }
            });
            kept
        }
        _ => true,
    }
}

/// Every schema that describes the same value.
fn in_place(schema: &Value, visit: &mut dyn FnMut(&Value)) {
    let recursive = recursive();
    let schema = if schema.get("$ref").is_some() { &recursive } else { schema };
    visit(schema);
    for list in ["anyOf", "oneOf", "allOf"] {
        for part in schema.get(list).and_then(Value::as_array).into_iter().flatten() {
            in_place(part, visit);
        }
    }
    for part in ["then", "else"].iter().filter_map(|keyword| schema.get(keyword)) {
        in_place(part, visit);
    }
}

#[test]
fn where_no_break_is_found_every_value_that_the_one_takes_the_other_takes() {
    let mut rng = Rng::with_seed(0x00d0_0a2d);
    let (mut silent, mut told, mut taken) = (0_u32, 0_u32, 0_u32);
    for nth in 0..PAIRS {
        let old = schema(&mut rng, 3);
        let new = if rng.u8(..5) == 0 { schema(&mut rng, 2) } else { changed(&mut rng, &old, 2) };
        let (Some((of_old, takes_old)), Some((of_new, takes_new))) = (bundle(&old), bundle(&new)) else {
            continue;
        };
        // A request goes from the older schema to the newer one, and an answer the other way.
        for (from, from_bundle, from_checker, to_bundle, to_checker) in [
            (&old, &of_old, &takes_old, &of_new, &takes_new),
            (&new, &of_new, &takes_new, &of_old, &takes_old),
        ] {
            let found = Inclusion::ask(from_bundle, to_bundle);
            if found.iter().any(|found| found.level != Level::Note) {
                told += 1;
                continue;
            }
            silent += 1;
            for _ in 0..VALUES {
                let value = value(&mut rng, 3);
                if from_checker.violations("body", "", &value).is_empty() && keeps(from, &value) {
                    taken += 1;
                    let refused = to_checker.violations("body", "", &value);
                    assert!(refused.is_empty(), "pair {nth}: {old}\nto {new}\nvalue {value}: {refused:?}");
                }
            }
        }
    }
    // The test says nothing unless many pairs are silent, many are not, and many values get through.
    assert!(silent > 500 && told > 1_000 && taken > 2_000, "{silent} silent, {told} told, {taken} values");
}
