//! Schemas that refer to each other: every pair is looked at a few times, however many ways lead to it.

use fastrand::Rng;
use serde_json::{Value, json};

use super::super::include::{Inclusion, Level};
use crate::bundle::{Bundle, Direction};
use crate::checker::Checker;
use crate::documents::Documents;
use crate::library::Library;

/// Entities that refer to each other.
const ENTITIES: usize = 12;

/// Entities of a generated graph.
const GRAPH: usize = 5;

fn checker(schemas: &[Value], bundle: &Bundle) -> Checker {
    let library = Library::new([("f", json!({ "s": schemas }).to_string())]);
    let documents = Documents::open(&library, "f").unwrap();
    Checker::compile(&documents, bundle).unwrap_or_else(|fault| panic!("{fault}"))
}

fn bundle(schemas: &[Value]) -> Bundle {
    let library = Library::new([("f", json!({ "s": schemas }).to_string())]);
    let documents = Documents::open(&library, "f").unwrap();
    let mut faults = vec![];
    Bundle::gather(&documents, Direction::Request, "/s/0", &mut faults)
        .unwrap_or_else(|| panic!("{faults:?}"))
}

/// Each with an identifier, a name, four relations and a list, and as `style` has it.
fn entities(
    count: usize,
    name: &Value,
    more: Option<(usize, &str)>,
    style: fn(Value) -> Value,
) -> Vec<Value> {
    let one = |nth: usize| {
        let mut properties = json!({"id": {"type": "string"}, "name": name});
        for link in 1..=4 {
            properties[format!("rel{link}")] = json!({"$ref": format!("#/s/{}", (nth * 3 + link) % count)});
        }
        properties["list"] =
            json!({"type": "array", "items": {"$ref": format!("#/s/{}", (nth + 2) % count)}});
        if let Some((_, member)) = more.filter(|(which, _)| *which == nth || *which == count) {
            properties[member] = json!({"type": "integer"});
        }
        style(json!({"type": "object", "properties": properties}))
    };
    (0..count).map(one).collect()
}

/// What is found, as `level rule value`, and how many pairs were looked at.
fn asked(from: &[Value], to: &[Value]) -> (Vec<String>, usize) {
    let (from, to) = (bundle(from), bundle(to));
    let (found, steps) = Inclusion::count(&from, &to);
    let told = found.iter().map(|found| format!("{:?} {:?} {}", found.level, found.rule, found.value));
    (told.collect(), steps)
}

#[test]
fn a_member_that_each_of_many_entities_gets_is_found_once_at_each() {
    let plain = |schema| schema;
    let text = json!({"type": "string"});
    let (old, new) =
        (entities(ENTITIES, &text, None, plain), entities(ENTITIES, &text, Some((ENTITIES, "extra")), plain));
    let (found, steps) = asked(&old, &new);
    assert!(found.is_empty() && steps <= 3 * ENTITIES, "{steps}: {found:?}");
    let (found, steps) = asked(&new, &old);
    assert!(found.iter().all(|found| found.starts_with("Note Declared")), "{found:?}");
    assert!(found.len() == ENTITIES && steps <= 3 * ENTITIES, "{steps}: {found:?}");
}

#[test]
fn what_is_narrower_in_one_of_many_entities_is_found_at_the_nearest_place() {
    let nullable = |schema| json!({"anyOf": [schema, {"type": "null"}]});
    let plain: fn(Value) -> Value = |schema| schema;
    let text = json!({"type": "string"});
    for (style, steps_of_each) in [(plain, 4), (nullable, 60)] {
        let (old, mut new) = (entities(ENTITIES, &text, None, style), entities(ENTITIES, &text, None, style));
        let far = ENTITIES - 1;
        let narrowed = entities(ENTITIES, &json!({"type": "string", "maxLength": 200}), None, style);
        new[far] = narrowed[far].clone();
        let (found, steps) = asked(&old, &new);
        assert_eq!(found, ["Narrower Bound /rel3/rel2/name"]);
        assert!(steps <= steps_of_each * ENTITIES, "{steps}");
        let (found, steps) = asked(&new, &old);
        assert!(found.is_empty() && steps <= steps_of_each * ENTITIES, "{steps}: {found:?}");
        let (found, steps) = asked(&old, &narrowed);
        assert_eq!(found[0], "Narrower Bound /name");
        assert!(
            found.len() == ENTITIES && found.iter().all(|found| found.starts_with("Narrower Bound")),
            "{found:?}"
        );
        assert!(steps <= steps_of_each * ENTITIES, "{steps}");
        let (found, steps) = asked(&narrowed, &old);
        assert!(found.is_empty() && steps <= steps_of_each * ENTITIES, "{steps}: {found:?}");
    }
}

#[test]
fn parts_that_all_hold_become_ones_of_which_some_do() {
    let of = |word: &str| -> Vec<Value> {
        let members: Value = (0..ENTITIES)
            .map(|link| (format!("p{link}"), json!({"$ref": format!("#/s/{link}")})))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let one = |nth: usize| {
            let own = format!("w{nth}");
            json!({ word: [
                {"type": "object", "properties": members},
                {"type": "object", "properties": { own.as_str(): {"type": "string"} }, "required": [own]},
            ] })
        };
        (0..ENTITIES).map(one).collect()
    };
    let (found, steps) = asked(&of("allOf"), &of("anyOf"));
    assert!(found.iter().all(|found| found.starts_with("Note")), "{found:?}");
    assert!(steps <= 20 * ENTITIES, "{steps}");
    let (found, steps) = asked(&of("anyOf"), &of("allOf"));
    assert!(found.iter().any(|found| found.starts_with("Narrower NewRequired")), "{found:?}");
    assert!(steps <= 40 * ENTITIES, "{steps}");
}

#[test]
fn a_long_circle_of_entities_is_followed_to_its_end() {
    let circle = |leaf: &str| -> Vec<Value> {
        let one = |nth: usize| {
            let leaf = if nth == 150 { leaf } else { "number" };
            let next = json!({"$ref": format!("#/s/{}", (nth + 1) % 200)});
            json!({"type": "object", "properties": {"next": next, "leaf": {"type": leaf}}})
        };
        (0..200).map(one).collect()
    };
    let (found, steps) = asked(&circle("number"), &circle("integer"));
    assert_eq!(found, [format!("Narrower Type {}/leaf", "/next".repeat(150))]);
    assert!(steps < 4_000, "{steps}");
    let (found, steps) = asked(&circle("integer"), &circle("number"));
    assert!(found.is_empty() && steps < 1_000, "{steps}: {found:?}");
}

#[test]
fn what_leaned_on_a_pair_that_fails_is_not_kept() {
    // `b` within `a` holds as long as `a` does, which fails after it: `b` by itself fails, too.
    let of = |leaf: &str| {
        let a = json!({"type": "object", "required": ["b", "z"], "properties": {"b": {"$ref": "#/s/2"}, "z": {"type": leaf}}});
        let b = json!({"type": "object", "required": ["a"], "properties": {"a": {"anyOf": [{"$ref": "#/s/1"}, {"type": "null"}]}}});
        let root = json!({"type": "object", "properties": {"x": {"anyOf": [{"$ref": "#/s/1"}, {"type": "object"}]}, "y": {"$ref": "#/s/2"}}});
        vec![root, a, b]
    };
    let (found, _) = asked(&of("number"), &of("integer"));
    assert!(found.iter().any(|found| found.starts_with("Narrower Type /y/a/z")), "{found:?}");
    let levels =
        |found: &[String]| found.iter().any(|found| !found.starts_with(&format!("{:?}", Level::Note)));
    let (found, _) = asked(&of("integer"), &of("number"));
    assert!(!levels(&found), "{found:?}");
}

/// Entities that refer to each other, some of them by an alternative.
fn graph(rng: &mut Rng) -> Vec<Value> {
    let member = |rng: &mut Rng| {
        let other = json!({"$ref": format!("#/s/{}", rng.usize(..GRAPH))});
        match rng.u8(..6) {
            0 => json!({"type": "integer"}),
            1 => json!({"type": "number"}),
            2 => other,
            3 => json!({"anyOf": [other, {"type": "null"}]}),
            4 => json!({"anyOf": [other, {"$ref": format!("#/s/{}", rng.usize(..GRAPH))}]}),
            _ => json!({"type": "array", "items": other}),
        }
    };
    let entity = |_| {
        let required: Vec<&str> = ["a", "b"].into_iter().filter(|_| rng.u8(..4) == 0).collect();
        let properties = json!({"a": member(rng), "b": member(rng)});
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    };
    (0..GRAPH).map(entity).collect()
}

/// A value that fits the schema, as far as `depth` goes.
fn fitting(rng: &mut Rng, all: &[Value], schema: &Value, depth: usize) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return fitting(rng, all, &all[reference[4..].parse::<usize>().unwrap()], depth);
    }
    if let Some(branches) = schema["anyOf"].as_array() {
        let chosen = rng.usize(..branches.len());
        return fitting(rng, all, &branches[chosen], depth);
    }
    match schema["type"].as_str().unwrap() {
        "integer" => json!(1),
        "number" => json!(1.5),
        "null" => Value::Null,
        "array" if depth == 0 => json!([]),
        "array" => json!([fitting(rng, all, &schema["items"], depth - 1)]),
        _ => {
            let is_required = |name: &str| schema["required"].as_array().unwrap().contains(&json!(name));
            let names = ["a", "b"].into_iter().filter(|name| is_required(name) || (depth > 0 && rng.bool()));
            let names: Vec<&str> = names.take(if depth == 0 { 0 } else { 2 }).collect();
            let members = names
                .into_iter()
                .map(|name| (name.to_owned(), fitting(rng, all, &schema["properties"][name], depth - 1)));
            Value::Object(members.collect())
        }
    }
}

#[test]
fn where_nothing_is_found_in_a_graph_every_value_of_the_one_fits_the_other() {
    let mut rng = Rng::with_seed(0x00d0_0a2e);
    let (mut silent, mut told, mut taken) = (0_u32, 0_u32, 0_u32);
    for nth in 0..600 {
        let from = graph(&mut rng);
        let mut to = from.clone();
        for _ in 0..rng.usize(1..3) {
            let (fresh, which) = (graph(&mut rng), rng.usize(..GRAPH));
            let name = ["a", "b"][rng.usize(..2)];
            to[which]["properties"][name] = fresh[which]["properties"][name].clone();
        }
        let (of_from, of_to) = (bundle(&from), bundle(&to));
        if Inclusion::ask(&of_from, &of_to).iter().any(|found| found.level < Level::Note) {
            told += 1;
            continue;
        }
        silent += 1;
        let (takes_from, takes_to) = (checker(&from, &of_from), checker(&to, &of_to));
        for _ in 0..60 {
            let value = fitting(&mut rng, &from, &from[0], 5);
            if takes_from.violations("body", "", &value).is_empty() {
                taken += 1;
                let refused = takes_to.violations("body", "", &value);
                assert!(refused.is_empty(), "pair {nth}: {from:?}\nto {to:?}\nvalue {value}: {refused:?}");
            }
        }
    }
    assert!(silent > 60 && told > 200 && taken > 2_000, "{silent} silent, {told} told, {taken} values");
}
