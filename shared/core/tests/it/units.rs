use doorward_core::{Bundle, Rules};
use doorward_model::{Body, Outcome, Reply, TargetFault};
use expect_test::{Expect, expect};
use http::{HeaderMap, StatusCode};

use crate::shop::{GOOD_ORDER, Shop, bundle, json_body};

/// The shop whose orders count for so much.
fn shop(units: &str) -> Shop {
    Shop::with(|config| of(&config, units))
}

fn of(config: &str, units: &str) -> String {
    config.replacen("purpose = \"checkout\"", &format!("purpose = \"checkout\"\nunits = {units}"), 1)
}

fn order(quantities: &[u32]) -> String {
    let items: Vec<String> =
        quantities.iter().map(|quantity| format!(r#"{{"sku":"TEA-1","quantity":{quantity}}}"#)).collect();
    format!(r#"{{"items":[{}],"total":{}}}"#, items.join(","), 7)
}

/// Units in the row and in the line of an order, and what is left of the burst of 10.
async fn counted(shop: &Shop, body: &str) -> (u64, u64, u64) {
    assert_eq!(shop.ask(shop.order("c1", body)).await.status, 201);
    let line = shop.last_line();
    let left = line.limits.iter().find(|limit| limit.name.contains("rate")).unwrap().remaining;
    (shop.world.ledger.rows()["c1"].call.units, line.units, left)
}

#[tokio::test]
async fn a_call_counts_for_what_its_payload_says() {
    assert_eq!(counted(&shop("\"1 + context.input.items.size\""), &order(&[1, 1])).await, (3, 3, 7));
    assert_eq!(counted(&shop("\"min(context.input.total, 5)\""), &order(&[1])).await, (5, 5, 5));
    let body = order(&[1]);
    let expected = body.len() as u64 / 10;
    assert_eq!(
        counted(&shop("\"context.request.bytes / 10\""), &body).await,
        (expected, expected, 10 - expected)
    );
}

#[tokio::test]
async fn a_payload_that_counts_for_too_little_or_too_much_is_refused() {
    let shop = shop("\"context.input.total * 1000 - 7000\"");
    for (id, total) in [("c1", "7"), ("c2", "5"), ("c3", "1008")] {
        let body = GOOD_ORDER.replace("4200", total);
        let reply = shop.ask(shop.order(id, &body)).await;
        assert_eq!(reply.status, 422, "{total}");
        assert_eq!(json_body(reply).await["code"], "uncountable");
        let row = &shop.world.ledger.rows()[id].call;
        assert_eq!((row.outcome, row.units), (Outcome::Invalid, 0));
    }
    assert!(shop.world.targets.sent().is_empty() && shop.world.limits.switch.calls() == 0);
}

#[tokio::test]
async fn who_may_not_call_does_not_hear_of_units() {
    let shop = shop("\"context.input.total - 7\"");
    let mut inbound = shop.order("c1", &order(&[1]));
    if let doorward_model::Message::Http(request) = &mut inbound.message {
        let token = format!("Bearer {}", shop.token("mallory", &[]));
        request.headers.insert("authorization", token.parse().unwrap());
    }
    assert_eq!(shop.ask(inbound).await.status, 403);
}

/// A target that answers with this status and these values of `x-units`.
fn answering(shop: &Shop, status: u16, values: &'static [&'static str]) {
    shop.world.targets.respond(move || {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/json".parse().unwrap());
        for value in values {
            headers.append("x-units", value.parse().unwrap());
        }
        let body = Body::from(br#"{"id":"7","status":"placed","total":4200}"#.to_vec());
        Ok(Reply { status: StatusCode::from_u16(status).unwrap(), headers, body })
    });
}

#[tokio::test]
async fn a_target_settles_for_less_and_never_for_more() {
    for (values, units, unsettled) in [
        (&["3"][..], 3, None),
        (&["0"], 0, None),
        (&["8"], 8, None),
        (&["9"], 8, Some("too-large")),
        (&["99999999999999999999"], 8, Some("too-large")),
        (&["-1"], 8, Some("unreadable")),
        (&["+3"], 8, Some("unreadable")),
        (&["3.0"], 8, Some("unreadable")),
        (&[""], 8, Some("unreadable")),
        (&["3", "3"], 8, Some("repeated")),
        (&[], 8, Some("missing")),
    ] {
        let shop = shop("{ header = \"x-units\", most = 8 }");
        answering(&shop, 201, values);
        let reply = shop.ask(shop.order("c1", GOOD_ORDER)).await;
        assert_eq!((reply.status.as_u16(), reply.headers.get("x-units")), (201, None), "{values:?}");
        let row = &shop.world.ledger.rows()["c1"].call;
        assert_eq!((row.units, shop.last_line().unsettled), (units, unsettled), "{values:?}");
    }
}

#[tokio::test]
async fn what_was_reserved_and_not_used_goes_back_to_the_quota() {
    let shop = shop("{ header = \"x-units\", most = 8 }");
    answering(&shop, 201, &["3"]);
    for (call, left) in [("c1", 1000 - 8), ("c2", 1000 - 3 - 8)] {
        shop.ask(shop.order(call, GOOD_ORDER)).await;
        shop.world.clock.advance(std::time::Duration::from_secs(10));
        let line = shop.last_line();
        let quota = line.limits.iter().find(|limit| limit.name.contains("quota")).unwrap();
        assert_eq!(quota.remaining, left, "{call}");
    }
}

#[tokio::test]
async fn a_target_that_fails_has_said_nothing() {
    let shop = shop("{ header = \"x-units\", most = 8 }");
    shop.world.targets.fail(TargetFault::TimedOut);
    assert_eq!(shop.ask(shop.order("c1", GOOD_ORDER)).await.status, 504);
    assert_eq!(shop.world.ledger.rows()["c1"].call.units, 8);
}

#[tokio::test]
async fn a_field_is_passed_on_where_the_route_says_so() {
    let shop = shop("{ header = \"x-units\", most = 8, pass = true }");
    answering(&shop, 201, &["3"]);
    assert_eq!(shop.ask(shop.order("c1", GOOD_ORDER)).await.headers["x-units"], "3");
}

#[track_caller]
fn faults(units: &str, expected: Expect) {
    let Bundle { config: (name, text), files } = bundle(&[]);
    let faulty = Bundle { config: (name, of(&text, units)), files };
    let faults = Rules::compile(&faulty, |_| None).unwrap_err();
    let lines: Vec<&str> = faults.0.iter().map(|fault| fault.message.as_str()).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn units_are_held_against_the_contract() {
    faults("\"context.input.itens.size\"", expect!["`context.input` has no member `itens`"]);
    faults("\"context.input.items\"", expect!["`context.input.items` is a list, not a whole number"]);
    faults(
        "\"context.input.items.length\"",
        expect!["`context.input.items` is a list, which has no `length`"],
    );
    faults(
        "\"context.input.items.quantity\"",
        expect!["`context.input.items` is a list, which has no `quantity`"],
    );
    faults(
        "\"context.input.total.size\"",
        expect!["`context.input.total` is a whole number, which has no `size`"],
    );
    let Bundle { config: (name, text), files } = bundle(&[]);
    let text = of(&text, "\"context.input.total\"").replacen(
        "contract = \"contracts/shop.yaml#createOrder\"\n",
        "",
        1,
    );
    let faults = Rules::compile(&Bundle { config: (name, text), files }, |_| None).unwrap_err().to_string();
    assert!(faults.contains("nothing says what `context.input` is here"), "{faults}");
}
