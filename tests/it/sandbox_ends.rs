//! What becomes of answers that are under way when the platform takes the sandbox away that serves several at once.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::json;
use tempfile::TempDir;

use crate::fleet::Fleet;
use crate::fleet::process::Process;
use crate::fleet::requests::KeyHolder;
use crate::fleet::runtime_api::Answer;

const TIMEOUT: Duration = Duration::from_secs(60);

/// A process that serves several calls at a time, a target whose answers have no end, and a caller.
struct Fixture {
    fleet: Fleet,
    process: Process,
    alice: KeyHolder,
    /// The target's connections, which it holds.
    _connections: mpsc::Receiver<TcpStream>,
    _project: TempDir,
}

fn configuration(stock: SocketAddr) -> String {
    format!(
        r#"
[door]
name = "shop"
table = "doorward"
refresh = "1h"
fronts = ["function-url:shopurl"]
streamed_fronts = ["function-url:shopurl"]

[api_keys]
prefix = "shop"

[[targets]]
name = "stock"
http = ["http://{stock}"]
networks = ["127.0.0.0/8"]

[[targets]]
name = "orders"
lambda = "orders"

[[routes]]
id = "followStock"
match = "POST /stock"
target = "stock"
auth = ["api-key"]
stream = true

[[routes]]
id = "createBatched"
match = "POST /batched"
target = "orders"
auth = ["api-key"]
durability = "batched"
"#
    )
}

/// A server that begins every answer and ends none.
fn endless() -> (SocketAddr, mpsc::Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (connected, connections) = mpsc::channel();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let begin = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n\
                         4\r\nfour\r\n";
            connection.write_all(begin.as_bytes()).unwrap();
            if connected.send(connection).is_err() {
                return;
            }
        }
    });
    (address, connections)
}

impl Fixture {
    async fn open() -> Self {
        let (stock, connections) = endless();
        let project = tempfile::tempdir().unwrap();
        let config = project.path().join("doorward.toml");
        std::fs::write(&config, configuration(stock)).unwrap();
        std::fs::write(project.path().join("all.cedar"), "permit (principal, action, resource);").unwrap();
        let fleet = Fleet::new(&config).await;
        let process = fleet.dispatcher(4).await;
        let alice = KeyHolder::new("alice", None, &mut Rng::with_seed(1));
        fleet.enrol(&alice).await;
        Self { fleet, process, alice, _connections: connections, _project: project }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_end_as_broken_off_and_are_recorded_when_the_sandbox_is_told_to_end() {
    let fixture = Fixture::open().await;
    let Fixture { process, alice, .. } = &fixture;
    let (follow, batched) = (alice.post("/stock"), alice.post("/batched"));
    let streams = ["s1", "s2"].map(|id| process.invoke(id, &follow, TIMEOUT));
    let ends = async {
        // A head and the target's four bytes of each.
        process.streamed(4).await;
        // Others are served in the meantime.
        let between = process.invoke("b1", &batched, TIMEOUT).await;
        assert_eq!(between.status(), Some(201), "{between:?}");
        for stream in ["s1", "s2"] {
            assert_eq!(fixture.fleet.row(stream).await["outcome"]["S"], "unresolved");
        }
        assert!(fixture.fleet.row("b1").await.is_null(), "it waits for others");
        process.terminate();
        process.ended().await;
    };
    let [first, second] = streams;
    let (first, second, ()) = tokio::join!(first, second, ends);
    for answer in [first, second] {
        assert!(matches!(answer, Answer::BrokenOff | Answer::Lost), "{answer:?}");
    }
    for stream in ["s1", "s2"] {
        let row = fixture.fleet.row(stream).await;
        assert_eq!(row["outcome"]["S"], "admitted", "{row}");
        assert_eq!(row["status"]["N"], "200", "{row}");
        assert_eq!(row["cause"]["S"], "the platform ended this sandbox", "{row}");
        assert_eq!(row["bytes_out"], json!({ "N": "4" }), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_whose_sandbox_is_killed_is_known_to_have_begun() {
    let fixture = Fixture::open().await;
    let Fixture { process, alice, .. } = &fixture;
    let killed = async {
        process.streamed(2).await;
        process.kill()();
        process.ended().await;
    };
    let follow = alice.post("/stock");
    let (answer, ()) = tokio::join!(process.invoke("s1", &follow, TIMEOUT), killed);
    assert_eq!(answer, Answer::Lost);
    assert_eq!(fixture.fleet.row("s1").await["outcome"]["S"], "unresolved");
}
