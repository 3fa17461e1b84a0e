use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_testkit::{TestIssuer, http, numeric_date};
use http::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, json_body};

/// One call with this token: the status, and the cause in the operator's log.
async fn ask(shop: &Shop, token: &str) -> (u16, String) {
    let field = format!("Bearer {token}");
    let headers = [("authorization", field.as_str())];
    let reply = shop.ask(http("c1", Method::GET, "/orders/1001", &headers, "", shop.world.now())).await;
    let status = reply.status.as_u16();
    let problem = json_body(reply).await;
    let cause = shop.last_line().cause.unwrap_or_default();
    assert!(cause.is_empty() || !problem.to_string().contains(&cause), "the caller is told the cause");
    (status, cause)
}

/// A token that differs from an accepted one only in these claims.
async fn claims(shop: &Shop, change: Value) -> (u16, String) {
    ask(shop, &shop.issuer.token(&shop.claims("alice", &[], change))).await
}

/// A token that differs from an accepted one only in its header.
async fn header(shop: &Shop, header: &str) -> (u16, String) {
    ask(shop, &shop.issuer.sign(header, &shop.claims("alice", &[], json!({})).to_string())).await
}

fn refused(got: &(u16, String), cause: &str) {
    assert!(got.0 == 401 && got.1.contains(cause), "{got:?} is not 401 `{cause}`");
}

fn shop() -> Shop {
    let shop =
        Shop::with(|config| config.replace("refresh = \"30s\"", "refresh = \"30s\"\nscreen_rate = 10000"));
    shop.world.targets.answer(200, r#"{"id":"1001","status":"shipped"}"#);
    shop
}

#[tokio::test]
async fn claims_must_hold() {
    let shop = shop();
    let now = numeric_date(shop.world.now());
    assert_eq!(claims(&shop, json!({})).await.0, 200);
    assert_eq!(claims(&shop, json!({ "aud": ["other", "shop-api"] })).await.0, 200);
    assert_eq!(claims(&shop, json!({ "exp": now - 1 })).await.0, 200, "within the leeway");
    refused(&claims(&shop, json!({ "exp": now - 31 })).await, "expired");
    refused(&claims(&shop, json!({ "exp": null })).await, "`exp`");
    refused(&claims(&shop, json!({ "exp": (now + 300).to_string() })).await, "`exp`");
    refused(&claims(&shop, json!({ "nbf": now + 31 })).await, "not valid yet");
    refused(&claims(&shop, json!({ "nbf": "soon" })).await, "`nbf`");
    refused(&claims(&shop, json!({ "iat": now + 3600 })).await, "not valid yet");
    refused(&claims(&shop, json!({ "aud": "other" })).await, "audience");
    refused(&claims(&shop, json!({ "aud": null })).await, "audience");
    refused(&claims(&shop, json!({ "aud": [] })).await, "audience");
    refused(&claims(&shop, json!({ "aud": ["shop-api", 7] })).await, "audience");
    refused(&claims(&shop, json!({ "aud": "shop-api-2" })).await, "audience");
    refused(&claims(&shop, json!({ "iss": "https://id.shop.example" })).await, "issuer");
    refused(&claims(&shop, json!({ "iss": null })).await, "issuer");
    refused(&claims(&shop, json!({ "iss": ["https://id.shop.example/"] })).await, "issuer");
    refused(&claims(&shop, json!({ "sub": null })).await, "`sub`");
    refused(&claims(&shop, json!({ "sub": "" })).await, "`sub`");
    refused(&claims(&shop, json!({ "sub": 7 })).await, "`sub`");
    refused(&claims(&shop, json!({ "sub": "a\u{1}" })).await, "`sub`");
    refused(&claims(&shop, json!({ "sub": "a".repeat(513) })).await, "`sub`");
    refused(&claims(&shop, json!({ "groups": [7] })).await, "`groups`");
}

#[tokio::test]
async fn headers_must_hold() {
    let shop = shop();
    assert_eq!(header(&shop, r#"{"alg":"ES256","kid":"k1"}"#).await.0, 200);
    assert_eq!(header(&shop, r#"{"alg":"ES256"}"#).await.0, 200, "one key, none other could be meant");
    refused(&header(&shop, r#"{"alg":"none","kid":"k1"}"#).await, "algorithm");
    refused(&header(&shop, r#"{"alg":"None","kid":"k1"}"#).await, "algorithm");
    refused(&header(&shop, r#"{"alg":"HS256","kid":"k1"}"#).await, "algorithm");
    refused(&header(&shop, r#"{"alg":"ES384","kid":"k1"}"#).await, "algorithm");
    refused(&header(&shop, r#"{"alg":"RS256","kid":"k1"}"#).await, "no key");
    refused(&header(&shop, r#"{"kid":"k1"}"#).await, "algorithm");
    refused(&header(&shop, r#"{"alg":"ES256","alg":"none","kid":"k1"}"#).await, "unambiguous");
    refused(&header(&shop, r#"{"alg":"ES256","kid":"k1","crit":["exp"],"exp":1}"#).await, "critical");
    refused(&header(&shop, r#"{"alg":"ES256","kid":"k1","b64":false,"crit":["b64"]}"#).await, "critical");
    refused(&header(&shop, r#"{"alg":"ES256","kid":7}"#).await, "`kid`");
    refused(&header(&shop, r#"["alg"]"#).await, "unambiguous");
    refused(&header(&shop, r#"{"alg":"ES256","kid":"other"}"#).await, "no key");
    refused(&header(&shop, r#"{"alg":"ES256","kid":"../k1"}"#).await, "no key");
}

#[tokio::test]
async fn a_token_cannot_bring_its_own_key() {
    let shop = shop();
    let mallory = TestIssuer::new("k1");
    let good = shop.claims("alice", &[], json!({})).to_string();
    let own =
        json!({ "alg": "ES256", "kid": "k1", "jwk": mallory.jwk(), "jku": "https://mallory.example/jwks" });
    refused(&ask(&shop, &mallory.sign(&own.to_string(), &good)).await, "signature");
    refused(&ask(&shop, &mallory.token(&shop.claims("alice", &[], json!({})))).await, "signature");
}

#[tokio::test]
async fn the_form_must_hold() {
    let shop = shop();
    let good = shop.token("alice", &[]);
    let parts: Vec<&str> = good.split('.').collect();
    let [head, body, signature] = parts[..] else { panic!("three parts") };
    for token in [
        "",
        "a",
        "a.b",
        "a.b.c",
        "..",
        "...",
        &format!("{head}.{body}"),
        &format!("{good}.x"),
        &format!("{head}..{signature}"),
        &format!("{head}.{body}=.{signature}"),
        &format!("{head}+.{body}.{signature}"),
        &good.replace('.', ". "),
    ] {
        assert_eq!(ask(&shop, token).await.0, 401, "{token}");
    }
    refused(&ask(&shop, &format!("{head}.{body}.")).await, "signature");
    refused(&ask(&shop, &format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode([0; 64]))).await, "signature");
    let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
    refused(&ask(&shop, &format!("{head}.{body}.{flipped}{}", &signature[1..])).await, "signature");
    let other = URL_SAFE_NO_PAD.encode(shop.claims("bob", &[], json!({})).to_string());
    refused(&ask(&shop, &format!("{head}.{other}.{signature}")).await, "signature");
    let doubled = r#"{"iss":"https://id.shop.example/","sub":"alice","sub":"bob"}"#;
    refused(&ask(&shop, &shop.issuer.sign(r#"{"alg":"ES256","kid":"k1"}"#, doubled)).await, "unambiguous");
    refused(&ask(&shop, &"a".repeat(9000)).await, "larger");
}

#[tokio::test]
async fn two_authorization_fields_or_another_scheme_are_refused() {
    let shop = shop();
    let field = format!("Bearer {}", shop.token("alice", &[]));
    let now = shop.world.now();
    let twice = [("authorization", field.as_str()), ("authorization", field.as_str())];
    assert_eq!(shop.ask(http("c1", Method::GET, "/orders/1001", &twice, "", now)).await.status, 400);
    let lower = field.replace("Bearer", "bEARER");
    let reply = shop
        .ask(http("c2", Method::GET, "/orders/1001", &[("authorization", lower.as_str())], "", now))
        .await;
    assert_eq!(reply.status, 200);
    let basic = [("authorization", "Basic YTpi")];
    assert_eq!(shop.ask(http("c3", Method::GET, "/orders/1001", &basic, "", now)).await.status, 401);
}
