//! The WebSocket API.

use std::time::{Duration, SystemTime};

use doorward_emulator::{
    Emulator, FunctionSpec, IamIdentity, Options, WebSocketApi, WebSocketAuthorizer, WebSocketRoute,
};
use futures_util::{SinkExt as _, StreamExt as _};
use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

use crate::client::{Answer, get, send};
use crate::iam::{identity, signed_as};
use crate::probe::{function, options};

fn route(key: &str, answers: bool) -> WebSocketRoute {
    WebSocketRoute { key: key.to_owned(), function: "probe".to_owned(), answers }
}

fn websocket_api() -> Options {
    let api = WebSocketApi {
        id: "w1x2y3".to_owned(),
        stage: "live".to_owned(),
        routes: vec![
            route("$connect", true),
            route("$disconnect", true),
            route("$default", true),
            route("tell", false),
            route("placeOrder", true),
        ],
        route_selection: "$request.body.action".to_owned(),
        authorizer: Some(WebSocketAuthorizer {
            function: "gate".to_owned(),
            identity_sources: vec!["route.request.header.Authorization".to_owned()],
        }),
    };
    let probe = FunctionSpec { max_sandboxes: 4, ..function("probe") };
    Options { websocket_api: Some(api), ..options(vec![probe, function("gate")]) }
}

/// A handshake: the connection, and the head of the answer.
async fn handshake(emulator: &Emulator, path: &str, further: &str) -> (TcpStream, String) {
    let url = emulator.websocket_api_url().unwrap().strip_prefix("ws://").unwrap().to_owned();
    let authority = url.strip_suffix("/live").unwrap();
    let mut stream = TcpStream::connect(authority).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{further}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (stream, String::from_utf8(head).unwrap().to_ascii_lowercase())
}

#[track_caller]
fn check(head: &str, status: u16) {
    assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
}

type Client = WebSocketStream<TcpStream>;

/// A connection that is open.
async fn open(emulator: &Emulator) -> Client {
    let url = emulator.websocket_api_url().unwrap();
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("authorization", "Bearer good".parse().unwrap());
    request.headers_mut().insert("user-agent", "test".parse().unwrap());
    let stream = TcpStream::connect(request.uri().authority().unwrap().as_str()).await.unwrap();
    tokio_tungstenite::client_async(request, stream).await.unwrap().0
}

/// The next text that is written to the connection.
async fn heard(client: &mut Client) -> String {
    loop {
        match client.next().await.unwrap().unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn told(client: &mut Client, message: &str) -> String {
    client.send(Message::text(message)).await.unwrap();
    heard(client).await
}

/// Code and reason by which the other side ends the connection.
async fn ended(client: &mut Client) -> (u16, String) {
    loop {
        match client.next().await {
            Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), frame.reason.to_string()),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The event of the end of a connection, once a function has heard of it.
async fn heard_of_end(emulator: &Emulator) -> Value {
    let told = async {
        loop {
            if let Some(line) = emulator.logs().find("probe hears of the end").last() {
                return serde_json::from_str(line.text.split_once(": ").unwrap().1).unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), told).await.unwrap()
}

/// Code and reason of a close frame.
async fn closed(stream: &mut TcpStream) -> (u16, String) {
    assert_eq!(stream.read_u8().await.unwrap(), 0x88);
    let length = stream.read_u8().await.unwrap();
    let code = stream.read_u16().await.unwrap();
    let mut reason = vec![0; usize::from(length) - 2];
    stream.read_exact(&mut reason).await.unwrap();
    (code, String::from_utf8(reason).unwrap())
}

#[tokio::test]
async fn an_authorized_connection_is_upgraded() {
    let emulator = Emulator::start(websocket_api()).await.unwrap();
    let (_, head) = handshake(&emulator, "/live?room=1", "Authorization: Bearer good\r\n").await;
    check(&head, 101);
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    let lines = emulator.logs().find("websocket-api");
    let line: Value = serde_json::from_str(&lines.last().unwrap().text).unwrap();
    assert_eq!((&line["status"], &line["authorizer"]), (&json!(101), &json!("allow")));
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_message_goes_where_its_route_key_says() {
    let emulator = Emulator::start(websocket_api()).await.unwrap();
    let mut client = open(&emulator).await;
    for (message, route_key) in [
        (r#"{"action":"placeOrder"}"#, "placeOrder"),
        (r#"{"action":"unheardOf"}"#, "$default"),
        ("hello", "$default"),
        ("", "$default"),
        ("gr\u{fc}\u{df}e \u{0}", "$default"),
        // Routes with `$` are the gateway's to choose.
        (r#"{"action":"$connect"}"#, "$default"),
        (r#"{"action":"$disconnect"}"#, "$default"),
    ] {
        let event: Value = serde_json::from_str(&told(&mut client, message).await).unwrap();
        let context = &event["requestContext"];
        assert_eq!((&context["routeKey"], &context["eventType"]), (&json!(route_key), &json!("MESSAGE")));
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(message), &json!(false)));
        assert!(event.get("headers").is_none() && event.get("queryStringParameters").is_none());
        // What the authorizer said of the caller stays with the connection.
        assert_eq!(context["authorizer"]["principalId"], "probe");
        for name in
            ["connectionId", "messageId", "requestId", "extendedRequestId", "requestTime", "domainName"]
        {
            assert!(context[name].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        }
        assert!(context["connectedAt"].as_i64() <= context["requestTimeEpoch"].as_i64());
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn an_answer_is_written_where_the_route_has_a_response() {
    let emulator = Emulator::start(websocket_api()).await.unwrap();
    let mut client = open(&emulator).await;
    let failed = |said: &str| {
        let said: Value = serde_json::from_str(said).unwrap();
        (said["message"].clone(), said["connectionId"].is_string() && said["requestId"].is_string())
    };
    assert_eq!(told(&mut client, r#"{"probe":"refuse"}"#).await, r#"{"code":"forbidden"}"#);
    for probe in ["fail", "null", "large", "binary"] {
        let said = told(&mut client, &json!({ "probe": probe }).to_string()).await;
        assert_eq!(failed(&said), (json!("Internal server error"), true), "{probe}");
    }
    // Of these nothing is heard: the next answer is that of the last message.
    for quiet in [r#"{"probe":"quiet"}"#, r#"{"action":"tell"}"#, r#"{"action":"tell","probe":"null"}"#] {
        client.send(Message::text(quiet)).await.unwrap();
    }
    assert_eq!(told(&mut client, r#"{"probe":"refuse"}"#).await, r#"{"code":"forbidden"}"#);
    assert_eq!(
        failed(&told(&mut client, r#"{"action":"tell","probe":"fail"}"#).await).0,
        "Internal server error"
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn without_a_default_route_a_message_may_be_forbidden() {
    let mut options = websocket_api();
    let api = options.websocket_api.as_mut().unwrap();
    api.routes = vec![route("placeOrder", true)];
    let emulator = Emulator::start(options).await.unwrap();
    // Nobody is asked about connections either, for want of a route.
    let mut client = open(&emulator).await;
    let said: Value = serde_json::from_str(&told(&mut client, "hello").await).unwrap();
    assert_eq!(said["message"], "Forbidden");
    let lines = emulator.logs().find("websocket-api");
    let line: Value = serde_json::from_str(&lines.last().unwrap().text).unwrap();
    assert_eq!(
        (&line["method"], &line["status"], &line["routeKey"]),
        (&json!("MESSAGE"), &json!(403), &json!(null))
    );
    let event: Value = serde_json::from_str(&told(&mut client, r#"{"action":"placeOrder"}"#).await).unwrap();
    assert!(event["requestContext"].get("authorizer").is_none());
    client.close(None).await.unwrap();
    emulator.shutdown().await;
}

#[tokio::test]
async fn what_a_gateway_does_not_take_ends_the_connection() {
    let emulator = Emulator::start(websocket_api()).await.unwrap();
    let longest_frame = "x".repeat(32 * 1024);
    let frames = |count: usize| {
        let longest_frame = longest_frame.clone();
        (0..count).map(move |nth| {
            let opcode = if nth == 0 { Data::Text } else { Data::Continue };
            Message::Frame(Frame::message(longest_frame.clone(), OpCode::Data(opcode), nth + 1 == count))
        })
    };
    let mut client = open(&emulator).await;
    for frame in frames(4) {
        client.send(frame).await.unwrap();
    }
    let event: Value = serde_json::from_str(&heard(&mut client).await).unwrap_or_default();
    // A message of 128 KB is taken; its event, told again, is longer than an answer may be.
    assert_eq!(event["message"], "Internal server error");
    for frame in frames(5) {
        // The other side may have had enough by then.
        let _ = client.send(frame).await;
    }
    assert_eq!(ended(&mut client).await.0, 1009);

    let mut client = open(&emulator).await;
    let _ = client.send(Message::text("x".repeat(32 * 1024 + 1))).await;
    assert_eq!(ended(&mut client).await.0, 1009);
    let mut client = open(&emulator).await;
    client.send(Message::binary(b"{}".to_vec())).await.unwrap();
    assert_eq!(ended(&mut client).await.0, 1003);
    let mut client = open(&emulator).await;
    let text = Frame::message(b"\xff\xfe".to_vec(), OpCode::Data(Data::Text), true);
    client.send(Message::Frame(text)).await.unwrap();
    assert_eq!(ended(&mut client).await.0, 1007);
    emulator.shutdown().await;
}

#[tokio::test]
async fn the_end_of_a_connection_is_told() {
    let emulator = Emulator::start(websocket_api()).await.unwrap();
    let mut client = open(&emulator).await;
    let event: Value = serde_json::from_str(&told(&mut client, "hello").await).unwrap();
    let frame = CloseFrame { code: CloseCode::Library(4001), reason: "bye \u{1f44b}".into() };
    client.close(Some(frame)).await.unwrap();
    let end = heard_of_end(&emulator).await;
    let context = &end["requestContext"];
    assert_eq!((&context["routeKey"], &context["eventType"]), (&json!("$disconnect"), &json!("DISCONNECT")));
    assert_eq!(
        (&context["disconnectStatusCode"], &context["disconnectReason"]),
        (&json!(4001), &json!("bye \u{1f44b}"))
    );
    assert_eq!(context["connectionId"], event["requestContext"]["connectionId"]);
    assert_eq!(context["authorizer"], event["requestContext"]["authorizer"]);
    assert!(context.get("messageId").is_none() && end.get("body").is_none());
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_caller_who_vanishes_has_left() {
    for (close, code) in [(true, 1005), (false, 1006)] {
        let emulator = Emulator::start(websocket_api()).await.unwrap();
        let mut client = open(&emulator).await;
        if close {
            client.close(None).await.unwrap();
        } else {
            drop(client);
        }
        let end = heard_of_end(&emulator).await;
        assert_eq!(end["requestContext"]["disconnectStatusCode"], json!(code));
        emulator.shutdown().await;
    }
}

#[tokio::test]
async fn a_connection_that_is_idle_ends() {
    let emulator = Emulator::start(websocket_api()).await.unwrap();
    let mut client = open(&emulator).await;
    told(&mut client, "hello").await;
    // Nothing but the clock is left to wait for.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    assert_eq!(ended(&mut client).await.0, 1001);
    let waited = began.elapsed();
    assert!(waited >= Duration::from_secs(599) && waited < Duration::from_secs(700), "{waited:?}");
    tokio::time::resume();
    assert_eq!(heard_of_end(&emulator).await["requestContext"]["disconnectStatusCode"], json!(1001));
    emulator.shutdown().await;
}

/// A call of the management API, signed by the known caller.
async fn manage(emulator: &Emulator, by: &IamIdentity, method: Method, id: &str, body: &str) -> Answer {
    let url = emulator.websocket_api_url().unwrap().replace("ws://", "http://");
    let url = format!("{url}/@connections/{}", id.replace('=', "%3D"));
    let headers = signed_as(&method, by, "execute-api", &url, body.as_bytes(), SystemTime::now(), &[]);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    send(method, &url, &headers, body.to_owned()).await
}

#[tokio::test]
async fn who_signs_writes_to_a_connection() {
    let ada = identity(None);
    let emulator =
        Emulator::start(Options { identities: vec![ada.clone()], ..websocket_api() }).await.unwrap();
    let mut client = open(&emulator).await;
    let event: Value = serde_json::from_str(&told(&mut client, "hello").await).unwrap();
    let id = event["requestContext"]["connectionId"].as_str().unwrap();
    assert_eq!(manage(&emulator, &ada, Method::POST, id, "n\u{fc}s").await.status, 200);
    assert_eq!(heard(&mut client).await, "n\u{fc}s");
    let known = manage(&emulator, &ada, Method::GET, id, "").await;
    let known = (known.status, known.json());
    assert_eq!(known.0, 200);
    assert_eq!(known.1["identity"], json!({ "sourceIp": "127.0.0.1", "userAgent": "test" }));
    assert!(known.1["connectedAt"].as_str() <= known.1["lastActiveAt"].as_str());

    let forged = IamIdentity { secret_key: "another".to_owned(), ..ada.clone() };
    assert_eq!(manage(&emulator, &forged, Method::POST, id, "x").await.status, 403);
    let url = emulator.websocket_api_url().unwrap().replace("ws://", "http://");
    let unsigned =
        send(Method::POST, &format!("{url}/@connections/{}", id.replace('=', "%3D")), &[], "x").await;
    assert_eq!(unsigned.status, 403);
    assert_eq!(manage(&emulator, &ada, Method::POST, id, &"x".repeat(128 * 1024 + 1)).await.status, 413);
    assert_eq!(manage(&emulator, &ada, Method::PUT, id, "x").await.status, 403);
    let gone = manage(&emulator, &ada, Method::POST, "nobodys=", "x").await;
    assert_eq!((gone.status.as_u16(), gone.header("x-amzn-errortype")), (410, Some("GoneException")));

    assert_eq!(manage(&emulator, &ada, Method::DELETE, id, "").await.status, 204);
    assert_eq!(ended(&mut client).await.0, 1000);
    heard_of_end(&emulator).await;
    for method in [Method::POST, Method::GET, Method::DELETE] {
        assert_eq!(manage(&emulator, &ada, method, id, "").await.status, 410);
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_flood_of_messages_is_worked_off() {
    let emulator = Emulator::start(websocket_api()).await.unwrap();
    let mut client = open(&emulator).await;
    for nth in 0..100 {
        client.send(Message::text(nth.to_string())).await.unwrap();
    }
    for _ in 0..100 {
        heard(&mut client).await;
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn routes_are_what_a_gateway_can_have() {
    let with = |routes: Vec<WebSocketRoute>, selection: &str| {
        let mut options = websocket_api();
        let api = options.websocket_api.as_mut().unwrap();
        (api.routes, api.route_selection) = (routes, selection.to_owned());
        options
    };
    let action = "$request.body.action";
    for (routes, selection, said) in [
        (vec![route("a", true), route("a", false)], action, "`a`"),
        (vec![route("$other", true)], action, "`$other`"),
        (vec![route("", true)], action, "route key"),
        (vec![route("a", true)], "$request.header.action", "route selection expression"),
    ] {
        let fault = Emulator::start(with(routes, selection)).await.err().unwrap().to_string();
        assert!(fault.contains(said), "{fault}");
    }
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_no_connection() {
    let emulator = Emulator::start(websocket_api()).await.unwrap();
    for (path, further, status) in [
        ("/live", "", 401),
        ("/live", "Authorization: Bearer expired\r\n", 401),
        ("/live", "Authorization: Bearer stopped\r\n", 403),
        ("/live", "Authorization: Bearer forbidden\r\n", 403),
        ("/live", "Authorization: Bearer broken\r\n", 500),
        ("/live", "Authorization: Bearer good\r\nX-Probe: refuse\r\n", 418),
        ("/live", "Authorization: Bearer good\r\nX-Probe: malformed\r\n", 502),
        ("/other", "Authorization: Bearer good\r\n", 403),
        ("/live/more", "Authorization: Bearer good\r\n", 403),
    ] {
        let (_, head) = handshake(&emulator, path, further).await;
        check(&head, status);
    }
    let url = emulator.websocket_api_url().unwrap().replace("ws://", "http://");
    assert_eq!(get(&url, &[("authorization", "Bearer good")]).await.status, 426);
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_connection_ends_with_the_emulator() {
    let emulator = Emulator::start(websocket_api()).await.unwrap();
    let (mut stream, head) = handshake(&emulator, "/live", "Authorization: Bearer good\r\n").await;
    check(&head, 101);
    emulator.shutdown().await;
    assert_eq!(closed(&mut stream).await, (1001, String::new()));
}

#[tokio::test]
async fn authorizer_and_integration_are_told_of_the_connection() {
    let emulator = Emulator::start(websocket_api()).await.unwrap();
    let further = "Authorization: Bearer good\r\nX-Probe: print\r\nUser-Agent: test\r\n";
    let (_, head) = handshake(&emulator, "/live?room=1&room=2", further).await;
    check(&head, 101);
    let lines = emulator.logs().find("connectionId");
    let mut event: Value = serde_json::from_str(&lines.first().unwrap().text).unwrap();
    let context = event["requestContext"].as_object_mut().unwrap();
    let authorizer = context.remove("authorizer").unwrap();
    let host = emulator.websocket_api_url().unwrap().trim_start_matches("ws://").trim_end_matches("/live");
    let port = host.rsplit(':').next().unwrap();
    let expected = json!({
        "headers": {
            "Host": host,
            "X-Amzn-Trace-Id": event["headers"]["X-Amzn-Trace-Id"].as_str().unwrap(),
            "X-Forwarded-For": "127.0.0.1",
            "X-Forwarded-Port": port,
            "X-Forwarded-Proto": "http",
            "authorization": "Bearer good",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            "sec-websocket-version": "13",
            "user-agent": "test",
            "x-probe": "print",
        },
        "multiValueHeaders": event["multiValueHeaders"],
        "queryStringParameters": { "room": "2" },
        "multiValueQueryStringParameters": { "room": ["1", "2"] },
        "requestContext": {
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "extendedRequestId": event["requestContext"]["extendedRequestId"].as_str().unwrap(),
            "requestTime": event["requestContext"]["requestTime"].as_str().unwrap(),
            "messageDirection": "IN",
            "stage": "live",
            "connectedAt": event["requestContext"]["connectedAt"].as_i64().unwrap(),
            "requestTimeEpoch": event["requestContext"]["requestTimeEpoch"].as_i64().unwrap(),
            "identity": { "sourceIp": "127.0.0.1", "userAgent": "test" },
            "requestId": event["requestContext"]["requestId"].as_str().unwrap(),
            "domainName": "w1x2y3.execute-api.eu-central-1.amazonaws.com",
            "connectionId": event["requestContext"]["connectionId"].as_str().unwrap(),
            "apiId": "w1x2y3",
        },
        "isBase64Encoded": false,
    });
    assert_eq!(event, expected);
    assert_eq!((&authorizer["principalId"], &authorizer["early"]), (&json!("probe"), &json!("true")));

    let mut asked: Value = serde_json::from_str(authorizer["asked"].as_str().unwrap()).unwrap();
    let asked = asked.as_object_mut().unwrap();
    assert_eq!(asked.remove("type"), Some(json!("REQUEST")));
    let arn = "arn:aws:execute-api:eu-central-1:123456789012:w1x2y3/live/$connect";
    assert_eq!(asked.remove("methodArn"), Some(json!(arn)));
    asked.insert("isBase64Encoded".to_owned(), json!(false));
    assert_eq!(Value::Object(asked.clone()), expected);
    emulator.shutdown().await;
}
