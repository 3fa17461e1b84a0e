//! What policies read of the caller and the request, from the configuration to the decision.

use doorward_testkit::{World, http};
use http::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, json_body, now};

const ROUTE: &str =
    "contract = \"contracts/shop.yaml#getOrder\"\nresource = { type = \"Order\", id = \"path.id\" }";
const PRINCIPAL: &str = r#"principal = { type = "User", id = "sub", groups = "groups" }"#;

/// What the demo's own policies permit is of no interest here.
const NOBODY: (&str, &str) = ("orders.cedar", "");

/// The shop whose `getOrder` is decided by `policy`, with `claims` declared, of which `attributes` are attributes, and
/// with `more` in the route.
#[track_caller]
fn shop(claims: &str, attributes: &str, more: &str, policy: &str) -> Shop {
    let change = |config: String| {
        let issuer = PRINCIPAL.replace(" }", &format!(", attributes = {attributes} }}"));
        let issuer = if attributes.is_empty() { PRINCIPAL.to_owned() } else { issuer };
        config
            .replace(PRINCIPAL, &format!("claims = {claims}\n{issuer}"))
            .replace(ROUTE, &format!("{ROUTE}\n{more}"))
    };
    let shop = Shop::with_files(change, &[NOBODY, ("own.cedar", policy)]);
    shop.world.targets.answer(200, r#"{"id":"1001","status":"shipped"}"#);
    shop
}

fn when(condition: &str) -> String {
    format!("permit(principal is User, action == Action::\"getOrder\", resource) when {{ {condition} }};")
}

/// One call with these claims and header fields: its status and code, and the cause that the operator's log has.
async fn get(shop: &Shop, path: &str, claims: Value, headers: &[(&str, &str)]) -> (u16, String, String) {
    let token = format!("Bearer {}", shop.issuer.token(&shop.claims("alice", &[], claims)));
    let mut fields = vec![("authorization", token.as_str())];
    fields.extend(headers);
    let inbound = || http("c1", Method::GET, path, &fields, "", shop.world.now());
    let reply = shop.ask(inbound()).await;
    let status = reply.status.as_u16();
    let code = json_body(reply).await["code"].as_str().unwrap_or_default().to_owned();
    let cause = shop.last_line().cause.unwrap_or_default();
    // The authorizer says the same: it sees all that is read here.
    let admitted = shop.world.door.admit(inbound()).await.refusal;
    assert_eq!(admitted.map_or("", |refusal| refusal.code()), code);
    (status, code, cause)
}

#[track_caller]
fn assert_is(got: &(u16, String, String), expected: (u16, &str)) {
    assert_eq!((got.0, got.1.as_str()), expected, "{}", got.2);
}

#[tokio::test]
async fn a_declared_claim_is_held_to_its_type_and_read() {
    let claims = r#"{ tenant = { type = "String", required = true }, level = "Long" }"#;
    let condition =
        r#"context.token.tenant == "north" && !(context.token has level && context.token.level < 3)"#;
    let shop = shop(claims, "", "", &when(condition));
    let ask = |claims| get(&shop, "/orders/1", claims, &[]);
    assert_is(&ask(json!({"tenant": "north"})).await, (200, ""));
    assert_is(&ask(json!({"tenant": "north", "level": 3})).await, (200, ""));
    assert_is(&ask(json!({"tenant": "north", "level": 2})).await, (403, "forbidden"));
    assert_is(&ask(json!({"tenant": "south"})).await, (403, "forbidden"));
    for (claims, name) in [
        (json!({}), "tenant"),
        (json!({"tenant": 7}), "tenant"),
        (json!({"tenant": ["north"]}), "tenant"),
        (json!({"tenant": "north", "level": "3"}), "level"),
        (json!({"tenant": "north", "level": 3.5}), "level"),
        (json!({"tenant": "north", "level": u64::MAX}), "level"),
        (json!({"tenant": "north", "level": [3]}), "level"),
    ] {
        let got = ask(claims.clone()).await;
        assert_is(&got, (401, "invalid-token"));
        assert_eq!(got.2, format!("the claim `{name}` is missing or has the wrong type"), "{claims}");
    }
}

/// A `null` is no absence: what an issuer means by it is not guessed.
#[tokio::test]
async fn a_claim_that_is_null_is_of_another_type() {
    let shop = shop(r#"{ level = "Long" }"#, "", "", &when("!(context.token has level)"));
    let token = |level: Option<Value>| {
        let mut claims = shop.claims("alice", &[], json!({}));
        claims.as_object_mut().unwrap().extend(level.map(|level| ("level".to_owned(), level)));
        format!("Bearer {}", shop.issuer.token(&claims))
    };
    for (level, status) in [(None, 200), (Some(Value::Null), 401)] {
        let field = token(level);
        let headers = [("authorization", field.as_str())];
        let reply = shop.ask(http("c1", Method::GET, "/orders/1", &headers, "", shop.world.now())).await;
        assert_eq!(reply.status.as_u16(), status);
    }
}

#[tokio::test]
async fn attributes_of_the_caller_come_from_the_token_alone() {
    let claims = r#"{ tenant = "String", level = "Long" }"#;
    let condition = r#"principal has tenant && principal.tenant == "north""#;
    let shop = shop(claims, r#"["tenant"]"#, "context = { headers = [\"tenant\"] }", &when(condition));
    let ask = |claims| get(&shop, "/orders/1?tenant=north", claims, &[("tenant", "north")]);
    assert_is(&ask(json!({"tenant": "north"})).await, (200, ""));
    assert_is(&ask(json!({"tenant": "south"})).await, (403, "forbidden"));
    assert_is(&ask(json!({})).await, (403, "forbidden"));
    assert_is(&ask(json!({"User": {"tenant": "north"}})).await, (403, "forbidden"));
}

#[tokio::test]
async fn named_fields_and_parameters_have_one_reading() {
    let condition = r#"context.request.headers has "x-tenant" && context.request.headers["x-tenant"] == "nörth"
        && !(context.request.query has page && context.request.query.page != "1 2")"#;
    let shop = shop("{}", "", r#"context = { headers = ["x-tenant"], query = ["page"] }"#, &when(condition));
    let ask = async |path: &str, headers: &[(&str, &str)]| get(&shop, path, json!({}), headers).await;
    let north = ("x-tenant", "nörth");
    assert_is(&ask("/orders/1", &[north]).await, (200, ""));
    assert_is(&ask("/orders/1", &[("X-Tenant", "nörth ")]).await, (200, ""));
    assert_is(&ask("/orders/1", &[("x-tenant", "nörth,nörth")]).await, (403, "forbidden"));
    assert_is(
        &ask("/orders/1?page=1+2&other=1&other=%", &[north, ("other", "a"), ("other", "b")]).await,
        (200, ""),
    );
    assert_is(&ask("/orders/1?page=%31%20%32", &[north]).await, (200, ""));
    assert_is(&ask("/orders/1?page=2", &[north]).await, (403, "forbidden"));
    assert_is(&ask("/orders/1", &[]).await, (403, "forbidden"));
    let twice = ask("/orders/1", &[north, north]).await;
    assert_is(&twice, (400, "malformed-header"));
    assert_eq!(twice.2, "the header `x-tenant` is repeated or not text");
    for query in ["page=1&page=1", "page=1&p%61ge=2", "page=%", "page=%FF", "page=%zz"] {
        let got = ask(&format!("/orders/1?{query}"), &[north]).await;
        assert_is(&got, (400, "malformed-query"));
        assert_eq!(got.2, "the query parameter `page` is repeated or cannot be decoded", "{query}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_malformed() {
    let shop = shop("{}", "", r#"context = { headers = ["x-tenant"] }"#, &when("true"));
    let field = format!("Bearer {}", shop.token("alice", &[]));
    for (bytes, status) in [(&b"n\xC3\xB6rth"[..], 200), (b"n\xF6rth", 400)] {
        let headers = [("authorization", field.as_str())];
        let mut inbound = http("c1", Method::GET, "/orders/1", &headers, "", shop.world.now());
        let doorward_model::Message::Http(request) = &mut inbound.message else { panic!("a request") };
        request.headers.insert("x-tenant", http::HeaderValue::from_bytes(bytes).unwrap());
        assert_eq!(shop.ask(inbound).await.status.as_u16(), status);
    }
}

#[tokio::test]
async fn a_malformed_request_costs_no_key_and_no_write() {
    let shop = shop("{}", "", r#"context = { query = ["page"] }"#, &when("true"));
    let got = get(&shop, "/orders/1?page=1&page=2", json!({}), &[]).await;
    assert_is(&got, (400, "malformed-query"));
    assert_eq!((shop.world.documents.asked(), shop.world.ledger.rows().len()), (0, 0));
}

#[tokio::test]
async fn a_resource_is_in_what_its_path_names() {
    let policy = when(r#"resource in Tenant::"7" && resource in Function::"orders""#);
    let change = |config: String| {
        config
            .replace("match = \"GET /orders/{id}\"", "match = \"GET /tenants/{tenant}/orders/{id}\"")
            .replace("contract = \"contracts/shop.yaml#getOrder\"\n", "")
            .replace(
                r#"id = "path.id" }"#,
                r#"id = "path.id", parents = [{ type = "Tenant", id = "path.tenant" }] }"#,
            )
    };
    let schema = "entity Order in [Function, Tenant] = { owner: User };";
    let shop = Shop::with_files(change, &[NOBODY, ("own.cedar", &policy), ("shop.cedarschema", schema)]);
    shop.world.targets.answer(200, "{}");
    let ask = async |path: &str| get(&shop, path, json!({}), &[]).await;
    assert_is(&ask("/tenants/7/orders/42").await, (200, ""));
    assert_is(&ask("/tenants/8/orders/42").await, (403, "forbidden"));
    assert_is(&ask("/tenants/7%22/orders/42").await, (403, "forbidden"));
    // An order that the file puts elsewhere is there too.
    assert_is(&ask("/tenants/7/orders/1001").await, (200, ""));
}

#[test]
fn what_is_not_declared_cannot_be_read() {
    let faults = |policy: &str| {
        let config = include_str!("../../../../policies/doorward.toml")
            .replace(PRINCIPAL, &format!("claims = {{ tenant = \"String\" }}\n{PRINCIPAL}"));
        let files = [
            ("own.cedar", policy),
            ("shop.cedarschema", include_str!("../../../../policies/shop.cedarschema")),
            ("contracts/shop.yaml", include_str!("../../../../policies/contracts/shop.yaml")),
            (
                "contracts/payment.schema.json",
                include_str!("../../../../policies/contracts/payment.schema.json"),
            ),
        ];
        World::new(&config, &files, now()).map(drop).expect_err("faults")
    };
    let told = faults(&when("context.token has tenant && context.token.tenent == \"a\""));
    assert!(told.contains("did you mean `tenant`?"), "{told}");
    let told = faults(&when("principal.tenant == \"a\""));
    assert!(told.contains("own.cedar:1:") && told.contains("attribute `tenant`"), "{told}");
    let told = faults(&when("context.request.headers has \"x-tenant\""));
    assert!(told.contains("attribute `request.headers`"), "{told}");
}

#[test]
fn two_issuers_of_one_route_are_read_as_one() {
    let second = "[[issuers]]\nname = \"two\"\nissuer = \"https://two.example/\"\naudiences = [\"shop-api\"]\n\
        algorithms = [\"ES256\"]\nclaims = { tenant = { type = \"String\", required = true }, desk = { type = \"Long\", required = true } }\n\
        principal = { type = \"Clerk\", id = \"sub\", attributes = [\"desk\"] }\n\n[[targets]]\nname = \"orders\"";
    let both = |auth: &str| {
        Shop::with(|config| {
            let claims = "claims = { tenant = { type = \"String\", required = true }, level = \"Long\" }";
            config
                .replace(PRINCIPAL, &format!("{claims}\n{PRINCIPAL}"))
                .replace("[[targets]]\nname = \"orders\"", second)
                .replace(r#"auth = ["main", "api-key"]"#, &format!("auth = {auth}"))
        })
    };
    let schema = |shop: &Shop| {
        let text = shop.world.door.rules().policies().schema().to_owned();
        let (_, action) = text.split_once("action \"createOrder\"").unwrap();
        let (_, token) = action.split_once("\"token\"").unwrap();
        token.split_once('}').unwrap().0.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(schema(&both(r#"["main"]"#)), r#": { "level"?: Long, "tenant": String,"#);
    assert_eq!(
        schema(&both(r#"["main", "two"]"#)),
        r#": { "desk"?: Long, "level"?: Long, "tenant": String,"#
    );
    for others in [r#"["main", "anonymous"]"#, r#"["main", "api-key"]"#] {
        assert_eq!(schema(&both(others)), r#"?: { "level"?: Long, "tenant": String,"#);
    }
    let text = both(r#"["main", "two"]"#).world.door.rules().policies().schema().to_owned();
    assert!(text.contains("entity Clerk in [Group] {\n  \"desk\"?: Long,\n};"), "{text}");
}

/// What the README says of policies is what a door takes.
#[test]
fn the_readme_declares_what_its_policies_read() {
    let readme = include_str!("../../../../README.md");
    let written = |text: &'static str| {
        assert!(readme.contains(text), "the README lacks `{text}`");
        text
    };
    let claims = written(r#"claims = { tenant = "String", verified = { type = "Bool", required = true } }"#);
    let attributes = written(r#"attributes = ["tenant"]"#);
    let resource = written(
        r#"resource = { type = "Order", id = "path.id", parents = [{ type = "Tenant", id = "path.tenant" }] }"#,
    );
    let context = written(r#"context = { headers = ["x-tenant"], query = ["page"] }"#);
    let principal = written(PRINCIPAL).replace(" }", &format!(", {attributes} }}"));
    let change = |config: String| {
        config
            .replace(PRINCIPAL, &format!("{claims}\n{principal}"))
            .replace("match = \"GET /orders/{id}\"", "match = \"GET /tenants/{tenant}/orders/{id}\"")
            .replace(ROUTE, &format!("{resource}\n{context}"))
    };
    let policy = when(&format!(
        "{} && {} && principal has tenant && principal.tenant == context.request.path
         && context.token has tenant && {} == \"a\" && context.request.headers has \"x-tenant\"
         && {} == \"a\" && context.request.query has page && {} == \"1\"",
        written(r#"principal in Group::"staff""#),
        written(r#"resource in Tenant::"7""#),
        written("context.token.tenant"),
        written(r#"context.request.headers["x-tenant"]"#),
        written("context.request.query.page"),
    ));
    let schema = "entity Order in [Function, Tenant] = { owner: User };";
    Shop::with_files(change, &[NOBODY, ("own.cedar", &policy), ("shop.cedarschema", schema)]);
}
