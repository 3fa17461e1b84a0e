//! Answers that pass on while they come in.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use doorward_core::Answer;
use doorward_model::{Body, BodyError, Inbound, Message, Outcome, Reply, ReplyForm, Stage};
use futures_util::{Stream, StreamExt as _};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::sync::mpsc;

use crate::shop::{GOOD_ORDER, Shop, json_body};

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;
type Sender = mpsc::UnboundedSender<Result<Bytes, BodyError>>;

/// The shop, whose orders are answered by streams.
fn shop() -> Shop {
    with("stream = true")
}

fn with(lines: &str) -> Shop {
    Shop::with(|config| config.replace("purpose = \"checkout\"", lines))
}

/// An order through a front that passes answers on while they come in.
fn order(shop: &Shop, id: &str) -> Inbound {
    let mut inbound = shop.order(id, GOOD_ORDER);
    let Message::Http(request) = &mut inbound.message else { panic!("a request") };
    request.reply = ReplyForm::Streamed;
    inbound
}

/// From now on the target answers with what is sent here, once.
fn script(shop: &Shop) -> Sender {
    let (sender, receiver) = mpsc::unbounded_channel();
    let receiver = std::sync::Mutex::new(Some(receiver));
    shop.world.targets.respond(move || {
        let mut receiver = receiver.lock().unwrap().take().unwrap();
        let chunks = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
        let headers = HeaderMap::from_iter([(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        )]);
        Ok(Reply { status: StatusCode::OK, headers, body: Body::Stream(Box::pin(chunks)) })
    });
    sender
}

async fn ask(shop: &Shop, inbound: Inbound) -> (HeaderMap, Chunks) {
    let Answer::Http(Reply { status, headers, body: Body::Stream(chunks) }) =
        shop.world.door.serve(inbound).await
    else {
        panic!("a stream")
    };
    assert_eq!(status, 200);
    (headers, chunks)
}

fn outcome(shop: &Shop) -> Outcome {
    shop.world.ledger.rows()["c1"].call.outcome
}

#[tokio::test]
async fn a_chunk_is_there_before_the_next_one_is_made_and_the_call_is_open_until_the_end() {
    let shop = shop();
    let target = script(&shop);
    let (headers, mut chunks) = ask(&shop, order(&shop, "c1")).await;
    assert_eq!(headers["x-request-id"], "c1");
    assert!(headers.contains_key("ratelimit") && headers["content-type"] == "text/event-stream");
    for chunk in ["one", "two"] {
        target.send(Ok(chunk.into())).unwrap();
        assert_eq!(chunks.next().await.unwrap().unwrap(), chunk);
    }
    assert_eq!(outcome(&shop), Outcome::Unresolved);
    assert_eq!(shop.world.lines.calls().len(), 0);
    drop(target);
    assert!(chunks.next().await.is_none());
    // It did not end before it was recorded.
    let row = &shop.world.ledger.rows()["c1"].call;
    assert_eq!((row.outcome, row.bytes_out, row.status), (Outcome::Admitted, 6, Some(200)));
    let line = shop.last_line();
    assert!(line.stages.iter().any(|time| time.stage == Stage::Stream), "{:?}", line.stages);
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_a_fault_of_the_target_and_ends_as_one() {
    let shop = shop();
    let target = script(&shop);
    let (_, mut chunks) = ask(&shop, order(&shop, "c1")).await;
    target.send(Ok("one".into())).unwrap();
    target.send(Err(BodyError::Cut("reset".into()))).unwrap();
    assert_eq!(chunks.next().await.unwrap().unwrap(), "one");
    assert!(matches!(chunks.next().await, Some(Err(BodyError::Cut(_)))));
    assert!(chunks.next().await.is_none());
    let row = &shop.world.ledger.rows()["c1"].call;
    assert_eq!((row.outcome, row.code, row.bytes_out), (Outcome::TargetFailed, Some("target-reset"), 3));
    // What the caller was told when it began.
    assert_eq!(shop.last_line().status, Some(200));
}

#[tokio::test]
async fn a_stream_that_cannot_be_recorded_ends_as_one_that_breaks_off() {
    let shop = shop();
    let target = script(&shop);
    let (_, mut chunks) = ask(&shop, order(&shop, "c1")).await;
    target.send(Ok("one".into())).unwrap();
    assert_eq!(chunks.next().await.unwrap().unwrap(), "one");
    shop.world.ledger.switch.away(true);
    drop(target);
    assert!(matches!(chunks.next().await, Some(Err(BodyError::Cut(_)))));
    assert_eq!((outcome(&shop), shop.last_line().outcome), (Outcome::Unresolved, Outcome::Unavailable));
}

#[tokio::test]
async fn nothing_is_called_that_could_not_be_known_to_have_begun() {
    let shop = shop();
    shop.world.ledger.switch.away(true);
    let Answer::Http(reply) = shop.world.door.serve(order(&shop, "c1")).await else { panic!("an answer") };
    assert_eq!(reply.status, 503);
    assert_eq!(shop.world.targets.sent().len(), 0);
}

#[tokio::test]
async fn who_leaves_before_the_end_is_recorded_and_the_target_is_let_go() {
    let shop = shop();
    let target = script(&shop);
    let (_, mut chunks) = ask(&shop, order(&shop, "c1")).await;
    target.send(Ok("one".into())).unwrap();
    assert_eq!(chunks.next().await.unwrap().unwrap(), "one");
    drop(chunks);
    // Nobody is told; the target learns of it when it sends.
    while target.send(Ok("more".into())).is_ok() {
        tokio::task::yield_now().await;
    }
    while shop.world.lines.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    let row = &shop.world.ledger.rows()["c1"].call;
    assert_eq!(row.outcome, Outcome::Admitted);
    assert_eq!(row.cause.as_deref(), Some("nobody took the answer to its end"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_before_the_platform_ends_it() {
    let shop = shop();
    let target = script(&shop);
    let mut inbound = order(&shop, "c1");
    inbound.deadline = shop.world.now() + jiff::SignedDuration::from_secs(30);
    let (_, mut chunks) = ask(&shop, inbound).await;
    let begun = tokio::time::Instant::now();
    let _open = target;
    assert!(matches!(chunks.next().await, Some(Err(_))));
    assert_eq!(begun.elapsed().as_secs(), 29);
    assert_eq!(shop.world.ledger.rows()["c1"].call.code, Some("target-timeout"));
}

#[tokio::test(start_paused = true)]
async fn who_is_slow_is_no_fault_of_the_target() {
    let shop = shop();
    let target = script(&shop);
    let mut inbound = order(&shop, "c1");
    inbound.deadline = shop.world.now() + jiff::SignedDuration::from_secs(30);
    let (_, mut chunks) = ask(&shop, inbound).await;
    for _ in 0..9 {
        target.send(Ok("one".into())).unwrap();
    }
    drop(target);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let row = shop.world.ledger.rows()["c1"].call.clone();
    assert_eq!(
        (row.outcome, row.cause.as_deref()),
        (Outcome::Admitted, Some("the answer was not taken in time"))
    );
    // It finds the answer broken off, never whole.
    let mut last = None;
    while let Some(chunk) = chunks.next().await {
        last = Some(chunk);
    }
    assert!(matches!(last, Some(Err(BodyError::Cut(_)))));
}

#[tokio::test]
async fn an_endpoint_whose_streams_break_off_is_left_alone() {
    let shop = Shop::with(|config| {
        let one = "lambda = \"orders\"\nhealth = { faults = 2, pause = \"30s\" }";
        config.replace("purpose = \"checkout\"", "stream = true").replace("lambda = \"orders\"", one)
    });
    for id in ["c1", "c2"] {
        let target = script(&shop);
        let (_, mut chunks) = ask(&shop, order(&shop, id)).await;
        target.send(Err(BodyError::Cut("reset".into()))).unwrap();
        assert!(matches!(chunks.next().await, Some(Err(_))));
    }
    let reply = shop.ask(order(&shop, "c3")).await;
    assert_eq!(
        (reply.status.as_u16(), json_body(reply).await["code"].clone()),
        (503, "target-unavailable".into())
    );
}

#[tokio::test]
async fn a_function_that_throws_in_the_midst_of_its_stream_is_there_all_the_same() {
    let shop = Shop::with(|config| {
        let one = "lambda = \"orders\"\nhealth = { faults = 2, pause = \"30s\" }";
        config.replace("purpose = \"checkout\"", "stream = true").replace("lambda = \"orders\"", one)
    });
    let throw = async |id: &str, kind: &str| {
        let target = script(&shop);
        let (_, mut chunks) = ask(&shop, order(&shop, id)).await;
        target.send(Err(BodyError::Failed(kind.into()))).unwrap();
        assert!(matches!(chunks.next().await, Some(Err(_))));
        shop.last_line().code
    };
    for id in ["c1", "c2", "c3"] {
        assert_eq!(throw(id, "KeyError").await, Some("target-failed"));
    }
    // One that cannot so much as run is not.
    for id in ["d1", "d2"] {
        assert_eq!(throw(id, "Runtime.ExitError").await, Some("target-failed"));
    }
    assert_eq!(shop.ask(order(&shop, "e1")).await.status, 503);
}

#[tokio::test]
async fn whatever_reads_the_whole_of_an_answer_gathers_it() {
    // Whose front does not pass it on; whose route does not; and what is checked.
    for (lines, form) in [
        ("stream = true", ReplyForm::V2),
        ("stream = true", ReplyForm::V1),
        ("check_answers = \"off\"", ReplyForm::Streamed),
        ("", ReplyForm::Streamed),
    ] {
        let shop = with(lines);
        shop.world.targets.stream(&[r#"{"id":"7","#, r#""status":"placed"}"#]);
        let mut inbound = order(&shop, "c1");
        let Message::Http(request) = &mut inbound.message else { panic!("a request") };
        request.reply = form;
        let reply = shop.ask(inbound).await;
        assert!(matches!(reply.body, Body::Full(_)), "{lines} {form:?}");
        assert_eq!(
            (json_body(reply).await["status"].clone(), outcome(&shop)),
            ("placed".into(), Outcome::Admitted)
        );
    }
}

#[tokio::test]
async fn refusals_come_by_a_streamed_front_as_they_do_by_any() {
    let shop = shop();
    let mut inbound = order(&shop, "c1");
    let Message::Http(request) = &mut inbound.message else { panic!("a request") };
    request.headers.remove("authorization");
    let reply = shop.ask(inbound).await;
    assert_eq!(
        (reply.status.as_u16(), json_body(reply).await["code"].clone()),
        (401, "missing-credentials".into())
    );
    assert_eq!(shop.world.ledger.rows().len(), 0);
}

#[tokio::test]
async fn an_endpoint_is_busy_until_its_stream_ends() {
    let shop = Shop::with(|config| {
        let two = "lambda = [\"orders\", \"others\"]\nbalance = \"least-outstanding\"";
        config.replace("purpose = \"checkout\"", "stream = true").replace("lambda = \"orders\"", two)
    });
    let _open = script(&shop);
    let (_, _chunks) = ask(&shop, order(&shop, "c1")).await;
    let busy = shop.world.targets.went();
    shop.world.targets.answer(201, "{}");
    for n in 0..20 {
        shop.ask(order(&shop, &format!("c{}", n + 2))).await;
    }
    assert!(shop.world.targets.went().iter().all(|address| *address != busy[0]));
}

#[tokio::test]
async fn a_target_is_given_the_time_of_the_platform_for_a_stream_and_its_own_for_the_head() {
    let shop = shop();
    let mut inbound = order(&shop, "c1");
    inbound.deadline = shop.world.now() + jiff::SignedDuration::from_secs(600);
    let _open = script(&shop);
    let _chunks = ask(&shop, inbound).await;
    let time = shop.world.targets.stream_within().unwrap();
    assert_eq!(time.whole, Duration::from_secs(599));
    assert!(time.pause == shop.world.targets.within() && time.pause <= Duration::from_secs(29));
}

#[tokio::test]
async fn open_streams_end_with_the_sandbox_and_are_recorded_before_it_does() {
    let shop = shop();
    let target = script(&shop);
    let (_, mut chunks) = ask(&shop, order(&shop, "c1")).await;
    target.send(Ok("one".into())).unwrap();
    assert_eq!(chunks.next().await.unwrap().unwrap(), "one");
    shop.world.door.close().await;
    let row = shop.world.ledger.rows()["c1"].call.clone();
    assert_eq!(row.outcome, Outcome::Admitted);
    assert_eq!(row.cause.as_deref(), Some("the platform ended this sandbox"));
    assert!(matches!(chunks.next().await, Some(Err(BodyError::Cut(_)))), "a broken end");
    assert!(target.is_closed(), "the target is let go");
    assert_eq!(shop.world.lines.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_sandbox_waits_for_no_stream_that_cannot_be_recorded() {
    let shop = shop();
    let target = script(&shop);
    let (_, mut chunks) = ask(&shop, order(&shop, "c1")).await;
    target.send(Ok("one".into())).unwrap();
    assert_eq!(chunks.next().await.unwrap().unwrap(), "one");
    shop.world.ledger.switch.hang(true);
    let begun = tokio::time::Instant::now();
    shop.world.door.close().await;
    assert!(begun.elapsed() <= Duration::from_millis(350), "{:?}", begun.elapsed());
    assert_eq!(outcome(&shop), Outcome::Unresolved, "it began");
}
