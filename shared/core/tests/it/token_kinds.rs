//! What is asked of tokens beyond that they are an issuer's: their kind, their scopes, and who verified them.

use doorward_core::Answer;
use doorward_model::{Front, FrontClaims, FrontKind, Inbound, ListForm, Message, Outcome, Stage, TrustLevel};
use doorward_testkit::{http, numeric_date};
use http::Method;
use serde_json::{Map, Value, json};

use crate::shop::{Shop, json_body};

/// The shop whose issuer has these lines too.
fn shop(lines: &str) -> Shop {
    let shop = Shop::with(|config| {
        let config = config.replace("name = \"main\"\n", &format!("name = \"main\"\n{lines}\n"));
        assert!(config.contains(lines));
        config.replace(r#"rate = "5/s", burst = 10"#, r#"rate = "1000/s", burst = 10000"#)
    });
    shop.world.targets.answer(200, r#"{"id":"1001","status":"shipped"}"#);
    shop
}

fn read_order(shop: &Shop, token: &str) -> Inbound {
    let field = format!("Bearer {token}");
    http("c", Method::GET, "/orders/1001", &[("authorization", &field)], "", shop.world.now())
}

/// The status, and the operator's cause.
async fn ask(shop: &Shop, inbound: Inbound) -> (u16, String) {
    let status = shop.ask(inbound).await.status.as_u16();
    (status, shop.last_line().cause.unwrap_or_default())
}

/// A token whose claims and `typ` differ from the shop's usual ones; `null` takes away.
async fn token(shop: &Shop, typ: Option<&str>, change: &Value) -> (u16, String) {
    let mut header = json!({ "alg": "ES256", "kid": "k1" });
    if let Some(typ) = typ {
        header["typ"] = json!(typ);
    }
    let claims = shop.claims("alice", &["customers"], change.clone());
    let token = shop.issuer.sign(&header.to_string(), &claims.to_string());
    ask(shop, read_order(shop, &token)).await
}

#[track_caller]
fn refused(got: &(u16, String), cause: &str) {
    assert!(got.0 == 401 && got.1.contains(cause), "{got:?} is not 401 `{cause}`");
}

#[tokio::test]
async fn an_access_token_says_that_it_is_one_and_has_all_that_rfc_9068_requires() {
    let shop = shop("tokens = \"at+jwt\"");
    let with = |change: Value| {
        let mut claims = json!({ "client_id": "app", "jti": "t1" });
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        claims
    };
    let good = with(json!({}));
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert_eq!(token(&shop, Some(typ), &good).await.0, 200, "{typ}");
    }
    for typ in [None, Some("JWT"), Some("application/jwt"), Some("logout+jwt")] {
        refused(&token(&shop, typ, &good).await, "another type");
    }
    for name in ["client_id", "jti", "sub", "iat", "exp"] {
        refused(&token(&shop, Some("at+jwt"), &with(json!({ name: null }))).await, name);
        refused(&token(&shop, Some("at+jwt"), &with(json!({ name: [1] }))).await, name);
        refused(&token(&shop, Some("at+jwt"), &with(json!({ name: "" }))).await, name);
    }
    refused(&token(&shop, Some("at+jwt"), &with(json!({ "aud": null }))).await, "audience");
}

#[tokio::test]
async fn cognitos_access_tokens_name_their_client() {
    let with = |change: Value| {
        let mut claims = json!({ "aud": null, "client_id": "app1", "token_use": "access" });
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        claims
    };
    let shop = Shop::with(|config| {
        config
            .replace(
                "audiences = [\"shop-api\"]",
                "audiences = [\"app1\", \"https://api.example\"]\ntokens = \"cognito\"",
            )
            .replace(
                "principal = { type = \"User\", id = \"sub\", groups = \"groups\" }",
                "principal = { type = \"User\" }",
            )
            .replace(r#"rate = "5/s", burst = 10"#, r#"rate = "1000/s", burst = 10000"#)
    });
    shop.world.targets.answer(200, r#"{"id":"1001","status":"shipped"}"#);
    assert_eq!(token(&shop, None, &with(json!({}))).await.0, 200);
    assert_eq!(token(&shop, None, &with(json!({ "aud": "https://api.example" }))).await.0, 200);
    refused(&token(&shop, None, &with(json!({ "aud": "https://other.example" }))).await, "audience");
    refused(&token(&shop, None, &with(json!({ "client_id": "app2" }))).await, "audience");
    refused(&token(&shop, None, &with(json!({ "client_id": null, "aud": "app1" }))).await, "`client_id`");
    refused(&token(&shop, None, &with(json!({ "client_id": ["app1"] }))).await, "`client_id`");
    // An ID token is for the client, and says nothing of what its user may do here.
    refused(&token(&shop, None, &with(json!({ "token_use": "id", "aud": "app1" }))).await, "`token_use`");
    refused(&token(&shop, None, &with(json!({ "token_use": null }))).await, "`token_use`");
    refused(&token(&shop, None, &with(json!({ "cognito:groups": [7] }))).await, "`cognito:groups`");
}

/// The shop whose user pool is declared for access tokens beside its ID tokens, which `getOrder` takes of `auth`.
fn pool(auth: &str) -> Shop {
    let shop = Shop::with(|config| {
        let main = config.split("[[issuers]]").nth(1).unwrap().split("\n[").next().unwrap().to_owned();
        let access = main
            .replace("name = \"main\"", "name = \"access\"\ntokens = \"cognito\"")
            .replace("\"shop-api\"", "\"app1\"")
            .replace("type = \"User\"", "type = \"Machine\"")
            .replace(", groups = \"groups\"", ", groups = false");
        let get = config.split("match = \"GET /orders/{id}\"").nth(1).unwrap();
        let taken = get.replacen("auth = [\"main\"]", &format!("auth = {auth}"), 1);
        assert!(taken.contains(&format!("auth = {auth}")));
        let config = config.replace(get, &taken).replace("fronts = [", "fronts = [\"rest-api:shop\", ");
        config.replacen("[[issuers]]", &format!("[[issuers]]{access}\n[[issuers]]"), 1)
    });
    shop.world.targets.answer(200, r#"{"id":"1001","status":"shipped"}"#);
    shop
}

#[tokio::test]
async fn a_token_of_a_user_pool_is_one_of_its_issuers_alone() {
    let access = json!({ "aud": "shop-api", "client_id": "app1", "token_use": "access" });
    let bound = json!({ "aud": null, "client_id": "app1", "token_use": "access" });
    let id = json!({ "aud": "shop-api", "token_use": "id" });
    let caller = |shop: &Shop| shop.last_line().caller.unwrap().to_string();
    for auth in ["[\"main\", \"access\"]", "[\"access\", \"main\"]"] {
        let shop = pool(auth);
        assert_ne!(token(&shop, None, &id).await.0, 401);
        assert_eq!(caller(&shop), r#"User::"alice""#);
        assert_ne!(token(&shop, None, &bound).await.0, 401);
        assert_eq!(caller(&shop), r#"Machine::"alice""#);
        // Its `aud` is what the one takes, and it is an access token, which is for the other to take or refuse.
        refused(&token(&shop, None, &access).await, "audience");
        refused(
            &token(&shop, None, &json!({ "aud": null, "client_id": "app2", "token_use": "access" })).await,
            "audience",
        );
        refused(&token(&shop, None, &json!({ "aud": "app1", "token_use": "id" })).await, "audience");
    }
    // A route takes the tokens of those of them that it names.
    let shop = pool("[\"main\"]");
    assert_ne!(token(&shop, None, &id).await.0, 401);
    refused(&token(&shop, None, &access).await, "`token_use`");
    let shop = pool("[\"access\"]");
    assert_ne!(token(&shop, None, &bound).await.0, 401);
    refused(&token(&shop, None, &id).await, "`token_use`");
}

#[tokio::test]
async fn the_groups_of_a_cognito_token_are_the_callers() {
    let shop = Shop::with(|config| {
        config.replace("audiences = [\"shop-api\"]", "audiences = [\"app1\"]\ntokens = \"cognito\"").replace(
            "principal = { type = \"User\", id = \"sub\", groups = \"groups\" }",
            "principal = { type = \"User\" }",
        )
    });
    for (groups, status) in [(json!(["customers"]), 201), (json!(["strangers"]), 403), (json!(null), 403)] {
        let change =
            json!({ "aud": null, "client_id": "app1", "token_use": "access", "cognito:groups": groups });
        let field = format!("Bearer {}", shop.issuer.token(&shop.claims("alice", &[], change)));
        let headers = [("authorization", field.as_str()), ("content-type", "application/json")];
        let order = http("c", Method::POST, "/orders", &headers, crate::shop::GOOD_ORDER, shop.world.now());
        assert_eq!(shop.ask(order).await.status, status, "{groups}");
    }
}

/// The shop whose `getOrder` requires scopes.
fn scoped() -> Shop {
    let shop = Shop::with(|config| {
        let get = "match = \"GET /orders/{id}\"\n";
        let config = config.replace(get, &format!("{get}scopes = [\"orders.read\", \"orders:list\"]\n"));
        config.replace(r#"rate = "5/s", burst = 10"#, r#"rate = "1000/s", burst = 10000"#)
    });
    shop.world.targets.answer(200, r#"{"id":"1001","status":"shipped"}"#);
    shop
}

#[tokio::test]
async fn a_token_must_have_every_scope_of_the_route() {
    let shop = scoped();
    for good in [
        json!({ "scope": "orders.read orders:list" }),
        json!({ "scope": "a orders:list b orders.read" }),
        json!({ "scp": "orders.read orders:list" }),
        json!({ "scp": ["orders:list", "orders.read", "c"] }),
        json!({ "scope": ["orders:list", "orders.read", "c"] }),
    ] {
        assert_eq!(token(&shop, None, &good).await.0, 200, "{good}");
    }
    for missing in [
        json!({}),
        json!({ "scope": "" }),
        json!({ "scope": "orders.read" }),
        json!({ "scope": "orders.read Orders:list" }),
        json!({ "scope": "orders.read orders:list2" }),
        json!({ "scope": "orders.read,orders:list" }),
        json!({ "scope": "orders.read\torders:list" }),
        json!({ "scp": ["orders.read orders:list"] }),
        json!({ "scp": [] }),
        json!({ "roles": ["orders.read", "orders:list"] }),
        // What `scope` says stands.
        json!({ "scope": "orders.read", "scp": "orders:list orders.read" }),
    ] {
        let (status, cause) = token(&shop, None, &missing).await;
        assert_eq!(
            (status, cause.as_str()),
            (403, "the token lacks one of the scopes `orders.read orders:list`"),
            "{missing}"
        );
    }
    refused(&token(&shop, None, &json!({ "scope": ["orders.read", 7, "orders:list"] })).await, "`scope`");
    refused(&token(&shop, None, &json!({ "scope": 7 })).await, "`scope`");
    refused(&token(&shop, None, &json!({ "scp": ["orders.read", 7, "orders:list"] })).await, "`scp`");
    refused(&token(&shop, None, &json!({ "scp": { "orders.read": true } })).await, "`scp`");
}

#[tokio::test]
async fn a_token_that_does_not_reach_is_told_how_far_it_must_and_is_recorded_as_its_callers() {
    let shop = scoped();
    let reply = shop.ask(read_order(&shop, &shop.token("alice", &["customers"]))).await;
    assert_eq!(reply.status, 403);
    assert_eq!(
        reply.headers["www-authenticate"],
        r#"Bearer realm="shop", error="insufficient_scope", scope="orders.read orders:list""#
    );
    assert_eq!(json_body(reply).await["code"], "insufficient-scope");
    let line = shop.last_line();
    assert_eq!((line.outcome, line.refused_at), (Outcome::Denied, Some(Stage::Identify)));
    let row = &shop.world.ledger.rows()["c"];
    assert_eq!(row.call.caller.as_ref().unwrap().to_string(), r#"User::"alice""#);
    // Nobody learns of scopes who is not proven.
    let old = shop.claims("alice", &[], json!({ "exp": 1 }));
    assert_eq!(shop.ask(read_order(&shop, &shop.issuer.token(&old))).await.status, 401);
}

#[tokio::test]
async fn an_authorizer_refuses_a_token_that_does_not_reach() {
    let shop = scoped();
    let admission = shop.world.door.admit(read_order(&shop, &shop.token("alice", &["customers"]))).await;
    assert_eq!(admission.refusal.unwrap().code(), "insufficient-scope");
    assert_eq!(shop.world.ledger.rows().len(), 1, "its caller is known");
}

const API: &str = "verified_by = [\"http-api:shop\", \"rest-api:shop\"]";

fn front(kind: FrontKind) -> Front {
    Front { kind, id: "shop".to_owned() }
}

/// The shop whose issuer trusts two fronts, both pinned, with a plan that does not bind.
fn trusting() -> Shop {
    trusting_with(&[])
}

fn trusting_with(more: &[(&str, &str)]) -> Shop {
    let change = |config: String| {
        let audiences = "audiences = [\"shop-api\"]\n";
        config
            .replace(audiences, &format!("{audiences}{API}\nclaims = {{ level = \"Long\", roles = \"Set<String>\", staff = \"Bool\" }}\n"))
            .replace("fronts = [", "fronts = [\"rest-api:shop\", \"rest-api:other\", ")
            .replace(r#"rate = "5/s", burst = 10"#, r#"rate = "1000/s", burst = 10000"#)
    };
    let shop = Shop::with_files(change, more);
    shop.world.targets.answer(200, r#"{"id":"1001","status":"shipped"}"#);
    shop
}

/// What a front says of a good token, changed; `null` takes away.
fn said(shop: &Shop, lists: ListForm, change: &Value) -> FrontClaims {
    let now = numeric_date(shop.world.now());
    let mut claims = json!({
        "iss": "https://id.shop.example/", "aud": "shop-api", "sub": "alice", "groups": "customers",
        "iat": (now - 10).to_string(), "exp": (now + 300).to_string(),
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let claims: Map<String, Value> =
        claims.as_object().unwrap().clone().into_iter().filter(|(_, v)| !v.is_null()).collect();
    FrontClaims { lists, claims }
}

/// A call that came in by this front, which says this of its caller, with this `authorization`.
fn through(
    shop: &Shop,
    kind: FrontKind,
    claims: Option<FrontClaims>,
    authorization: Option<&str>,
) -> Inbound {
    let headers: Vec<(&str, &str)> =
        authorization.map(|field| ("authorization", field)).into_iter().collect();
    let mut inbound = http("c", Method::GET, "/orders/1001", &headers, "", shop.world.now());
    inbound.front = front(kind);
    if let Message::Http(request) = &mut inbound.message {
        request.verified.claims = claims;
    }
    inbound
}

async fn front_says(shop: &Shop, lists: ListForm, change: Value) -> (u16, String) {
    let kind = match lists {
        ListForm::Bracketed => FrontKind::HttpApi,
        ListForm::Commas => FrontKind::RestApi,
    };
    ask(shop, through(shop, kind, Some(said(shop, lists, &change)), None)).await
}

#[tokio::test]
async fn what_a_trusted_front_verified_is_held_to_all_but_the_signature() {
    use ListForm::{Bracketed, Commas};
    let shop = trusting();
    for lists in [Bracketed, Commas] {
        assert_eq!(front_says(&shop, lists, json!({})).await, (200, String::new()));
        refused(&front_says(&shop, lists, json!({ "aud": "other" })).await, "audience");
        refused(&front_says(&shop, lists, json!({ "aud": null })).await, "audience");
        refused(&front_says(&shop, lists, json!({ "exp": "1700000000" })).await, "expired");
        refused(&front_says(&shop, lists, json!({ "exp": "soon" })).await, "`exp`");
        refused(&front_says(&shop, lists, json!({ "exp": null })).await, "`exp`");
        refused(&front_says(&shop, lists, json!({ "sub": "" })).await, "`sub`");
        refused(&front_says(&shop, lists, json!({ "level": "high" })).await, "`level`");
        refused(&front_says(&shop, lists, json!({ "staff": "yes" })).await, "`staff`");
        refused(&front_says(&shop, lists, json!({ "events": "map[]" })).await, "another type");
        assert_eq!(front_says(&shop, lists, json!({ "level": "7", "staff": "true" })).await.0, 200);
        assert_eq!(shop.last_line().caller.unwrap().to_string(), r#"User::"alice""#);
    }
    assert_eq!(
        front_says(&shop, Bracketed, json!({ "aud": "[other shop-api]", "roles": "[a b]" })).await.0,
        200
    );
    refused(&front_says(&shop, Bracketed, json!({ "sub": "[alice bob]" })).await, "`sub`");
    refused(&front_says(&shop, Bracketed, json!({ "groups": "[a [b]]" })).await, "`groups`");
    refused(&front_says(&shop, Bracketed, json!({ "roles": "a" })).await, "`roles`");
    refused(&front_says(&shop, Commas, json!({ "sub": "alice,bob" })).await, "`sub`");
    refused(&front_says(&shop, Commas, json!({ "groups": "a,,b" })).await, "`groups`");
    let date = |text: &str| json!({ "exp": text, "iat": "Tue Nov 24 11:59:00 UTC 2026" });
    assert_eq!(front_says(&shop, Commas, date("Tue Nov 24 12:10:00 UTC 2026")).await.0, 200);
    refused(&front_says(&shop, Commas, date("Tue Nov 24 11:10:00 UTC 2026")).await, "expired");
    assert_eq!(shop.world.documents.asked(), 0, "no key is needed for what is not verified again");
}

#[tokio::test]
async fn what_a_front_says_counts_only_where_the_issuer_trusts_it() {
    let shop = trusting();
    let claims = |change: Value| Some(said(&shop, ListForm::Bracketed, &change));
    // Another pinned front, one of the same kind, and another issuer: the signature is what proves.
    for kind in [FrontKind::FunctionUrl, FrontKind::RestApi] {
        let mut inbound = through(&shop, kind, claims(json!({})), None);
        inbound.front.id = if kind == FrontKind::RestApi { "other" } else { "shopurl" }.to_owned();
        assert_eq!(ask(&shop, inbound).await, (401, "no credentials".to_owned()), "{kind:?}");
    }
    let elsewhere = claims(json!({ "iss": "https://mallory.example/" }));
    assert_eq!(ask(&shop, through(&shop, FrontKind::HttpApi, elsewhere.clone(), None)).await.0, 401);
    let field = format!("Bearer {}", shop.token("alice", &["customers"]));
    assert_eq!(ask(&shop, through(&shop, FrontKind::HttpApi, elsewhere, Some(&field))).await.0, 200);
    assert_eq!(ask(&shop, through(&shop, FrontKind::HttpApi, None, Some(&field))).await.0, 200);
    assert_eq!(ask(&shop, through(&shop, FrontKind::HttpApi, None, None)).await.0, 401);
    // Without `verified_by`, what any front says is nothing.
    let untrusting = Shop::new();
    assert_eq!(
        ask(&untrusting, through(&untrusting, FrontKind::HttpApi, claims(json!({})), None)).await.0,
        401
    );
}

#[tokio::test]
async fn policies_tell_what_the_door_verified_from_what_a_front_says_of_it() {
    let forbid = r#"forbid (principal, action == Action::"getOrder", resource) unless { context.trust == "verified" };"#;
    let shop = trusting_with(&[("trust.cedar", forbid)]);
    let claims = said(&shop, ListForm::Bracketed, &json!({}));
    let field = format!("Bearer {}", shop.token("alice", &["customers"]));
    let attested = ask(&shop, through(&shop, FrontKind::HttpApi, Some(claims), None)).await;
    assert_eq!(attested.0, 403, "{attested:?}");
    assert_eq!(shop.last_line().trust, Some(TrustLevel::Attested));
    assert_eq!(ask(&shop, through(&shop, FrontKind::HttpApi, None, Some(&field))).await.0, 200);
    assert_eq!(shop.last_line().trust, Some(TrustLevel::Verified));
    assert_eq!(ask(&shop, through(&shop, FrontKind::HttpApi, None, None)).await.0, 401);
    assert_eq!(shop.last_line().trust, None, "nobody is known");
}

#[tokio::test]
async fn a_header_neither_replaces_nor_repairs_what_the_front_verified() {
    let shop = trusting();
    let bob = format!("Bearer {}", shop.token("bob", &["customers"]));
    let claims = |change: Value| Some(said(&shop, ListForm::Bracketed, &change));
    for header in [bob.as_str(), "Bearer nonsense", "a-token-without-a-scheme"] {
        assert_eq!(
            ask(&shop, through(&shop, FrontKind::HttpApi, claims(json!({})), Some(header))).await.0,
            200
        );
        assert_eq!(shop.last_line().caller.unwrap().to_string(), r#"User::"alice""#, "{header}");
        let old = claims(json!({ "exp": "1700000000" }));
        refused(&ask(&shop, through(&shop, FrontKind::HttpApi, old, Some(header))).await, "expired");
    }
}

#[tokio::test]
async fn groups_and_scopes_that_a_front_says_are_the_callers() {
    let shop = trusting();
    for (lists, groups, status) in [
        (ListForm::Bracketed, "[strangers customers]", 201),
        (ListForm::Bracketed, "[customers]", 201),
        (ListForm::Bracketed, "customers", 201),
        (ListForm::Bracketed, "customers,strangers", 403),
        (ListForm::Bracketed, "[]", 403),
        (ListForm::Commas, "strangers,customers", 201),
        (ListForm::Commas, "[customers]", 403),
    ] {
        shop.world.targets.answer(201, r#"{"id":"7","status":"placed","total":4200}"#);
        let mut order = shop.order("c", crate::shop::GOOD_ORDER);
        order.front = front(FrontKind::HttpApi);
        if let Message::Http(request) = &mut order.message {
            request.headers.remove("authorization");
            request.verified.claims = Some(said(&shop, lists, &json!({ "groups": groups })));
        }
        let Answer::Http(reply) = shop.world.door.serve(order).await else { panic!("an answer") };
        assert_eq!(reply.status, status, "{groups}");
    }
}
