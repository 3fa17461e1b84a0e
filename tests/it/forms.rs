//! Forms that urllib3 writes, through the real functions: what the target is sent, what policies read, what broken ones hear.

use doorward_testkit::http1::HttpMessage;
use doorward_testkit::unruly_server::{Conduct, UnrulyServer};
use doorward_tests::http::send;
use doorward_tests::local_door::LocalDoor;
use doorward_tests::tools::Tools;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::check::project;

const POLICY: &str = "\n@id(\"who-says-hello-uploads\")\npermit(principal, action == Action::\"upload\", resource)\n\
                      when { context has input && context.input has count && context.input.count < 13 };\n";

const CONTRACT: &str = "openapi: 3.1.0
info: { title: forms, version: '1' }
servers: [{ url: https://shop.example/v1 }]
paths:
  /upload:
    post:
      operationId: upload
      responses: { '200': { description: taken } }
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema: { $ref: '#/components/schemas/Note' }
          multipart/form-data:
            schema:
              $ref: '#/components/schemas/Note'
              type: object
              properties: { file: { type: string, format: binary, maxLength: 5 } }
components:
  schemas:
    Note:
      type: object
      required: [note]
      properties: { note: { type: string, maxLength: 8 }, count: { type: integer } }
";

/// Posts each form, and prints status and body of the answers.
const POST: &str = r#"
import json, sys
import urllib3
from urllib.parse import urlencode

asked = json.load(sys.stdin)
headers = {"authorization": asked["token"]}

def post(url, form):
    if isinstance(form, str):
        typed = dict(headers, **{"content-type": "application/x-www-form-urlencoded"})
        return urllib3.request("POST", url, body=form, headers=typed)
    if isinstance(form, list):
        return urllib3.PoolManager().request_encode_body("POST", url, fields=[tuple(pair) for pair in form], encode_multipart=False, headers=headers)
    fields = {name: (value[0], value[1].encode("latin-1"), value[2]) if isinstance(value, list) else value for name, value in form.items()}
    return urllib3.request("POST", url, fields=fields, headers=headers)

answers = [post(url, form) for form in asked["forms"] for url in asked["urls"]]
print(json.dumps([[answer.status, json.loads(answer.data)] for answer in answers]))
"#;

/// The body, with another boundary in the place of its own.
fn without_boundary(request: &HttpMessage) -> Vec<u8> {
    let stated = request.field("content-type").unwrap();
    let boundary = stated.split_once("boundary=").map_or("", |(_, boundary)| boundary);
    if boundary.is_empty() {
        return request.body.clone();
    }
    let mut body = Vec::new();
    let mut rest = request.body.as_slice();
    while let Some(at) = rest.windows(boundary.len()).position(|window| window == boundary.as_bytes()) {
        body.extend_from_slice(&rest[..at]);
        body.push(b'B');
        rest = &rest[at + boundary.len()..];
    }
    body.extend_from_slice(rest);
    body
}

#[test]
fn forms_reach_the_target_as_they_were_sent_or_are_told_where_they_are_broken() {
    let runtime = Runtime::new().unwrap();
    let conduct = |_: &HttpMessage| Conduct::Answer(HttpMessage::answer(200, "{}"));
    let server = runtime.block_on(UnrulyServer::start(conduct));
    let base = format!("http://{}", server.address());
    let keys = format!(
        "\n[[targets]]\nname = \"uploads\"\nhttp = \"{base}\"\nnetworks = [\"127.0.0.0/8\"]\n\
         \n[[routes]]\nid = \"upload\"\nmatch = \"POST /v1/upload\"\ntarget = \"uploads\"\nauth = [\"main\"]\n\
         contract = \"contracts/forms.yaml#upload\"\ncheck_answers = \"off\"\n"
    );
    let project =
        project(&[("doorward.toml", &|text| text + &keys), ("orders.cedar", &|text| text + POLICY)]);
    std::fs::write(project.path().join("contracts/forms.yaml"), CONTRACT).unwrap();
    let door = LocalDoor::open(project.path(), &[]);
    let token = door.bearer("alice", "customers");
    let tools = Tools::install().unwrap();
    let upload = |base: &str| format!("{}/v1/upload", base.trim_end_matches('/'));
    let post = |bases: &[&str], forms: &Value| {
        let urls: Vec<String> = bases.iter().map(|base| upload(base)).collect();
        tools.script(POST, &json!({ "token": token, "urls": urls, "forms": forms }))
    };

    let file = json!(["a.bin", "\u{ff}\0\r\nx", "application/octet-stream"]);
    let multipart = json!({ "note": "hello", "count": "12", "file": file });
    let pairs = json!([["note", "h\u{e4} &="], ["count", "12"]]);
    let told = post(&[&base, door.function_url()], &json!([multipart, pairs]));
    assert_eq!(told, json!([[200, {}], [200, {}], [200, {}], [200, {}]]));
    let seen = server.requests();
    let (sent, []) = seen.as_chunks::<2>() else { panic!("{seen:?}") };
    for [direct, through] in sent {
        assert_eq!(without_boundary(through), without_boundary(direct));
        assert_eq!(through.start, "POST /v1/upload HTTP/1.1");
    }
    assert_eq!(sent.len(), 2);

    let reached = seen.len();
    let large = json!(["large.bin", "123456", "application/octet-stream"]);
    let broken = |pointer: &'static str| (422, "contract-violation", Some(pointer));
    let cases = [
        (json!({ "note": "hello", "count": "x" }), broken("/count")),
        (json!({ "count": "12" }), broken("/note")),
        (json!({ "note": "hello", "file": large }), broken("/file")),
        (json!("note=hello&count=1e1"), broken("/count")),
        (json!("note=much+too+long"), broken("/note")),
        // Policies read forms as their contract types them.
        (json!({ "note": "hello", "count": "13" }), (403, "forbidden", None)),
        (json!("note=hello&count=13"), (403, "forbidden", None)),
    ];
    let forms: Vec<&Value> = cases.iter().map(|(form, _)| form).collect();
    let told = post(&[door.function_url()], &json!(forms));
    for ((form, (status, code, pointer)), answer) in cases.iter().zip(told.as_array().unwrap()) {
        let problem = &answer[1];
        let expected = (&json!(status), &json!(code), *pointer);
        let found = (&answer[0], &problem["code"], problem["errors"][0]["pointer"].as_str());
        assert_eq!(found, expected, "{form}: {problem}");
    }
    assert_eq!(server.requests().len(), reached);

    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    let body = br#"{"items":[{"sku":"TEA-1","quantity":2}],"total":1e400}"#;
    let problem = send(door.function_url(), "POST", "/orders", &headers, body).json();
    assert_eq!(
        (&problem["code"], &problem["errors"][0]["pointer"]),
        (&json!("malformed-json"), &json!("/total"))
    );
    let id = problem["request_id"].as_str().unwrap();
    let ledger = door.ledger(id).to_string();
    assert!(ledger.contains("/total") && !ledger.contains("1e400"), "{ledger}");
}
