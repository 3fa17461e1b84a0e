//! Forms that curl writes, through the real functions: what the target is sent, what policies read, what broken ones hear.

use std::path::Path;
use std::process::Command;

use doorward_testkit::http1::HttpMessage;
use doorward_testkit::unruly_server::{Conduct, UnrulyServer};
use doorward_tests::http::send;
use doorward_tests::local_door::LocalDoor;
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

/// What curl is told by `base`, whether that is the door or the server itself.
fn curl(base: &str, token: &str, arguments: &[&str], folder: &Path) -> (u16, Value) {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--noproxy", "*", "--write-out", "\n%{http_code}"])
        .args(["--header", &format!("authorization: {token}")])
        .args(arguments)
        .arg(format!("{}/v1/upload", base.trim_end_matches('/')))
        .current_dir(folder)
        .output()
        .expect("curl can be run");
    let told = String::from_utf8(output.stdout).unwrap();
    let (body, status) = told.rsplit_once('\n').unwrap();
    (
        status.parse().unwrap(),
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{told} {:?}", output.stderr)),
    )
}

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
    std::fs::write(project.path().join("a.bin"), b"\xff\0\r\nx").unwrap();
    std::fs::write(project.path().join("large.bin"), b"123456").unwrap();
    let door = LocalDoor::open(project.path(), &[]);
    let token = door.bearer("alice", "customers");
    let ask = |base: &str, arguments: &[&str]| curl(base, &token, arguments, project.path());

    let file = "file=@a.bin;type=application/octet-stream";
    let multipart = ["--form", "note=hello", "--form", "count=12", "--form", file];
    let pairs = ["--data-urlencode", "note=h\u{e4} &=", "--data", "count=12"];
    for arguments in [&multipart[..], &pairs[..]] {
        assert_eq!(ask(&base, arguments), (200, json!({})));
        assert_eq!(ask(door.function_url(), arguments), (200, json!({})), "{arguments:?}");
        let seen = server.requests();
        let [.., direct, through] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!(without_boundary(through), without_boundary(direct));
        assert_eq!(through.start, "POST /v1/upload HTTP/1.1");
    }

    let reached = server.requests().len();
    let check = |arguments: &[&str], status: u16, code: &str, pointer: Option<&str>| {
        let (told, problem) = ask(door.function_url(), arguments);
        assert_eq!((told, &problem["code"]), (status, &json!(code)), "{arguments:?}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{arguments:?}: {problem}");
    };
    let broken = |pointer| (422, "contract-violation", Some(pointer));
    for (arguments, (status, code, pointer)) in [
        (&["--form", "note=hello", "--form", "count=x"][..], broken("/count")),
        (&["--form", "count=12"], broken("/note")),
        (&["--form", "note=hello", "--form", "file=@large.bin"], broken("/file")),
        (&["--data", "note=hello&count=1e1"], broken("/count")),
        (&["--data", "note=much+too+long"], broken("/note")),
        // Policies read forms as their contract types them.
        (&["--form", "note=hello", "--form", "count=13"], (403, "forbidden", None)),
        (&["--data", "note=hello&count=13"], (403, "forbidden", None)),
    ] {
        check(arguments, status, code, pointer);
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
    assert!(
        door.lines(id).iter().any(|line| line["violations"][0]["pointer"] == "/total"),
        "{:?}",
        door.lines(id)
    );
}
