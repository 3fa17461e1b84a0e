//! The WebSocket API.

use doorward_emulator::{Emulator, Options, WebSocketApi, WebSocketAuthorizer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::get;
use crate::probe::{function, options};

fn websocket_api() -> Options {
    let api = WebSocketApi {
        id: "w1x2y3".to_owned(),
        stage: "live".to_owned(),
        function: "probe".to_owned(),
        authorizer: Some(WebSocketAuthorizer {
            function: "gate".to_owned(),
            identity_sources: vec!["route.request.header.Authorization".to_owned()],
        }),
    };
    Options { websocket_api: Some(api), ..options(vec![function("probe"), function("gate")]) }
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

/// A text message as a client sends it: masked, with a mask of zeros.
async fn say(stream: &mut TcpStream, text: &str) {
    let length = u8::try_from(text.len()).unwrap();
    let frame = [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat();
    stream.write_all(&frame).await.unwrap();
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
async fn an_authorized_connection_is_upgraded_and_closed_by_its_first_message() {
    let emulator = Emulator::start(websocket_api()).await.unwrap();
    let (mut stream, head) = handshake(&emulator, "/live?room=1", "Authorization: Bearer good\r\n").await;
    check(&head, 101);
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    say(&mut stream, "hello").await;
    let (code, reason) = closed(&mut stream).await;
    assert_eq!((code, reason.as_str()), (1011, "the emulator takes connections, but no messages"));
    let lines = emulator.logs().find("websocket-api");
    let line: Value = serde_json::from_str(&lines.last().unwrap().text).unwrap();
    assert_eq!((&line["status"], &line["authorizer"]), (&json!(101), &json!("allow")));
    emulator.shutdown().await;
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
