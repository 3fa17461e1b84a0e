//! Messages of a WebSocket API through the door's own processes.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use doorward_tests::local_door::{LocalDoor, dynamodb};
use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

use crate::check::project;

fn folder() -> TempDir {
    project(&[("doorward.toml", &|text| text.replacen("burst = 10", "burst = 1000", 1))])
}

/// A connection that `bearer` has opened.
struct Client(WebSocket<TcpStream>);

impl Client {
    fn open(door: &LocalDoor, bearer: &str) -> Self {
        let mut request = door.websocket_api().into_client_request().unwrap();
        request.headers_mut().insert("authorization", bearer.parse().unwrap());
        let stream = TcpStream::connect(request.uri().authority().unwrap().as_str()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(tungstenite::client(request, stream).unwrap().0)
    }

    fn say(&mut self, message: &str) -> Value {
        self.0.send(Message::text(message)).unwrap();
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn leave(mut self) {
        let frame = CloseFrame { code: CloseCode::Normal, reason: "bye".into() };
        self.0.close(Some(frame)).unwrap();
        while self.0.read().is_ok() {}
    }
}

/// What the ledger holds of calls of this action, once it holds `count`.
fn ledger(door: &LocalDoor, action: &str, count: usize) -> Vec<(String, String)> {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let scan = json!({ "TableName": "doorward-ledger" });
        let items = dynamodb(door.dynamodb(), "Scan", &scan).json();
        let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
        let of_action =
            items["Items"].as_array().unwrap().iter().filter(|item| item["action"]["S"] == action);
        let found: Vec<_> = of_action.map(|item| (text(item, "caller"), text(item, "outcome"))).collect();
        if found.len() >= count {
            return found;
        }
        assert!(Instant::now() < until, "{action}: {found:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const ASK: &str = r#"{"action":"askStock","sku":"TEA-1"}"#;
const SET: &str = r#"{"action":"setStock","sku":"TEA-1","inStock":40}"#;

#[test]
fn each_message_is_decided_about_and_recorded() {
    let folder = folder();
    let door = LocalDoor::open(folder.path(), &[]);
    let mut alice = Client::open(&door, &door.bearer("alice", "customers"));
    let mut bob = Client::open(&door, &door.bearer("bob", "buyers"));
    assert_eq!(alice.say(ASK), json!({ "sku": "TEA-1", "inStock": 12 }));
    let refused = alice.say(SET);
    assert_eq!((&refused["status"], &refused["code"]), (&json!(403), &json!("forbidden")));
    assert_eq!(bob.say(SET), json!({ "sku": "TEA-1", "inStock": 40 }));
    assert_eq!(bob.say(ASK)["code"], "forbidden");
    assert_eq!(bob.say(&SET.replace("40", "4000"))["code"], "forbidden", "what the payload says counts");
    // The connection is none the worse for any of it.
    assert_eq!(alice.say(ASK)["inStock"], 12);
    alice.leave();
    let caller = |name: &str| format!("User::\"{name}\"");
    let mut set = ledger(&door, "setStock", 3);
    set.sort();
    let denied = || "denied".to_owned();
    assert_eq!(
        set,
        [(caller("alice"), denied()), (caller("bob"), "admitted".to_owned()), (caller("bob"), denied())]
    );
    assert_eq!(ledger(&door, "leaveCounter", 1), [(caller("alice"), "admitted".to_owned())]);
}

#[test]
fn a_message_says_nothing_of_its_caller_or_its_route_but_by_its_key() {
    let folder = folder();
    let door = LocalDoor::open(folder.path(), &[]);
    let mut alice = Client::open(&door, &door.bearer("alice", "customers"));
    for forbidden in [
        r#"{"action":"$connect"}"#,
        r#"{"action":"$disconnect"}"#,
        r#"{"action":"$default"}"#,
        r#"{"action":"giveAway"}"#,
        "hello",
        "",
    ] {
        let said = alice.say(forbidden);
        assert_eq!(
            (&said["message"], said["connectionId"].is_string()),
            (&json!("Forbidden"), true),
            "{forbidden}"
        );
    }
    // The gateway goes by the last of two members, and the contract takes no two.
    let two = r#"{"action":"setStock","action":"askStock","sku":"TEA-1"}"#;
    assert_eq!(alice.say(two)["status"], 400);
    let spoofed = json!({
        "action": "setStock", "sku": "TEA-1", "inStock": 1,
        "requestContext": { "authorizer": { "principalId": "User::\"bob\"", "doorwardConnection1": "{}" } },
    });
    assert_eq!(alice.say(&spoofed.to_string())["code"], "forbidden");
    let broken = alice.say(r#"{"action":"askStock","sku":"tea"}"#);
    assert_eq!((&broken["status"], &broken["code"]), (&json!(422), &json!("contract-violation")), "{broken}");
    assert_eq!(alice.say(ASK)["inStock"], 12);
    assert_eq!(ledger(&door, "openCounter", 1).len(), 1);
    let left = dynamodb(door.dynamodb(), "Scan", &json!({ "TableName": "doorward-ledger" })).json();
    let none = left["Items"].as_array().unwrap().iter().all(|item| item["action"]["S"] != "leaveCounter");
    assert!(none, "nobody has left: {left}");
}

#[test]
fn without_the_authorizers_word_a_message_is_nobodys() {
    let folder = project(&[("doorward.toml", &|text| {
        let other = "connections = [\"websocket-api:another\"]";
        text.replacen("connections = [\"websocket-api:shopcounter\"]", other, 1)
    })]);
    let door = LocalDoor::open(folder.path(), &[]);
    let mut alice = Client::open(&door, &door.bearer("alice", "customers"));
    assert_eq!(alice.say(ASK)["code"], "missing-credentials");
}
