use std::time::Duration;

use doorward_testkit::{TestIssuer, http};
use http::Method;
use serde_json::json;

use crate::shop::{JWKS, Shop};

async fn status(shop: &Shop, token: &str) -> u16 {
    let field = format!("Bearer {token}");
    let headers = [("authorization", field.as_str())];
    shop.ask(http("c", Method::GET, "/orders/1001", &headers, "", shop.world.now())).await.status.as_u16()
}

fn shop() -> Shop {
    let shop = Shop::new();
    shop.world.targets.answer(200, r#"{"id":"1001","status":"shipped"}"#);
    shop
}

#[tokio::test]
async fn keys_are_read_once_and_again_when_they_are_old() {
    let shop = shop();
    shop.world.door.prepare().await;
    for _ in 0..3 {
        assert_eq!(status(&shop, &shop.token("alice", &[])).await, 200);
    }
    assert_eq!(shop.world.documents.asked(), 1);
    shop.world.clock.advance(Duration::from_secs(31));
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 200);
    assert_eq!(shop.world.documents.asked(), 2);
}

#[tokio::test]
async fn unknown_kids_cannot_make_the_door_fetch() {
    let shop = shop();
    shop.world.door.prepare().await;
    let stranger = TestIssuer::new("k2");
    for _ in 0..20 {
        assert_eq!(status(&shop, &stranger.token(&shop.claims("alice", &[], json!({})))).await, 401);
    }
    assert_eq!(shop.world.documents.asked(), 1, "one fetch in 30 s, whatever asks for it");
}

#[tokio::test]
async fn a_rotated_key_is_found_and_a_withdrawn_one_dropped() {
    let mut shop = shop();
    shop.world.door.prepare().await;
    let old = shop.token("alice", &[]);
    shop.world.clock.advance(Duration::from_secs(30));
    shop.issuer = TestIssuer::new("k2");
    shop.world.documents.put(JWKS, shop.issuer.jwks());
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 200);
    assert_eq!(status(&shop, &old).await, 401);
}

#[tokio::test]
async fn keys_overlap_while_an_issuer_rotates_them() {
    let shop = shop();
    shop.world.door.prepare().await;
    let next = TestIssuer::new("k2");
    let (old, new) = (shop.token("alice", &[]), next.token(&shop.claims("alice", &[], json!({}))));
    let publish = |keys: &[&TestIssuer]| {
        let keys: Vec<_> = keys.iter().map(|issuer| issuer.jwk()).collect();
        shop.world.documents.put(JWKS, json!({ "keys": keys }).to_string());
        shop.world.clock.advance(Duration::from_secs(31));
    };
    assert_eq!((status(&shop, &old).await, status(&shop, &new).await), (200, 401));
    publish(&[&shop.issuer, &next]);
    assert_eq!(
        (status(&shop, &old).await, status(&shop, &new).await),
        (200, 200),
        "both, while both are there"
    );
    publish(&[&next]);
    assert_eq!(
        (status(&shop, &new).await, status(&shop, &old).await),
        (200, 401),
        "the old one is withdrawn"
    );
    assert_eq!(shop.world.documents.asked(), 3);
}

#[tokio::test]
async fn a_withdrawn_key_stops_within_the_refresh_interval_and_never_in_a_set_that_cannot_be_read() {
    let shop = shop();
    shop.world.door.prepare().await;
    let token = shop.token("alice", &[]);
    shop.world.documents.put(JWKS, json!({ "keys": [TestIssuer::new("k2").jwk()] }).to_string());
    shop.world.clock.advance(Duration::from_secs(30));
    assert_eq!(status(&shop, &token).await, 200, "the set is not old yet");
    shop.world.clock.advance(Duration::from_secs(1));
    assert_eq!(status(&shop, &token).await, 401);
    for broken in ["", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        let shop = self::shop();
        shop.world.door.prepare().await;
        shop.world.documents.put(JWKS, broken);
        shop.world.clock.advance(Duration::from_secs(31));
        assert_eq!(
            status(&shop, &shop.token("alice", &[])).await,
            200,
            "`{broken}` is no set: the last good one serves"
        );
        assert_eq!(shop.world.documents.asked(), 2);
    }
}

#[tokio::test]
async fn a_set_is_bounded_in_keys_and_in_bytes() {
    let shop = shop();
    let others: Vec<_> = (0..64).map(|n| TestIssuer::new(&format!("x{n}")).jwk()).collect();
    let with = |place: usize| {
        let mut keys = others.clone();
        keys.insert(place, shop.issuer.jwk());
        json!({ "keys": keys })
    };
    shop.world.documents.put(JWKS, with(63).to_string());
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 200);
    shop.world.clock.advance(Duration::from_secs(31));
    shop.world.documents.put(JWKS, with(64).to_string());
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 401, "the 65th key is not kept");
    shop.world.clock.advance(Duration::from_secs(31));
    let mut large = with(0);
    large["padding"] = json!("x".repeat(256 * 1024));
    shop.world.documents.put(JWKS, large.to_string());
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 401, "it is not read at all");
}

#[tokio::test]
async fn an_issuer_whose_set_is_too_old_is_asked_again_soon() {
    let shop = shop();
    shop.world.door.prepare().await;
    shop.world.documents.remove(JWKS);
    shop.world.clock.advance(Duration::from_secs(3601));
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 503);
    shop.world.documents.put(JWKS, shop.issuer.jwks());
    shop.world.clock.advance(Duration::from_secs(1));
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 200);
}

#[tokio::test]
async fn the_last_good_set_serves_while_the_issuer_is_away_but_not_for_ever() {
    let shop = shop();
    shop.world.door.prepare().await;
    shop.world.documents.remove(JWKS);
    shop.world.clock.advance(Duration::from_secs(3590));
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 200);
    shop.world.clock.advance(Duration::from_secs(60));
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 503);
}

#[tokio::test]
async fn an_issuer_that_was_never_there_is_503_not_401() {
    let shop = shop();
    shop.world.documents.put(JWKS, "no key set");
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 503);
    shop.world.documents.put(JWKS, shop.issuer.jwks());
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 503, "not asked again at once");
    shop.world.clock.advance(Duration::from_secs(1));
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 200, "but soon");
}

#[tokio::test]
async fn keys_that_are_not_for_verifying_are_passed_over() {
    let shop = shop();
    for change in [
        json!({ "use": "enc" }),
        json!({ "alg": "ES384" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "none" }),
        json!({ "alg": 256 }),
        json!({ "key_ops": ["sign"] }),
        json!({ "crv": "P-384" }),
        json!({ "kty": "oct", "k": "AAAA" }),
        json!({ "d": "AAAA" }),
    ] {
        let mut key = shop.issuer.jwk();
        for (name, value) in change.as_object().unwrap() {
            key[name] = value.clone();
        }
        shop.world.documents.put(JWKS, json!({ "keys": [key, { "kty": "unknown" }] }).to_string());
        shop.world.clock.advance(Duration::from_secs(31));
        assert_eq!(status(&shop, &shop.token("alice", &[])).await, 401, "{change}");
    }
}

#[tokio::test]
async fn what_an_issuer_says_nothing_of_may_be_null_or_empty() {
    let shop = shop();
    let mut key = shop.issuer.jwk();
    for (name, nothing) in
        [("key_ops", json!([])), ("d", json!(null)), ("alg", json!(null)), ("x5c", json!(null))]
    {
        key[name] = nothing;
    }
    shop.world.documents.put(JWKS, json!({ "keys": [key] }).to_string());
    shop.world.clock.advance(Duration::from_secs(31));
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 200);
}

#[tokio::test]
async fn discovery_must_name_this_very_issuer() {
    let shop =
        Shop::with(|config| config.replace("jwks = \"https://id.shop.example/.well-known/jwks.json\"\n", ""));
    shop.world.targets.answer(200, r#"{"id":"1001","status":"shipped"}"#);
    let url = "https://id.shop.example/.well-known/openid-configuration";
    let document = |issuer: &str| json!({ "issuer": issuer, "jwks_uri": JWKS }).to_string();
    shop.world.documents.put(url, document("https://mallory.example/"));
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 503);
    shop.world.documents.put(url, document("https://id.shop.example/"));
    shop.world.clock.advance(Duration::from_secs(30));
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 200);
}

#[tokio::test]
async fn calls_that_need_a_rotated_key_wait_for_one_fetch() {
    let mut shop = shop();
    shop.world.door.prepare().await;
    shop.world.clock.advance(Duration::from_secs(31));
    shop.issuer = TestIssuer::new("k2");
    shop.world.documents.put(JWKS, shop.issuer.jwks());
    shop.world.documents.slow(true);
    let token = shop.token("alice", &[]);
    let (a, b, c) = tokio::join!(status(&shop, &token), status(&shop, &token), status(&shop, &token));
    assert_eq!([a, b, c], [200; 3]);
    assert_eq!(shop.world.documents.asked(), 2);
}

#[tokio::test]
async fn calls_without_any_keys_wait_for_one_fetch() {
    let shop = shop();
    shop.world.documents.slow(true);
    let token = shop.token("alice", &[]);
    let (a, b, c) = tokio::join!(status(&shop, &token), status(&shop, &token), status(&shop, &token));
    assert_eq!([a, b, c], [200; 3]);
    assert_eq!(shop.world.documents.asked(), 1);
}

#[tokio::test]
async fn a_key_file_of_the_bundle_needs_no_fetch() {
    let issuer = TestIssuer::new("k1");
    let jwks = issuer.jwks();
    let mut shop = Shop::with_files(
        |config| {
            config.replace(
                "jwks = \"https://id.shop.example/.well-known/jwks.json\"",
                "jwks_file = \"keys.json\"",
            )
        },
        &[("keys.json", &jwks)],
    );
    shop.issuer = issuer;
    shop.world.targets.answer(200, r#"{"id":"1001","status":"shipped"}"#);
    assert_eq!(status(&shop, &shop.token("alice", &[])).await, 200);
    assert_eq!(status(&shop, &TestIssuer::new("k2").token(&shop.claims("alice", &[], json!({})))).await, 401);
    assert_eq!(shop.world.documents.asked(), 0);
}
