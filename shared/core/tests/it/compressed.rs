//! What is compressed passes as it is, but for what would become too large.

use std::io::Write as _;

use bytes::Bytes;
use doorward_core::Answer;
use doorward_model::{Body, BodyError, Inbound, Message, Outcome, Reply, ReplyForm, Stage, TargetFault};
use doorward_testkit::http;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt as _, stream};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::shop::{GOOD_ORDER, Shop, json_body};

const MIB: usize = 1024 * 1024;

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// 8 MiB of zeros.
pub(crate) fn bomb() -> Vec<u8> {
    gzip(&vec![0; 8 * MIB])
}

const POLICY: &str = "@id(\"customers-keep-files\")\npermit(principal in Group::\"customers\", \
                      action == Action::\"keepFile\", resource);\n";

/// The shop, where customers keep files by a route without a contract that has these keys.
fn shop(keys: &str) -> Shop {
    let route =
        "\n[[routes]]\nid = \"keepFile\"\nmatch = \"POST /files\"\ntarget = \"orders\"\nauth = [\"main\"]\n";
    Shop::with_files(|config| format!("{config}{route}{keys}\n"), &[("files.cedar", POLICY)])
}

/// A file that a customer sends.
fn file(shop: &Shop, id: &str) -> Inbound {
    sent_by(shop, id, &["customers"])
}

fn sent_by(shop: &Shop, id: &str, groups: &[&str]) -> Inbound {
    let token = format!("Bearer {}", shop.token("alice", groups));
    http(id, Method::POST, "/files", &[("authorization", &token)], "{}", shop.world.now())
}

pub(crate) fn answer(body: impl Into<Body>) -> Result<Reply, TargetFault> {
    let headers = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_ENCODING, HeaderValue::from_static("gzip")),
    ]);
    Ok(Reply { status: StatusCode::CREATED, headers, body: body.into() })
}

/// The same with this body, which says that it is compressed.
fn packed(mut inbound: Inbound, body: &[u8]) -> Inbound {
    let Message::Http(request) = &mut inbound.message else { panic!("a request") };
    request.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    request.body = Bytes::copy_from_slice(body);
    inbound
}

async fn refused(reply: Reply) -> (u16, serde_json::Value) {
    (reply.status.as_u16(), json_body(reply).await["code"].clone())
}

#[tokio::test]
async fn a_compressed_answer_passes_byte_for_byte() {
    let shop = shop("");
    let body = gzip(&GOOD_ORDER.repeat(500).into_bytes());
    let sent = body.clone();
    shop.world.targets.respond(move || answer(sent.clone()));
    let reply = shop.ask(file(&shop, "c1")).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.headers["content-encoding"]),
        (201, &HeaderValue::from_static("gzip"))
    );
    assert_eq!(reply.body.collect(MIB).await.unwrap(), body);
}

#[tokio::test]
async fn an_answer_that_inflates_to_too_much_is_refused_and_says_nothing_of_its_endpoint() {
    let shop = shop("");
    let body = bomb();
    shop.world.targets.respond(move || answer(body.clone()));
    for id in ["c1", "c2", "c3", "c4", "c5", "c6", "c7"] {
        let reply = shop.ask(file(&shop, id)).await;
        assert!(!reply.headers.contains_key("content-encoding"));
        assert_eq!(refused(reply).await, (502, "target-unreadable".into()));
    }
    let line = shop.last_line();
    assert_eq!((line.refused_at, line.sent.unwrap().tries), (Some(Stage::Send), 1));
    assert!(line.cause.unwrap().contains("inflates to more than 100 times its size"));
    assert_eq!(shop.world.ledger.rows()["c7"].call.outcome, Outcome::TargetFailed);
}

#[tokio::test]
async fn a_route_says_what_its_bodies_may_inflate_to() {
    let (large, small) = (bomb(), gzip(&[b'a'; 1025]));
    for (most, body, status) in [
        ("8MiB", large.clone(), 201),
        ("7MiB", large, 502),
        ("1025", small.clone(), 201),
        ("1KiB", small, 502),
    ] {
        let most = if most.contains('i') { format!("\"{most}\"") } else { most.to_owned() };
        let shop = shop(&format!("max_inflated = {most}"));
        let sent = body.clone();
        shop.world.targets.respond(move || answer(sent.clone()));
        assert_eq!(shop.ask(file(&shop, "c1")).await.status, status, "{most}");
        shop.world.targets.answer(201, "{}");
        let status = if status == 502 { 413 } else { 201 };
        assert_eq!(shop.ask(packed(file(&shop, "c2"), &body)).await.status, status, "{most}");
    }
}

#[tokio::test]
async fn a_request_that_inflates_to_too_much_reaches_no_target() {
    let shop = shop("");
    let reply = shop.ask(packed(file(&shop, "c1"), &bomb())).await;
    assert_eq!(refused(reply).await, (413, "payload-too-large".into()));
    assert!(shop.world.targets.sent().is_empty());
    let line = shop.last_line();
    assert!(line.cause.unwrap().contains("inflates to more than"), "{:?}", line.refused_at);
    assert_eq!(shop.world.ledger.rows()["c1"].call.outcome, Outcome::Invalid);
    let order = gzip(GOOD_ORDER.as_bytes());
    assert_eq!(shop.ask(packed(file(&shop, "c2"), &order)).await.status, 201);
    assert_eq!(shop.world.targets.sent().len(), 1);
}

/// No two readers agree on what these become.
#[tokio::test]
async fn a_body_in_more_than_one_coding_is_refused() {
    let shop = shop("");
    shop.world.targets.respond(|| {
        let mut reply = answer(gzip(b"{}"))?;
        reply.headers.append(CONTENT_ENCODING, HeaderValue::from_static("br"));
        Ok(reply)
    });
    assert_eq!(refused(shop.ask(file(&shop, "c1")).await).await, (502, "target-unreadable".into()));
    let mut inbound = packed(file(&shop, "c2"), &gzip(b"{}"));
    let Message::Http(request) = &mut inbound.message else { panic!("a request") };
    request.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip, identity"));
    assert_eq!(refused(shop.ask(inbound).await).await, (413, "payload-too-large".into()));
    assert!(shop.last_line().cause.unwrap().contains("not the name of one coding"));
}

/// What a stranger is told does not depend on what they sent.
#[tokio::test]
async fn nothing_is_inflated_for_who_may_not_call() {
    let shop = shop("");
    let inbound = packed(sent_by(&shop, "c1", &["visitors"]), &bomb());
    assert_eq!(refused(shop.ask(inbound).await).await, (403, "forbidden".into()));
}

#[tokio::test]
async fn a_stream_ends_where_it_becomes_too_large() {
    let shop = shop("stream = true");
    let body = Bytes::from(bomb());
    let length = body.len();
    shop.world.targets.respond(move || {
        let chunks: Vec<_> = body.chunks(64).map(|chunk| Ok(body.slice_ref(chunk))).collect();
        answer(Body::Stream(Box::pin(stream::iter(chunks))))
    });
    let mut inbound = file(&shop, "c1");
    let Message::Http(request) = &mut inbound.message else { panic!("a request") };
    request.reply = ReplyForm::Streamed;
    let Answer::Http(Reply { status, body: Body::Stream(mut chunks), .. }) =
        shop.world.door.serve(inbound).await
    else {
        panic!("a stream")
    };
    assert_eq!(status, 201);
    let (mut came, mut last) = (0, None);
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => came += chunk.len(),
            Err(fault) => last = Some(fault),
        }
    }
    assert!(matches!(last, Some(BodyError::Cut(_))), "{last:?}");
    // What it became until there is the 6 MiB that anything may become.
    assert!((length / 2..length * 4 / 5).contains(&came), "{came} of {length}");
    let row = &shop.world.ledger.rows()["c1"].call;
    assert_eq!((row.outcome, row.code), (Outcome::TargetFailed, Some("target-unreadable")));
    assert!(row.cause.as_deref().unwrap().contains("inflates to more than"), "{:?}", row.cause);
}

/// A part of an answer is another one than the contract has (RFC 9110 section 14.2: who serves may give the whole).
#[tokio::test]
async fn a_target_whose_answers_are_checked_is_asked_for_whole_and_plain_ones() {
    for (mode, asked) in [("enforce", false), ("report", false), ("off", true)] {
        let mode = format!("check_answers = \"{mode}\"");
        let shop = Shop::with(|config| config.replace("purpose = \"checkout\"", &mode));
        let mut inbound = shop.order("c1", GOOD_ORDER);
        let Message::Http(request) = &mut inbound.message else { panic!("a request") };
        for (name, value) in [(RANGE, "bytes=0-9"), (IF_RANGE, "\"a\""), (ACCEPT_ENCODING, "gzip")] {
            request.headers.insert(name, HeaderValue::from_static(value));
        }
        assert_eq!(shop.ask(inbound).await.status, 201);
        let fields = shop.world.targets.fields();
        assert_eq!((fields.contains_key(RANGE), fields.contains_key(IF_RANGE)), (asked, asked), "{mode}");
        assert_eq!(fields[ACCEPT_ENCODING], if asked { "gzip" } else { "identity" });
    }
}

/// A head has no body, whatever its fields say of one.
#[tokio::test]
async fn what_has_no_body_is_no_bomb() {
    let shop = shop("");
    shop.world.targets.respond(|| answer(Body::Empty));
    assert_eq!(shop.ask(file(&shop, "c1")).await.status, 201);
}
