//! Calls with an `Idempotency-Key`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use doorward_core::ports::LARGEST_STORED_ANSWER;
use doorward_model::{Body, IdempotencyState, Inbound, Message, Outcome, Reply, TargetFault};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::shop::{GOOD_ORDER, Shop, json_body};

const KEY: &str = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"";
const OTHER_ORDER: &str = r#"{"items":[{"sku":"TEA-1","quantity":3}],"total":6300}"#;

/// The shop whose orders take keys so.
fn shop(rule: &str) -> Shop {
    Shop::with(|config| {
        config.replace("id = \"createOrder\"", &format!("id = \"createOrder\"\nidempotency = {rule}"))
    })
}

/// As [`shop`], where answers are not held to the contract.
fn unchecked(rule: &str) -> Shop {
    shop(&format!("{rule}\ncheck_answers = \"off\""))
}

fn keyed(shop: &Shop, id: &str, key: &str, body: &str) -> Inbound {
    with_key(shop.order(id, body), key)
}

fn with_key(mut inbound: Inbound, key: &str) -> Inbound {
    if let Message::Http(request) = &mut inbound.message {
        request.headers.append("idempotency-key", HeaderValue::from_str(key).unwrap());
    }
    inbound
}

/// The status of an order with the key, and the code of its refusal.
async fn order(shop: &Shop, id: &str, key: &str, body: &str) -> (u16, Option<&'static str>) {
    let status = shop.ask(keyed(shop, id, key, body)).await.status.as_u16();
    (status, shop.last_line().code)
}

fn targets_called(shop: &Shop) -> usize {
    shop.world.targets.sent().len()
}

fn answer_with(shop: &Shop, status: u16, body: Vec<u8>) {
    shop.world.targets.respond(move || {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Ok(Reply { status: StatusCode::from_u16(status).unwrap(), headers, body: Body::from(body.clone()) })
    });
}

fn state(shop: &Shop) -> IdempotencyState {
    shop.world.idempotency.records().into_values().next().unwrap().state
}

#[tokio::test]
async fn a_repetition_is_answered_as_the_first_was_and_does_not_run() {
    let shop = shop("\"required\"");
    let first = shop.ask(keyed(&shop, "c1", KEY, GOOD_ORDER)).await;
    assert_eq!((first.status.as_u16(), first.headers.get("idempotent-replayed")), (201, None));
    let first = json_body(first).await;
    let limits = shop.world.limits.switch.calls();
    // It was looked for, taken and given up.
    assert_eq!(shop.world.idempotency.switch.calls(), 3);
    // The target would say something else by now.
    shop.world.targets.answer(201, r#"{"id":"8","status":"placed","total":1}"#);
    let again = shop.ask(keyed(&shop, "c2", KEY, GOOD_ORDER)).await;
    assert_eq!(
        (again.status.as_u16(), &again.headers["idempotent-replayed"]),
        (201, &HeaderValue::from_static("true"))
    );
    assert_eq!(again.headers[CONTENT_TYPE], "application/json");
    assert_eq!(again.headers["x-request-id"], "c2");
    assert!(again.headers.get("ratelimit").is_none());
    assert_eq!(json_body(again).await, first);
    assert_eq!((targets_called(&shop), shop.world.limits.switch.calls()), (1, limits));
    assert_eq!(shop.world.idempotency.switch.calls(), 4);
    let line = shop.last_line();
    assert_eq!((line.outcome, line.units, line.repeats.unwrap().as_str()), (Outcome::Repeated, 0, "c1"));
    // The first one's row stands alone.
    let rows = shop.world.ledger.rows();
    assert_eq!(rows.keys().collect::<Vec<_>>(), ["c1"]);
    assert_eq!((rows["c1"].call.outcome, rows["c1"].call.units), (Outcome::Admitted, 1));
}

/// The door ran it once, whatever a target says.
#[tokio::test]
async fn where_a_route_has_keys_the_door_alone_says_what_was_given_before() {
    let shop = shop("\"required\"");
    shop.world.targets.respond(|| {
        let said = [("idempotent-replayed", "true"), ("ratelimit", "\"theirs\";r=1"), ("x-a", "1")];
        let said = said.map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        let mut headers = HeaderMap::from_iter(said);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = Body::from(br#"{"id":"7","status":"placed","total":4200}"#.to_vec());
        Ok(Reply { status: StatusCode::CREATED, headers, body })
    });
    let first = shop.ask(keyed(&shop, "c1", KEY, GOOD_ORDER)).await;
    assert_eq!((first.status.as_u16(), first.headers.get("idempotent-replayed")), (201, None));
    assert_ne!(first.headers["ratelimit"], "\"theirs\";r=1");
    assert_eq!(first.headers["x-a"], "1");
    let again = shop.ask(keyed(&shop, "c2", KEY, GOOD_ORDER)).await;
    assert_eq!(
        (&again.headers["idempotent-replayed"], again.headers.get("ratelimit")),
        (&"true".parse().unwrap(), None)
    );
}

#[tokio::test]
async fn a_key_is_one_string_however_it_is_written() {
    let shop = shop("\"required\"");
    assert_eq!(order(&shop, "c1", "\"a-1\"", GOOD_ORDER).await, (201, None));
    assert_eq!(order(&shop, "c2", "a-1", GOOD_ORDER).await, (201, None));
    assert_eq!(targets_called(&shop), 1);
    for broken in ["a, b", "\"a", "", "\"a\";b"] {
        assert_eq!(
            order(&shop, "c3", broken, GOOD_ORDER).await,
            (400, Some("malformed-idempotency-key")),
            "{broken}"
        );
    }
    let twice = with_key(keyed(&shop, "c4", "a-1", GOOD_ORDER), "a-1");
    assert_eq!(shop.ask(twice).await.status, 400);
    assert_eq!(targets_called(&shop), 1);
}

#[tokio::test]
async fn a_key_is_asked_for_where_it_is_required() {
    let required = shop("\"required\"");
    assert_eq!(required.ask(required.order("c1", GOOD_ORDER)).await.status, 400);
    assert_eq!(required.last_line().code, Some("missing-idempotency-key"));
    assert_eq!((required.last_line().outcome, targets_called(&required)), (Outcome::Invalid, 0));
    // Where it is optional, calls without one are what they always were.
    let optional = shop("\"optional\"");
    for id in ["c1", "c2"] {
        assert_eq!(optional.ask(optional.order(id, GOOD_ORDER)).await.status, 201);
    }
    assert_eq!((targets_called(&optional), optional.world.idempotency.switch.calls()), (2, 0));
    assert_eq!(order(&optional, "c3", KEY, GOOD_ORDER).await, (201, None));
    assert_eq!(order(&optional, "c4", KEY, GOOD_ORDER).await, (201, None));
    assert_eq!(targets_called(&optional), 3);
    // And where it is off, keys are the target's own matter.
    let off = shop("\"off\"");
    for id in ["c1", "c2"] {
        assert_eq!(order(&off, id, "a, b", GOOD_ORDER).await, (201, None));
    }
    assert_eq!((targets_called(&off), off.world.idempotency.switch.calls()), (2, 0));
}

#[tokio::test]
async fn a_key_is_for_one_request() {
    let shop = shop("\"required\"");
    assert_eq!(order(&shop, "c1", KEY, GOOD_ORDER).await.0, 201);
    assert_eq!(order(&shop, "c2", KEY, OTHER_ORDER).await, (422, Some("idempotency-key-reused")));
    assert_eq!(shop.last_line().repeats.unwrap().as_str(), "c1");
    let mut queried = keyed(&shop, "c3", KEY, GOOD_ORDER);
    if let Message::Http(request) = &mut queried.message {
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    }
    assert_eq!(shop.ask(queried).await.status, 422);
    assert_eq!(targets_called(&shop), 1);
}

#[tokio::test]
async fn callers_share_no_key_and_who_may_no_longer_hears_nothing() {
    let shop = shop("\"required\"");
    let by = |id: &str, subject: &str, groups: &[&str]| {
        let mut inbound = keyed(&shop, id, KEY, GOOD_ORDER);
        if let Message::Http(request) = &mut inbound.message {
            let token = format!("Bearer {}", shop.token(subject, groups));
            request.headers.insert("authorization", HeaderValue::from_str(&token).unwrap());
        }
        inbound
    };
    assert_eq!(shop.ask(by("c1", "alice", &["customers"])).await.status, 201);
    let bob = shop.ask(by("c2", "bob", &["customers"])).await;
    assert_eq!((bob.status.as_u16(), bob.headers.get("idempotent-replayed")), (201, None));
    assert_eq!((targets_called(&shop), shop.world.idempotency.records().len()), (2, 2));
    // Alice is no customer any more.
    let asked = shop.world.idempotency.switch.calls();
    assert_eq!(shop.ask(by("c3", "alice", &[])).await.status, 403);
    assert_eq!(shop.world.idempotency.switch.calls(), asked);
    // A payload that breaks the contract is no repetition of one that kept it.
    assert_eq!(order(&shop, "c4", KEY, "{}").await, (422, Some("contract-violation")));
}

#[tokio::test]
async fn while_the_first_is_under_way_others_wait_and_after_a_crash_nobody_knows() {
    let shop = shop("\"required\"");
    shop.world.limits.switch.hang(true);
    let first = shop.world.door.serve(keyed(&shop, "c1", KEY, GOOD_ORDER));
    // What is dropped half-way is what a killed sandbox leaves.
    assert!(tokio::time::timeout(Duration::from_millis(50), first).await.is_err());
    shop.world.limits.switch.hang(false);
    let second = shop.ask(keyed(&shop, "c2", KEY, GOOD_ORDER)).await;
    assert_eq!((second.status.as_u16(), &second.headers[RETRY_AFTER]), (409, &HeaderValue::from_static("1")));
    let line = shop.last_line();
    assert_eq!((line.code, line.outcome), (Some("call-in-progress"), Outcome::Repeated));
    assert_eq!(line.repeats.unwrap().as_str(), "c1");
    // Its invocation had 30 seconds.
    shop.world.clock.advance(Duration::from_secs(36));
    let third = shop.ask(keyed(&shop, "c3", KEY, GOOD_ORDER)).await;
    assert_eq!((third.status.as_u16(), third.headers.get(RETRY_AFTER)), (409, None));
    assert_eq!(shop.last_line().code, Some("outcome-unknown"));
    assert_eq!(targets_called(&shop), 0);
}

#[tokio::test]
async fn of_calls_at_the_same_time_one_runs() {
    let shop = shop("\"required\"");
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    shop.world.targets.respond(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let body = Body::from(br#"{"id":"7","status":"placed","total":4200}"#.to_vec());
        Ok(Reply { status: StatusCode::CREATED, headers, body })
    });
    let calls = (0..20).map(|call| shop.ask(keyed(&shop, &format!("c{call}"), KEY, GOOD_ORDER)));
    let answers = futures_util::future::join_all(calls).await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status.as_u16())));
}

#[tokio::test]
async fn a_key_is_new_when_its_window_is_over() {
    let shop = shop(r#"{ key = "required", window = "1h" }"#);
    assert_eq!(order(&shop, "c1", KEY, GOOD_ORDER).await.0, 201);
    shop.world.clock.advance(Duration::from_secs(60 * 60 - 1));
    assert_eq!(order(&shop, "c2", KEY, GOOD_ORDER).await.0, 201);
    assert_eq!(targets_called(&shop), 1);
    // The store has not forgotten it yet.
    shop.world.clock.advance(Duration::from_secs(1));
    assert_eq!(order(&shop, "c3", KEY, OTHER_ORDER).await.0, 201);
    assert_eq!(targets_called(&shop), 2);
    // Both calls are counted.
    assert_eq!(shop.world.ledger.rows().into_keys().collect::<Vec<_>>(), ["c1", "c3"]);
    assert_eq!(order(&shop, "c4", KEY, GOOD_ORDER).await, (422, Some("idempotency-key-reused")));
}

#[tokio::test]
async fn every_answer_of_the_target_is_kept_but_those_that_say_it_did_nothing() {
    for (status, runs_again) in
        [(201, false), (404, false), (409, false), (429, true), (500, false), (503, true)]
    {
        let shop = unchecked("\"required\"");
        answer_with(&shop, status, b"{}".to_vec());
        assert_eq!(order(&shop, "c1", KEY, GOOD_ORDER).await.0, status);
        // The target's own `retry` may try more than once.
        let before = targets_called(&shop);
        assert_eq!(order(&shop, "c2", KEY, GOOD_ORDER).await.0, status);
        assert_eq!(targets_called(&shop) > before, runs_again, "{status}");
    }
}

#[tokio::test]
async fn what_failed_at_the_target_is_told_again_or_run_again_as_declared() {
    let untouched = TargetFault::Unreachable("refused".to_owned());
    let faults = [
        (TargetFault::TimedOut, 504),
        (TargetFault::Reset("cut".to_owned()), 502),
        (TargetFault::Failed("Error".to_owned()), 502),
    ];
    for (fault, status) in faults {
        let replay = shop("\"required\"");
        replay.world.targets.fail(fault.clone());
        let first = replay.ask(keyed(&replay, "c1", KEY, GOOD_ORDER)).await;
        assert_eq!(first.status.as_u16(), status);
        let first = json_body(first).await;
        replay.world.targets.answer(201, "{}");
        let before = targets_called(&replay);
        let again = replay.ask(keyed(&replay, "c2", KEY, GOOD_ORDER)).await;
        assert_eq!(
            (again.status.as_u16(), &again.headers["x-request-id"]),
            (status, &HeaderValue::from_static("c2"))
        );
        // The problem is the first call's, by which it can be explained.
        assert_eq!(json_body(again).await, first);
        assert_eq!(targets_called(&replay), before);

        let run_again = shop(r#"{ key = "required", on_target_failure = "run-again" }"#);
        run_again.world.targets.fail(fault);
        assert_eq!(order(&run_again, "c1", KEY, GOOD_ORDER).await.0, status);
        run_again.world.targets.answer(201, r#"{"id":"7","status":"placed","total":4200}"#);
        assert_eq!(order(&run_again, "c2", KEY, GOOD_ORDER).await.0, 201);
    }
    let shop = shop("\"required\"");
    shop.world.targets.fail(untouched);
    order(&shop, "c1", KEY, GOOD_ORDER).await;
    assert_eq!(state(&shop), IdempotencyState::Released);
    shop.world.targets.answer(201, r#"{"id":"7","status":"placed","total":4200}"#);
    assert_eq!(order(&shop, "c2", KEY, GOOD_ORDER).await.0, 201);
}

#[tokio::test]
async fn who_is_over_a_limit_may_come_again_with_the_key() {
    let shop = shop("\"required\"");
    shop.world.limits.contend(true);
    assert_eq!(order(&shop, "c1", KEY, GOOD_ORDER).await, (503, Some("store-unavailable")));
    assert_eq!(state(&shop), IdempotencyState::Released);
    shop.world.limits.contend(false);
    assert_eq!(order(&shop, "c2", KEY, GOOD_ORDER).await, (201, None));
    assert_eq!(targets_called(&shop), 1);
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_keep_is_given_once_and_not_run_again() {
    for (bytes, kept) in [(LARGEST_STORED_ANSWER - 1000, true), (LARGEST_STORED_ANSWER + 1, false)] {
        let shop = unchecked("\"required\"");
        shop.world.front.carry(1 << 20);
        answer_with(&shop, 200, vec![b' '; bytes]);
        assert_eq!(order(&shop, "c1", KEY, GOOD_ORDER).await.0, 200);
        let again = order(&shop, "c2", KEY, GOOD_ORDER).await;
        assert_eq!(again, if kept { (200, None) } else { (409, Some("answer-not-kept")) });
        assert_eq!(targets_called(&shop), 1);
        assert_eq!(shop.world.ledger.rows().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_that_comes_in_pieces_is_gathered_to_be_kept() {
    let shop = unchecked("\"optional\"");
    shop.world.targets.stream(&["[1,", "2]"]);
    for id in ["c1", "c2"] {
        let answer = shop.ask(keyed(&shop, id, KEY, GOOD_ORDER)).await;
        assert_eq!((answer.status.as_u16(), json_body(answer).await), (201, serde_json::json!([1, 2])));
    }
    assert_eq!(targets_called(&shop), 1);
}

#[tokio::test]
async fn without_the_store_no_call_with_a_key_runs() {
    let shop = shop("\"optional\"");
    shop.world.idempotency.switch.away(true);
    assert_eq!(order(&shop, "c1", KEY, GOOD_ORDER).await, (503, Some("store-unavailable")));
    assert_eq!(targets_called(&shop), 0);
    // Calls without one do not need it.
    assert_eq!(shop.ask(shop.order("c2", GOOD_ORDER)).await.status, 201);
}
