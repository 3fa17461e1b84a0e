use serde_json::{Value, json};

use super::{changes, document, of_operation};

#[track_caller]
fn check(old: Value, new: Value, there: &[&str], back: &[&str]) {
    let (old, new) = (of_operation("3.1.0", old, json!({})), of_operation("3.1.0", new, json!({})));
    assert_eq!(changes(&old, &new), there);
    assert_eq!(changes(&new, &old), back, "back");
}

#[test]
fn operations_come_go_and_are_called_otherwise() {
    let with =
        |paths: Value| json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths});
    let id = |id: &str| json!({"operationId": id, "responses": {}});
    let of_id = |parameter: &str| json!({"operationId": "get", "parameters": [{"in": "path", "name": parameter, "required": true, "schema": {"type": "string"}}], "responses": {}});
    let old = with(
        json!({"/a": {"get": id("x"), "put": id("y")}, "/b": {"get": id("z")}, "/c/{id}": {"get": of_id("id")}}),
    );
    let new =
        with(json!({"/a": {"get": id("w")}, "/d": {"get": id("z")}, "/c/{cid}": {"get": of_id("cid")}}));
    let found = document(&old).changes(&document(&new)).unwrap();
    let told: Vec<String> = found
        .iter()
        .map(|change| {
            format!(
                "{} {}: {}: {}",
                change.severity,
                change.code,
                change.operation.as_deref().unwrap(),
                change.what
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "breaking operation-id-changed: GET /a w: the `operationId`, which is the Cedar action of policies, was `x` and is `w`",
            "breaking method-removed: PUT /a y: the path no longer takes PUT, only GET",
            "breaking path-removed: GET /b z: the path is gone; `z` is now GET /d",
            "compatible path-parameter-renamed: GET /c/{cid} get: the parameter of the path is called `cid` now",
            "compatible operation-added: GET /d z: the operation is new",
        ]
    );
}

/// As API Gateway writes it: `/f/{path+}` is another path than `/f/{path}`.
#[test]
fn a_greedy_parameter_is_no_plain_one() {
    let with = |path: &str| {
        let name =
            path.trim_matches(|c: char| !c.is_ascii_alphabetic()).rsplit('{').next().unwrap().to_owned();
        let get = json!({"operationId": "get", "responses": {}, "parameters":
            [{"in": "path", "name": name, "required": true, "schema": {"type": "string"}}]});
        json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {path: {"get": get}}})
    };
    assert_eq!(changes(&with("/f/{path+}"), &with("/f/{path+}")), [""; 0]);
    assert_eq!(
        changes(&with("/f/{path+}"), &with("/f/{rest+}")),
        ["compatible path-parameter-renamed path parameter path"]
    );
    assert_eq!(
        changes(&with("/f/{path+}"), &with("/f/{path}")),
        ["breaking path-removed", "compatible operation-added"]
    );
}

#[test]
fn parameters_come_go_and_change() {
    let with = |parameters: Value| json!({"parameters": parameters, "responses": {}});
    let one = |more: Value| {
        let mut parameter = json!({"in": "query", "name": "q", "schema": {"type": "string"}});
        parameter.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        with(json!([parameter]))
    };
    let none = || with(json!([]));
    check(
        none(),
        one(json!({})),
        &["compatible parameter-added query parameter q"],
        &["unknown parameter-removed query parameter q"],
    );
    check(
        none(),
        one(json!({"required": true})),
        &["breaking required-parameter-added query parameter q"],
        &["unknown parameter-removed query parameter q"],
    );
    check(
        one(json!({})),
        one(json!({"required": true})),
        &["breaking parameter-became-required query parameter q"],
        &["compatible parameter-became-optional query parameter q"],
    );
    check(
        one(json!({})),
        one(json!({"in": "header"})),
        &[
            "breaking parameter-location-changed query parameter q",
            "compatible parameter-added header parameter q",
        ],
        &[
            "breaking parameter-location-changed header parameter q",
            "compatible parameter-added query parameter q",
        ],
    );
    let list = || json!({"schema": {"type": "array", "items": {"type": "string"}}});
    let joined = || json!({"explode": false, "schema": {"type": "array", "items": {"type": "string"}}});
    let style: &[&str] = &["breaking parameter-style-changed query parameter q"];
    check(one(json!({})), one(list()), style, style);
    check(one(list()), one(joined()), style, style);
    check(one(json!({})), one(json!({"explode": false})), &[], &[]);
    // Every text is a string, whatever it was read as before.
    check(
        one(json!({"schema": {"type": "integer"}})),
        one(json!({})),
        &[],
        &["breaking type-removed query parameter q", "compatible type-added query parameter q"],
    );
    check(
        one(json!({})),
        one(json!({"schema": {"type": ["string", "integer"], "maximum": 5}})),
        &["unknown parameter-reading-changed query parameter q", "compatible type-added query parameter q"],
        &[],
    );
}

#[test]
fn parameters_of_json_texts_are_compared_as_such() {
    let with = |parameter: Value| json!({"parameters": [parameter], "responses": {}});
    let text = |schema: Value| {
        with(json!({"in": "query", "name": "q", "content": {"application/json": {"schema": schema}}}))
    };
    let open = || text(json!({"type": "object", "properties": {"a": {"type": "string"}}}));
    let narrow = || text(json!({"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}}));
    check(
        open(),
        narrow(),
        &["breaking bound-tightened query parameter q/a"],
        &["compatible bound-loosened query parameter q/a"],
    );
    let styled = || with(json!({"in": "query", "name": "q", "schema": {"type": "string"}}));
    let style: &[&str] = &["breaking parameter-style-changed query parameter q"];
    check(open(), styled(), style, style);
}

#[test]
fn a_parameter_that_may_no_longer_be_empty_breaks() {
    let of = |allowed: bool| json!({"parameters": [{"in": "query", "name": "q", "allowEmptyValue": allowed, "schema": {"type": "integer"}}], "responses": {}});
    check(of(true), of(false), &["breaking parameter-empty-refused query parameter q"], &[]);
}

#[test]
fn bodies_come_go_and_change_their_media_types() {
    let none = || json!({"responses": {}});
    let of = |required: bool, types: &[&str]| {
        let content: serde_json::Map<String, Value> =
            types.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        json!({"requestBody": {"required": required, "content": content}, "responses": {}})
    };
    let j = "application/json";
    check(none(), of(true, &[j]), &["breaking required-body-added body"], &["breaking body-removed body"]);
    check(none(), of(false, &[j]), &["compatible body-added body"], &["breaking body-removed body"]);
    check(
        of(false, &[j]),
        of(true, &[j]),
        &["breaking body-became-required body"],
        &["compatible body-became-optional body"],
    );
    check(
        of(true, &[j, "text/plain"]),
        of(true, &[j]),
        &["breaking media-type-removed body text/plain"],
        &["compatible media-type-added body text/plain"],
    );
    check(
        of(true, &[j]),
        of(true, &["application/*"]),
        &["compatible media-type-added body application/*"],
        &["breaking media-type-removed body application/*"],
    );
}

#[test]
fn answers_change_their_status_and_media_types() {
    let of = |answers: &[(&str, &[&str])]| {
        let answer = |types: &[&str]| {
            let content: serde_json::Map<String, Value> =
                types.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
            json!({"description": "", "content": content})
        };
        let all: serde_json::Map<String, Value> =
            answers.iter().map(|(status, types)| ((*status).to_owned(), answer(types))).collect();
        json!({ "responses": all })
    };
    let j: &[&str] = &["application/json"];
    check(
        of(&[("200", j)]),
        of(&[("200", j), ("404", j)]),
        &["compatible error-status-added answer 404"],
        &["compatible status-removed answer 404"],
    );
    check(
        of(&[("200", j)]),
        of(&[("200", j), ("202", j)]),
        &["breaking success-status-added answer 202"],
        &["breaking success-status-removed answer 202"],
    );
    check(
        of(&[("200", j)]),
        of(&[("500", j)]),
        &["breaking success-status-removed answer 200", "compatible error-status-added answer 500"],
        &["breaking success-status-added answer 200", "compatible status-removed answer 500"],
    );
    check(
        of(&[("200", j)]),
        of(&[("2XX", j)]),
        &["breaking success-status-added answer 2XX"],
        &["compatible status-removed answer 2XX"],
    );
    check(
        of(&[("200", j)]),
        of(&[("200", &["application/json", "text/csv"])]),
        &["compatible answer-media-type-added answer 200 text/csv"],
        &["breaking answer-media-type-removed answer 200 text/csv"],
    );
}

#[test]
fn what_cannot_be_checked_is_told_of_by_itself() {
    let of = |reference: &str, schema: Value| {
        let body = |schema: Value| json!({"content": {"application/json": { "schema": schema }}});
        let operation = |id: &str, schema: Value| json!({"post": {"operationId": id, "responses": {}, "requestBody": body(schema)}});
        json!({
            "openapi": "3.1.0", "info": {"title": "t", "version": "1"},
            "paths": {
                "/a": operation("a", json!({"allOf": [{ "$ref": reference }, {"pattern": "(?P<a>b)"}]})),
                "/b": operation("b", schema.clone()),
            },
            "components": {"schemas": {"A": schema, "B": {"type": "boolean"}}},
        })
    };
    let (text, number) = (json!({"type": "string"}), json!({"type": "number"}));
    let (a, b, nowhere) = ("#/components/schemas/A", "#/components/schemas/B", "#/nowhere");
    let (unknown, breaking) = ("unknown not-comparable", "breaking type-removed body application/json");
    let there = |old: Value, new: Value, told: &[&str]| {
        let found = changes(&old, &new);
        assert_eq!(found.iter().filter(|told| !told.starts_with("compatible")).collect::<Vec<_>>(), told);
    };
    for reference in [a, b, nowhere] {
        there(of(reference, text.clone()), of(reference, text.clone()), &[]);
    }
    there(of(b, text.clone()), of(b, number.clone()), &[breaking]);
    there(of(a, text.clone()), of(a, number.clone()), &[breaking, unknown]);
    there(of(nowhere, text.clone()), of(nowhere, number.clone()), &[breaking, unknown]);
    there(of(a, text.clone()), of(b, text.clone()), &[unknown]);
    let told = document(&of(a, text.clone())).changes(&document(&of(nowhere, text))).unwrap();
    assert!(told[0].what.contains("pattern") || told[0].what.contains("points nowhere"), "{told:?}");
}

#[test]
fn answers_change_their_header_fields() {
    let of = |headers: Value| json!({"responses": {"200": {"description": "", "headers": headers}}});
    let field = |required: bool| json!({"X-Total": {"required": required, "schema": {"type": "integer"}}});
    check(
        of(field(true)),
        of(field(false)),
        &["breaking answer-header-became-optional answer 200 header x-total"],
        &[],
    );
    check(
        of(field(true)),
        of(json!({})),
        &["breaking answer-header-removed answer 200 header x-total"],
        &["compatible answer-header-added answer 200 header x-total"],
    );
    check(
        of(field(false)),
        of(json!({"X-Sum": {"schema": {"type": "integer"}}})),
        &[
            "unknown answer-header-removed answer 200 header x-total",
            "compatible answer-header-added answer 200 header x-sum",
        ],
        &[
            "unknown answer-header-removed answer 200 header x-sum",
            "compatible answer-header-added answer 200 header x-total",
        ],
    );
    check(
        of(field(true)),
        of(json!({"x-total": {"required": true, "schema": {"type": "number"}}})),
        &["breaking type-added answer 200 header x-total"],
        &["compatible type-removed answer 200 header x-total"],
    );
}

#[test]
fn header_fields_of_answers_that_are_written_otherwise_break() {
    let of = |field: Value| json!({"responses": {"200": {"description": "", "headers": {"X-A": field}}}});
    let object = |explode: bool| {
        of(json!({"explode": explode, "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}))
    };
    let style: &[&str] = &["breaking answer-header-style-changed answer 200 header x-a"];
    check(object(false), object(true), style, style);
    let text = |schema: Value| of(json!({"content": {"application/json": {"schema": schema}}}));
    check(object(true), text(json!({"type": "object"})), style, style);
    check(
        text(json!({"type": "integer"})),
        text(json!({"type": ["integer", "null"]})),
        &["breaking null-added answer 200 header x-a"],
        &["compatible null-removed answer 200 header x-a"],
    );
}

#[test]
fn answers_of_success_that_only_default_describes_now_are_compared_with_it() {
    let answer =
        |kind: &str| json!({"description": "", "content": {"application/json": {"schema": {"type": kind}}}});
    let old = json!({"responses": {"200": answer("string"), "default": answer("integer")}});
    let new = json!({"responses": {"default": answer("integer")}});
    check(
        old,
        new,
        &[
            "breaking type-added answer 200 application/json",
            "compatible type-removed answer 200 application/json",
        ],
        &[
            "breaking type-added answer 200 application/json",
            "compatible type-removed answer 200 application/json",
        ],
    );
}

#[test]
fn media_types_of_one_suffix_are_a_range() {
    let of = |range: &str| json!({"requestBody": {"content": {range: {"schema": {"type": "string"}}}}, "responses": {}});
    check(
        of("application/vnd.shop+json"),
        of("application/*+json"),
        &["compatible media-type-added body application/*+json"],
        &["breaking media-type-removed body application/*+json"],
    );
}

#[test]
fn answers_in_a_range_of_media_types_promise_less() {
    let of = |types: &[(&str, &str)]| {
        let content: serde_json::Map<String, Value> = types
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), json!({"schema": {"type": kind}})))
            .collect();
        json!({"responses": {"200": {"description": "", "content": content}}})
    };
    let text = |name| of(&[(name, "string")]);
    for range in ["*/*", "application/*"] {
        check(
            text("application/json"),
            text(range),
            &["breaking answer-media-type-widened answer 200 application/json"],
            &[&format!("compatible answer-media-type-narrowed answer 200 {range}")],
        );
    }
    check(
        text("application/*"),
        text("*/*"),
        &["breaking answer-media-type-widened answer 200 application/*"],
        &["compatible answer-media-type-narrowed answer 200 */*"],
    );
    // The type itself stays: callers who ask for it have it.
    check(
        text("application/json"),
        of(&[("application/json", "string"), ("*/*", "string")]),
        &["compatible answer-media-type-added answer 200 */*"],
        &["compatible answer-media-type-narrowed answer 200 */*"],
    );
    // What is promised within is compared either way.
    check(
        text("application/json"),
        of(&[("*/*", "number")]),
        &[
            "breaking answer-media-type-widened answer 200 application/json",
            "breaking type-added answer 200 application/json",
            "compatible type-removed answer 200 application/json",
        ],
        &[
            "breaking type-added answer 200 application/json",
            "compatible answer-media-type-narrowed answer 200 */*",
            "compatible type-removed answer 200 application/json",
        ],
    );
    check(
        text("application/*"),
        of(&[("text/plain", "string")]),
        &[
            "breaking answer-media-type-removed answer 200 application/*",
            "compatible answer-media-type-added answer 200 text/plain",
        ],
        &[
            "breaking answer-media-type-removed answer 200 text/plain",
            "compatible answer-media-type-added answer 200 application/*",
        ],
    );
}
