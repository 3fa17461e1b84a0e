//! Documents, and the names in them.

use super::*;
use serde_json::json;

fn read(dialect: Dialect, root: &Value) -> Resources {
    Resources::of("d/f.json", root, dialect)
}

fn faults(dialect: Dialect, root: Value) -> Vec<String> {
    let faults = read(dialect, &root).faults;
    faults.iter().map(|fault| format!("{} {}", fault.at, fault.message)).collect()
}

#[test]
fn names_are_found_where_schemas_stand_and_nowhere_else() {
    let named = json!({"$anchor": "a"});
    let root = json!({
        "enum": [named], "default": named, "x-note": named, "const": {"$id": "c"},
        "properties": {"enum": named, "b": {"items": [{"$id": "b", "$anchor": "a"}]}},
        "$defs": {"x/y": {"$id": "urn:x:y", "anyOf": [true, named, {"$id": "b"}]}},
        "contentSchema": {"$id": "/k"},
    });
    let resources = read(Dialect::Draft202012, &root);
    assert!(resources.faults.iter().all(|fault| fault.at == "/$defs/x~1y/anyOf/2/$id"), "relative to a URN");
    let found: Vec<_> = resources.all.iter().map(|(at, resource)| (at.as_str(), &resource.id)).collect();
    let file = |path: &str| ResourceId::File(path.to_owned());
    assert_eq!(
        found,
        [
            ("", &file("d/f.json")),
            ("/$defs/x~1y", &ResourceId::Uri("urn:x:y".to_owned())),
            ("/contentSchema", &file("/k")),
            ("/properties/b/items/0", &file("d/b")),
        ]
    );
    let anchor = |at: &str| resources.at(at).unwrap().anchors.get("a").unwrap().at.clone();
    assert_eq!(anchor(""), "/properties/enum");
    assert_eq!(anchor("/$defs/x~1y"), "/$defs/x~1y/anyOf/1");
    assert_eq!(anchor("/properties/b/items/0"), "/properties/b/items/0");
    let around = |at: &str| resources.around(at).unwrap().0;
    assert_eq!(around("/$defs/x~1y/anyOf/1"), "/$defs/x~1y");
    assert_eq!(around("/$defs/x"), "");
}

#[test]
fn draft_7_names_places_by_fragments_and_never_beside_a_reference() {
    let root = json!({
        "$id": "http://example.com/a.json#",
        "definitions": {
            "a": {"$id": "#a", "definitions": {"b": {"$id": "b.json", "items": {"$id": "#a"}}}},
            "c": {"$ref": "#a", "$id": "c.json", "definitions": {"d": {"$id": "d.json"}}},
            "e": {"$anchor": "e"},
        },
    });
    let resources = read(Dialect::Draft7, &root);
    let found: Vec<_> = resources.all.values().map(|resource| resource.id.clone()).collect();
    let uri = |name: &str| ResourceId::Uri(format!("http://example.com/{name}"));
    assert_eq!(found, [uri("a.json"), uri("b.json"), uri("d.json")]);
    assert!(resources.is_named("/definitions/a", "a"));
    assert!(resources.is_named("/definitions/a/definitions/b/items", "a"));
    assert!(!resources.is_named("/definitions/e", "e"));
}

#[test]
fn openapi_31_names_its_schemas_and_openapi_30_none() {
    let root = json!({
        "openapi": "3.1.0", "info": {"schema": {"$id": "urn:not"}},
        "paths": {"/schema": {"get": {
            "parameters": [{"schema": {"$id": "urn:p"}, "example": {"schema": {"$id": "urn:not"}}}],
            "responses": {"200": {"content": {"schema": {"schema": {"items": {"$anchor": "r"}}}}}},
        }}},
        "components": {"schemas": {"schema": {"$id": "urn:s"}}, "parameters": {"schema": {"schema": {"$id": "urn:q"}}}},
    });
    let resources = read(Dialect::Draft202012, &root);
    let mut found: Vec<_> = resources.ids.keys().map(|id| format!("{id:?}")).collect();
    found.sort();
    let expected = [r#"File("d/f.json")"#, r#"Uri("urn:p")"#, r#"Uri("urn:q")"#, r#"Uri("urn:s")"#];
    assert_eq!(found, expected);
    let schema = "/paths/~1schema/get/responses/200/content/schema/schema/items";
    assert!(resources.is_named(schema, "r"));
    assert_eq!(read(Dialect::OpenApi30, &root).ids.len(), 1);
}

#[test]
fn names_that_are_none_or_clash_are_faults() {
    let in_defs = |schema: Value| faults(Dialect::Draft202012, json!({"$defs": {"a": {}, "b": schema}}));
    for (schema, expected) in [
        (json!({"$id": 1}), "/$defs/b/$id an `$id` must be a text"),
        (json!({"$id": "#a"}), "/$defs/b/$id an `$id` has no fragment"),
        (json!({"$id": "x#/y"}), "/$defs/b/$id an `$id` has no fragment"),
        (json!({"$id": "../../x"}), "/$defs/b/$id the `$id` `../../x` leaves the bundle"),
        (json!({"$id": "//x"}), "/$defs/b/$id the `$id` `//x` is not a URI reference (RFC 3986)"),
        (json!({"$id": "a:b c"}), "/$defs/b/$id the `$id` `a:b c` is not a URI reference (RFC 3986)"),
        (json!({"$id": "f.json"}), "/$defs/b/$id two schemas have the `$id` `f.json`"),
        (json!({"$id": "#"}), "/$defs/b/$id two schemas have the `$id` `#`"),
        (json!({"$anchor": "1"}), "/$defs/b/$anchor `$anchor` is not a name"),
        (json!({"$dynamicAnchor": ["a"]}), "/$defs/b/$dynamicAnchor `$dynamicAnchor` is not a name"),
        (
            json!({"$anchor": "x", "not": {"$dynamicAnchor": "x"}}),
            "/$defs/b/not/$dynamicAnchor two schemas have the name `x`",
        ),
        (json!({"$id": "c", "not": {"$id": "./c"}}), "/$defs/b/not/$id two schemas have the `$id` `./c`"),
    ] {
        assert_eq!(in_defs(schema), [expected]);
    }
    assert_eq!(
        faults(Dialect::Draft7, json!({"not": {"$id": "a#b"}})),
        ["/not/$id an `$id` has no fragment"]
    );
}

#[test]
fn faults_of_names_are_bounded() {
    let all: Map<String, Value> = (0..500).map(|n| (format!("{n}"), json!({"$anchor": "same"}))).collect();
    assert_eq!(faults(Dialect::Draft202012, json!({"$defs": all})).len(), MAX_FAULTS);
}

#[test]
fn many_names_in_long_places_are_bounded() {
    let all: Map<String, Value> =
        (0..9_000).map(|n| (format!("{n}"), json!({"$id": n.to_string()}))).collect();
    let found = faults(Dialect::Draft202012, json!({"properties": {"x".repeat(500): {"properties": all}}}));
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("take more than 4194304 bytes"), "{found:?}");
}
