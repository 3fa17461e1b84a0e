//! Which answers of the authorizer a gateway may keep: what is refused where they would be wrong, and what they say.

use doorward_core::{
    Admission, ApiKey, ApiKeyRecord, Archive, Bundle, Misfit, RANDOM_BYTES, Revocation, Rules, Source,
    revocations,
};
use doorward_model::{EntityName, Front, FrontKind, Inbound, Message, Outcome};
use doorward_testkit::{TestIssuer, World, http, numeric_date};
use expect_test::{Expect, expect};
use http::Method;
use serde_json::json;

use crate::archive::packed;
use crate::shop::{JWKS, now};

const LOCK: &str = r#"
[door]
name = "lock"
table = "lock"
purposes = ["audit"]
fronts = ["http-api:shop", "function-url:shopurl"]

AUTHORIZER

[[issuers]]
name = "main"
issuer = "https://id.shop.example/"
jwks = "https://id.shop.example/.well-known/jwks.json"
audiences = ["shop-api"]
algorithms = ["RS256", "ES256", "EdDSA"]
principal = { type = "User", id = "sub", groups = "groups" }

[[targets]]
name = "orders"
lambda = "orders"

[[routes]]
id = "listOrders"
match = "GET /orders"
target = "orders"
auth = ["main", "api-key"]

[[routes]]
id = "createOrder"
match = "POST /orders"
target = "orders"
auth = ["main", "api-key"]

[[routes]]
id = "getReport"
match = "GET /report"
target = "orders"
auth = ["main"]
purpose = "audit"

[[plans]]
name = "partner"
limits = [{ rate = "5/s" }]
"#;

const POLICIES: &str = r#"
@id("customers")
permit (principal in Group::"customers", action in [Action::"listOrders", Action::"createOrder"], resource);
@id("staff")
permit (principal in Group::"staff", action in [Action::"listOrders", Action::"getReport"], resource);
@id("clients")
permit (principal is Client, action == Action::"listOrders", resource);
"#;

const OWN: &str = r#"identity_sources = ["header.authorization", "method", "path"]"#;
const SHARED: &str = "answer = \"iam-policy\"\nidentity_sources = [\"header.authorization\"]";

/// The lock with this `[authorizer]`, whose answers are kept for a minute, and more routes and policies.
fn world(authorizer: &str, more: &str, policies: &str) -> Result<World, String> {
    let section = format!("[authorizer]\ncache = \"60s\"\n{authorizer}");
    let config = LOCK.replace("AUTHORIZER", &section) + more;
    World::new(&config, &[("lock.cedar", &format!("{POLICIES}{policies}"))], now())
}

#[track_caller]
fn check_faults(authorizer: &str, more: &str, policies: &str, expected: Expect) {
    let faults = world(authorizer, more, policies).err().unwrap_or_else(|| "no fault".to_owned());
    expected.assert_eq(&faults);
}

/// A route that staff may call, with more keys.
fn route(id: &str, matched: &str, more: &str) -> String {
    format!("\n[[routes]]\nid = \"{id}\"\nmatch = \"{matched}\"\ntarget = \"orders\"\n{more}\n")
}

fn permit(id: &str, when: &str) -> String {
    format!("\n@id(\"{id}\") permit (principal, action == Action::\"{id}\", resource) when {{ {when} }};")
}

#[test]
fn sound_configurations_are_taken() {
    let one = route("getOrder", "GET /orders/{id}", "auth = [\"main\"]");
    let unasked = route("getOrder", "GET /orders/{id}", "auth = [\"main\"]\nauthorizer = false");
    for (authorizer, more) in [(OWN, one.as_str()), (SHARED, ""), (SHARED, unasked.as_str())] {
        assert_eq!(world(authorizer, more, "").err(), None, "{authorizer}");
    }
    assert_eq!(world_of("[authorizer]\ncache = \"0s\"", &one).err(), None);
}

fn world_of(section: &str, more: &str) -> Result<World, String> {
    World::new(&(LOCK.replace("AUTHORIZER", section) + more), &[("lock.cedar", POLICIES)], now())
}

#[test]
fn what_policies_read_is_what_callers_are_told_apart_by() {
    let more = route("late", "GET /late", "auth = [\"main\"]")
        + &route("near", "GET /near", "auth = [\"main\"]")
        + &route(
            "named",
            "GET /named",
            "auth = [\"main\"]\ncontext = { headers = [\"x-tenant\"], query = [\"page\"] }",
        );
    let policies = permit("late", "context.now > datetime(\"2026-01-01\")")
        + &permit(
            "near",
            "context.request has source_ip && context.request.source_ip.isInRange(ip(\"10.0.0.0/8\"))",
        );
    check_faults(
        OWN,
        &more,
        &policies,
        expect![[r#"
        doorward.toml:8:1: answers about `late` cannot be reused: its policies read the time (`context.now`)
          hint: turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route
        doorward.toml:8:1: answers about `near` cannot be reused: its policies read `source_ip`, which is no identity source
          hint: add it to `identity_sources`, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route
        doorward.toml:8:1: answers about `named` cannot be reused: its policies read `header.x-tenant`, which is no identity source
          hint: add it to `identity_sources`, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route
        doorward.toml:8:1: answers about `named` cannot be reused: its policies read `query.page`, which is no identity source
          hint: add it to `identity_sources`, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route"#]],
    );
    let all = r#"identity_sources = ["header.authorization", "method", "path", "source_ip", "header.x-tenant", "query.page"]"#;
    check_faults(
        all,
        &more,
        &policies,
        expect![[r#"
        doorward.toml:8:1: answers about `late` cannot be reused: its policies read the time (`context.now`)
          hint: turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route"#]],
    );
}

#[test]
fn what_policies_compare_as_a_whole_they_read_all_of() {
    check_faults(
        OWN,
        "",
        "\npermit (principal, action == Action::\"getReport\", resource) when { [context].contains(context) };",
        expect![[r#"
        doorward.toml:8:1: answers about `getReport` cannot be reused: its policies read the time (`context.now`)
          hint: turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route
        doorward.toml:8:1: answers about `getReport` cannot be reused: its policies read `source_ip`, which is no identity source
          hint: add it to `identity_sources`, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route"#]],
    );
}

#[test]
fn a_link_and_a_group_of_actions_read_what_their_policies_read() {
    let section = format!("[authorizer]\ncache = \"60s\"\n{OWN}");
    let config = LOCK.replace("AUTHORIZER", &section);
    let template = r#"@id("late") permit (principal in ?principal, action == Action::"getReport", resource)
        when { context.now > datetime("2026-01-01") };"#;
    let links =
        r#"[{"template_id": "late", "link_id": "late-staff", "args": {"?principal": "Group::\"staff\""}}]"#;
    let group = r#"forbid (principal, action in Action::"http", resource) when { {a: context}.a has request.source_ip };"#;
    let with = |files: &[(&str, &str)]| World::new(&config, files, now()).err().unwrap_or_default();
    let files = [("lock.cedar", POLICIES), ("late.cedar", template), ("links.json", links)];
    let said = with(&files);
    assert_eq!(said.matches("cannot be reused").count(), 1, "{said}");
    assert!(said.contains("`getReport` cannot be reused: its policies read the time"), "{said}");
    let said = with(&[("lock.cedar", POLICIES), ("late.cedar", group)]);
    assert_eq!(said.matches("read `source_ip`").count(), 3, "{said}");
}

#[test]
fn what_proves_a_caller_tells_callers_apart() {
    let certificates = "\n[certificates]\nfronts = [\"http-api:shop\"]\n";
    let more = route("keyed", "GET /keyed", "auth = [\"api-key\", \"main\"]")
        + &route("proven", "GET /proven", "auth = [\"certificate\", \"main\"]")
        + &route("certified", "GET /certified", "auth = [\"certificate\"]")
        + certificates;
    check_faults(
        OWN,
        &more,
        "",
        expect![[r#"
        doorward.toml:8:1: answers about `keyed` cannot be reused: `api-key` counts before `main`, and may be shown where no identity source is
          hint: put it behind the others in `auth`, or turn the cache off: `cache = "0s"`
        doorward.toml:8:1: answers about `proven` cannot be reused: `certificate` counts before `main`, and may be shown where no identity source is
          hint: put it behind the others in `auth`, or turn the cache off: `cache = "0s"`
        doorward.toml:8:1: no identity source holds credentials that `certified` accepts
          hint: name the header field of its credentials, or set `authorizer = false` on the route"#]],
    );
    let by_key = r#"identity_sources = ["header.x-api-key", "method", "path"]"#;
    check_faults(
        by_key,
        "",
        "",
        expect![[r#"
        doorward.toml:8:1: answers about `listOrders` cannot be reused: `main` counts before `api-key`, and may be shown where no identity source is
          hint: put it behind the others in `auth`, or turn the cache off: `cache = "0s"`
        doorward.toml:8:1: answers about `createOrder` cannot be reused: `main` counts before `api-key`, and may be shown where no identity source is
          hint: put it behind the others in `auth`, or turn the cache off: `cache = "0s"`
        doorward.toml:8:1: no identity source holds credentials that `getReport` accepts
          hint: name the header field of its credentials, or set `authorizer = false` on the route"#]],
    );
}

#[test]
fn one_exact_arn_stands_for_each_route_of_a_shared_policy() {
    let more = route("getOrder", "GET /orders/{id}", "auth = [\"main\"]")
        + &route("cafe", "GET /café", "auth = [\"main\"]");
    check_faults(
        SHARED,
        &more,
        "",
        expect![[r#"
        doorward.toml:8:1: answers about `getOrder` cannot be shared between routes: its path has parameters, and no exact ARN stands for it
          hint: add `method` and `path` to `identity_sources`, so that each path has an answer of its own, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route
        doorward.toml:8:1: answers about `cafe` cannot be shared between routes: its path holds characters that an ARN may write in two ways, and no exact ARN stands for it
          hint: add `method` and `path` to `identity_sources`, so that each path has an answer of its own, turn the cache off with `cache = "0s"`, or set `authorizer = false` on the route"#]],
    );
    let many: String = (0..70)
        .map(|n| route(&format!("many{n}"), &format!("GET /a-path-of-some-length/{n}"), "auth = [\"main\"]"))
        .collect();
    check_faults(
        SHARED,
        &many,
        "",
        expect![[r#"
        doorward.toml:8:1: a policy of all routes may take 7894 bytes, more than the 7168 that an answer has for it
          hint: add `method` and `path` to `identity_sources`, so that each has an answer of its own"#]],
    );
    check_faults(
        r#"identity_sources = ["header.authorization"]"#,
        "",
        "",
        expect![[r#"
        doorward.toml:8:1: a simple answer that is reused holds for every method and path of an HTTP API
          hint: add `method` and `path` to `identity_sources`, or set `answer = "iam-policy"`"#]],
    );
    let two = "answer = \"iam-policy\"\nidentity_sources = [\"header.authorization\", \"header.x-api-key\"]";
    check_faults(
        two,
        "",
        "",
        expect![[r#"
        doorward.toml:8:1: a policy that is shared is about one caller, and two fields may name two
          hint: keep one of the header fields of credentials"#]],
    );
}

#[test]
fn one_path_is_one_route() {
    check_faults(
        OWN,
        "\n[[domains]]\nname = \"api.example.com\"\nbase_path = \"/shop\"\n",
        "",
        expect![[r#"
        doorward.toml:8:1: answers cannot be reused: with `[[domains]]`, one path may be two routes
          hint: add `domain` to `identity_sources`"#]],
    );
}

#[test]
fn who_shows_nothing_is_not_asked_about() {
    let more = route("open", "GET /open", "auth = [\"anonymous\"]\nauthorizer = true");
    check_faults(
        OWN,
        &more,
        "",
        expect![[r#"
            doorward.toml:8:1: nobody can call `open` anonymously: APIs refuse who shows no `header.authorization` without asking
              hint: set `authorizer = false` on the route: the dispatcher decides"#]],
    );
}

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

#[test]
fn an_authorizer_alone_decides_by_nothing_that_it_is_not_given() {
    let contract =
        route("input", "POST /input", "auth = [\"main\"]\ncontract = \"contracts/lock.yaml#input\"");
    let document = r#"{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/input":{"post":{"operationId":"input",
        "requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["total"],
        "properties":{"total":{"type":"integer"}}}}}},"responses":{"200":{"description":"ok"}}}}}}"#;
    let policies = format!("{POLICIES}{}", permit("input", "context.input.total < 10"));
    let config = LOCK.replace("AUTHORIZER", &format!("[authorizer]\ncache = \"60s\"\nalone = true\n{OWN}"))
        + &contract;
    let files = [("lock.cedar", policies.as_str()), ("contracts/lock.yaml", document)];
    expect![[r#"
        doorward.toml:8:1: policies of `input` read the payload (`context.input`), which an authorizer alone never sees
          hint: put the dispatcher behind the authorizer and leave `alone` out"#]].assert_eq(&World::new(&config, &files, now()).err().unwrap_or_default());
}

#[test]
fn revocations_take_the_caches_time_more_where_nothing_decides_again() {
    let times = |section: &str| {
        let config = LOCK.replace("AUTHORIZER", &format!("[authorizer]\ncache = \"60s\"\n{section}"));
        let config = doorward_config::parse("doorward.toml", &config).unwrap();
        let line = |Revocation { what, within }: &Revocation| format!("{what}: {within:?}\n");
        revocations(&config).iter().map(line).collect::<String>()
    };
    expect![[r#"
        a token that expires: Some(30s)
        a key that its issuer withdraws: Some(30s)
        an API key that is revoked: Some(30s)
        a policy that is changed: None
        a refusal, after what it was refused for is given: Some(60s)
    "#]]
    .assert_eq(&times(OWN));
    expect![[r#"
        a token that expires: Some(90s)
        a key that its issuer withdraws: Some(90s)
        an API key that is revoked: Some(90s)
        a policy that is changed: None
        a refusal, after what it was refused for is given: Some(60s)
    "#]]
    .assert_eq(&times(&format!("{OWN}\nalone = true")));
    let connect =
        "\n[[routes]]\nid = \"connect\"\nmatch = \"$connect\"\ntarget = \"orders\"\nauth = [\"api-key\"]\n";
    let told = times(&format!("{OWN}\n{connect}"));
    assert!(told.contains("a connection that was opened before any of these: Some(7200s)\n"), "{told}");
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
    request.socket = Some("$connect".to_owned());
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

#[test]
fn what_the_environment_changes_of_a_packed_bundle_is_looked_at_again() {
    let shared = "answer = \"simple\"\nidentity_sources = [\"header.authorization\"]";
    let config = LOCK.replace("AUTHORIZER", &format!("[authorizer]\ncache = \"60s\"\n{shared}"));
    let config = config.replace("\"http-api:shop\"", "\"rest-api:rest\"");
    let files = [("lock.cedar".to_owned(), POLICIES.to_owned())];
    let bundle = Bundle { config: ("doorward.toml".to_owned(), config), files: files.into() };
    let open = |fronts: Option<&str>| {
        let archive = Archive::read(&packed(&bundle)).unwrap();
        let lookup = |name: &str| fronts.filter(|_| name == "DOORWARD_FRONTS").map(str::to_owned);
        Rules::open(&Source::Archive(archive), lookup).err().map(|faults| faults.to_string())
    };
    assert_eq!(open(None), None);
    let said = open(Some("http-api:shop")).unwrap();
    assert!(said.contains("a simple answer that is reused holds for every method and path"), "{said}");
}
