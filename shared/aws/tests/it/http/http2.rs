//! A server that speaks HTTP/2 frame by frame, and says of a request what it is told to say.

use std::sync::Mutex;

use doorward_config::Protocol;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// Of a SETTINGS frame the flag ACK, of others END_STREAM (RFC 9113 section 6).
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// RFC 9113 section 4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Literal fields without indexing (RFC 7541 section 6.2.2).
fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    fields.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

/// A whole answer of a stream.
fn answer(stream: u32, head: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    [frame(HEADERS, END_HEADERS, stream, &fields(head)), frame(DATA, END_STREAM, stream, body)].concat()
}

/// Sends what `reply` makes of each request's stream, once the request is whole, and closes the connection where that is asked
/// for. Says how many requests there were.
async fn server(reply: fn(u32) -> Vec<u8>, closes: bool) -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counted = Arc::clone(&counted);
            tokio::spawn(async move { serve(stream, reply, closes, &counted).await });
        }
    });
    (base, requests)
}

async fn serve(
    mut stream: TcpStream,
    reply: fn(u32) -> Vec<u8>,
    closes: bool,
    requests: &Mutex<usize>,
) -> Option<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.ok()?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.ok()?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.ok()?;
        let [a, b, c, kind, flags, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload).await.ok()?;
        if kind == SETTINGS && flags & ACK == 0 {
            stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await.ok()?;
        }
        if [HEADERS, DATA].contains(&kind) && flags & END_STREAM != 0 {
            *requests.lock().unwrap() += 1;
            stream.write_all(&reply(u32::from_be_bytes(id))).await.ok()?;
            if closes {
                return stream.shutdown().await.ok();
            }
        }
    }
}

/// What comes of a `POST` that is answered so.
async fn post(reply: fn(u32) -> Vec<u8>, closes: bool) -> Result<String, TargetFault> {
    let (base, requests) = server(reply, closes).await;
    let target = HttpTarget { protocol: Protocol::Http2, ..local() };
    let mut sent = Sent::get(&target, base);
    (sent.request.method, sent.request.body) = (http::Method::POST, "abc".into());
    let answered = Sender::new().send(sent).await;
    assert_eq!(*requests.lock().unwrap(), 1, "nothing is sent twice");
    let body = answered?.body.collect(100).await;
    // As the door does of an answer that is gathered.
    body.map(|body| String::from_utf8_lossy(&body).into_owned()).map_err(|error| match error {
        doorward_model::BodyError::Unreadable(cause) => TargetFault::Unreadable(cause),
        error => TargetFault::Reset(error.to_string()),
    })
}

#[tokio::test]
async fn a_request_that_the_server_says_it_did_not_process_is_untouched() {
    let whole = post(|stream| answer(stream, &[(":status", "200")], b"ok"), false).await;
    assert_eq!(whole.unwrap(), "ok");
    // RFC 9113 section 8.7: REFUSED_STREAM (7), and a last stream below ours, for whatever reason (ENHANCE_YOUR_CALM is 11).
    let refused: [fn(u32) -> Vec<u8>; 3] = [
        |stream| frame(RST_STREAM, 0, stream, &7_u32.to_be_bytes()),
        |_| frame(GOAWAY, 0, 0, &[0; 8]),
        |_| frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 11]),
    ];
    for (number, reply) in refused.into_iter().enumerate() {
        for closes in [false, true] {
            let fault = post(reply, closes).await.unwrap_err();
            assert!(matches!(fault, TargetFault::Unreachable(_)), "{number}: {fault}");
        }
    }
}

#[tokio::test]
async fn what_the_server_may_have_processed_is_a_reset() {
    // CANCEL (8) and INTERNAL_ERROR (2) say nothing of it, nor does a last stream that is ours.
    let touched: [fn(u32) -> Vec<u8>; 4] = [
        |stream| frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()),
        |stream| frame(RST_STREAM, 0, stream, &2_u32.to_be_bytes()),
        |stream| frame(GOAWAY, 0, 0, &[stream.to_be_bytes(), [0; 4]].concat()),
        |_| Vec::new(),
    ];
    for (number, reply) in touched.into_iter().enumerate() {
        let fault = post(reply, true).await.unwrap_err();
        assert!(matches!(fault, TargetFault::Reset(_)), "{number}: {fault}");
        assert!(!fault.is_untouched());
    }
    let midway = post(
        |stream| {
            let head = frame(HEADERS, END_HEADERS, stream, &fields(&[(":status", "200")]));
            [head, frame(DATA, 0, stream, b"ok"), frame(RST_STREAM, 0, stream, &2_u32.to_be_bytes())].concat()
        },
        false,
    );
    assert!(matches!(midway.await, Err(TargetFault::Reset(_))));
}

#[tokio::test]
async fn what_is_against_the_rules_of_http2_is_unreadable() {
    let malformed: [fn(u32) -> Vec<u8>; 6] = [
        |stream| answer(stream, &[(":status", "200"), ("connection", "x-a")], b"ok"),
        |stream| answer(stream, &[(":status", "200"), ("x-a", "a\r\nb: c")], b"ok"),
        |stream| answer(stream, &[("x-a", "a")], b"ok"),
        |stream| answer(stream, &[(":status", "200"), ("X-A", "a")], b"ok"),
        |stream| answer(stream, &[(":status", "200"), ("content-length", "5")], b"ok"),
        |_| b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec(),
    ];
    for (number, reply) in malformed.into_iter().enumerate() {
        let fault = post(reply, false).await.unwrap_err();
        assert!(matches!(fault, TargetFault::Unreadable(_)), "{number}: {fault}");
    }
}
