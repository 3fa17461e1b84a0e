//! Discriminators of merged documents mean the schemas that those of their parts mean.

use std::sync::Arc;

use doorward_contract::{Document, Library, MergedOperation, merge};
use serde_json::{Map, Value, json};

/// A document of `version` with one operation `write`, whose body and answer are of `schema`.
fn document(version: &str, schema: &Value, components: Value) -> Value {
    let content = json!({"application/json": { "schema": schema }});
    json!({"openapi": version, "info": {"title": "t", "version": "1"}, "components": { "schemas": components },
        "paths": {"/a": {"post": {"operationId": "write", "requestBody": { "content": content },
            "responses": {"200": {"description": "", "content": content}}}}}})
}

/// The documents at `files` merged, each with its operation, with `others` beside them.
#[track_caller]
fn merged(files: &[(&str, Value)], others: &[(&str, Value)]) -> Value {
    let texts = files.iter().chain(others).map(|(name, value)| (*name, value.to_string()));
    let library = Arc::new(Library::new(texts));
    let documents: Vec<Document> = files
        .iter()
        .map(|(name, _)| Document::open(&library, name).unwrap_or_else(|faults| panic!("{faults}")))
        .collect();
    let (ids, paths) = (["one", "two", "three"], ["/one", "/two", "/three"]);
    let operations =
        documents.iter().zip(ids.iter().zip(paths)).map(|(document, (id, path))| MergedOperation {
            document,
            described_as: "write",
            path,
            id,
            security: json!([{}]),
            answers: Map::new(),
        });
    let merged = merge(json!({"title": "m", "version": "1"}), &operations.collect::<Vec<_>>(), Map::new());
    all_lead_somewhere(&merged, &merged);
    let read = Document::parse("merged", &merged.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    read.operation("one").unwrap_or_else(|faults| panic!("{faults}"));
    merged
}

/// Every mapping is a reference to a component that is there.
#[track_caller]
fn all_lead_somewhere(value: &Value, merged: &Value) {
    if let Some(mapping) = value.get("discriminator").and_then(|own| own.get("mapping")) {
        for target in mapping.as_object().unwrap().values().map(|target| target.as_str().unwrap()) {
            assert!(merged.pointer(&target[1..]).is_some(), "{target}: {merged:#}");
        }
    }
    match value {
        Value::Object(members) => members.values().for_each(|value| all_lead_somewhere(value, merged)),
        Value::Array(items) => items.iter().for_each(|value| all_lead_somewhere(value, merged)),
        _ => {}
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// An object with a member that tells its kind, and one of its own.
fn pet(member: &str) -> Value {
    json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}, member: {"type": "integer"}}})
}

fn body(merged: &Value, path: &str) -> Value {
    merged["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"].clone()
}

#[test]
fn mappings_mean_schemas_where_they_stand() {
    for version in ["3.0.3", "3.1.0"] {
        let choice = json!({"oneOf": [reference("Cat"), reference("Dog")], "discriminator": {
            "propertyName": "kind",
            "mapping": {"meow": "#/components/schemas/Cat", "woof": "Dog", "moo": "Cow", "baa": "nowhere.yaml",
                "oink": "#/components/schemas/Pig", "far": "https://example.com/pet.json", "self": "#/info", "odd": 1},
        }});
        let pets = json!({"Cat": pet("lives"), "Dog": pet("bones"), "Cow": pet("milk"), "Fish": pet("fins")});
        let merged = merged(&[("a", document(version, &choice, pets))], &[]);
        assert_eq!(
            body(&merged, "/one")["discriminator"],
            json!({"propertyName": "kind", "mapping": {"meow": "#/components/schemas/Cat",
                "woof": "#/components/schemas/Dog", "moo": "#/components/schemas/Cow"}})
        );
        // What only a mapping names is there; what nothing names is not.
        let schemas = merged["components"]["schemas"].as_object().unwrap();
        assert_eq!(schemas.keys().collect::<Vec<_>>(), ["Cat", "Cow", "Dog"]);
        assert_eq!(schemas["Cow"], pet("milk"));
    }
}

#[test]
fn a_name_that_is_another_in_the_merged_document_is_mapped() {
    let choice = |list: &str, mapping: Value| {
        json!({"type": "object", "properties": {"pet": { list: [reference("Cat"), reference("Dog")],
            "discriminator": {"propertyName": "kind", "mapping": mapping} }}})
    };
    let pets = |member: &str| json!({"Cat": pet(member), "Dog": pet("bones")});
    let merged = merged(
        &[
            ("a", document("3.1.0", &choice("oneOf", json!({})), pets("lives"))),
            ("b", document("3.1.0", &choice("anyOf", json!({"Dog": "Cat", "meow": "Cat"})), pets("toys"))),
        ],
        &[],
    );
    let of = |path: &str| body(&merged, path)["properties"]["pet"]["discriminator"].clone();
    assert_eq!(of("/one"), json!({"propertyName": "kind"}));
    let cat = "#/components/schemas/Cat_2";
    assert_eq!(of("/two"), json!({"propertyName": "kind", "mapping": {"Dog": cat, "meow": cat, "Cat": cat}}));
    assert_eq!(merged["components"]["schemas"]["Cat_2"], pet("toys"));
}

#[test]
fn what_is_made_of_a_schema_is_there_by_its_name() {
    let made = |base: &str, member: &str| json!({"allOf": [reference(base), pet(member)]});
    let mut base = pet("age");
    base["discriminator"] = json!({"propertyName": "kind"});
    let pets = |cat: &str| {
        json!({"Pet": base, "Cat": made("Pet", cat), "Lion": made("Cat", "mane"), "Car": pet("wheels"),
            "Herd": {"type": "array", "items": reference("Pet")}})
    };
    let merged = merged(
        &[
            ("a", document("3.0.3", &reference("Pet"), pets("lives"))),
            ("b", document("3.1.0", &reference("Herd"), pets("toys"))),
        ],
        &[],
    );
    let schemas = merged["components"]["schemas"].as_object().unwrap();
    assert_eq!(
        schemas.keys().collect::<Vec<_>>(),
        ["Cat", "Cat_2", "Herd", "Lion", "Lion_2", "Pet", "Pet_2"]
    );
    assert_eq!(schemas["Pet"]["discriminator"], json!({"propertyName": "kind"}));
    let renamed = json!({"Cat": "#/components/schemas/Cat_2", "Lion": "#/components/schemas/Lion_2"});
    assert_eq!(schemas["Pet_2"]["discriminator"], json!({"propertyName": "kind", "mapping": renamed}));
    assert_eq!(schemas["Lion_2"]["allOf"][0], json!({"$ref": "#/components/schemas/Cat_2"}));
    assert_eq!(schemas["Cat_2"]["allOf"][0], json!({"$ref": "#/components/schemas/Pet_2"}));
}

#[test]
fn mappings_lead_into_other_files() {
    let choice = json!({"$ref": "pets.json#/$defs/Any"});
    let pets = json!({"$defs": {
        "Any": {"oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "dog.json"}], "discriminator": {
            "propertyName": "kind",
            "mapping": {"meow": "#/$defs/Cat", "woof": "dog.json", "moo": "Cow", "hidden": "Cat"},
        }},
        "Cat": pet("lives"),
    }});
    let merged = merged(
        &[("a", document("3.1.0", &choice, json!({"Cow": pet("milk")})))],
        &[("pets.json", pets), ("dog.json", pet("bones"))],
    );
    let schemas = &merged["components"]["schemas"];
    let mapping = schemas["Any"]["discriminator"]["mapping"].as_object().unwrap();
    assert_eq!(mapping.len(), 3, "{mapping:?}");
    for (value, member) in [("meow", "lives"), ("woof", "bones"), ("moo", "milk")] {
        let schema = merged.pointer(&mapping[value].as_str().unwrap()[1..]).unwrap();
        assert_eq!(schema, &pet(member), "{value}");
    }
}

#[test]
fn a_mapping_means_what_travels_its_way() {
    let mut cat = pet("lives");
    cat["properties"]["id"] = json!({"type": "string", "readOnly": true});
    cat["required"] = json!(["kind", "id"]);
    let choice = json!({"oneOf": [reference("Cat")], "discriminator": {"propertyName": "kind", "mapping": {"meow": "Cat"}}});
    let merged = merged(&[("a", document("3.1.0", &choice, json!({ "Cat": cat })))], &[]);
    let answer =
        &merged["paths"]["/one"]["post"]["responses"]["200"]["content"]["application/json"]["schema"];
    for (schema, required) in [(&body(&merged, "/one"), json!(["kind"])), (answer, json!(["kind", "id"]))] {
        let target = schema["discriminator"]["mapping"]["meow"].as_str().unwrap();
        assert_eq!(schema["oneOf"], json!([{ "$ref": target }]));
        assert_eq!(merged.pointer(&target[1..]).unwrap()["required"], required);
    }
    assert_eq!(answer["discriminator"]["mapping"]["Cat"], "#/components/schemas/Cat_2");
}

#[test]
fn what_is_no_discriminator_is_left_out() {
    let pets = json!({"Cat": pet("lives"), "Choice": {"oneOf": [reference("Cat")], "discriminator": {"mapping": {}}}});
    for (version, schema) in [
        ("3.1.0", json!({"oneOf": [reference("Cat")], "discriminator": "kind"})),
        ("3.1.0", json!({"oneOf": [reference("Cat")], "discriminator": {"propertyName": 1}})),
        (
            "3.1.0",
            json!({"type": "object", "properties": {"discriminator": {"type": "object"}}, "example": {"discriminator": {}}}),
        ),
        ("3.0.3", json!({"$ref": "#/components/schemas/Cat", "discriminator": {"propertyName": "kind"}})),
        ("3.1.0", reference("Choice")),
    ] {
        let merged = merged(&[("a", document(version, &schema, pets.clone()))], &[]);
        assert!(!merged.to_string().contains("propertyName"), "{merged:#}");
    }
    let beside = json!({"$ref": "#/components/schemas/Cat", "discriminator": {"propertyName": "kind"}});
    let merged = merged(&[("a", document("3.1.0", &beside, pets))], &[]);
    assert_eq!(body(&merged, "/one"), beside);
}

#[test]
fn what_cannot_be_read_is_left_out_by_itself() {
    let mut base = pet("age");
    base["discriminator"] = json!({"propertyName": "kind", "mapping": {"woof": "Dog", "meow": "Cat"}});
    let cat = json!({"allOf": [reference("Pet"), pet("lives")]});
    let dog = json!({"allOf": [reference("Pet"), reference("Gone")]});
    let pets = json!({"Pet": base, "Cat": cat, "Dog": dog});
    let merged = merged(&[("a", document("3.1.0", &reference("Pet"), pets))], &[]);
    let schemas = merged["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas.keys().collect::<Vec<_>>(), ["Cat", "Pet"]);
    assert_eq!(
        schemas["Pet"]["discriminator"],
        json!({"propertyName": "kind", "mapping": {"meow": "#/components/schemas/Cat"}})
    );
}

#[test]
fn many_schemas_may_refer_to_each_other_one_after_the_other() {
    let count = 400;
    let mut base = pet("age");
    base["discriminator"] = json!({"propertyName": "kind"});
    let mut pets = json!({"Pet": base});
    for nth in 0..count {
        let next = reference(&format!("Pet{}", (nth + 1) % count));
        let own = json!({"type": "object", "properties": {"next": next}});
        pets[format!("Pet{nth}")] = json!({"allOf": [reference("Pet"), own]});
    }
    let merged = merged(&[("a", document("3.1.0", &reference("Pet"), pets.clone()))], &[]);
    assert_eq!(merged["components"]["schemas"], pets);
}
