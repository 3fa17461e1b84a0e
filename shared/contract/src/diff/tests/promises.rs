//! What is promised around the messages: credentials, servers, defaults, how forms are written, statuses.

use serde_json::{Value, json};

use super::changes;

#[track_caller]
fn check(old: &Value, new: &Value, there: &[&str], back: &[&str]) {
    assert_eq!(changes(old, new), there);
    assert_eq!(changes(new, old), back, "back");
}

/// A document with one operation, and what else `root` says of all.
fn with(operation: Value, root: Value) -> Value {
    let mut operation = operation;
    operation["operationId"] = json!("createOrder");
    if operation.get("responses").is_none() {
        operation["responses"] = json!({});
    }
    let mut all = json!({
        "openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/orders": {"post": operation}},
        "components": {"securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "same": {"type": "apiKey", "in": "header", "name": "x-key"},
            "query": {"type": "apiKey", "in": "query", "name": "key"},
            "oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://id.example/t", "scopes": {}}}},
        }},
    });
    all.as_object_mut().unwrap().extend(root.as_object().unwrap().clone());
    all
}

fn secured(security: Value) -> Value {
    with(json!({ "security": security }), json!({}))
}

#[test]
fn credentials_that_are_asked_for_break_and_those_that_are_not_any_more_do_not() {
    let none = with(json!({}), json!({}));
    let key = secured(json!([{"key": []}]));
    let added: &[&str] = &["breaking security-added security"];
    let removed: &[&str] = &["compatible security-removed security"];
    check(&none, &key, added, removed);
    check(&secured(json!([])), &key, added, removed);
    check(&secured(json!([{}, {"key": []}])), &key, added, removed);
    check(&none, &secured(json!([{"key": []}, {}])), &[], &[]);

    let tightened: &[&str] = &["breaking security-tightened security"];
    let loosened: &[&str] = &["compatible security-loosened security"];
    check(&key, &secured(json!([{"key": [], "oauth": []}])), tightened, loosened);
    check(&secured(json!([{"key": []}, {"oauth": []}])), &key, tightened, loosened);
    let scopes = |scopes: Value| secured(json!([{ "oauth": scopes }]));
    check(&scopes(json!(["read"])), &scopes(json!(["read", "write"])), tightened, loosened);
    let both = ["breaking security-tightened security", "compatible security-loosened security"];
    check(&key, &scopes(json!([])), &both, &both);
    // A scheme is what it is, not what it is called.
    check(&key, &secured(json!([{"same": []}])), &[], &[]);
    check(&key, &secured(json!([{"query": []}])), &both, &both);
}

#[test]
fn the_credentials_of_the_document_are_those_of_operations_without_their_own() {
    let shared = with(json!({}), json!({"security": [{"key": []}]}));
    check(&secured(json!([{"key": []}])), &shared, &[], &[]);
    let opened = with(json!({"security": []}), json!({"security": [{"key": []}]}));
    check(&opened, &shared, &["breaking security-added security"], &["compatible security-removed security"]);
}

#[test]
fn a_scheme_that_becomes_another_breaks() {
    let of = |scheme: Value| {
        with(json!({"security": [{"s": []}]}), json!({"components": {"securitySchemes": {"s": scheme}}}))
    };
    let key = |place: &str, name: &str| of(json!({"type": "apiKey", "in": place, "name": name}));
    let http = |scheme: &str| of(json!({"type": "http", "scheme": scheme}));
    let flows = |flows: Value| of(json!({"type": "oauth2", "flows": flows}));
    let both = ["breaking security-tightened security", "compatible security-loosened security"];
    check(&key("header", "a"), &key("header", "b"), &both, &both);
    check(&key("header", "a"), &key("cookie", "a"), &both, &both);
    check(&key("header", "a"), &http("bearer"), &both, &both);
    check(&http("Bearer"), &http("bearer"), &[], &[]);
    check(&http("basic"), &http("bearer"), &both, &both);
    let one = || json!({"clientCredentials": {"tokenUrl": "https://a.example/t", "scopes": {"x": ""}}});
    let mut two = one();
    two["password"] = json!({"tokenUrl": "https://a.example/t", "scopes": {}});
    check(
        &flows(two),
        &flows(one()),
        &["breaking security-tightened security"],
        &["compatible security-loosened security"],
    );
    let moved = json!({"clientCredentials": {"tokenUrl": "https://b.example/t", "scopes": {"x": ""}}});
    check(&flows(one()), &flows(moved), &both, &both);
}

#[test]
fn a_base_path_that_is_gone_breaks() {
    let of = |urls: &[&str]| {
        let servers: Vec<Value> = urls.iter().map(|url| json!({ "url": url })).collect();
        with(json!({}), json!({ "servers": servers }))
    };
    let moved: &[&str] = &["breaking base-path-changed servers"];
    let told: &[&str] = &["compatible servers-changed servers"];
    check(&of(&["/v1"]), &of(&["/v2"]), moved, moved);
    check(&of(&["https://a.example/v1"]), &of(&["https://a.example/v2/"]), moved, moved);
    check(&of(&[]), &of(&["/v2"]), moved, moved);
    check(&of(&["/v1"]), &of(&["/v2", "/v1"]), told, moved);
    check(&of(&["https://a.example/v1"]), &of(&["https://b.example/v1"]), told, told);
    check(&of(&["/"]), &of(&[]), &[], &[]);
    let own = with(json!({"servers": [{"url": "/v1"}]}), json!({"servers": [{"url": "/v2"}]}));
    check(&of(&["/v1"]), &own, &[], &[]);
    check(&of(&["/v2"]), &own, moved, moved);
}

#[test]
fn each_value_of_a_variable_is_a_base_path() {
    let of = |values: Vec<String>| {
        let variable = json!({"default": "v1", "enum": values});
        let server = json!({"url": "https://a.example/{v}", "variables": { "v": variable }});
        with(json!({}), json!({ "servers": [server] }))
    };
    let names = |count: usize| (1..=count).map(|nth| format!("v{nth}")).collect::<Vec<_>>();
    let moved: &[&str] = &["breaking base-path-changed servers"];
    check(&of(names(1)), &of(names(2)), &["compatible servers-changed servers"], moved);
    let unknown: &[&str] = &["unknown not-comparable servers"];
    check(&of(names(300)), &of(names(301)), unknown, unknown);
    check(&of(names(300)), &of(names(300)), &[], &[]);
}

#[test]
fn servers_of_the_document_are_told_of_once() {
    let of = |url: &str| {
        let one = |id: &str| json!({"get": {"operationId": id, "responses": {}}});
        json!({
            "openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "servers": [{ "url": url }],
            "paths": {"/a": one("a"), "/b": one("b")},
        })
    };
    assert_eq!(changes(&of("/v1"), &of("/v2")), ["breaking base-path-changed servers"]);
}

#[test]
fn the_default_of_a_parameter_is_what_leaving_it_out_means() {
    let of = |required: bool, schema: Value| {
        let parameter = json!({"in": "query", "name": "sort", "required": required, "schema": schema});
        with(json!({"parameters": [parameter]}), json!({}))
    };
    let sort = |default: &str| json!({"type": "string", "default": default});
    let changed: &[&str] = &["breaking default-changed query parameter sort"];
    check(&of(false, sort("asc")), &of(false, sort("desc")), changed, changed);
    check(&of(false, sort("asc")), &of(false, json!({"type": "string"})), changed, changed);
    check(&of(true, sort("asc")), &of(true, sort("desc")), &[], &[]);
    let listed = |default: &str| json!({"enum": ["asc", "desc"], "allOf": [{"default": default}]});
    check(&of(false, listed("asc")), &of(false, listed("asc")), &[], &[]);
}

#[test]
fn the_default_of_a_member_is_for_somebody_to_look_at() {
    let of = |schema: Value| {
        with(json!({"requestBody": {"content": {"application/json": {"schema": schema}}}}), json!({}))
    };
    let object = |required: &[&str], default: i32| {
        of(
            json!({"type": "object", "required": required, "properties": {"n": {"type": "integer", "default": default}}}),
        )
    };
    let changed: &[&str] = &["unknown default-changed body application/json/n"];
    check(&object(&[], 1), &object(&[], 2), changed, changed);
    check(&object(&["n"], 1), &object(&["n"], 2), &[], &[]);
    let list = |default: i32| {
        of(json!({"type": "array", "items": {"anyOf": [
            {"type": "object", "properties": {"n": {"default": default}}},
            {"type": "null"},
        ]}}))
    };
    let changed: &[&str] = &["unknown default-changed body application/json/*/n"];
    check(&list(1), &list(2), changed, changed);
    let tree = |default: i32| {
        let mut all = of(json!({"$ref": "#/components/schemas/T"}));
        all["components"]["schemas"] = json!({"T": {"type": "object", "properties": {
            "next": {"$ref": "#/components/schemas/T", "default": {}}, "n": {"type": "integer", "default": default},
        }}});
        all
    };
    let changed = changes(&tree(1), &tree(2));
    assert_eq!(changed, ["unknown default-changed body application/json/n"]);
    let answer = |default: i32| {
        with(
            json!({"responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "integer", "default": default}}}}}}),
            json!({}),
        )
    };
    check(&answer(1), &answer(2), &[], &[]);
}

#[test]
fn a_form_that_is_written_otherwise_breaks() {
    let of = |range: &str, encoding: Value| {
        let schema = json!({"type": "object", "properties": {
            "ids": {"type": "array", "items": {"type": "integer"}}, "at": {"type": "object"}, "one": {"type": "string"},
        }});
        let content = json!({range: {"schema": schema, "encoding": encoding}});
        with(json!({"requestBody": { "content": content }}), json!({}))
    };
    let form = |encoding: Value| of("application/x-www-form-urlencoded", encoding);
    let changed: &[&str] = &["breaking encoding-changed body application/x-www-form-urlencoded"];
    let plain = || form(json!({}));
    check(&plain(), &form(json!({"ids": {"explode": false}})), changed, changed);
    check(
        &form(json!({"ids": {"explode": false}})),
        &form(json!({"ids": {"style": "pipeDelimited", "explode": false}})),
        changed,
        changed,
    );
    check(&plain(), &form(json!({"ids": {"explode": true}, "one": {"explode": false}})), &[], &[]);
    check(&plain(), &form(json!({"at": {"contentType": "application/json"}})), &[], &[]);
    check(&plain(), &form(json!({"at": {"style": "deepObject"}})), changed, changed);

    let parts = |encoding: Value| of("multipart/form-data", encoding);
    let changed: &[&str] = &["breaking encoding-changed body multipart/form-data"];
    let typed = |types: &str| parts(json!({"one": {"contentType": types}}));
    check(&typed("image/png"), &typed("image/jpeg, image/png"), &[], changed);
    check(&parts(json!({})), &typed("text/plain"), &[], &[]);
    check(&parts(json!({})), &typed("image/png"), changed, changed);
}

#[test]
fn any_text_of_a_form_takes_what_was_a_number() {
    let of = |range: &str, field: Value, encoding: Value| {
        let schema = json!({"type": "object", "properties": { "n": field }});
        let content = json!({ range: {"schema": schema, "encoding": encoding} });
        with(json!({"requestBody": { "content": content }}), json!({}))
    };
    let (integer, text) = (json!({"type": "integer"}), json!({"type": "string"}));
    for range in ["application/x-www-form-urlencoded", "multipart/form-data"] {
        let part = format!("body {range}/n");
        let (less, more) = (format!("breaking type-removed {part}"), format!("compatible type-added {part}"));
        let (old, new) = (of(range, integer.clone(), json!({})), of(range, text.clone(), json!({})));
        assert_eq!(changes(&old, &new), std::slice::from_ref(&more));
        assert!(changes(&new, &old).contains(&less), "{range}");
        let short = of(range, json!({"type": "string", "maxLength": 3}), json!({}));
        assert!(changes(&old, &short).contains(&less), "{range}");
        let json_text = json!({"n": {"contentType": "application/json"}});
        let (old, new) = (of(range, integer.clone(), json_text.clone()), of(range, text.clone(), json_text));
        assert!(changes(&old, &new).contains(&less), "{range}");
    }
}

#[test]
fn what_a_part_is_by_its_schema_is_compared() {
    let of = |schema: Value| {
        let schema = json!({"type": "object", "properties": {"one": schema}});
        let content = json!({"multipart/form-data": {"schema": schema}});
        with(json!({"requestBody": { "content": content }}), json!({}))
    };
    let check = |old: Value, new: Value, is_changed: bool| {
        let found =
            [changes(&of(old.clone()), &of(new.clone())), changes(&of(new.clone()), &of(old.clone()))];
        let changed = "breaking encoding-changed body multipart/form-data".to_owned();
        for found in found {
            assert_eq!(found.contains(&changed), is_changed, "{old} {new}: {found:?}");
        }
    };
    let text = || json!({"type": "string"});
    let binary = || json!({"type": "string", "format": "binary"});
    let picture = || json!({"type": "string", "contentMediaType": "image/png"});
    let list = |items: Value| json!({"type": "array", "items": items});
    check(text(), binary(), true);
    check(text(), json!({"type": "string", "format": "password"}), false);
    check(binary(), picture(), true);
    check(picture(), json!({"type": "string", "contentMediaType": "image/jpeg"}), true);
    check(picture(), picture(), false);
    check(binary(), json!({"type": "string", "contentEncoding": "base64"}), false);
    check(text(), list(text()), false);
    check(list(text()), list(binary()), true);
    check(binary(), list(binary()), false);
    check(text(), json!({"type": "object"}), true);
    check(json!({"type": "object"}), list(json!({"type": "object"})), false);
    check(list(list(text())), list(json!({"type": "object"})), false);
}

#[test]
fn what_describes_a_status_is_compared_whatever_it_is_called() {
    let of = |answers: &[(&str, &str)]| {
        let answer = |kind: &str| json!({"description": "", "content": {"application/json": {"schema": {"type": kind}}}});
        let all: serde_json::Map<String, Value> =
            answers.iter().map(|(status, kind)| ((*status).to_owned(), answer(kind))).collect();
        with(json!({ "responses": all }), json!({}))
    };
    let ok = ("200", "boolean");
    let other = |status: &str| {
        [
            format!("breaking type-added answer {status} application/json"),
            format!("compatible type-removed answer {status} application/json"),
        ]
    };
    let check = |old: &[(&str, &str)], new: &[(&str, &str)], expected: &[String]| {
        assert_eq!(changes(&of(old), &of(new)), expected);
    };
    let not_found = [ok, ("404", "string"), ("default", "integer")];
    check(&not_found, &[ok, ("default", "integer")], &other("404"));
    check(&[ok, ("default", "integer")], &not_found, &other("404"));
    check(&not_found, &[ok, ("404", "string")], &["compatible status-removed answer default".to_owned()]);
    check(&[ok, ("default", "integer")], &[ok, ("4XX", "string"), ("default", "integer")], &other("4XX"));
    let mut expected = other("404").to_vec();
    expected.insert(1, "compatible error-status-added answer default".to_owned());
    check(&[ok, ("404", "string")], &[ok, ("default", "integer")], &expected);
    expected[1] = "compatible error-status-added answer 4XX".to_owned();
    check(&[ok, ("404", "string")], &[ok, ("4XX", "integer")], &expected);
    check(
        &[ok, ("4XX", "string")],
        &[ok, ("404", "string"), ("default", "string")],
        &["compatible error-status-added answer default".to_owned()],
    );
    check(&[ok, ("201", "boolean")], &[ok], &["breaking success-status-removed answer 201".to_owned()]);
    check(&[("2XX", "boolean")], &[ok], &["compatible status-removed answer 2XX".to_owned()]);
    check(&[ok, ("201", "string")], &[("2XX", "boolean")], &{
        let mut all = other("201").to_vec();
        all.insert(0, "breaking success-status-added answer 2XX".to_owned());
        all
    });
}

#[test]
fn a_required_member_of_answers_that_is_for_requests_alone_now_breaks() {
    let of = |version: &str, is_secret: bool| {
        let schema = json!({
            "type": "object", "required": ["a"], "properties": {"a": {"type": "string", "writeOnly": is_secret}},
        });
        let mut all = with(
            json!({"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}}),
            json!({}),
        );
        all["openapi"] = json!(version);
        all
    };
    for version in ["3.0.3", "3.1.0"] {
        let found = changes(&of(version, false), &of(version, true));
        assert!(
            found.contains(&"breaking property-became-optional answer 200 application/json".to_owned()),
            "{found:?}"
        );
        let back = changes(&of(version, true), &of(version, false));
        assert!(back.iter().all(|change| change.starts_with("compatible")), "{back:?}");
        assert!(!back.is_empty());
    }
}
