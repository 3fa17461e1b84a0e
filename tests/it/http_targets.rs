//! Targets that are servers, through the real functions: what they are sent, and what callers hear of those that misbehave.

use std::io::Write as _;
use std::path::Path;

use doorward_testkit::http1::HttpMessage;
use doorward_testkit::unruly_server::{Conduct, UnrulyServer};
use doorward_tests::http::{Answer, send};
use doorward_tests::local_door::LocalDoor;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::check::project;

const POLICY: &str = "\n@id(\"anyone-reads-the-catalogue\")\npermit(principal, action in [Action::\"readItem\", \
                      Action::\"mail\", Action::\"keepItem\"], resource);\n";

/// A server on a thread of its own, and what the project has of it.
struct Fixture {
    _runtime: Runtime,
    server: UnrulyServer,
    door: LocalDoor,
}

fn conduct(request: &HttpMessage) -> Conduct {
    let answer = |body: &str| Conduct::Answer(HttpMessage::answer(200, body));
    match request.request_line().1 {
        path if path.starts_with("/v1/items/reset") => Conduct::Reset,
        path if path.starts_with("/v1/items/hang") => Conduct::SendAndHang(Vec::new()),
        path if path.starts_with("/v1/items/odd") => Conduct::send("HTTP/1.1 200 OK\r\nx: a\rb\r\n\r\n"),
        path if path.starts_with("/v1/items/beyond") => {
            Conduct::send("HTTP/1.1 999 OK\r\ncontent-length: 0\r\n\r\n")
        }
        path if path.starts_with("/v1/items/large") => {
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n";
            Conduct::SendForEver(head.into(), vec![b'a'; 4096])
        }
        path if path.starts_with("/v1/items/packed") => {
            Conduct::Answer(HttpMessage::answer(200, packed()).with("content-encoding", "gzip"))
        }
        path if path.starts_with("/v1/items/bomb") => {
            Conduct::Answer(HttpMessage::answer(200, bomb()).with("content-encoding", "gzip"))
        }
        path if path.starts_with("/v1/items/moved") => {
            Conduct::Answer(HttpMessage::answer(302, "").with("location", "http://169.254.169.254/"))
        }
        "/send" if request.field("authorization") != Some("Bearer plainly-fake") => {
            Conduct::Answer(HttpMessage::answer(401, "no").with("www-authenticate", "Bearer"))
        }
        _ => answer(r#"{"name":"tea"}"#),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn packed() -> Vec<u8> {
    gzip(r#"{"name":"tea"}"#.as_bytes())
}

/// 100 MiB of zeros, in some 450 KiB.
fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..100 {
        encoder.write_all(&vec![0; 1024 * 1024]).unwrap();
    }
    encoder.finish().unwrap()
}

impl Fixture {
    fn open(token: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(UnrulyServer::start(conduct));
        let keys = configuration(&server);
        let project =
            project(&[("doorward.toml", &|text| text + &keys), ("orders.cedar", &|text| text + POLICY)]);
        let door = LocalDoor::open_with(
            project.path(),
            &[],
            &[("COURIER_TOKEN", token), ("IDENTITY_KEY", "plainly-fake-key")],
        );
        Self { _runtime: runtime, server, door }
    }

    fn get(&self, path: &str) -> Answer {
        let token = self.door.bearer("alice", "customers");
        let headers =
            [("authorization", token.as_str()), ("accept-encoding", "gzip"), ("x-forwarded-for", "10.1.1.1")];
        send(self.door.function_url(), "GET", path, &headers, b"")
    }

    #[track_caller]
    fn refused(&self, path: &str, status: u16, code: &str) {
        let answer = self.get(path);
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (status, Some(code)),
            "{path}: {answer:?}"
        );
        let id = answer.header("x-request-id").unwrap();
        let line = self.door.lines(id).into_iter().find(|line| line["outcome"] == "target-failed");
        assert_eq!(line.map(|line| line["code"].clone()), Some(json!(code)), "{path}");
    }
}

fn configuration(server: &UnrulyServer) -> String {
    let base = format!("http://{}", server.address());
    let target = |name: &str, keys: &str| {
        format!("\n[[targets]]\nname = \"{name}\"\ntimeout = \"1s\"\nretry = false\nhealth = false\n{keys}\n")
    };
    let route = |id: &str, key: &str, target: &str, more: &str| {
        format!(
            "\n[[routes]]\nid = \"{id}\"\nmatch = \"{key}\"\ntarget = \"{target}\"\nauth = [\"main\"]\n{more}\n"
        )
    };
    let local = "networks = [\"127.0.0.0/8\"]";
    let identity = "identity = { secret = \"env:IDENTITY_KEY\", key_id = \"door-1\" }";
    let credentials =
        "credentials = { header = \"authorization\", prefix = \"Bearer \", secret = \"env:COURIER_TOKEN\" }";
    let rewrite = "rewrite = { path = \"/items/{id}\", query = { set = { tenant = \"shop\" } } }";
    [
        target("catalogue", &format!("http = \"{base}/v1\"\n{local}\n{identity}")),
        target("courier", &format!("http = \"{base}\"\n{local}\n{credentials}")),
        route("readItem", "GET /catalogue/{id}", "catalogue", rewrite),
        route("mail", "GET /send", "courier", ""),
        route("keepItem", "POST /catalogue", "catalogue", ""),
    ]
    .concat()
}

#[test]
fn a_server_is_called_through_the_real_dispatcher() {
    let fixture = Fixture::open("plainly-fake");
    let answer = fixture.get("/catalogue/a%20b?tenant=evil&q=1");
    assert_eq!((answer.status, answer.json()), (200, json!({ "name": "tea" })), "{answer:?}");
    let seen = fixture.server.requests();
    let request = seen.last().unwrap();
    assert_eq!(request.start, "GET /v1/items/a%20b?q=1&tenant=shop HTTP/1.1");
    assert_eq!(request.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(request.field("x-doorward-caller"), Some("User::\"alice\""));
    assert_eq!(request.field("accept-encoding"), Some("gzip"));
    assert!(request.field("signature").is_some_and(|signature| signature.starts_with("doorward=:")));
    assert!(request.field("authorization").is_some_and(|token| token.starts_with("Bearer ey")));

    let answer = fixture.get("/send");
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen = fixture.server.requests();
    assert_eq!(seen.last().unwrap().field("authorization"), Some("Bearer plainly-fake"));
    assert!(!seen.last().unwrap().fields.iter().any(|(name, _)| name.starts_with("x-doorward")));
    let lines: Vec<Value> = fixture.door.lines(answer.header("x-request-id").unwrap());
    assert!(!lines.iter().any(|line| line.to_string().contains("plainly-fake")), "{lines:#?}");
}

#[test]
fn a_server_that_misbehaves_is_a_fault_of_its_own() {
    let fixture = Fixture::open("wrong");
    fixture.refused("/catalogue/reset", 502, "target-reset");
    fixture.refused("/catalogue/hang", 504, "target-timeout");
    fixture.refused("/catalogue/odd", 502, "target-unreadable");
    fixture.refused("/catalogue/large", 502, "target-unreadable");
    fixture.refused("/send", 502, "target-credentials");
    fixture.refused("/catalogue/beyond", 502, "target-unreadable");
    let moved = fixture.get("/catalogue/moved");
    assert_eq!((moved.status, moved.header("location")), (302, Some("http://169.254.169.254/")), "{moved:?}");
}

#[test]
fn what_is_compressed_passes_and_a_bomb_does_not() {
    let fixture = Fixture::open("plainly-fake");
    let answer = fixture.get("/catalogue/packed");
    assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("gzip")), "{answer:?}");
    assert_eq!(answer.bytes, packed());
    fixture.refused("/catalogue/bomb", 502, "target-unreadable");

    let token = fixture.door.bearer("alice", "customers");
    let keep = |body: &[u8]| {
        let headers = [("authorization", token.as_str()), ("content-encoding", "gzip")];
        send(fixture.door.function_url(), "POST", "/catalogue", &headers, body)
    };
    assert_eq!(keep(&packed()).status, 200);
    assert_eq!(fixture.server.requests().last().unwrap().body, packed());
    let answer = keep(&bomb());
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (413, Some("payload-too-large")),
        "{answer:?}"
    );
    assert_eq!(fixture.server.requests().last().unwrap().body, packed());
}

#[test]
fn an_address_that_is_not_admitted_is_found_by_check() {
    let keys = "\n[[targets]]\nname = \"metadata\"\nhttp = \"http://169.254.169.254/latest\"\n";
    let project = project(&[("doorward.toml", &|text| text + keys)]);
    let output = check(project.path());
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("169.254.169.254"), "{told}");
}

fn check(folder: &Path) -> std::process::Output {
    let mut command = std::process::Command::new(doorward_tests::binaries::path("doorward"));
    command.arg("check").arg(folder).output().unwrap()
}
