use std::sync::Arc;
use std::time::Duration;

use doorward_core::{ApiKey, ApiKeyRecord, RANDOM_BYTES};
use doorward_model::{EntityName, Inbound, Outcome, Reply, Stage, TrustLevel};
use doorward_testkit::http;
use http::Method;
use serde_json::json;

use crate::shop::{GOOD_ORDER, Shop, json_body};

fn key(byte: u8) -> ApiKey {
    ApiKey::generate("shop", &[byte; RANDOM_BYTES])
}

/// What is kept of `key`: the warehouse's, who may buy.
fn record(shop: &Shop, key: &ApiKey) -> ApiKeyRecord {
    ApiKeyRecord {
        hash: key.hash(),
        id: key.hash().id(),
        owner: "warehouse".to_owned(),
        plan: None,
        groups: vec!["buyers".to_owned()],
        created: shop.world.now(),
        expires: None,
        revoked: None,
        note: None,
    }
}

/// The shop and a key that is good there.
fn shop_and_key() -> (Shop, ApiKey) {
    let (shop, key) = (Shop::new(), key(1));
    shop.world.api_keys.put(record(&shop, &key));
    (shop, key)
}

fn order(shop: &Shop, id: &str, headers: &[(&str, &str)]) -> Inbound {
    let headers = [&[("content-type", "application/json")], headers].concat();
    http(id, Method::POST, "/orders", &headers, GOOD_ORDER, shop.world.now())
}

async fn ask(shop: &Shop, headers: &[(&str, &str)]) -> Reply {
    shop.ask(order(shop, "c1", headers)).await
}

/// The status of an order with this key, each under another id.
async fn status(shop: &Shop, key: &ApiKey) -> u16 {
    let id = format!("c{}", shop.world.lines.calls().len());
    shop.ask(order(shop, &id, &[("x-api-key", key.expose())])).await.status.as_u16()
}

fn looks(shop: &Shop) -> usize {
    shop.world.api_keys.switch.calls()
}

fn cause(shop: &Shop) -> String {
    shop.last_line().cause.unwrap_or_default()
}

#[tokio::test]
async fn a_key_is_its_owner_in_its_groups() {
    let (shop, key) = shop_and_key();
    let reply = ask(&shop, &[("x-api-key", key.expose())]).await;
    assert_eq!(reply.status, 201);
    let row = shop.world.ledger.rows()["c1"].call.clone();
    assert_eq!(row.caller, Some(EntityName::new("Client", "warehouse")));
    assert_eq!(row.trust, Some(TrustLevel::Verified));
    assert_eq!(row.key_id, Some(key.hash().id()));
    assert_eq!(row.decision.unwrap().policies, ["buyers-order-any-amount"]);
    assert_eq!(row.plan.as_deref(), Some("default"));
    let line = serde_json::to_string(&shop.last_line()).unwrap();
    assert!(line.contains(&format!("\"key_id\":\"{}\"", key.hash().id())), "{line}");
    assert!(!line.contains(key.expose()) && !line.contains(&key.hash().to_hex()), "{line}");
}

/// A proxy's own password is none of ours, and hides no key; but who shows only that has shown credentials.
#[tokio::test]
async fn credentials_of_another_scheme_hide_no_key() {
    let (shop, key) = shop_and_key();
    let basic = ("authorization", "Basic YWxpY2U6c2VjcmV0");
    assert_eq!(ask(&shop, &[basic, ("x-api-key", key.expose())]).await.status, 201);
    let reply = ask(&shop, &[basic]).await;
    assert_eq!((reply.status.as_u16(), cause(&shop).as_str()), (401, "the token is not a compact JWS"));
    let open = Shop::with(|config| {
        config.replacen("auth = [\"main\", \"api-key\"]", "auth = [\"main\", \"anonymous\"]", 1)
    });
    assert_eq!(ask(&open, &[basic]).await.status, 401);
    assert_eq!(ask(&open, &[]).await.status, 403, "nobody permits them");
}

#[tokio::test]
async fn groups_come_from_the_key_alone() {
    let (shop, key) = shop_and_key();
    shop.world.api_keys.put(ApiKeyRecord { groups: Vec::new(), ..record(&shop, &key) });
    assert_eq!(status(&shop, &key).await, 403);
}

#[tokio::test]
async fn a_key_is_taken_as_a_bearer_token_too_and_never_for_a_token() {
    let (shop, key) = shop_and_key();
    let bearer = format!("Bearer {}", key.expose());
    assert_eq!(ask(&shop, &[("authorization", &bearer)]).await.status, 201);
    // A token is a token beside a key: `main` stands first in the route's `auth`.
    let token = format!("Bearer {}", shop.token("alice", &["customers"]));
    let both = [("authorization", token.as_str()), ("x-api-key", key.expose())];
    let looked = looks(&shop);
    assert_eq!(ask(&shop, &both).await.status, 201);
    assert_eq!(shop.last_line().caller, Some(EntityName::new("User", "alice")));
    assert_eq!(looks(&shop), looked);
    // Where no key is taken, it is a bad token.
    let reply = shop
        .ask(http("c2", Method::GET, "/orders/1001", &[("authorization", &bearer)], "", shop.world.now()))
        .await;
    assert_eq!(reply.status, 401);
    assert_eq!(json_body(reply).await["code"], "invalid-token");
    assert_eq!(shop.world.documents.asked(), 1, "for the token alone");
}

#[tokio::test]
async fn a_key_that_is_shown_twice_is_malformed() {
    let (shop, key) = shop_and_key();
    let bearer = format!("Bearer {}", key.expose());
    let shown = key.expose();
    for headers in [
        [("x-api-key", shown), ("x-api-key", shown)],
        [("x-api-key", shown), ("authorization", &bearer)],
        [("authorization", &bearer), ("authorization", &bearer)],
    ] {
        let reply = ask(&shop, &headers).await;
        assert_eq!(reply.status, 400, "{headers:?}");
        assert_eq!(json_body(reply).await["code"], "malformed-header");
    }
    assert_eq!(looks(&shop), 0);
}

#[tokio::test]
async fn what_is_no_key_costs_no_look_up() {
    let (shop, key) = shop_and_key();
    let good = key.expose();
    let typo = good.replace("shop_0", "shop_1");
    assert_ne!(typo, good);
    let other_door = good.replace("shop_", "dwk_");
    for (shown, why) in [
        ("", "it does not begin as this door's keys do"),
        ("garbage", "it does not begin as this door's keys do"),
        (other_door.as_str(), "it does not begin as this door's keys do"),
        ("shop_123", "it has another length than a key"),
        (&format!("{good},{good}"), "it has another length than a key"),
        (&typo, "its checksum does not match"),
        (&good.to_uppercase().replace("SHOP_", "shop_"), "its checksum does not match"),
    ] {
        let reply = ask(&shop, &[("x-api-key", shown)]).await;
        assert_eq!(reply.status, 401, "{shown}");
        assert_eq!(reply.headers["www-authenticate"], r#"ApiKey realm="shop""#);
        assert_eq!(json_body(reply).await["code"], "invalid-key");
        assert_eq!(cause(&shop), format!("what was shown as an API key is none: {why}"));
        let line = serde_json::to_string(&shop.last_line()).unwrap();
        assert!(shown.is_empty() || !line.contains(shown), "{line}");
    }
    let reply = ask(&shop, &[("authorization", &format!("Bearer {typo}"))]).await;
    assert_eq!(json_body(reply).await["code"], "invalid-key");
    assert_eq!(looks(&shop), 0);
    assert!(shop.world.ledger.rows().is_empty(), "a stranger costs no write");
}

#[tokio::test]
async fn who_shows_nothing_is_told_of_all_that_the_route_takes() {
    let shop = Shop::new();
    let reply = ask(&shop, &[]).await;
    assert_eq!(reply.headers["www-authenticate"], r#"Bearer realm="shop", ApiKey realm="shop""#);
    assert_eq!(json_body(reply).await["code"], "missing-credentials");
    let alone = Shop::with(|config| config.replace(r#"auth = ["main", "api-key"]"#, r#"auth = ["api-key"]"#));
    assert_eq!(ask(&alone, &[]).await.headers["www-authenticate"], r#"ApiKey realm="shop""#);
    let token = format!("Bearer {}", alone.token("alice", &["customers"]));
    let reply = ask(&alone, &[("authorization", &token)]).await;
    assert_eq!(json_body(reply).await["code"], "missing-credentials", "a token is nothing there");
}

#[tokio::test]
async fn an_anonymous_route_refuses_a_bad_key_all_the_same() {
    let anonymous = r#"auth = ["api-key", "anonymous"]"#;
    let shop = Shop::with(|config| config.replace(r#"auth = ["main", "api-key"]"#, anonymous));
    assert_eq!(ask(&shop, &[]).await.status, 403);
    assert_eq!(ask(&shop, &[("x-api-key", key(1).expose())]).await.status, 401);
}

#[tokio::test]
async fn a_key_is_looked_up_once_in_a_refresh_interval() {
    let (shop, key) = shop_and_key();
    for (advance, expected) in [(0, 1), (0, 1), (29, 1), (1, 2), (29, 2), (1, 3)] {
        shop.world.clock.advance(Duration::from_secs(advance));
        assert_eq!(status(&shop, &key).await, 201);
        assert_eq!(looks(&shop), expected);
    }
}

#[tokio::test]
async fn a_revoked_key_stops_within_the_refresh_interval() {
    let (shop, key) = shop_and_key();
    assert_eq!(status(&shop, &key).await, 201);
    shop.world.clock.advance(Duration::from_secs(1));
    let revoked = shop.world.now();
    shop.world.api_keys.put(ApiKeyRecord { revoked: Some(revoked), ..record(&shop, &key) });
    shop.world.clock.advance(Duration::from_millis(28_999));
    assert_eq!(status(&shop, &key).await, 201, "what is known is not old yet");
    shop.world.clock.advance(Duration::from_millis(1));
    assert_eq!(status(&shop, &key).await, 401);
    let line = shop.last_line();
    assert_eq!(line.cause.unwrap(), format!("the API key was revoked at {revoked}"));
    assert_eq!(line.key_id, Some(key.hash().id()), "a replay is told apart");
    assert_eq!((line.outcome, line.refused_at), (Outcome::Unauthenticated, Some(Stage::Identify)));
    let looked = looks(&shop);
    for _ in 0..5 {
        assert_eq!(status(&shop, &key).await, 401);
    }
    assert_eq!(looks(&shop), looked, "and costs no look-up each time");
}

#[tokio::test]
async fn a_key_ends_to_the_moment() {
    let (shop, key) = shop_and_key();
    let expires = shop.world.now() + Duration::from_secs(10);
    shop.world.api_keys.put(ApiKeyRecord { expires: Some(expires), ..record(&shop, &key) });
    assert_eq!(status(&shop, &key).await, 201);
    shop.world.clock.advance(Duration::from_millis(9_999));
    assert_eq!(status(&shop, &key).await, 201);
    shop.world.clock.advance(Duration::from_millis(1));
    assert_eq!(status(&shop, &key).await, 401);
    assert_eq!(cause(&shop), format!("the API key expired at {expires}"));
    assert_eq!(looks(&shop), 1, "no look-up is waited for");
}

#[tokio::test]
async fn a_key_that_is_not_there_is_looked_for_again_after_five_seconds() {
    let (shop, key) = (Shop::new(), key(1));
    for (advance, expected) in [(0, 1), (0, 1), (4_999, 1), (1, 2)] {
        shop.world.clock.advance(Duration::from_millis(advance));
        assert_eq!(status(&shop, &key).await, 401);
        assert_eq!(cause(&shop), "the API key is not known");
        assert_eq!(looks(&shop), expected);
    }
    shop.world.api_keys.put(record(&shop, &key));
    shop.world.clock.advance(Duration::from_secs(5));
    assert_eq!(status(&shop, &key).await, 201, "one that was made since is found");
}

#[tokio::test]
async fn a_flood_of_made_up_keys_is_bounded_by_address_and_displaces_no_good_one() {
    let (shop, good) = shop_and_key();
    assert_eq!(status(&shop, &good).await, 201);
    let mut refused = 0;
    for n in 0..200_u8 {
        refused += usize::from(status(&shop, &key(n.wrapping_add(2))).await == 429);
    }
    // The screen's hundred a second, one of which the good key took.
    assert_eq!((looks(&shop), refused), (100, 101));
    shop.world.clock.advance(Duration::from_secs(1));
    assert_eq!(status(&shop, &good).await, 201);
    assert_eq!(looks(&shop), 100, "it is known still");
}

#[tokio::test]
async fn nobody_is_proven_while_the_store_is_away_but_who_was_just_now() {
    let (shop, key) = shop_and_key();
    assert_eq!(status(&shop, &key).await, 201);
    shop.world.api_keys.switch.away(true);
    shop.world.clock.advance(Duration::from_secs(29));
    assert_eq!(status(&shop, &key).await, 201);
    shop.world.clock.advance(Duration::from_secs(1));
    let reply = ask(&shop, &[("x-api-key", key.expose())]).await;
    assert_eq!((reply.status.as_u16(), reply.headers["retry-after"].to_str().unwrap()), (503, "1"));
    assert_eq!(json_body(reply).await["code"], "keys-unavailable");
    let said = shop.world.lines.complaints().pop().unwrap();
    assert_eq!(said, "the API key cannot be looked up: the store is away: switched off");
    shop.world.api_keys.switch.away(false);
    assert_eq!(status(&shop, &key).await, 201);
}

#[tokio::test]
async fn a_store_that_hangs_is_given_up_before_the_platform_ends_the_call() {
    let (shop, key) = shop_and_key();
    shop.world.api_keys.switch.hang(true);
    let mut inbound = order(&shop, "c1", &[("x-api-key", key.expose())]);
    inbound.deadline = shop.world.now() + Duration::from_millis(600);
    assert_eq!(shop.ask(inbound).await.status, 503);
    shop.world.api_keys.switch.hang(false);
    assert_eq!(status(&shop, &key).await, 201, "who gave up is in nobody's way");
}

#[tokio::test]
async fn the_record_of_another_key_proves_nobody() {
    struct Swapped(ApiKeyRecord);
    #[async_trait::async_trait]
    impl doorward_core::ports::ApiKeys for Swapped {
        async fn find(
            &self,
            _: &doorward_core::KeyHash,
        ) -> Result<Option<ApiKeyRecord>, doorward_core::ports::StoreError> {
            Ok(Some(self.0.clone()))
        }
    }
    let (mut shop, good) = shop_and_key();
    let mut ports = shop.world.ports.clone();
    ports.api_keys = std::sync::Arc::new(Swapped(record(&shop, &key(9))));
    shop.world.door = Arc::new(doorward_core::Door::new(crate::shop::rules(), ports));
    assert_eq!(status(&shop, &good).await, 503);
}

#[tokio::test]
async fn calls_are_held_to_the_plan_of_their_key() {
    let (shop, key) = shop_and_key();
    shop.world.api_keys.put(ApiKeyRecord { plan: Some("partner".to_owned()), ..record(&shop, &key) });
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(status(&shop, &key).await);
    }
    assert_eq!(statuses, [201, 201, 201, 429]);
    let line = shop.last_line();
    assert_eq!(line.plan.as_deref(), Some("partner"));
    assert_eq!(line.bound.as_deref(), Some("partner-rate-per-second"));
}

#[tokio::test]
async fn a_key_on_a_plan_that_is_gone_is_refused_and_not_unlimited() {
    let (shop, key) = shop_and_key();
    shop.world.api_keys.put(ApiKeyRecord { plan: Some("gold".to_owned()), ..record(&shop, &key) });
    let reply = ask(&shop, &[("x-api-key", key.expose())]).await;
    assert_eq!(reply.status, 401);
    assert_eq!(json_body(reply).await["code"], "invalid-key");
    assert_eq!(cause(&shop), "the API key is on the plan `gold`, which the configuration does not declare");
}

#[tokio::test]
async fn targets_see_no_key_on_any_route() {
    let (shop, key) = shop_and_key();
    let bearer = format!("Bearer {}", key.expose());
    ask(&shop, &[("x-api-key", key.expose())]).await;
    assert_eq!(shop.world.targets.withheld(), ["x-api-key"]);
    ask(&shop, &[("authorization", &bearer)]).await;
    assert_eq!(shop.world.targets.withheld(), ["authorization"]);
    let token = format!("Bearer {}", shop.token("alice", &["customers"]));
    let get =
        |headers: &[(&str, &str)]| http("c", Method::GET, "/orders/1001", headers, "", shop.world.now());
    shop.ask(get(&[("authorization", &token), ("x-api-key", key.expose())])).await;
    assert_eq!(shop.world.targets.withheld(), ["x-api-key"], "of a route that takes none, too");
    shop.ask(get(&[("authorization", &token)])).await;
    assert!(shop.world.targets.withheld().is_empty());
    let without = Shop::with(|config| config.replace(r#", "api-key"]"#, "]"));
    let token = format!("Bearer {}", without.token("alice", &["customers"]));
    ask(&without, &[("authorization", &token), ("x-api-key", "the target's own")]).await;
    assert!(without.world.targets.withheld().is_empty(), "a door without keys of its own has none to hide");
}

#[tokio::test]
async fn keys_are_shown_as_the_configuration_says() {
    let other = "[api_keys]\nheader = \"x-shop-key\"\nprefix = \"dwk\"";
    let shop = Shop::with(|config| config.replace("[api_keys]\nprefix = \"shop\"", other));
    let key = ApiKey::generate("dwk", &[1; RANDOM_BYTES]);
    shop.world.api_keys.put(record(&shop, &key));
    assert_eq!(ask(&shop, &[("x-shop-key", key.expose())]).await.status, 201);
    let reply = ask(&shop, &[("x-api-key", key.expose())]).await;
    assert_eq!(json_body(reply).await["code"], "missing-credentials");
}

#[tokio::test]
async fn an_authorizer_is_handed_the_key_where_it_is_to_tell_the_gateway_alone() {
    let usage = "[authorizer]\nusage_identifier = true";
    for (shop, handed) in
        [(Shop::new(), false), (Shop::with(|config| config.replace("[authorizer]", usage)), true)]
    {
        let key = key(1);
        shop.world.api_keys.put(record(&shop, &key));
        let admission = shop.world.door.admit(order(&shop, "a1", &[("x-api-key", key.expose())])).await;
        assert_eq!(admission.refusal, None);
        assert_eq!(admission.usage_key.as_ref().map(ApiKey::expose), handed.then(|| key.expose()));
        assert!(!format!("{admission:?}").contains(key.expose()));
        shop.world.api_keys.put(ApiKeyRecord { groups: Vec::new(), ..record(&shop, &key) });
        shop.world.clock.advance(Duration::from_secs(30));
        let refused = shop.world.door.admit(order(&shop, "a2", &[("x-api-key", key.expose())])).await;
        assert_eq!(refused.refusal.map(|refusal| refusal.code()), Some("forbidden"));
        assert!(refused.usage_key.is_none());
        let token = format!("Bearer {}", shop.token("alice", &["customers"]));
        let admission = shop.world.door.admit(order(&shop, "a3", &[("authorization", &token)])).await;
        assert!(admission.refusal.is_none() && admission.usage_key.is_none());
    }
}

#[tokio::test]
async fn policies_may_name_the_owners_of_keys() {
    let policy = r#"@id("the-warehouse") permit (principal == Client::"warehouse", action == Action::"createOrder", resource);"#;
    let shop = Shop::with_files(|config| config, &[("warehouse.cedar", policy)]);
    let key = key(1);
    shop.world.api_keys.put(ApiKeyRecord { groups: Vec::new(), ..record(&shop, &key) });
    assert_eq!(status(&shop, &key).await, 201);
    assert_eq!(shop.last_line().decision.unwrap().policies, ["the-warehouse"]);
    assert_eq!(json!(shop.last_line().caller), json!("Client::\"warehouse\""));
}
