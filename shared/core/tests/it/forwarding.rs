//! Which endpoint a call goes to, when it is tried again, and when the door gives up.

use std::time::Duration;

use bytes::Bytes;
use doorward_model::{Body, BodyError, FrontKind, Inbound, Outcome, Reply, TargetFault};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::shop::{GOOD_ORDER, Shop};

const A: &str = "https://a.shop.example";
const B: &str = "https://b.shop.example";

/// The shop, whose orders are at two servers that are called in turn, with more of the target's keys.
fn shop(keys: &str) -> Shop {
    Shop::with(|config| {
        let servers =
            format!("http = [{{ url = \"{A}\" }}, {{ url = \"{B}\" }}]\nbalance = \"round-robin\"\n{keys}");
        config
            .replace("lambda = \"orders\"", &servers)
            .replace("rate = \"5/s\", burst = 10", "rate = \"1000/s\"")
    })
}

pub(crate) fn reply(status: u16) -> Result<Reply, TargetFault> {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let body = Body::from(br#"{"id":"7","status":"placed","total":4200}"#.to_vec());
    Ok(Reply { status: StatusCode::from_u16(status).unwrap(), headers, body })
}

pub(crate) fn look(shop: &Shop, id: &str) -> Inbound {
    let token = format!("Bearer {}", shop.token("alice", &["customers"]));
    doorward_testkit::http(
        id,
        Method::GET,
        "/orders/1001",
        &[("authorization", &token)],
        "",
        shop.world.now(),
    )
}

/// Status, tries, and why there was no further one.
pub(crate) async fn told(shop: &Shop, inbound: Inbound) -> (u16, u32, Option<&'static str>) {
    let reply = shop.ask(inbound).await;
    let sent = shop.last_line().sent.unwrap();
    (reply.status.as_u16(), sent.tries, sent.not_retried)
}

#[tokio::test]
async fn calls_go_round_and_the_line_says_where() {
    let shop = shop("");
    shop.world.targets.respond(|| reply(200));
    for n in 0..10 {
        assert_eq!(told(&shop, look(&shop, &format!("c{n}"))).await, (200, 1, None));
    }
    let went = shop.world.targets.went();
    assert_eq!(went.iter().filter(|address| *address == A).count(), 5, "{went:?}");
    assert!([A, B].contains(&shop.last_line().sent.unwrap().endpoint.as_str()));
}

#[tokio::test]
async fn what_may_have_been_carried_out_is_tried_again_only_where_it_may_be_repeated() {
    for fault in
        [TargetFault::Reset("cut".into()), TargetFault::TimedOut, TargetFault::Unreadable("odd".into())]
    {
        let shop = shop("health = false");
        let status = fault.status().as_u16();
        shop.world.targets.fail(fault);
        assert_eq!(told(&shop, look(&shop, "c1")).await, (status, 2, Some("attempts")));
        assert_eq!(shop.world.targets.went().len(), 2);
        assert_eq!(told(&shop, shop.order("c2", GOOD_ORDER)).await, (status, 1, Some("not-idempotent")));
        let mut keyed = shop.order("c3", GOOD_ORDER);
        let doorward_model::Message::Http(request) = &mut keyed.message else { panic!() };
        request.headers.insert("idempotency-key", HeaderValue::from_static("\"k\""));
        assert_eq!(told(&shop, keyed).await, (status, 2, Some("attempts")));
    }
}

/// An order with these fields of the name `idempotency-key`.
fn keyed(shop: &Shop, id: &str, keys: &[&'static str]) -> Inbound {
    let mut inbound = shop.order(id, GOOD_ORDER);
    let doorward_model::Message::Http(request) = &mut inbound.message else { panic!("a request") };
    for key in keys {
        let name = HeaderName::from_static("idempotency-key");
        request.headers.append(name, HeaderValue::from_static(key));
    }
    inbound
}

#[tokio::test]
async fn what_is_no_key_lets_nothing_be_repeated() {
    let shop = shop("health = false");
    shop.world.targets.fail(TargetFault::Reset("cut".into()));
    for (number, keys) in [&["\"k\""], &["k"]].into_iter().enumerate() {
        let call = keyed(&shop, &format!("c{number}"), keys);
        assert_eq!(told(&shop, call).await, (502, 2, Some("attempts")), "{keys:?}");
    }
    let none: [&[&str]; 5] = [&[""], &["\"\""], &["a", "b"], &["k", "k"], &["a, b"]];
    for (number, keys) in none.into_iter().enumerate() {
        let call = keyed(&shop, &format!("d{number}"), keys);
        assert_eq!(told(&shop, call).await, (502, 1, Some("not-idempotent")), "{keys:?}");
    }
}

#[tokio::test]
async fn what_was_not_carried_out_is_tried_elsewhere_whatever_it_is() {
    let shop = shop("health = false");
    shop.world.targets.respond_at(|address| match address {
        A => Err(TargetFault::Unreachable("refused".into())),
        _ => reply(201),
    });
    for n in 0..4 {
        assert_eq!(shop.ask(shop.order(&format!("c{n}"), GOOD_ORDER)).await.status, 201);
    }
    let went = shop.world.targets.went();
    assert!(went.windows(2).all(|pair| pair != [A, A]), "{went:?}");
}

#[tokio::test]
async fn the_answers_of_gateways_are_tried_again_and_the_last_one_stands() {
    let shop = shop("health = false");
    shop.world.targets.respond_at(|address| reply(if address == A { 503 } else { 200 }));
    for n in 0..4 {
        let (status, tries, _) = told(&shop, look(&shop, &format!("c{n}"))).await;
        assert!(status == 200 && tries <= 2);
    }
    // An answer of the target's own is passed on, whatever it says, where the contract is not in its way.
    let shop = self::shop("retry = false\nhealth = false");
    shop.world.targets.respond(|| reply(404));
    assert_eq!(told(&shop, look(&shop, "c1")).await, (404, 1, None));
}

#[tokio::test]
async fn the_budget_ends_retries_before_they_double_what_a_failing_target_is_sent() {
    let shop = shop("health = false\nretry = { budget = \"10%\" }");
    shop.world.targets.fail(TargetFault::Reset("cut".into()));
    let mut refused = 0;
    for n in 0..100 {
        let (status, tries, why) = told(&shop, look(&shop, &format!("c{n}"))).await;
        assert_eq!(status, 502);
        assert!((tries, why) == (2, Some("attempts")) || (tries, why) == (1, Some("budget")));
        refused += u32::from(why == Some("budget"));
    }
    // Three to begin with and ten of a hundred calls.
    assert_eq!((refused, shop.world.targets.went().len()), (87, 113));
}

#[tokio::test]
async fn what_was_not_carried_out_goes_elsewhere_without_a_charge() {
    let shop = shop("health = false\nretry = { budget = \"1%\" }");
    shop.world.targets.respond_at(|address| match address {
        A => Err(TargetFault::Unreachable("refused".into())),
        _ => reply(200),
    });
    let mut tries = Vec::new();
    for n in 0..20 {
        let (status, tried, why) = told(&shop, look(&shop, &format!("c{n}"))).await;
        assert_eq!((status, why), (200, None), "c{n}");
        tries.push(tried);
    }
    assert_eq!(tries.iter().filter(|tried| **tried == 2).count(), 10, "{tries:?}");
    // Of what may have been carried out the budget pays for three.
    shop.world.targets.respond_at(|address| match address {
        A => Err(TargetFault::Reset("cut".into())),
        _ => reply(200),
    });
    let mut refused = 0;
    for n in 20..40 {
        refused += u32::from(told(&shop, look(&shop, &format!("c{n}"))).await.2 == Some("budget"));
    }
    assert_eq!(refused, 7);
}

#[tokio::test]
async fn an_endpoint_that_fails_is_left_alone_and_comes_back_by_a_trial() {
    let shop = shop("health = { faults = 3, pause = \"10s\" }\nretry = false");
    shop.world.targets.respond_at(|address| match address {
        A => Err(TargetFault::TimedOut),
        _ => reply(200),
    });
    for n in 0..20 {
        shop.ask(look(&shop, &format!("c{n}"))).await;
    }
    let went = shop.world.targets.went();
    assert_eq!(went.iter().filter(|address| *address == A).count(), 3, "{went:?}");
    shop.world.clock.advance(Duration::from_secs(10));
    shop.world.targets.respond(|| reply(200));
    assert_eq!(told(&shop, look(&shop, "d1")).await, (200, 1, None));
    assert_eq!(shop.world.targets.went(), [A]);
    for n in 0..10 {
        shop.ask(look(&shop, &format!("e{n}"))).await;
    }
    let went = shop.world.targets.went();
    assert_eq!(went.iter().filter(|address| *address == A).count(), 5, "{went:?}");
}

#[tokio::test]
async fn where_all_are_left_alone_the_caller_is_told_when_to_come_back() {
    let shop = shop("health = { faults = 1, pause = \"90s\" }\nretry = false");
    shop.world.targets.fail(TargetFault::TimedOut);
    for n in 0..2 {
        assert_eq!(told(&shop, look(&shop, &format!("c{n}"))).await, (504, 1, None));
    }
    let reply = shop.ask(look(&shop, "c3")).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.headers["retry-after"]),
        (503, &HeaderValue::from_static("90"))
    );
    assert_eq!(shop.last_line().code, Some("target-unavailable"));
    assert_eq!(shop.world.targets.went().len(), 2);
    assert_eq!(shop.world.ledger.rows()["c3"].call.outcome, Outcome::TargetFailed);
}

/// An answer whose body begins and ends so.
fn ended(end: BodyError) -> Result<Reply, TargetFault> {
    let chunks = [Ok(Bytes::from_static(b"{\"id\":")), Err(end)];
    let body = Body::Stream(Box::pin(futures_util::stream::iter(chunks)));
    reply(200).map(|reply| Reply { body, ..reply })
}

/// An answer whose body begins and is broken off.
fn broken_off() -> Result<Reply, TargetFault> {
    ended(BodyError::Cut("reset".into()))
}

#[tokio::test]
async fn a_function_that_throws_after_its_head_ran_once_and_is_there() {
    let shop = shop("health = { faults = 1, pause = \"10s\" }");
    shop.world.targets.respond(|| ended(BodyError::Failed("KeyError".into())));
    for n in 0..4 {
        assert_eq!(told(&shop, look(&shop, &format!("c{n}"))).await, (502, 1, None));
        assert_eq!(shop.last_line().code, Some("target-failed"));
    }
    assert_eq!(shop.world.targets.went().len(), 4);
    shop.world.targets.respond(|| ended(BodyError::Unreadable("odd".into())));
    assert_eq!(told(&shop, shop.order("d1", GOOD_ORDER)).await, (502, 1, Some("not-idempotent")));
    assert_eq!(shop.last_line().code, Some("target-unreadable"));
}

#[tokio::test]
async fn who_begins_an_answer_and_breaks_it_off_has_given_none() {
    let shop = shop("health = { faults = 2, pause = \"10s\" }");
    shop.world.targets.respond_at(|address| if address == A { broken_off() } else { reply(200) });
    for n in 0..6 {
        assert_eq!(told(&shop, look(&shop, &format!("c{n}"))).await.0, 200, "it is tried elsewhere");
    }
    let went = shop.world.targets.went();
    assert_eq!(went.iter().filter(|address| *address == A).count(), 2, "{went:?}");
    shop.world.targets.respond(broken_off);
    assert_eq!(told(&shop, shop.order("d1", GOOD_ORDER)).await, (502, 1, Some("not-idempotent")));
    assert_eq!(shop.last_line().code, Some("target-reset"));
}

#[tokio::test]
async fn a_caller_cannot_have_an_endpoint_left_alone_by_payloads_of_their_own() {
    let shop = shop("health = { faults = 1, pause = \"10s\" }\nretry = false");
    for fault in ["KeyError", "Error", "Runtime.UnhandledPromiseRejection", "Runtime.MarshalError"] {
        shop.world.targets.fail(TargetFault::Failed(fault.into()));
        assert_eq!(told(&shop, look(&shop, fault)).await, (502, 1, None));
    }
    shop.world.targets.fail(TargetFault::TooLarge("it is larger than 6 bytes".into()));
    for id in ["l1", "l2"] {
        assert_eq!(told(&shop, look(&shop, id)).await, (502, 1, None));
    }
    shop.world.targets.respond(|| reply(500));
    told(&shop, look(&shop, "c1")).await;
    shop.world.targets.respond(|| reply(200));
    assert_eq!(told(&shop, look(&shop, "c2")).await, (200, 1, None));
    shop.world.targets.fail(TargetFault::Failed("Runtime.ExitError".into()));
    told(&shop, look(&shop, "c3")).await;
    told(&shop, look(&shop, "c4")).await;
    assert_eq!(told(&shop, look(&shop, "c5")).await, (503, 0, None));
}

#[tokio::test]
async fn who_is_tried_again_at_the_same_place_waits_whatever_other_places_there_are() {
    let shop = Shop::with(|config| {
        let servers = format!(
            "http = [{{ url = \"{A}\" }}, {{ url = \"{B}\", weight = 0, callers = ['User::\"carol\"'] }}]\n\
             retry = {{ attempts = 5, budget = \"100%\" }}"
        );
        config.replace("lambda = \"orders\"", &servers).replace("timeout = \"2s\"", "timeout = \"2ms\"")
    });
    shop.world.targets.fail(TargetFault::Unreachable("refused".into()));
    // There is no time for four waits, which are of 190 ms on average together.
    let (status, tries, why) = told(&shop, look(&shop, "c1")).await;
    assert!(status == 503 && tries < 5 && why == Some("time"), "{status} {tries} {why:?}");
}

#[tokio::test]
async fn the_door_gives_up_before_the_front_does() {
    let shop = Shop::with(|config| {
        config
            .replace("timeout = \"2s\"", "timeout = \"14m\"")
            .replace("fronts = [", "fronts = [\"rest-api:r\", \"websocket-api:w\", ")
            .replace("table = \"doorward\"", "table = \"doorward\"\nintegration_timeout = \"40s\"")
    });
    shop.world.targets.respond(|| reply(201));
    for (kind, id, expected) in [
        (FrontKind::HttpApi, "shop", 29_500),
        (FrontKind::RestApi, "r", 39_500),
        (FrontKind::FunctionUrl, "shopurl", 14 * 60_000),
    ] {
        let mut inbound = shop.order(id, GOOD_ORDER);
        inbound.front = doorward_model::Front { kind, id: id.to_owned() };
        inbound.deadline = shop.world.now() + jiff::SignedDuration::from_mins(15);
        assert_eq!(shop.ask(inbound).await.status, 201, "{kind:?}");
        assert_eq!(shop.world.targets.within(), Duration::from_millis(expected), "{kind:?}");
    }
    // The front waits since it took the call, of which the door's own start is a part; its clock may be off.
    for (before, expected) in [(2_000, 27_500), (-5_000, 29_500), (3_600_000, 19_500)] {
        let mut inbound = shop.order(&format!("{before}"), GOOD_ORDER);
        inbound.front = "http-api:shop".parse().unwrap();
        inbound.deadline = shop.world.now() + jiff::SignedDuration::from_mins(15);
        inbound.received = Some(shop.world.now() - jiff::SignedDuration::from_millis(before));
        assert_eq!(shop.ask(inbound).await.status, 201);
        assert_eq!(shop.world.targets.within(), Duration::from_millis(expected), "{before}");
    }
}

#[tokio::test]
async fn a_try_has_its_own_time_where_it_is_set() {
    let shop = shop("retry = { attempt_timeout = \"300ms\" }");
    shop.world.targets.respond(|| reply(200));
    shop.ask(look(&shop, "c1")).await;
    assert_eq!(shop.world.targets.within(), Duration::from_millis(300));
}

#[tokio::test]
async fn an_event_that_a_server_does_not_take_comes_again_and_counts_for_its_health() {
    let shop = Shop::with(|config| {
        config.replace(
            "lambda = \"receipts\"",
            &format!("http = \"{A}\"\nhealth = {{ faults = 2, pause = \"10s\" }}"),
        )
    });
    for (id, status, sent) in [("e1", 422, 1), ("e2", 503, 1), ("e3", 503, 1), ("e4", 503, 0)] {
        shop.world.targets.respond(move || reply(status));
        let event = doorward_testkit::s3(id, &format!("inbox/{id}.pdf"), 100, shop.world.now());
        match shop.world.door.serve(event).await {
            doorward_core::Answer::Event(doorward_core::EventAnswer::Again(_)) => {}
            other => panic!("{id}: {other:?}"),
        }
        assert_eq!(shop.world.ledger.rows()[id].call.outcome, Outcome::TargetFailed, "{id}");
        assert_eq!(shop.world.targets.went().len(), sent, "{id}");
    }
}
