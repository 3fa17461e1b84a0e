//! Answers that pass on while they come in, through the real dispatcher: by a function URL and a REST API that stream, from a
//! server and from a function that do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use doorward_tests::http::send;
use doorward_tests::local_door::LocalDoor;
use tempfile::TempDir;

use crate::check::project;

const POLICY: &str = "\n@id(\"customers-follow-orders\")\npermit(principal, action in [Action::\"followOrder\", \
                      Action::\"followStock\"], resource);\n";

/// A server that sends what it is told to, and the door in front of it.
struct Fixture {
    door: LocalDoor,
    /// What the server sends next; dropped, it ends the answer.
    server: mpsc::Sender<&'static str>,
    _project: TempDir,
}

fn configuration(server: &str) -> String {
    format!(
        r#"
[[targets]]
name = "updates"
lambda = "updates"
stream = true
timeout = "10s"

[[targets]]
name = "stock"
http = ["{server}"]
networks = ["127.0.0.0/8"]
timeout = "2s"
retry = false

[[routes]]
id = "followOrder"
match = "GET /orders/{{id}}/updates"
target = "updates"
auth = ["main"]
stream = true

[[routes]]
id = "followStock"
match = "GET /stock"
target = "stock"
auth = ["main"]
stream = true
"#
    )
}

/// Answers each connection by a stream of what comes through the channel, chunk by chunk.
fn serve(listener: TcpListener, told: mpsc::Receiver<&'static str>) {
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n";
        connection.write_all(head.as_bytes()).unwrap();
        for chunk in told {
            if chunk == "reset" {
                return;
            }
            let _ = connection.write_all(format!("{:x}\r\n{chunk}\r\n", chunk.len()).as_bytes());
        }
        let _ = connection.write_all(b"0\r\n\r\n");
    });
}

impl Fixture {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let keys = configuration(&format!("http://{}", listener.local_addr().unwrap()));
        let (server, told) = mpsc::channel();
        serve(listener, told);
        let fronts = |text: String| {
            let pinned = "\"function-url:shopurl\", \"rest-api:shoprest\",";
            let streamed = "[door]\nstreamed_fronts = [\"function-url:shopurl\", \"rest-api:shoprest\"]";
            text.replacen("\"function-url:shopurl\",", pinned, 1).replacen("[door]", streamed, 1)
        };
        let project = project(&[
            ("doorward.toml", &|text| fronts(text) + &keys),
            ("orders.cedar", &|text| text + POLICY),
        ]);
        let door = LocalDoor::open(project.path(), &[]);
        Self { door, server, _project: project }
    }

    /// Asks and reads the head of the answer: what is left to read of it.
    fn ask(&self, base: &str, path: &str) -> (String, BufReader<TcpStream>) {
        let token = self.door.bearer("alice", "customers");
        let (address, path) = at(base, path);
        let mut connection = TcpStream::connect(&address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: {token}\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).unwrap();
        let mut answer = BufReader::new(connection);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(answer.read_line(&mut head).unwrap(), 0, "{head}");
        }
        (head, answer)
    }

    /// The outcome of the call whose id is in this head, as its line says when it is over.
    #[track_caller]
    fn line(&self, head: &str) -> serde_json::Value {
        let id = field(head, "x-request-id");
        for _ in 0..600 {
            let lines = self.door.lines(&id);
            if let Some(line) = lines.into_iter().find(|line| line["call_id"] == id.as_str()) {
                return line;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the call of {head} has no line");
    }
}

/// Host and port of a front, and the path behind its stage, if it has one.
fn at(base: &str, path: &str) -> (String, String) {
    let base = base.strip_prefix("http://").unwrap();
    match base.split_once('/') {
        Some((address, stage)) => (address.to_owned(), format!("/{stage}{path}")),
        None => (base.to_owned(), path.to_owned()),
    }
}

fn field(head: &str, name: &str) -> String {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let found = fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
    found.unwrap_or_else(|| panic!("no {name} in {head}")).1.to_owned()
}

/// One chunk of an answer; `None` at its end.
fn chunk(answer: &mut BufReader<TcpStream>) -> std::io::Result<Option<String>> {
    let mut size = String::new();
    answer.read_line(&mut size)?;
    let size =
        usize::from_str_radix(size.trim(), 16).map_err(|_| std::io::Error::other("the answer breaks off"))?;
    let mut bytes = vec![0; size + 2];
    answer.read_exact(&mut bytes)?;
    bytes.truncate(size);
    Ok((size > 0).then(|| String::from_utf8(bytes).unwrap()))
}

fn text(answer: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut text = String::new();
    while let Some(chunk) = chunk(answer)? {
        text += &chunk;
    }
    Ok(text)
}

#[test]
fn a_chunk_reaches_the_caller_before_the_next_one_is_made() {
    let fixture = Fixture::open();
    let (head, mut answer) = {
        fixture.server.send("one").unwrap();
        fixture.ask(fixture.door.function_url(), "/stock")
    };
    assert!(head.starts_with("HTTP/1.1 200") && field(&head, "content-type") == "text/plain", "{head}");
    assert!(!field(&head, "ratelimit").is_empty());
    assert_eq!(chunk(&mut answer).unwrap().as_deref(), Some("one"));
    fixture.server.send("two").unwrap();
    assert_eq!(chunk(&mut answer).unwrap().as_deref(), Some("two"));
    let Fixture { door, server, _project } = fixture;
    drop(server);
    assert_eq!(chunk(&mut answer).unwrap(), None);
    let (server, _) = mpsc::channel();
    let line = Fixture { door, server, _project }.line(&head);
    assert_eq!((line["outcome"].as_str(), line["bytes_out"].as_u64()), (Some("admitted"), Some(6)), "{line}");
    assert!(line["stages"].as_array().unwrap().iter().any(|time| time["stage"] == "stream"), "{line}");
}

#[test]
fn an_answer_that_breaks_off_breaks_off_for_the_caller() {
    for end in ["reset", "late"] {
        let fixture = Fixture::open();
        fixture.server.send("one").unwrap();
        let (head, mut answer) = fixture.ask(fixture.door.function_url(), "/stock");
        assert_eq!(chunk(&mut answer).unwrap().as_deref(), Some("one"));
        if end == "reset" {
            fixture.server.send("reset").unwrap();
        }
        // What says nothing for as long as an answer may take is late.
        assert!(text(&mut answer).is_err(), "{end}");
        let line = fixture.line(&head);
        let code = if end == "reset" { "target-reset" } else { "target-timeout" };
        assert_eq!((line["outcome"].as_str(), line["code"].as_str()), (Some("target-failed"), Some(code)));
        assert_eq!(line["status"], 200);
    }
}

#[test]
fn a_function_that_streams_is_passed_on_by_every_front_that_does() {
    let fixture = Fixture::open();
    let door = &fixture.door;
    let news = "event: placed\ndata: 0\n\nevent: packed\ndata: 1\n\nevent: shipped\ndata: 2\n\n";
    for base in [door.function_url(), door.rest_api()] {
        let (head, mut answer) = fixture.ask(base, "/orders/1001/updates");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert_eq!(field(&head, "content-type"), "text/event-stream");
        assert_eq!(field(&head, "set-cookie"), "seen=1");
        assert_eq!(text(&mut answer).unwrap(), news);
        let line = fixture.line(&head);
        assert_eq!(
            (line["outcome"].as_str(), line["bytes_out"].as_u64()),
            (Some("admitted"), Some(news.len() as u64)),
            "{line}"
        );

        // Longer than what an invocation can answer whole.
        let (head, mut answer) = fixture.ask(base, "/orders/LONG/updates");
        assert_eq!(text(&mut answer).unwrap().len(), news.len() + 8 * 1024 * 1024);
        assert_eq!(fixture.line(&head)["outcome"], "admitted");

        let (head, mut answer) = fixture.ask(base, "/orders/ENDS/updates");
        assert!(text(&mut answer).is_err());
        assert_eq!(fixture.line(&head)["outcome"], "target-failed");
    }
    // An API that takes answers whole is given it whole.
    let token = door.bearer("alice", "customers");
    let whole = send(door.http_api(), "GET", "/orders/1001/updates", &[("authorization", &token)], b"");
    assert_eq!((whole.status, whole.body.as_str()), (200, news));
    let large = send(door.http_api(), "GET", "/orders/LONG/updates", &[("authorization", &token)], b"");
    assert_eq!((large.status, large.json()["code"].as_str()), (502, Some("target-unreadable")));
}

#[test]
fn whatever_else_a_streamed_front_is_answered_keeps_its_form() {
    let fixture = Fixture::open();
    let door = &fixture.door;
    let token = door.bearer("alice", "customers");
    for base in [door.function_url(), door.rest_api()] {
        let get = |path: &str| {
            let (address, path) = at(base, path);
            send(&format!("http://{address}"), "GET", &path, &[("authorization", &token)], b"")
        };
        let order = get("/orders/1001");
        assert_eq!((order.status, order.json()["id"].as_str()), (200, Some("1001")), "{order:?}");
        let health = get("/.doorward/health");
        assert_eq!(health.status, 200, "{health:?}");
    }
    let base = door.function_url();
    for (path, token, status, code) in [
        ("/orders/1001", "Bearer x", 401, "invalid-token"),
        ("/nowhere", token.as_str(), 404, "not-found"),
        ("/orders/%2e%2e", token.as_str(), 400, "ambiguous-path"),
    ] {
        let refused = send(base, "GET", path, &[("authorization", token)], b"");
        assert_eq!((refused.status, refused.json()["code"].as_str()), (status, Some(code)), "{refused:?}");
        assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    }
}
