//! Bodies of `multipart/form-data`, which once passed unread.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::shop::{Request, answer_headers, lines, spell};
use doorward_contract::{Document, Operation};

fn compile(version: &str, media_type: &Value) -> Result<Operation, String> {
    let text = json!({
        "openapi": version,
        "paths": {"/a": {"post": {
            "operationId": "a",
            "requestBody": {"content": {"multipart/form-data": media_type}},
            "responses": {"200": {"description": "x", "content": {"multipart/form-data": media_type}}},
        }}},
    });
    let document = Document::parse("f", &text.to_string()).map_err(|faults| faults.to_string())?;
    document.operation("a").map_err(|faults| faults.to_string())
}

/// A part: its header fields beside `Content-Disposition: form-data`, with which the first line goes on, and its content.
type Part<'a> = (&'a str, &'a [u8]);

fn body(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (header, content) in parts {
        body.extend_from_slice(b"--b\r\nContent-Disposition: form-data");
        body.extend_from_slice(header.as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--\r\n");
    body
}

/// What is read, or the places that break the contract.
fn read(operation: &Operation, content_type: &str, body: &[u8]) -> String {
    let request = Request { headers: &[("content-type", content_type)], body, ..Default::default() };
    spell(&request.check(operation))
}

/// The same without what is read.
fn send(operation: &Operation, content_type: &str, body: &[u8]) -> String {
    let read = read(operation, content_type, body);
    if read.starts_with("ok ") { "ok".to_owned() } else { read }
}

#[track_caller]
fn check(media_type: &Value, parts: &[Part<'_>], expected: Expect) {
    let operation = compile("3.1.0", media_type).unwrap_or_else(|faults| panic!("{faults}"));
    let (content_type, body) = ("multipart/form-data; boundary=b", body(parts));
    // Answers are read in the same way.
    let answer = lines(&operation.check_response(200, &answer_headers(Some(content_type)), &body));
    assert_eq!(send(&operation, content_type, &body).replace("ok", ""), answer);
    expected.assert_eq(&read(&operation, content_type, &body));
}

fn upload() -> Value {
    json!({
        "schema": {
            "type": "object", "required": ["note", "file"], "additionalProperties": false,
            "properties": {
                "note": {"type": "string", "maxLength": 5},
                "count": {"type": "integer", "minimum": 1},
                "tags": {"type": "array", "items": {"type": "string", "minLength": 2}, "maxItems": 2},
                "meta": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "integer"}}},
                "lines": {"type": "array", "items": {"type": "object", "required": ["sku"]}},
                "file": {"type": "string", "format": "binary", "minLength": 1, "maxLength": 4},
                "pages": {"type": "array", "items": {"type": "string", "contentMediaType": "image/png"}, "maxItems": 2},
                "any": {}, "key": {"type": "string", "contentEncoding": "base64", "maxLength": 4},
                "picture": true,
            },
        },
        "encoding": {
            "picture": {"contentType": "image/png, image/*", "headers": {
                "X-Width": {"required": true, "schema": {"type": "integer", "maximum": 100}},
                "Content-Type": {"schema": false},
            }},
        },
    })
}

const NOTE: Part<'_> = ("; name=\"note\"", b"hello");
const FILE: Part<'_> = ("; name=\"file\"; filename=\"a.bin\"\r\nContent-Type: image/png", b"\xff\xfe\0");

#[test]
fn parts_are_held_to_the_schema_of_their_names() {
    let upload = upload();
    check(&upload, &[NOTE, FILE], expect![[r#"ok {"note":"hello"}"#]]);
    check(
        &upload,
        &[
            FILE,
            ("; name=count\r\nContent-Type: text/plain; charset=UTF-8", b"12"),
            ("; name=\"tags\"", b"ab"),
            ("; name=\"meta\"; filename=\"blob\"\r\nContent-Type: application/json", b"{\"sku\": 1}"),
            ("; name=\"tags\"", b"cd"),
            ("; name=\"lines\"", b"{\"sku\": 1}"),
            ("; name=\"pages\"; filename=\"1\"\r\nContent-Type: image/png", b"\xff"),
            ("; name=\"any\"", b"\xff"),
            ("; name=\"key\"\r\nContent-Type: application/octet-stream", b"YQ=="),
            ("; name=\"picture\"\r\nContent-Type: image/gif\r\nX-Width: 7", b"\xff"),
            NOTE,
        ],
        expect![[
            r#"ok {"count":12,"key":"YQ==","lines":[{"sku":1}],"meta":{"sku":1},"note":"hello","tags":["ab","cd"]}"#
        ]],
    );
    check(
        &upload,
        &[],
        expect![[r#"
        body "/note": is required
        body "/file": is required"#]],
    );
    check(
        &upload,
        &[
            ("; name=\"note\"", "l\u{e4}nger".as_bytes()),
            ("; name=\"count\"", b"0"),
            ("; name=\"tags\"", b"a"),
            ("; name=\"meta\"", b"{\"sku\": \"x\"}"),
            ("; name=\"lines\"", b"{}"),
            ("; name=\"file\"", b"\xff\xff\xff\xff\xff"),
            ("; name=\"pages\"", b""),
            ("; name=\"pages\"", b""),
            ("; name=\"pages\"", b""),
            ("; name=\"key\"", b"YQ==YQ=="),
            ("; name=\"other\"", b""),
        ],
        expect![[r#"
            body "/count": must be at least 1
            body "/file": must be at most 4 characters long
            body "/key": must be at most 4 characters long
            body "/lines/0/sku": is required
            body "/meta/sku": must be of type `integer`
            body "/note": must be at most 5 characters long
            body "/pages": must hold at most 2 items
            body "/tags/0": must be at least 2 characters long
            body "": must not hold unknown members"#]],
    );
    check(
        &upload,
        &[NOTE, ("; name=\"file\"", b"")],
        expect![[r#"body "/file": must be at least 1 character long"#]],
    );
}

#[test]
fn parts_of_no_one_reading_are_refused() {
    let upload = upload();
    check(&upload, &[NOTE, FILE, NOTE], expect![[r#"body "/note": must not name a member twice"#]]);
    check(&upload, &[NOTE, FILE, FILE], expect![[r#"body "/file": must not name a member twice"#]]);
    check(
        &upload,
        &[("; name=\"note\"", b"\xff"), FILE],
        expect![[r#"body "/note": must be text in UTF-8"#]],
    );
    check(
        &upload,
        &[("; name=\"note\"; filename=\"x\"", b"a"), FILE],
        expect![[r#"body "/note": must be a text, without a `filename`"#]],
    );
    check(
        &upload,
        &[NOTE, FILE, ("; name=\"count\"; filename=\"\"", b"1")],
        expect![[r#"body "/count": must be a text, without a `filename`"#]],
    );
    check(
        &upload,
        &[NOTE, FILE, ("; name=\"meta\"", b"{\"sku\": 1, \"sku\": 2}")],
        expect![[r#"body "/meta": must hold JSON texts where its members are objects"#]],
    );
    check(
        &upload,
        &[NOTE, FILE, ("; name=\"meta\"", b"{\"sku\": 100000.0000000000072}")],
        expect![[r#"body "/meta": must hold JSON texts where its members are objects"#]],
    );
    check(
        &upload,
        &[NOTE, FILE, ("; name=\"lines\"", "[".repeat(10_000).as_bytes())],
        expect![[r#"body "/lines": must hold JSON texts where its members are objects"#]],
    );
    check(
        &upload,
        &[NOTE, FILE, ("; name=\"tags[]\"", b"ab")],
        expect![[r#"body "": must not write members in brackets behind a name that the contract has"#]],
    );
    check(
        &upload,
        &[NOTE, FILE, ("; name=\"_charset_\"", b"utf-16")],
        expect![[r#"body "": must be in UTF-8, which `_charset_` must not gainsay"#]],
    );
    check(
        &upload,
        &[NOTE, FILE, ("; filename=\"x\"", b"")],
        expect![[
            r#"body "": must have parts with one field `Content-Disposition: form-data; name="…"` each"#
        ]],
    );
    check(
        &upload,
        &[NOTE, FILE, ("; name=\"any\"\r\nContent-Type: multipart/mixed; boundary=c", b"")],
        expect![[r#"body "": must not have parts that are multipart themselves"#]],
    );
}

#[test]
fn parts_are_of_the_media_type_that_is_theirs() {
    let upload = upload();
    let typed = |name: &str, media_type: &str| format!("; name=\"{name}\"\r\nContent-Type: {media_type}");
    let rule = "must be of the media type that its encoding states, or of that of its schema";
    let cases: &[(&str, &str, &[u8], bool)] = &[
        ("count", "text/plain", b"1", true),
        ("count", "Text/Plain; charset=utf-8", b"1", true),
        ("count", "text/plain; charset=utf-16", b"1", false),
        ("count", "text/plain; charset=utf-8; charset=utf-7", b"1", false),
        ("count", "text/html", b"1", false),
        ("count", "application/json", b"1", false),
        ("count", "application/octet-stream", b"1", false),
        ("meta", "application/json", b"{\"sku\":1}", true),
        ("meta", "application/vnd.x+json", b"{\"sku\":1}", true),
        ("meta", "application/json; charset=utf-16", b"{\"sku\":1}", false),
        ("meta", "text/plain", b"{\"sku\":1}", false),
        ("meta", "application/xml", b"{\"sku\":1}", false),
        ("pages", "image/png", b"\xff", true),
        ("pages", "image/gif", b"\xff", false),
        ("pages", "text/html", b"\xff", false),
        ("any", "text/html; charset=utf-16", b"\xff", true),
        ("key", "application/octet-stream", b"YQ==", true),
        ("key", "image/png", b"YQ==", false),
    ];
    let operation = compile("3.1.0", &upload).unwrap();
    for (name, media_type, content, kept) in cases {
        let header = typed(name, media_type);
        let found =
            send(&operation, "multipart/form-data; boundary=b", &body(&[NOTE, FILE, (&header, content)]));
        let expected = if *kept { "ok".to_owned() } else { format!("body \"/{name}\": {rule}") };
        assert_eq!(found, expected, "{media_type}");
    }
    // What states no type is `text/plain`, which no picture is.
    check(
        &upload,
        &[NOTE, FILE, ("; name=\"picture\"\r\nX-Width: 1", b"")],
        expect![[
            r#"body "/picture": must be of the media type that its encoding states, or of that of its schema"#
        ]],
    );
    check(
        &upload,
        &[NOTE, FILE, (&typed("picture", "text/plain"), b"")],
        expect![[r#"
        body "/picture": has a header field `X-Width` that is required
        body "/picture": must be of the media type that its encoding states, or of that of its schema"#]],
    );
    check(
        &upload,
        &[NOTE, FILE, (&typed("picture", "image/png"), b"")],
        expect![[r#"body "/picture": has a header field `X-Width` that is required"#]],
    );
    check(
        &upload,
        &[NOTE, FILE, (&typed("picture", "image/png\r\nX-Width: 101"), b"")],
        expect![[r#"body "/picture": has a header field `X-Width` that must be at most 100"#]],
    );
    check(
        &upload,
        &[NOTE, FILE, (&typed("picture", "image/png\r\nX-Width: 1\r\nX-Width: 2"), b"")],
        expect![[r#"body "/picture": has a header field `X-Width` that must stand once"#]],
    );
}

#[test]
fn bodies_that_readers_would_cut_otherwise_are_refused() {
    let operation = compile("3.1.0", &upload()).unwrap();
    let whole = String::from_utf8(body(&[NOTE, ("; name=\"file\"", b"x")])).unwrap();
    let boundary = "multipart/form-data; boundary=b";
    assert_eq!(send(&operation, boundary, whole.as_bytes()), "ok");
    for (content_type, body) in [
        ("multipart/form-data", whole.clone()),
        ("multipart/form-data; boundary=", whole.clone()),
        ("multipart/form-data; boundary=c", whole.clone()),
        ("multipart/form-data; boundary=B", whole.clone()),
        ("multipart/form-data; boundary=b; boundary=b", whole.clone()),
        ("multipart/form-data; boundary=b; boundary=c", whole.clone()),
        ("multipart/form-data; boundary*=utf-8''b", whole.clone()),
        ("multipart/form-data; boundary=b; charset=utf-16", whole.clone()),
        (boundary, String::from("x")),
        (boundary, format!("preamble\r\n{whole}")),
        (boundary, format!("\r\n{whole}")),
        (boundary, format!("{whole}epilogue")),
        (boundary, format!("{whole}{whole}")),
        (boundary, whole.replace("--b--\r\n", "")),
        (boundary, whole.replace("\r\n--b--\r\n", "")),
        (boundary, whole.replace("--b--", "--b")),
        (boundary, whole.replace("\r\n", "\n")),
        (boundary, whole.replace("\r\n", "\r")),
        (boundary, whole.replace("--b\r\n", "--b \r\n")),
        (boundary, whole.replace("hello", "\n--b\n")),
        (boundary, whole.replace("hello", "x\r\n--bc")),
        (boundary, whole.replace("; name=\"note\"", ";\r\n name=\"note\"")),
        (boundary, whole.replace("; name=\"note\"", "")),
        (boundary, whole.replace("; name=\"note\"", "; name=\"note\"; name=\"file\"")),
        (boundary, whole.replace("name=\"note\"", "name*=utf-8''note")),
        (boundary, whole.replace("name=\"note\"", "name=\"n\\ote\"")),
        (boundary, whole.replace("name=\"note\"", "name=\"n%6fte\"")),
        (boundary, whole.replace("form-data; name=\"note\"", "attachment; name=\"note\"")),
        (boundary, whole.replacen("\r\n\r\n", "\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n", 1)),
        (boundary, whole.replacen("\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1)),
        (boundary, whole.replacen("\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n", 1)),
        (boundary, whole.replacen("\r\n\r\n", "\r\nContent-Length: 4\r\n\r\n", 1)),
        (boundary, whole.replacen("\r\n\r\n", &format!("\r\nX-A: {}\r\n\r\n", "x".repeat(9_000)), 1)),
    ] {
        assert_ne!(send(&operation, content_type, body.as_bytes()), "ok", "{content_type} {body:?}");
    }
    expect![[r#"header "/content-type": must have one parameter `boundary`, of at most 70 characters that a boundary may have"#]].assert_eq(&send(&operation, "multipart/form-data", b"--b--"));
    expect![[r#"body "": must end with its closing delimiter"#]]
        .assert_eq(&send(&operation, boundary, b"--b\r\n"));
}

#[test]
fn no_violation_shows_what_was_sent() {
    let operation = compile("3.1.0", &upload()).unwrap();
    let secret = "s3cr3t-Zx81";
    for header in [
        "; name=\"note\"",
        "; name=\"count\"",
        "; name=\"meta\"",
        "; name=\"s3cr3t-Zx81\"",
        "; name=\"note[s3cr3t-Zx81]\"",
    ] {
        let found =
            send(&operation, "multipart/form-data; boundary=b", &body(&[(header, secret.as_bytes())]));
        assert!(!found.contains(secret) && found != "ok", "{found}");
    }
}

#[test]
fn multipart_contracts_that_cannot_be_read_are_faults() {
    let fault = |media_type: Value| compile("3.1.0", &media_type).unwrap_err();
    let of_a = |schema: Value, encoding: Value| json!({"schema": {"type": "object", "properties": {"a": schema}}, "encoding": {"a": encoding}});
    expect![[r#"
        f:1:110: a form is an object, which the schema does not take
          hint: describe its fields with `type: object` and `properties`
        f:1:230: a form is an object, which the schema does not take
          hint: describe its fields with `type: object` and `properties`"#]]
    .assert_eq(&fault(json!({"schema": {"type": "string", "format": "binary"}})));
    expect![[r#"
        f:1:150: objects and lists of lists in a form are JSON texts, and of a media type for these
          hint: write `contentType: application/json`, or leave the schema out: `{}`
        f:1:355: objects and lists of lists in a form are JSON texts, and of a media type for these
          hint: write `contentType: application/json`, or leave the schema out: `{}`"#]]
    .assert_eq(&fault(of_a(
        json!({"type": "object"}),
        json!({"contentType": "application/xml; charset=utf-8"}),
    )));
    expect![[r#"
        f:1:150: of a file, only the length is held to a schema
          hint: leave `pattern`, `format`, `enum` and `const` out, or describe it as text
        f:1:342: of a file, only the length is held to a schema
          hint: leave `pattern`, `format`, `enum` and `const` out, or describe it as text"#]]
    .assert_eq(&fault(of_a(json!({"type": "string", "format": "binary", "pattern": "^a"}), json!({}))));
    expect![[r#"
        f:1:150: there is no such list in a form
          hint: leave `style` and `explode` out: each item is sent by itself
        f:1:364: there is no such list in a form
          hint: leave `style` and `explode` out: each item is sent by itself"#]]
    .assert_eq(&fault(of_a(
        json!({"type": "array", "items": {"type": "string"}}),
        json!({"style": "form", "explode": false}),
    )));
    expect![[r#"
        f:1:204: `type` names a type that JSON Schema does not have
          hint: expected `array`, `boolean`, `integer`, `null`, `number`, `object`, `string` or a list of these
        f:1:387: `type` names a type that JSON Schema does not have
          hint: expected `array`, `boolean`, `integer`, `null`, `number`, `object`, `string` or a list of these"#]].assert_eq(&fault(of_a(json!({}), json!({"headers": {"X-A": {"schema": {"type": 7}}}}))));
    expect![[r#"
        f:1:149: the schema has no member `a`
        f:1:296: the schema has no member `a`"#]]
    .assert_eq(&fault(
        json!({"schema": {"type": "object"}, "encoding": {"a": {"contentType": "image/png"}}}),
    ));
    // Without a schema there is nothing to hold a body to.
    let operation = compile("3.0.3", &json!({})).unwrap();
    assert_eq!(send(&operation, "multipart/form-data", b"x"), "ok");
}

#[test]
fn generated_forms_come_back_and_arbitrary_bytes_are_read_or_refused() {
    let schema =
        json!({"schema": {"type": "object", "additionalProperties": {"type": "array", "items": {}}}});
    let operation = compile("3.1.0", &schema).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    let alphabet: &[&[u8]] = &[
        b"--b",
        b"--b--",
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b"-",
        b"a",
        b":",
        b";",
        b"=",
        b"\"",
        b"\\",
        b"name",
        b"\0",
        b"\xff",
        b"Content-Disposition: form-data; name=\"a\"",
        b"Content-Type: text/plain",
        b"filename*=utf-8''a",
        b" ",
        b"%61",
    ];
    let mut soup = |pieces: usize| -> Vec<u8> {
        (0..pieces)
            .flat_map(|_| alphabet.get(random.usize(..alphabet.len())).copied().unwrap_or_default())
            .copied()
            .collect()
    };
    for round in 0..20_000 {
        let body = soup(round % 40);
        let found = send(&operation, "multipart/form-data; boundary=b", &body);
        assert!(body.is_empty() || found == "ok" || found.starts_with("body"), "{found}");
        // Whatever stands in a part is its content, as long as its boundary does not.
        let content = soup(round % 10);
        if !content.windows(3).any(|window| window == b"--b") {
            let length = content.len();
            let exact = json!({"schema": {"type": "object", "properties": {"a": {"minLength": length, "maxLength": length}}}});
            if round % 20 == 0 {
                let operation = compile("3.1.0", &exact).unwrap();
                let parts: &[Part<'_>] = &[("; name=\"a\"", &content)];
                assert_eq!(
                    send(&operation, "multipart/form-data; boundary=b", &self::body(parts)),
                    "ok",
                    "{content:?}"
                );
            }
        }
    }
}

/// What curl 7.88 and urllib3 2.7 sent, byte for byte.
#[test]
fn what_clients_write_is_read() {
    let media_type = json!({"schema": {
        "type": "object", "required": ["note", "meta", "file"], "additionalProperties": false,
        "properties": {
            "note": {"type": "string", "const": "hello"},
            "count": {"type": "integer", "const": 12},
            "tags": {"type": "array", "items": {"type": "string"}, "const": ["ab", "cd"]},
            "meta": {"type": "object", "const": {"sku": 1}},
            "file": {"type": "string", "format": "binary", "minLength": 5, "maxLength": 5},
        },
    }});
    let operation = compile("3.0.3", &media_type).unwrap();
    let curl = b"--------------------------1c6e756b6912b4c1\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--------------------------1c6e756b6912b4c1\r\nContent-Disposition: form-data; name=\"tags\"\r\n\r\nab\r\n--------------------------1c6e756b6912b4c1\r\nContent-Disposition: form-data; name=\"tags\"\r\n\r\ncd\r\n--------------------------1c6e756b6912b4c1\r\nContent-Disposition: form-data; name=\"meta\"\r\nContent-Type: application/json\r\n\r\n{\"sku\": 1}\r\n--------------------------1c6e756b6912b4c1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\xc3\xa4 b.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\xff\x00\r\nx\r\n--------------------------1c6e756b6912b4c1--\r\n";
    let urllib3 = b"--c27c5c805229a9f4a1214bc499581e15\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--c27c5c805229a9f4a1214bc499581e15\r\nContent-Disposition: form-data; name=\"count\"\r\n\r\n12\r\n--c27c5c805229a9f4a1214bc499581e15\r\nContent-Disposition: form-data; name=\"meta\"; filename=\"blob\"\r\nContent-Type: application/json\r\n\r\n{\"sku\": 1}\r\n--c27c5c805229a9f4a1214bc499581e15\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\xc3\xa4%22.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\xff\x00\r\nx\r\n--c27c5c805229a9f4a1214bc499581e15--\r\n";
    for (boundary, body) in [
        ("------------------------1c6e756b6912b4c1", curl.as_slice()),
        ("c27c5c805229a9f4a1214bc499581e15", urllib3.as_slice()),
    ] {
        assert_eq!(send(&operation, &format!("multipart/form-data; boundary={boundary}"), body), "ok");
        assert_ne!(send(&operation, "multipart/form-data; boundary=x", body), "ok");
    }
}
