use std::time::Duration;

use doorward_config::parse_policy_tests;
use doorward_core::Answer;
use doorward_model::{Call, Inbound, Outcome, TargetFault, TrustLevel};
use doorward_testkit::{github_signature, http, numeric_date, s3, standard_signature, stripe_signature};
use http::Method;

use crate::shop::{GOOD_ORDER, Shop, json_body};

/// What `whsec_` and base64 make of it is what the sender has.
const STANDARD_KEY: &[u8] = b"plainly-fake-standard-key";
const STANDARD_SECRET: &str = "whsec_cGxhaW5seS1mYWtlLXN0YW5kYXJkLWtleQ==";
const OLD_KEY: &[u8] = b"plainly-fake-outgoing-key";
const OLD_SECRET: &str = "whsec_cGxhaW5seS1mYWtlLW91dGdvaW5nLWtleQ==";
const STRIPE_SECRET: &[u8] = b"whsec_plainly_fake_stripe";
const GITHUB_SECRET: &[u8] = b"plainly-fake-github";

const HOOKS: &str = r#"
[[webhooks]]
name = "events"
scheme = "standard-webhooks"
secrets = ["env:EVENTS_NEW", "env:EVENTS_OLD"]

[[webhooks]]
name = "money"
scheme = "stripe"
secrets = ["ssm:/shop/stripe"]
tolerance = "1m"

[[webhooks]]
name = "code"
scheme = "github"
secrets = ["secretsmanager:shop/github"]

[[routes]]
id = "eventHook"
match = "POST /hooks/events"
target = "orders"
auth = ["events"]

[[routes]]
id = "moneyHook"
match = "POST /hooks/money"
target = "orders"
auth = ["money", "main"]

[[routes]]
id = "secondHook"
match = "POST /hooks/again"
target = "orders"
auth = ["money"]

[[routes]]
id = "codeHook"
match = "POST /hooks/code"
target = "orders"
auth = ["code", "anonymous"]

[[routes]]
id = "lateHook"
match = "POST /hooks/late"
target = "orders"
auth = ["events"]
"#;

const POLICY: &str = r#"
@id("senders-deliver")
permit (principal is Sender, action in Action::"http", resource)
when { principal == Sender::"events" || principal == Sender::"money" || principal == Sender::"code" }
unless { action == Action::"lateHook" && context.now < datetime("2026-11-24T12:00:30Z") };

@id("users-and-strangers-too")
permit (principal is Anonymous, action == Action::"codeHook", resource);
"#;

fn shop() -> Shop {
    let shop = Shop::with_files(|config| config + HOOKS, &[("hooks.cedar", POLICY)]);
    let secrets = &shop.world.secrets;
    secrets.put("env:EVENTS_NEW", STANDARD_SECRET);
    secrets.put("env:EVENTS_OLD", OLD_SECRET);
    secrets.put("ssm:/shop/stripe", STRIPE_SECRET);
    secrets.put("secretsmanager:shop/github", GITHUB_SECRET);
    shop.world.targets.answer(200, "{}");
    shop
}

/// A request with a signature; tests change one thing of it.
#[derive(Clone)]
struct Delivery {
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Delivery {
    fn standard(shop: &Shop, id: &str, body: &str) -> Self {
        Self::standard_at(numeric_date(shop.world.now()), id, body)
    }

    fn standard_at(time: i64, id: &str, body: &str) -> Self {
        let headers = vec![
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", time.to_string()),
            ("webhook-signature", standard_signature(STANDARD_KEY, id, time, body)),
        ];
        Self { path: "/hooks/events", headers, body: body.to_owned() }
    }

    fn stripe(shop: &Shop, body: &str) -> Self {
        Self::stripe_at(numeric_date(shop.world.now()), body)
    }

    fn stripe_at(time: i64, body: &str) -> Self {
        let headers = vec![("stripe-signature", stripe_signature(STRIPE_SECRET, time, body))];
        Self { path: "/hooks/money", headers, body: body.to_owned() }
    }

    fn github(body: &str) -> Self {
        let headers = vec![("x-hub-signature-256", github_signature(GITHUB_SECRET, body))];
        Self { path: "/hooks/code", headers, body: body.to_owned() }
    }

    /// With another value of a header.
    fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    fn add(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    fn to(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(known, _)| *known == name).unwrap().1
    }

    fn inbound(&self, invocation: &str, shop: &Shop) -> Inbound {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        http(invocation, Method::POST, self.path, &headers, &self.body, shop.world.now())
    }
}

/// Status and code of the answer, and the cause that its line gives.
async fn send(shop: &Shop, delivery: &Delivery) -> (u16, Option<&'static str>, Option<String>) {
    let call = send_as(shop, delivery, &format!("c{}", shop.world.lines.calls().len())).await;
    (call.status.unwrap(), call.code, call.cause)
}

async fn send_as(shop: &Shop, delivery: &Delivery, invocation: &str) -> Call {
    shop.ask(delivery.inbound(invocation, shop)).await;
    shop.last_line()
}

#[track_caller]
fn assert_served((status, code, cause): (u16, Option<&str>, Option<String>)) {
    assert_eq!((status, code, cause), (200, None, None));
}

/// The delivery is 401, for this cause.
async fn refused(shop: &Shop, delivery: &Delivery, cause: &str) {
    let (status, code, said) = send(shop, delivery).await;
    assert_eq!(
        (status, code, said.as_deref()),
        (401, Some("invalid-signature"), Some(cause)),
        "{:?}",
        delivery.headers
    );
    assert!(shop.world.targets.sent().is_empty());
    assert!(shop.world.ledger.rows().is_empty(), "strangers cost no write");
}

const FORM: &str = "does not have the form of its scheme";
const MISMATCH: &str = "no configured secret makes its signature";

#[tokio::test]
async fn a_signed_delivery_comes_from_its_sender() {
    let shop = shop();
    for (id, delivery, sender) in [
        ("eventHook", Delivery::standard(&shop, "msg_1", "{}"), "events"),
        ("moneyHook", Delivery::stripe(&shop, r#"{"id":"evt_1"}"#), "money"),
        ("codeHook", Delivery::github("payload=x"), "code"),
    ] {
        let call = send_as(&shop, &delivery, id).await;
        assert_eq!((call.status, call.action.as_deref()), (Some(200), Some(id)));
        assert_eq!(call.caller.unwrap().to_string(), format!("Sender::\"{sender}\""));
        assert_eq!(call.trust, Some(TrustLevel::Verified));
        assert!(call.id.as_str().starts_with("webhook-"), "{}", call.id);
        assert_eq!(call.invocation, format!("invocation-{id}"), "it stays known which one it was");
        assert_eq!(shop.world.ledger.rows()[call.id.as_str()].call.outcome, Outcome::Admitted);
    }
    assert_eq!(shop.world.ledger.rows().len(), 3);
}

/// The worked example of a scheme, which is looked at when it was signed.
async fn published(at: i64, reference: &str, secret: &str, delivery: Delivery) {
    let shop = shop();
    shop.world.secrets.put(reference, secret);
    shop.world.clock.set(jiff::Timestamp::from_second(at).unwrap());
    assert_served(send(&shop, &delivery).await);
    refused(&self::shop(), &Delivery::standard_at(at, "msg_1", "{}"), "it was signed too long ago").await;
}

#[tokio::test]
async fn published_signatures_hold() {
    let empty = |path| Delivery { path, headers: Vec::new(), body: String::new() };
    // libraries/rust of Standard Webhooks.
    let delivery = empty("/hooks/events")
        .add("webhook-id", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk")
        .add("webhook-timestamp", "1649367553")
        .add("webhook-signature", "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=")
        .body(r#"{"email":"test@example.com","username":"test_user"}"#);
    published(1_649_367_553, "env:EVENTS_NEW", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", delivery).await;
    // libraries/javascript of Standard Webhooks, under the header fields of Svix.
    let delivery = empty("/hooks/events")
        .add("svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
        .add("svix-timestamp", "1614265330")
        .add("svix-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        .body(r#"{"test": 2432232314}"#);
    published(1_614_265_330, "env:EVENTS_OLD", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", delivery).await;
    // docs.github.com, "Validating webhook deliveries".
    let delivery = empty("/hooks/code")
        .add("x-hub-signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
        .body("Hello, World!");
    let secret = "It's a Secret to Everybody";
    published(1_700_000_000, "secretsmanager:shop/github", secret, delivery).await;
}

#[tokio::test]
async fn one_change_away_from_a_standard_webhook_is_refused() {
    let shop = shop();
    let good = || Delivery::standard(&shop, "msg_1", r#"{"n":1}"#);
    let signature = good().header("webhook-signature").to_owned();
    let now = numeric_date(shop.world.now());
    let form = |name: &str| format!("the header `{name}` {FORM}");
    let repeated = |name: &str| format!("the header `{name}` of the signature is repeated");
    let missing = |name: &str| format!("the header `{name}` of the signature is missing");
    let (id, time, signed) = ("webhook-id", "webhook-timestamp", "webhook-signature");

    refused(&shop, &good().body(r#"{"n":2}"#), MISMATCH).await;
    refused(&shop, &good().body(r#"{"n":1} "#), MISMATCH).await;
    refused(&shop, &good().set(id, "msg_2"), MISMATCH).await;
    refused(&shop, &good().set(time, (now - 1).to_string()), MISMATCH).await;
    refused(
        &shop,
        &good().set(signed, standard_signature(b"another-key-of-24-bytes!", "msg_1", now, r#"{"n":1}"#)),
        MISMATCH,
    )
    .await;
    refused(&shop, &good().set(signed, &signature[..signature.len() - 4]), &form(signed)).await;
    // The same bytes under the name of the asymmetric scheme, and one to come.
    for version in ["v1a", "v2", "v", ""] {
        let renamed = signature.replacen("v1", version, 1);
        refused(&shop, &good().set(signed, renamed), "no signature of a supported kind is offered").await;
    }
    refused(&shop, &good().set(signed, &signature[3..]), &form(signed)).await;
    refused(&shop, &good().set(signed, ""), &form(signed)).await;
    refused(&shop, &good().set(signed, format!("{signature}  {signature}")), &form(signed)).await;
    refused(&shop, &good().set(signed, signature.replace("v1,", "v1,,")), &form(signed)).await;
    refused(&shop, &good().set(signed, ["v1a,x"; 11].join(" ")), "more than 10 signatures are offered").await;
    refused(&shop, &good().set(signed, format!("{signature} v1a,{}", "x".repeat(4096))), &form(signed)).await;
    refused(&shop, &good().add(signed, signature.clone()), &repeated(signed)).await;
    refused(&shop, &good().add(id, "msg_1"), &repeated(id)).await;
    refused(&shop, &good().add(time, now.to_string()), &repeated(time)).await;
    refused(&shop, &good().without(id), &missing(id)).await;
    refused(&shop, &good().without(time), &missing(time)).await;
    for odd in ["", "msg.1", "msg 1", "msg_1\t", &"m".repeat(257)] {
        refused(&shop, &good().set(id, odd), &form(id)).await;
    }
    for odd in [format!("+{now}"), format!("{now}.0"), format!(" {now}"), format!("0{now}"), String::new()] {
        refused(&shop, &good().set(time, odd), &form(time)).await;
    }
    // Its own family's fields count; those of the other are not mixed in.
    refused(&shop, &good().without(id).add("svix-id", "msg_1"), &missing(id)).await;
    assert_served(send(&shop, &good().add("svix-signature", "v1,nothing")).await);
}

#[tokio::test]
async fn one_change_away_from_a_stripe_signature_is_refused() {
    let shop = shop();
    let body = r#"{"id":"evt_1"}"#;
    let good = || Delivery::stripe(&shop, body);
    let now = numeric_date(shop.world.now());
    let name = "stripe-signature";
    let form = format!("the header `{name}` {FORM}");
    let signature = good().header(name).to_owned();
    let (_, v1) = signature.split_once(',').unwrap();

    refused(&shop, &good().body(r#"{"id":"evt_2"}"#), MISMATCH).await;
    refused(&shop, &good().set(name, format!("t={},{v1}", now - 1)), MISMATCH).await;
    refused(&shop, &good().set(name, stripe_signature(b"whsec_plainly_fake_other", now, body)), MISMATCH)
        .await;
    refused(
        &shop,
        &good().set(name, signature.replace("v1", "v0")),
        "no signature of a supported kind is offered",
    )
    .await;
    refused(&shop, &good().set(name, format!("t={now}")), "no signature of a supported kind is offered")
        .await;
    for odd in [
        v1.to_owned(),
        format!("{signature},t={now}"),
        format!("t=+{now},{v1}"),
        format!("t={now}, {v1},x"),
        format!("t={now};{v1}"),
        signature[..signature.len() - 1].to_owned(),
        format!("{signature}0"),
        format!("t={now},v1=zz"),
        format!("{signature},"),
        String::new(),
    ] {
        refused(&shop, &good().set(name, odd), &form).await;
    }
    refused(
        &shop,
        &good().add(name, signature.clone()),
        &format!("the header `{name}` of the signature is repeated"),
    )
    .await;
    let many = format!("t={now}{}", ",v0=a".repeat(11));
    refused(&shop, &good().set(name, many), "more than 10 signatures are offered").await;
    assert_served(send(&shop, &good().set(name, format!("v0=a,{signature},v2=b"))).await);
}

#[tokio::test]
async fn one_change_away_from_a_github_signature_is_refused() {
    let shop = shop();
    let good = || Delivery::github("payload");
    let name = "x-hub-signature-256";
    let form = format!("the header `{name}` {FORM}");
    let signature = good().header(name).to_owned();
    refused(&shop, &good().body("payloae"), MISMATCH).await;
    refused(&shop, &good().set(name, github_signature(b"plainly-fake-gitlab", "payload")), MISMATCH).await;
    for odd in [
        signature[7..].to_owned(),
        signature.replace("sha256", "sha1"),
        signature.replace("sha256=", "SHA256="),
        format!(" {signature}"),
        signature[..signature.len() - 2].to_owned(),
        format!("{signature},{signature}"),
        String::new(),
    ] {
        refused(&shop, &good().set(name, odd), &form).await;
    }
    refused(
        &shop,
        &good().add(name, signature),
        &format!("the header `{name}` of the signature is repeated"),
    )
    .await;
    // Who shows only what is not looked at is a stranger, as this route lets in.
    let stranger =
        good().without(name).add("x-hub-signature", "sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709");
    let line = send_as(&shop, &stranger, "s").await;
    assert_eq!(line.caller.unwrap().to_string(), "Anonymous::\"anonymous\"");
    assert_eq!(line.trust, Some(TrustLevel::Unproven));
}

#[tokio::test]
async fn a_signature_holds_within_its_tolerance_only() {
    for (age, cause) in [
        (60, None),
        (61, Some("it was signed too long ago")),
        (-60, None),
        (-61, Some("it was signed in the future")),
    ] {
        let shop = shop();
        let delivery = Delivery::stripe_at(numeric_date(shop.world.now()) - age, "{}");
        match cause {
            None => assert_served(send(&shop, &delivery).await),
            Some(cause) => refused(&shop, &delivery, cause).await,
        }
    }
}

#[tokio::test]
async fn two_secrets_hold_while_they_rotate() {
    let shop = shop();
    let now = numeric_date(shop.world.now());
    let old = |id: &str| standard_signature(OLD_KEY, id, now, "{}");
    assert_served(
        send(&shop, &Delivery::standard(&shop, "msg_1", "{}").set("webhook-signature", old("msg_1"))).await,
    );
    assert_served(send(&shop, &Delivery::standard(&shop, "msg_2", "{}")).await);
    // Who rotates signs with both; the one that is known here is enough.
    let unknown = standard_signature(b"not-known-here-for-24-bytes", "msg_3", now, "{}");
    let both = format!("{unknown} {} v1a,asymmetric", old("msg_3"));
    assert_served(
        send(&shop, &Delivery::standard(&shop, "msg_3", "{}").set("webhook-signature", both)).await,
    );
    // The old one is withdrawn from its store: from the next look on, it proves nobody.
    shop.world.secrets.remove("env:EVENTS_OLD");
    shop.world.clock.advance(Duration::from_secs(31));
    let later = Delivery::standard(&shop, "msg_4", "{}").set("webhook-timestamp", now.to_string());
    let (status, code, _) = send(&shop, &later.set("webhook-signature", old("msg_4"))).await;
    assert_eq!((status, code), (503, Some("secrets-unavailable")), "it might have been the one");
    assert_served(send(&shop, &Delivery::standard(&shop, "msg_5", "{}")).await);
    assert_eq!(shop.world.targets.sent().len(), 4);
}

#[tokio::test]
async fn the_first_credentials_that_are_shown_count() {
    let shop = shop();
    let token = format!("Bearer {}", shop.token("alice", &["customers"]));
    let wrong = Delivery::stripe(&shop, "{}").body("[]").add("authorization", token.clone());
    refused(&shop, &wrong, MISMATCH).await;
    let user = wrong.without("stripe-signature");
    let line = send_as(&shop, &user, "u").await;
    assert_eq!(line.caller.unwrap().to_string(), "User::\"alice\"");
    assert_eq!(line.trust, Some(TrustLevel::Verified));
    let (status, code, _) = send(&shop, &user.without("authorization")).await;
    assert_eq!((status, code), (401, Some("missing-credentials")));
}

#[tokio::test]
async fn a_replay_never_reaches_the_target() {
    let shop = shop();
    let now = numeric_date(shop.world.now());
    let event = r#"{"id":"evt_1","amount":1}"#;
    for (first, again) in [
        // Signed anew, with another body: the id is the same.
        (Delivery::standard(&shop, "msg_1", "{}"), Delivery::standard_at(now - 5, "msg_1", "[]")),
        (Delivery::stripe(&shop, event), Delivery::stripe_at(now - 5, event)),
        (Delivery::stripe(&shop, "no id"), Delivery::stripe(&shop, "no id")),
        // No route is signed: a replay at another one is a replay.
        (
            Delivery::stripe(&shop, r#"{"id":"evt_2"}"#),
            Delivery::stripe(&shop, r#"{"id":"evt_2"}"#).to("/hooks/again"),
        ),
        // GitHub's own id of the delivery is not signed: anybody could choose another.
        (
            Delivery::github("push").add("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
            Delivery::github("push").add("x-github-delivery", "00000000-cc78-11e3-81ab-4c9367dc0958"),
        ),
    ] {
        let before = shop.world.targets.sent().len();
        let first = send_as(&shop, &first, "first").await;
        assert_eq!(first.status, Some(200));
        for _ in 0..2 {
            let call = send_as(&shop, &again, "again").await;
            assert_eq!((call.status, call.code), (Some(409), Some("repeated-call")));
            assert_eq!(call.cause.as_deref(), Some("the first one ended as `admitted`"));
            assert_eq!(
                (call.id, call.outcome),
                (first.id.clone(), Outcome::Repeated),
                "it names the first one"
            );
        }
        assert_eq!(shop.world.targets.sent().len(), before + 1);
        assert_eq!(shop.world.ledger.rows()[first.id.as_str()].call.invocation, "invocation-first");
    }
    assert_eq!(shop.world.ledger.rows().len(), 5);
    // Other ids are other deliveries.
    assert_served(send(&shop, &Delivery::standard(&shop, "msg_2", "{}")).await);
    assert_served(send(&shop, &Delivery::stripe(&shop, r#"{"id":"evt_3","amount":1}"#)).await);
}

#[tokio::test]
async fn a_delivery_that_failed_is_taken_over_by_the_next() {
    let shop = shop();
    let delivery = Delivery::stripe(&shop, r#"{"id":"evt_1"}"#);
    shop.world.targets.fail(TargetFault::Failed("Error".into()));
    assert_eq!(send(&shop, &delivery).await.0, 502);
    // Its sender takes nothing but success for an end, and neither does the door.
    for status in [500, 404] {
        shop.world.targets.answer(status, "{}");
        let call = send_as(&shop, &delivery, "t").await;
        assert_eq!((call.status, call.outcome), (Some(status), Outcome::TargetFailed));
        assert_eq!(call.cause, Some(format!("the target answered {status}")));
    }
    shop.world.targets.answer(202, "{}");
    assert_eq!(send(&shop, &delivery).await.0, 202);
    assert_eq!(send(&shop, &delivery).await.0, 409);
    assert_eq!(shop.world.targets.sent().len(), 4);
    let rows = shop.world.ledger.rows();
    assert_eq!((rows.len(), rows.values().next().unwrap().call.outcome), (1, Outcome::Admitted));
}

#[tokio::test]
async fn a_store_that_is_away_claims_nothing_and_a_later_delivery_is_served() {
    let shop = shop();
    let delivery = Delivery::stripe(&shop, r#"{"id":"evt_1"}"#);
    shop.world.ledger.switch.away(true);
    let (status, code, _) = send(&shop, &delivery).await;
    assert_eq!((status, code), (503, Some("store-unavailable")));
    assert!(shop.world.targets.sent().is_empty());
    shop.world.ledger.switch.away(false);
    shop.world.limits.switch.away(true);
    assert_eq!(send(&shop, &delivery).await.0, 503);
    shop.world.limits.switch.away(false);
    assert_served(send(&shop, &delivery).await);
    assert_eq!(send(&shop, &delivery).await.0, 409);
    assert_eq!(shop.world.targets.sent().len(), 1);
}

#[tokio::test]
async fn what_was_refused_before_the_claim_neither_blocks_nor_opens() {
    let shop = shop();
    let delivery = Delivery::standard(&shop, "msg_1", "{}").to("/hooks/late");
    let denied = send_as(&shop, &delivery, "early").await;
    assert_eq!((denied.status, denied.id.as_str()), (Some(403), "early"));
    shop.world.clock.advance(Duration::from_secs(31));
    assert_served(send(&shop, &delivery).await);
    assert_eq!(send(&shop, &delivery).await.0, 409);
    let rows = shop.world.ledger.rows();
    assert_eq!(rows["early"].call.outcome, Outcome::Denied);
    assert_eq!((rows.len(), shop.world.targets.sent().len()), (2, 1));
}

#[tokio::test]
async fn two_deliveries_at_once_call_the_target_once() {
    let shop = shop();
    let delivery = Delivery::stripe(&shop, r#"{"id":"evt_1"}"#);
    // The first one holds the claim and waits for its limits meanwhile.
    shop.world.limits.switch.hang(true);
    let first = shop.world.door.serve(delivery.inbound("one", &shop));
    let second = async {
        while shop.world.limits.switch.calls() == 0 {
            tokio::task::yield_now().await;
        }
        let call = send_as(&shop, &delivery, "two").await;
        shop.world.limits.switch.hang(false);
        call
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((second.status, second.code), (Some(409), Some("repeated-call")));
    assert_eq!(second.cause.as_deref(), Some("the first one ended as `unresolved`"));
    let Answer::Http(first) = first else { panic!("an HTTP answer") };
    assert_eq!(first.status.as_u16(), 200);
    assert_eq!(shop.world.targets.sent().len(), 1);
}

#[tokio::test]
async fn a_delivery_that_was_cut_off_is_not_run_again() {
    let shop = shop();
    let delivery = Delivery::stripe(&shop, r#"{"id":"evt_1"}"#);
    // As a kill in the middle leaves it: claimed, and no end.
    shop.world.limits.switch.hang(true);
    {
        let served = shop.world.door.serve(delivery.inbound("killed", &shop));
        let claimed = async {
            while shop.world.limits.switch.calls() == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { _ = served => panic!("it hangs"), () = claimed => {} }
    }
    shop.world.limits.switch.hang(false);
    shop.world.clock.advance(Duration::from_secs(40));
    let again = Delivery::stripe(&shop, r#"{"id":"evt_1"}"#);
    let (status, code, cause) = send(&shop, &again).await;
    assert_eq!((status, code), (409, Some("repeated-call")));
    assert_eq!(cause.as_deref(), Some("the first one was cut off half-way"));
    assert!(shop.world.targets.sent().is_empty());
    let rows = shop.world.ledger.rows();
    assert_eq!((rows.len(), rows.values().next().unwrap().call.outcome), (1, Outcome::Unresolved));
}

#[tokio::test]
async fn a_caller_learns_which_call_it_was_and_nothing_of_why() {
    let shop = shop();
    let delivery = Delivery::stripe(&shop, r#"{"id":"evt_1"}"#);
    let reply = shop.ask(delivery.inbound("one", &shop)).await;
    let id = reply.headers["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(id, shop.last_line().id.to_string());
    let reply = shop.ask(delivery.inbound("two", &shop)).await;
    assert_eq!(reply.headers["x-request-id"].to_str().unwrap(), id);
    let reply = shop.ask(delivery.clone().body("{}").inbound("three", &shop)).await;
    assert_eq!(reply.headers["x-request-id"], "three");
    assert_eq!(reply.headers["www-authenticate"], "Signature realm=\"shop\", error=\"invalid_signature\"");
    let body = json_body(reply).await;
    assert_eq!(body["code"], "invalid-signature");
    assert!(!body.to_string().contains("secret"));
}

#[tokio::test]
async fn an_authorizer_says_that_it_needs_the_body() {
    let shop = shop();
    for delivery in
        [Delivery::standard(&shop, "m", "{}"), Delivery::stripe(&shop, "{}"), Delivery::github("{}")]
    {
        let admission = shop.world.door.admit(delivery.clone().body("").inbound("a", &shop)).await;
        let refusal = admission.refusal.unwrap();
        assert_eq!((refusal.code(), refusal.status().as_u16()), ("needs-body", 403));
        assert!(admission.call.cause.unwrap().contains("leave this route without an authorizer"));
        assert_eq!(admission.call.caller, None);
    }
    assert_eq!(shop.world.secrets.switch.calls(), 0);
    assert!(shop.world.ledger.rows().is_empty());
    // Who shows none of it is decided as ever.
    let nobody = Delivery::stripe(&shop, "{}").without("stripe-signature");
    let refusal = shop.world.door.admit(nobody.inbound("b", &shop)).await.refusal.unwrap();
    assert_eq!(refusal.code(), "missing-credentials");
}

#[tokio::test]
async fn secrets_are_read_at_start_and_when_they_are_old() {
    let shop = shop();
    let reads = || shop.world.secrets.switch.calls();
    shop.world.door.prepare().await;
    assert_eq!(reads(), 5, "the demo's own and those of these tests");
    for n in 0..3 {
        assert_served(send(&shop, &Delivery::github(&format!("{n}"))).await);
    }
    assert_eq!(reads(), 5);
    shop.world.clock.advance(Duration::from_secs(31));
    for n in 3..6 {
        assert_served(send(&shop, &Delivery::github(&format!("{n}"))).await);
    }
    assert_eq!(reads(), 6, "only what the call needs");
}

#[tokio::test]
async fn the_last_secret_serves_while_its_store_is_away_but_not_for_ever() {
    let shop = shop();
    shop.world.door.prepare().await;
    shop.world.secrets.switch.away(true);
    shop.world.clock.advance(Duration::from_secs(3590));
    let before = shop.world.secrets.switch.calls();
    for n in 0..5 {
        assert_served(send(&shop, &Delivery::github(&format!("{n}"))).await);
    }
    assert_eq!(shop.world.secrets.switch.calls(), before + 1, "one try in 5 s, whatever asks for it");
    shop.world.clock.advance(Duration::from_secs(30));
    let (status, code, cause) = send(&shop, &Delivery::github("late")).await;
    assert_eq!((status, code), (503, Some("secrets-unavailable")));
    assert_eq!(cause.as_deref(), Some("the webhook's secret cannot be read"));
    shop.world.secrets.switch.away(false);
    shop.world.clock.advance(Duration::from_secs(5));
    assert_served(send(&shop, &Delivery::github("late")).await);
}

#[tokio::test]
async fn calls_that_need_a_secret_wait_for_one_read() {
    let shop = shop();
    shop.world.secrets.switch.hang(true);
    let asked = (0..5).map(|n| {
        let inbound = Delivery::github(&format!("{n}")).inbound(&format!("c{n}"), &shop);
        shop.world.door.serve(inbound)
    });
    let released = async {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        shop.world.secrets.switch.hang(false);
    };
    tokio::join!(futures_util::future::join_all(asked), released);
    assert_eq!(shop.world.secrets.switch.calls(), 1);
    assert_eq!(shop.world.targets.sent().len(), 5);
}

#[tokio::test]
async fn a_secret_that_is_none_proves_nobody() {
    let shop = shop();
    shop.world.secrets.put("ssm:/shop/stripe", "short");
    let (status, code, _) = send(&shop, &Delivery::stripe(&shop, "{}")).await;
    assert_eq!((status, code), (503, Some("secrets-unavailable")));
    assert!(shop.world.targets.sent().is_empty());
}

#[tokio::test]
async fn events_are_claimed_by_their_own_ids_as_ever() {
    let shop = shop();
    shop.world.door.serve(s3("e1", "inbox/a.pdf", 1000, shop.world.now())).await;
    assert_eq!(shop.world.ledger.rows()["e1"].call.outcome, Outcome::Admitted);
    let reply = shop.ask(shop.order("o1", GOOD_ORDER)).await;
    assert_eq!(reply.headers["x-request-id"], "o1", "a plain call is its own identity");
}

#[test]
fn a_policy_test_may_name_a_sender() {
    let text = r#"
        [[tests]]
        name = "a delivery"
        principal = 'Sender::"money"'
        request = { method = "POST", path = "/hooks/money", body = "{}" }
        decision = "allow"
        policies = ["senders-deliver"]

        [[tests]]
        name = "a sender of another name"
        principal = 'Sender::"mallory"'
        action = "moneyHook"
        decision = "deny"
        reason = "no-permit"
    "#;
    let tests = parse_policy_tests("hooks.test.toml", text).unwrap_or_else(|faults| panic!("{faults}"));
    let report = shop().world.door.rules().test_policies(&tests, &|_| unreachable!("no test is an event"));
    let report = report.unwrap_or_else(|faults| panic!("{faults}"));
    assert!(report.results.iter().all(|result| result.differences.is_empty()), "{report:?}");
}
