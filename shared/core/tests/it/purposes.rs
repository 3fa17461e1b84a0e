use doorward_model::{Inbound, Message, Outcome};
use http::HeaderValue;
use serde_json::{Value, json};

use crate::shop::{GOOD_ORDER, Shop, json_body};

/// The shop whose orders have their purpose from here.
fn shop(purpose: &str) -> Shop {
    Shop::with(|config| {
        let orders = format!("purpose = {{ {purpose} }}");
        config.replacen("purpose = \"checkout\"", &orders, 1).replacen(
            "audiences",
            "claims = { purpose = \"String\" }\naudiences",
            1,
        )
    })
}

fn with_headers(mut inbound: Inbound, purposes: &[&'static str]) -> Inbound {
    if let Message::Http(request) = &mut inbound.message {
        for purpose in purposes {
            request.headers.append("x-purpose", HeaderValue::from_static(purpose));
        }
    }
    inbound
}

async fn check(shop: &Shop, inbound: Inbound, expected: (u16, Option<&str>, Option<&str>)) {
    let reply = shop.ask(inbound).await;
    let status = reply.status.as_u16();
    let body = json_body(reply).await;
    let purpose = shop.last_line().purpose;
    assert_eq!((status, body["code"].as_str(), purpose.as_deref()), expected);
}

#[tokio::test]
async fn a_header_states_a_declared_purpose() {
    let shop = shop("header = \"x-purpose\", required = true");
    let order = |purposes: &[&'static str]| with_headers(shop.order("c1", GOOD_ORDER), purposes);
    check(&shop, order(&["checkout"]), (201, None, Some("checkout"))).await;
    check(&shop, order(&[" bookkeeping "]), (201, None, Some("bookkeeping"))).await;
    check(&shop, order(&["marketing"]), (400, Some("unknown-purpose"), None)).await;
    check(&shop, order(&["Checkout"]), (400, Some("unknown-purpose"), None)).await;
    check(&shop, order(&[""]), (400, Some("unknown-purpose"), None)).await;
    check(&shop, order(&[]), (400, Some("missing-purpose"), None)).await;
    check(&shop, order(&["checkout", "checkout"]), (400, Some("malformed-header"), None)).await;
    assert_eq!(shop.world.ledger.rows()["c1"].call.purpose.as_deref(), Some("checkout"));
}

#[tokio::test]
async fn a_purpose_need_not_be_stated_but_must_be_declared() {
    let shop = shop("header = \"x-purpose\"");
    check(&shop, with_headers(shop.order("c1", GOOD_ORDER), &[]), (201, None, None)).await;
    let unknown = with_headers(shop.order("c2", GOOD_ORDER), &["marketing"]);
    check(&shop, unknown, (400, Some("unknown-purpose"), None)).await;
    let row = &shop.world.ledger.rows()["c2"].call;
    assert_eq!((row.outcome, row.units), (Outcome::Invalid, 0));
}

#[tokio::test]
async fn a_claim_states_a_declared_purpose() {
    let shop = shop("claim = \"purpose\", required = true");
    let order = |purpose: Value| {
        let claims = shop.claims("alice", &["customers"], json!({ "purpose": purpose }));
        let mut inbound = shop.order("c1", GOOD_ORDER);
        if let Message::Http(request) = &mut inbound.message {
            let token = format!("Bearer {}", shop.issuer.token(&claims));
            request.headers.insert("authorization", HeaderValue::from_str(&token).unwrap());
        }
        inbound
    };
    check(&shop, order(json!("checkout")), (201, None, Some("checkout"))).await;
    check(&shop, order(json!("marketing")), (403, Some("unknown-purpose"), None)).await;
    check(&shop, order(Value::Null), (403, Some("missing-purpose"), None)).await;
    assert_eq!(shop.last_line().outcome, Outcome::Denied);
}

#[tokio::test]
async fn an_unknown_caller_does_not_hear_of_purposes() {
    let shop = shop("header = \"x-purpose\", required = true");
    let mut order = shop.order("c1", GOOD_ORDER);
    if let Message::Http(request) = &mut order.message {
        request.headers.remove("authorization");
    }
    check(&shop, order, (401, Some("missing-credentials"), None)).await;
}

#[tokio::test]
async fn policies_read_what_is_stated_and_need_not_ask_whether_it_is() {
    let forbid = "forbid (principal, action == Action::\"createOrder\", resource) when { context.purpose == \"bookkeeping\" };";
    let change = |config: String| {
        config.replacen("purpose = \"checkout\"", "purpose = { header = \"x-purpose\", required = true }", 1)
    };
    let shop = Shop::with_files(change, &[("purpose.cedar", forbid)]);
    let order = |purpose| with_headers(shop.order("c1", GOOD_ORDER), &[purpose]);
    check(&shop, order("checkout"), (201, None, Some("checkout"))).await;
    check(&shop, order("bookkeeping"), (403, Some("forbidden"), Some("bookkeeping"))).await;
}
