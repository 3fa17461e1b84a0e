use std::io::Write as _;

use doorward_model::{Body, BodyError};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

/// What comes of `GET /orders/42` where the server does `conduct`.
async fn fault_of(conduct: Conduct, within: Duration) -> TargetFault {
    let server = UnrulyServer::start(move |_| conduct.clone()).await;
    let fault = Sender::new().send(Sent::to(&local(), &server).within(within)).await.unwrap_err();
    assert_eq!(server.requests().len(), 1, "nothing is sent twice");
    fault
}

/// What the head promises and the body does not keep.
async fn broken_body(conduct: Conduct, target: &HttpTarget, within: Duration) -> BodyError {
    let server = UnrulyServer::start(move |_| conduct.clone()).await;
    let reply = Sender::new().send(Sent::to(target, &server).within(within)).await.unwrap();
    assert_eq!(reply.status, 200);
    reply.body.collect(usize::MAX).await.unwrap_err()
}

#[tokio::test]
async fn an_answer_is_passed_on_with_its_fields() {
    let server = UnrulyServer::start(|_| {
        let answer = HttpMessage::answer(404, "{}").with("set-cookie", "a=1").with("Set-Cookie", "b=2");
        let answer = answer.with("connection", "x-hop").with("x-hop", "1").with("keep-alive", "5");
        Conduct::Answer(answer.with("x-doorward-caller", "root").with("x-old", "1").with("x-kept", "1"))
    })
    .await;
    let mut target = local();
    target.answer_headers.remove.push("x-old".parse().unwrap());
    target.answer_headers.set.push(("x-kept".parse().unwrap(), "2".parse().unwrap()));
    let reply = Sender::new().send(Sent::to(&target, &server)).await.unwrap();
    assert_eq!(reply.status, 404);
    let mut fields: Vec<(&str, &str)> =
        reply.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [("content-type", "application/json"), ("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-kept", "2")]
    );
    assert_eq!(text(reply).await, "{}");
}

#[tokio::test]
async fn a_redirect_is_the_callers_to_follow() {
    let server = UnrulyServer::start(|_| {
        Conduct::Answer(HttpMessage::answer(302, "").with("location", "http://169.254.169.254/latest/"))
    })
    .await;
    let reply = Sender::new().send(Sent::to(&local(), &server)).await.unwrap();
    assert_eq!(reply.status, 302);
    assert_eq!(reply.headers["location"], "http://169.254.169.254/latest/");
    assert!(matches!(reply.body, Body::Empty));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_time_is_given_up() {
    assert_eq!(fault_of(Conduct::SendAndHang(Vec::new()), SHORT).await, TargetFault::TimedOut);
    let half = b"HTTP/1.1 200 OK\r\nx-a".to_vec();
    assert_eq!(fault_of(Conduct::SendAndHang(half), SHORT).await, TargetFault::TimedOut);
    let interim = Conduct::SendForEver(Vec::new(), b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec());
    assert_eq!(fault_of(interim, SHORT).await, TargetFault::TimedOut);
}

#[tokio::test]
async fn a_connection_that_ends_before_the_answer_is_a_reset() {
    for conduct in [Conduct::Reset, Conduct::send(""), Conduct::send("HTTP/1.1 200 OK\r\nx-a: b\r\n")] {
        let fault = fault_of(conduct.clone(), LONG).await;
        assert!(matches!(fault, TargetFault::Reset(_)), "{conduct:?}: {fault}");
        assert!(!fault.is_untouched());
    }
}

#[tokio::test]
async fn a_head_that_is_no_head_is_unreadable() {
    let many: String = (0..300).map(|number| format!("x-{number}: 1\r\n")).collect();
    let large = format!("x-large: {}\r\n", "a".repeat(100_000));
    for head in [
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "hello\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-a: b\rx-evil: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-a: b\0c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx a: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-a : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-a: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nhello",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
        "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 999 OK\r\ncontent-length: 0\r\n\r\n",
        &format!("HTTP/1.1 200 OK\r\n{many}\r\n"),
        &format!("HTTP/1.1 200 OK\r\n{large}\r\n"),
    ] {
        let fault = fault_of(Conduct::send(head), LONG).await;
        assert!(matches!(fault, TargetFault::Unreadable(_)), "{}: {fault}", &head[..head.len().min(60)]);
    }
}

#[tokio::test]
async fn a_transfer_coding_that_nobody_takes_off_is_no_content() {
    for coding in ["gzip, chunked", "chunked, gzip", "gzip", "xchunked", "identity", "chunked;q=1", ""] {
        let head = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: {coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        let fault = fault_of(Conduct::send(&head), LONG).await;
        assert!(matches!(fault, TargetFault::Unreadable(_)), "{coding}: {fault}");
    }
    for head in [
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        let fault = fault_of(Conduct::send(head), LONG).await;
        assert!(matches!(fault, TargetFault::Unreadable(_)), "{head}: {fault}");
    }
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding:  Chunked \r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let server = UnrulyServer::start(|_| Conduct::send(head)).await;
    let reply = Sender::new().send(Sent::to(&local(), &server)).await.unwrap();
    assert_eq!(text(reply).await, "hello");
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let server = UnrulyServer::start(|_| {
        Conduct::send(
            "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 \
             Made\r\ncontent-length: 4\r\n\r\nmade",
        )
    })
    .await;
    let reply = Sender::new().send(Sent::to(&local(), &server)).await.unwrap();
    assert_eq!(reply.status, 201);
    assert!(reply.headers.get("link").is_none());
    assert_eq!(text(reply).await, "made");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_cut() {
    for body in [
        "content-length: 5\r\n\r\nhel",
        "transfer-encoding: chunked\r\n\r\n5\r\nhel",
        "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        let conduct = Conduct::send(&format!("HTTP/1.1 200 OK\r\n{body}"));
        let error = broken_body(conduct, &local(), LONG).await;
        assert!(matches!(error, BodyError::Cut(_)), "{body}: {error}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_body_is_unreadable() {
    for chunks in [
        "zz\r\nhello\r\n0\r\n\r\n",
        "-2\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "fffffffffffffffff\r\nhello",
    ] {
        let conduct =
            Conduct::send(&format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"));
        let error = broken_body(conduct, &local(), LONG).await;
        assert!(matches!(error, BodyError::Unreadable(_)), "{chunks}: {error}");
    }
}

#[tokio::test]
async fn a_body_that_trickles_is_late_all_the_same() {
    for head in ["transfer-encoding: chunked\r\n\r\n", "\r\n"] {
        let head = format!("HTTP/1.1 200 OK\r\n{head}").into_bytes();
        let drop = if head.ends_with(b"OK\r\n\r\n") { b"a".to_vec() } else { b"1\r\na\r\n".to_vec() };
        let mut target = local();
        target.max_answer = Some(usize::MAX);
        let error = broken_body(Conduct::SendForEver(head, drop), &target, SHORT).await;
        assert!(matches!(error, BodyError::TimedOut), "{error}");
    }
    let stalled = Conduct::SendAndHang(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab".to_vec());
    let error = broken_body(stalled, &local(), SHORT).await;
    assert!(matches!(error, BodyError::TimedOut), "{error}");
}

#[tokio::test]
async fn a_body_is_read_up_to_its_bound_and_its_server_stopped_there() {
    let mut target = local();
    target.max_answer = Some(1024 * 1024);
    let chunk = [b"10000\r\n".as_slice(), &vec![b'a'; 0x10000], b"\r\n"].concat();
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let server = UnrulyServer::start(move |_| Conduct::SendForEver(head.clone(), chunk.clone())).await;
    let reply = Sender::new().send(Sent::to(&target, &server)).await.unwrap();
    let error = reply.body.collect(usize::MAX).await.unwrap_err();
    assert!(matches!(error, BodyError::TooLarge { limit: 1_048_576 }), "{error}");
    // What socket buffers hold may have been sent on top of it, and nothing like 100 MB.
    assert!(server.sent() < 32 * 1024 * 1024, "{} bytes", server.sent());
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_not_read_at_all() {
    let mut target = local();
    target.max_answer = Some(4);
    for (length, fits) in [(4, true), (5, false), (100_000_000, false)] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\naaaa");
        let server = UnrulyServer::start(move |_| Conduct::send(&head)).await;
        let answered = Sender::new().send(Sent::to(&target, &server)).await;
        match (answered, fits) {
            (Ok(reply), true) => assert_eq!(text(reply).await, "aaaa"),
            (Err(TargetFault::TooLarge(cause)), false) => assert_eq!(cause, "it is larger than 4 bytes"),
            (answered, _) => panic!("{length}: {answered:?}"),
        }
    }
}

#[tokio::test]
async fn a_compressed_body_is_read_as_it_is() {
    // 64 MB of zeros in some 64 KB. Nothing is inflated here; the pipeline holds what it would become to its bound.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        encoder.write_all(&vec![0; 1024 * 1024]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let sent = HttpMessage::answer(200, bomb.clone()).with("content-encoding", "gzip");
    let server = UnrulyServer::start(move |_| Conduct::Answer(sent.clone())).await;
    let reply = Sender::new().send(Sent::to(&local(), &server)).await.unwrap();
    assert_eq!(reply.headers["content-encoding"], "gzip");
    assert_eq!(reply.body.collect(1 << 20).await.unwrap(), bomb);
}

#[tokio::test]
async fn an_answer_without_content_has_none_whatever_its_length_says() {
    let server =
        UnrulyServer::start(|_| Conduct::send("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n")).await;
    let target = local();
    let mut sent = Sent::to(&target, &server);
    sent.request.method = http::Method::HEAD;
    let reply = Sender::new().send(sent).await.unwrap();
    assert!(matches!(reply.body, Body::Empty));
}
