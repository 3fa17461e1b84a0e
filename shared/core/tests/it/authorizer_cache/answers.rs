//! What answers say that may be kept, and what is not kept.

use doorward_core::{Admission, ApiKey, ApiKeyRecord, Misfit, RANDOM_BYTES};
use doorward_model::{EntityName, Front, FrontKind, Inbound, Message, Outcome};
use doorward_testkit::{TestIssuer, World, http, numeric_date};
use http::Method;
use serde_json::json;

use super::{LOCK, OWN, POLICIES, SHARED, permit, route, world, world_of};
use crate::shop::{JWKS, now};

fn token(issuer: &TestIssuer, groups: &[&str]) -> String {
    let at = numeric_date(now());
    let claims = json!({
        "iss": "https://id.shop.example/", "aud": "shop-api", "sub": "alice", "groups": groups,
        "iat": at - 10, "exp": at + 300,
    });
    format!("Bearer {}", issuer.token(&claims))
}

fn key() -> ApiKey {
    ApiKey::generate("dwk", &[7; RANDOM_BYTES])
}

/// A lock that is open to callers, with an issuer and a key.
fn lock(authorizer: &str) -> (World, TestIssuer) {
    let world = world(authorizer, "", "").unwrap_or_else(|faults| panic!("{faults}"));
    let issuer = TestIssuer::new("k1");
    world.documents.put(JWKS, issuer.jwks());
    world.api_keys.put(record());
    (world, issuer)
}

fn record() -> ApiKeyRecord {
    ApiKeyRecord {
        hash: key().hash(),
        id: key().hash().id(),
        owner: "warehouse".to_owned(),
        plan: Some("partner".to_owned()),
        groups: Vec::new(),
        created: now(),
        expires: None,
        revoked: None,
        note: None,
    }
}

fn request(method: Method, path: &str, headers: &[(&str, &str)]) -> Inbound {
    let mut inbound = http("c1", method, path, headers, "", now());
    inbound.front = Front { kind: FrontKind::HttpApi, id: "shop".to_owned() };
    inbound
}

async fn admit(world: &World, method: Method, path: &str, headers: &[(&str, &str)]) -> Admission {
    world.door.admit(request(method, path, headers)).await
}

fn code(admission: &Admission) -> &'static str {
    admission.refusal.as_ref().map_or("allowed", doorward_model::Refusal::code)
}

fn routes(admission: &Admission) -> Vec<String> {
    let shared = admission.shared.iter().flat_map(|shared| &shared.routes);
    shared.map(|(method, path)| format!("{method} {path}")).collect()
}

#[tokio::test]
async fn a_shared_answer_is_the_same_whichever_route_is_asked_for() {
    let (world, issuer) = lock(SHARED);
    let customer = token(&issuer, &["customers"]);
    for (method, path, expected) in [
        (Method::GET, "/orders", "allowed"),
        (Method::POST, "/orders", "allowed"),
        (Method::GET, "/report", "forbidden"),
        (Method::GET, "/nowhere", "not-found"),
        (Method::DELETE, "/orders", "method-not-allowed"),
        (Method::GET, "/orders/../report", "ambiguous-path"),
    ] {
        let admission = admit(&world, method, path, &[("authorization", &customer)]).await;
        assert_eq!(code(&admission), expected, "{path}");
        assert_eq!(routes(&admission), ["GET /orders", "POST /orders"], "{path}");
        let shared = admission.shared.unwrap();
        assert_eq!(shared.caller, Some(EntityName::new("User", "alice")), "{path}");
        assert!(admission.may_keep, "{path}");
    }
    let staff =
        admit(&world, Method::GET, "/report", &[("authorization", &token(&issuer, &["staff"]))]).await;
    assert_eq!(routes(&staff), ["GET /orders", "GET /report"]);
    let nobody = admit(&world, Method::GET, "/report", &[("authorization", &token(&issuer, &[]))]).await;
    assert_eq!((code(&nobody), routes(&nobody)), ("forbidden", Vec::new()));
}

#[tokio::test]
async fn a_key_is_looked_up_once_for_all_routes() {
    let (world, _) = lock(&format!("{SHARED}\nusage_identifier = true"));
    let field = format!("Bearer {}", key().expose());
    let admission = admit(&world, Method::GET, "/orders", &[("authorization", &field)]).await;
    assert_eq!(routes(&admission), ["GET /orders"]);
    let shared = admission.shared.unwrap();
    assert_eq!(shared.caller, Some(EntityName::new("Client", "warehouse")));
    assert_eq!(shared.plan.as_deref(), Some("partner"));
    assert_eq!(shared.usage_key.unwrap().expose(), key().expose());
    assert_eq!(world.api_keys.switch.calls(), 1);
}

#[tokio::test]
async fn what_must_not_be_kept_is_said_to_be_so() {
    for authorizer in [OWN, SHARED] {
        let (world, issuer) = lock(authorizer);
        let customer = token(&issuer, &["customers"]);
        let not_kept = async |headers: &[(&str, &str)], expected: &str| {
            let admission = admit(&world, Method::GET, "/orders", headers).await;
            assert_eq!(code(&admission), expected, "{authorizer}");
            assert!(!admission.may_keep && admission.shared.is_none(), "{authorizer}");
        };
        not_kept(&[], "missing-credentials").await;
        not_kept(&[("authorization", "Bearer a.b.c")], "invalid-token").await;
        not_kept(&[("authorization", &customer), ("authorization", &customer)], "malformed-header").await;
        world.api_keys.switch.away(true);
        not_kept(&[("authorization", &format!("Bearer {}", key().expose()))], "keys-unavailable").await;
    }
}

#[tokio::test]
async fn credentials_that_are_no_identity_source_are_not_looked_at() {
    let secret = key();
    let shown = [("x-api-key", secret.expose())];
    let (world, _) = lock(OWN);
    assert_eq!(code(&admit(&world, Method::GET, "/orders", &shown).await), "missing-credentials");
    assert_eq!(world.api_keys.switch.calls(), 0);
    let world = world_of("[authorizer]\ncache = \"0s\"", "").unwrap_or_else(|faults| panic!("{faults}"));
    world.api_keys.put(record());
    assert_eq!(code(&admit(&world, Method::GET, "/orders", &shown).await), "allowed");
}

#[tokio::test]
async fn who_passes_an_authorizer_alone_is_recorded_or_does_not_pass() {
    for (alone, rows) in [("", 0), ("\nalone = true", 1)] {
        let (world, issuer) = lock(&format!("{OWN}{alone}"));
        let customer = token(&issuer, &["customers"]);
        let passed = admit(&world, Method::GET, "/orders", &[("authorization", &customer)]).await;
        assert_eq!(code(&passed), "allowed");
        assert_eq!(world.ledger.rows().len(), rows);
        assert_eq!(passed.call.outcome, Outcome::Passed);
        world.ledger.switch.away(true);
        let away = admit(&world, Method::GET, "/orders", &[("authorization", &customer)]).await;
        assert_eq!(
            (code(&away), away.may_keep),
            if rows == 0 { ("allowed", true) } else { ("store-unavailable", false) }
        );
    }
}

#[tokio::test]
async fn the_opening_of_a_connection_is_asked_about_each_time() {
    let more = route("connect", "$connect", "auth = [\"api-key\"]");
    let config = LOCK.replace("AUTHORIZER", &format!("[authorizer]\ncache = \"60s\"\n{SHARED}")) + &more;
    let config = config.replace("[\"http-api:shop\"", "[\"websocket-api:sock\", \"http-api:shop\"");
    let policies = format!("{POLICIES}{}", permit("connect", "context.now > datetime(\"2026-01-01\")"));
    let world =
        World::new(&config, &[("lock.cedar", &policies)], now()).unwrap_or_else(|faults| panic!("{faults}"));
    world.api_keys.put(record());
    let secret = key();
    let mut inbound = request(Method::GET, "/", &[("x-api-key", secret.expose())]);
    inbound.front = Front { kind: FrontKind::WebSocketApi, id: "sock".to_owned() };
    let Message::Http(request) = &mut inbound.message else { panic!("a request") };
    request.socket = Some(doorward_testkit::socket("$connect", "c-1", now()));
    let admission = world.door.admit(inbound).await;
    assert_eq!((code(&admission), admission.shared.is_none()), ("allowed", true));
}

#[tokio::test]
async fn an_unknown_path_gets_a_stranger_no_further_look() {
    let config = LOCK.replace("AUTHORIZER", &format!("[authorizer]\ncache = \"60s\"\n{SHARED}"));
    let config = config.replacen("[door]", "[door]\nscreen_rate = 2", 1);
    let world = World::new(&config, &[("lock.cedar", POLICIES)], now()).unwrap();
    for (n, expected) in ["invalid-key", "invalid-key", "too-many-requests"].into_iter().enumerate() {
        let guessed = ApiKey::generate("dwk", &[n as u8; RANDOM_BYTES]);
        let field = format!("Bearer {}", guessed.expose());
        let admission = admit(&world, Method::GET, "/nowhere", &[("authorization", &field)]).await;
        assert_eq!(code(&admission), expected);
        assert!(!admission.may_keep && admission.shared.is_none());
    }
    assert_eq!(world.api_keys.switch.calls(), 2);
}

#[tokio::test]
async fn what_is_found_nowhere_keeps_no_answer_about_who_may_soon_be_known() {
    let (world, issuer) = lock(SHARED);
    let rotated = TestIssuer::new("k2");
    let early = token(&rotated, &["customers"]);
    for (method, path) in
        [(Method::GET, "/nowhere"), (Method::DELETE, "/orders"), (Method::GET, "/orders/../report")]
    {
        let admission = admit(&world, method, path, &[("authorization", &early)]).await;
        assert_eq!((code(&admission), admission.may_keep), ("invalid-token", false), "{path}");
        assert!(admission.shared.is_none(), "{path}");
    }
    let customer = token(&issuer, &["customers"]);
    let twice = [("authorization", customer.as_str()), ("authorization", customer.as_str())];
    let admission = admit(&world, Method::GET, "/nowhere", &twice).await;
    assert_eq!((code(&admission), admission.may_keep), ("malformed-header", false));
}

#[tokio::test]
async fn an_authorizer_alone_opens_no_route_unrecorded() {
    for (path, expected) in [("/nowhere", "not-found"), ("/report", "forbidden")] {
        let (world, issuer) = lock(&format!("{SHARED}\nalone = true"));
        let customer = token(&issuer, &["customers"]);
        let shown = [("authorization", customer.as_str())];
        let asked = admit(&world, Method::GET, path, &shown).await;
        assert_eq!((code(&asked), routes(&asked).len()), (expected, 2));
        assert_eq!(asked.call.caller, Some(EntityName::new("User", "alice")));
        assert_eq!(world.ledger.rows().len(), 1, "{path}");
        world.ledger.switch.away(true);
        let away = admit(&world, Method::GET, path, &shown).await;
        assert_eq!((code(&away), away.may_keep), ("store-unavailable", false), "{path}");
        assert!(away.shared.is_none(), "{path}");
        // Who may call nothing is refused all the same.
        let nobody = token(&issuer, &[]);
        let refused = admit(&world, Method::GET, path, &[("authorization", &nobody)]).await;
        assert_eq!((code(&refused), refused.may_keep), (expected, true), "{path}");
    }
}

/// What a question of this route shows of the API that asks it: as one of a `TOKEN` authorizer, for a simple answer, and as
/// neither.
fn misfits(world: &World, path: &str) -> [Option<Misfit>; 3] {
    let inbound = request(Method::GET, path, &[]);
    [(true, false), (false, true), (false, false)]
        .map(|(is_token, is_simple)| world.door.rules().misfit(&inbound, is_token, is_simple))
}

#[test]
fn an_api_that_asks_otherwise_than_is_proven_gets_no_answer() {
    let unasked = route("late", "GET /late", "auth = [\"main\"]\nauthorizer = false");
    let policies = permit("late", "context.now > datetime(\"2026-01-01\")");
    let (token, simple, late) = (Some(Misfit::Token), Some(Misfit::Simple), Some(Misfit::Unasked));
    let own = world(OWN, &unasked, &policies).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(misfits(&own, "/orders"), [token, None, None]);
    assert_eq!(misfits(&own, "/late"), [token, late, late]);
    let shared = world(SHARED, &unasked, &policies).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(misfits(&shared, "/orders"), [None, simple, None]);
    // One policy of other routes denies it.
    assert_eq!(misfits(&shared, "/late"), [None, simple, None]);
    let never =
        world_of("[authorizer]\ncache = \"0s\"", &unasked).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(misfits(&never, "/late"), [None; 3]);
}

#[test]
fn a_token_authorizer_is_asked_about_no_more_than_it_is_told() {
    let more = route("near", "GET /near", "auth = [\"main\"]")
        + &route("named", "GET /named", "auth = [\"main\"]\ncontext = { headers = [\"x-tenant\"] }");
    let far = r#"forbid (principal, action == Action::"near", resource)
        when { context.request has source_ip && context.request.source_ip.isInRange(ip("10.0.0.0/8")) };"#;
    let config = LOCK.replace("AUTHORIZER", "[authorizer]\ncache = \"0s\"") + &more;
    let world = World::new(&config, &[("lock.cedar", &format!("{POLICIES}{far}"))], now()).unwrap();
    for (path, expected) in [
        ("/orders", None),
        ("/nowhere", None),
        ("/near", Some(Misfit::Token)),
        ("/named", Some(Misfit::Token)),
    ] {
        assert_eq!(misfits(&world, path), [expected, None, None], "{path}");
    }
    // Its token is read as an `authorization` field, which does not tell callers apart here.
    let by_key = "answer = \"iam-policy\"\nidentity_sources = [\"header.x-api-key\"]";
    let config = LOCK.replace("AUTHORIZER", &format!("[authorizer]\ncache = \"60s\"\n{by_key}"));
    let config = config.replace("[\"main\", \"api-key\"]", "[\"api-key\"]");
    let config = config.replace("purpose = \"audit\"", "authorizer = false");
    let world = World::new(&config, &[("lock.cedar", POLICIES)], now()).unwrap();
    assert_eq!(misfits(&world, "/orders"), [Some(Misfit::Token), Some(Misfit::Simple), None]);
}
