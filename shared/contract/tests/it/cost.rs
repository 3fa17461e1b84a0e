//! What checking may cost: all of these take longer than anybody waits where a bound is missing.

use doorward_contract::{Library, Schema};
use expect_test::expect;
use serde_json::{Map, Value, json};

fn compile(schema: &Value) -> Result<Schema, String> {
    let library = Library::new([("s.json", serde_json::to_string_pretty(schema).unwrap())]);
    Schema::compile(&library, "s.json", "").map_err(|faults| faults.to_string())
}

#[track_caller]
fn rules(schema: &Value, value: &Value) -> Vec<String> {
    let violations = compile(schema).unwrap().violations(value);
    violations.into_iter().map(|violation| violation.rule).collect()
}

/// `links` definitions, each a choice between two references to the next.
fn doubling(word: &str, links: usize) -> Value {
    let mut definitions: Map<String, Value> = (0..links)
        .map(|n| {
            let next = json!({"$ref": format!("#/$defs/c{}", n + 1)});
            (format!("c{n}"), json!({word: [next, next]}))
        })
        .collect();
    definitions.insert(format!("c{links}"), json!({"type": "string"}));
    json!({"$ref": "#/$defs/c0", "$defs": definitions})
}

#[test]
fn a_chain_of_choices_that_doubles_is_refused_where_it_is_compiled() {
    for word in ["anyOf", "oneOf", "allOf"] {
        assert!(compile(&doubling(word, 11)).is_ok(), "{word}");
    }
    expect![[r#"
        s.json:1:1: one value is held against more than 10000 schemas, all choices counted
          hint: let schemas that are alike refer to one, not to each other"#]]
    .assert_eq(&compile(&doubling("anyOf", 25)).unwrap_err());
}

/// Lists of empty lists, all different.
fn trees(count: usize) -> Value {
    let tree = |number: usize| {
        let mut tree = json!([]);
        let mut left = number;
        while left > 0 {
            tree = if left % 2 == 1 { json!([tree, []]) } else { json!([tree]) };
            left /= 2;
        }
        tree
    };
    (0..count).map(tree).collect()
}

#[test]
fn unique_items_cost_no_square_whatever_they_are() {
    let unique = json!({"uniqueItems": true});
    let large: Value = (0..50_000_u64).map(|n| json!(u64::MAX - n)).collect();
    for distinct in [trees(20_000), large] {
        assert_eq!(rules(&unique, &distinct), Vec::<String>::new());
        let mut twice = distinct.as_array().unwrap().clone();
        twice.push(twice[7].clone());
        assert_eq!(rules(&unique, &Value::Array(twice)).len(), 1);
    }
    assert_eq!(rules(&unique, &json!([1, 1.0])), ["must not hold an item twice"]);
    assert_eq!(rules(&json!({"uniqueItems": false}), &json!([1, 1])), Vec::<String>::new());
}

#[test]
fn schemas_that_branch_into_themselves_are_checked_in_bounded_time() {
    let own = || json!({"$ref": "#"});
    let next = || json!({"properties": {"a": true, "next": own()}});
    let deep = (0..60).fold(json!(1), |next, _| json!({"a": 1, "next": next}));
    for schema in [
        json!({"type": "object", "anyOf": [next(), next()], "unevaluatedProperties": false}),
        json!({"type": "object", "anyOf": [next()], "unevaluatedProperties": own()}),
        json!({"type": "object", "oneOf": [next(), {"allOf": [next(), next()]}]}),
        json!({"type": "object", "if": next(), "then": next(), "else": next()}),
        json!({"type": "object", "not": {"not": next()}, "dependentSchemas": {"a": next()}}),
    ] {
        assert!(!rules(&schema, &deep).is_empty(), "{schema}");
    }
}

#[test]
fn patterns_times_names_is_what_members_cost() {
    let patterns: Map<String, Value> =
        (0..50).map(|n| (format!("^(a|aa)+{n}$"), json!({"type": "integer"}))).collect();
    let names: Map<String, Value> =
        (0..2_000).map(|n| (format!("{}{n}", "a".repeat(50)), json!(n))).collect();
    assert_eq!(rules(&json!({"patternProperties": patterns}), &Value::Object(names)), Vec::<String>::new());
}
