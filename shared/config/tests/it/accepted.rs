use std::time::Duration;

use doorward_config::{
    AuthorizerAnswer, CheckAnswers, JwksLocation, LimitRule, OnDeny, UnitsRule, Updates, Window, parse,
};
use expect_test::expect;

use crate::shop::SHOP;

#[test]
fn the_shop_reads_as_it_is_written() {
    expect![[r#"
        Config {
            door: Door {
                name: "shop",
                table: "doorward",
                refresh: 30s,
                updates: None,
                purposes: [
                    "checkout",
                    "analytics",
                ],
                max_body: 1048576,
                retention: 7776000s,
                screen_rate: 100,
                record_decisions: None,
                integration_timeout: 29s,
                batch: 100,
                openapi: Authenticated,
                streamed_fronts: [],
                quarantine_queue: None,
                unknown_events: Quarantine,
            },
            fronts: [
                Front {
                    kind: HttpApi,
                    id: "a1b2c3",
                },
                Front {
                    kind: Bucket,
                    id: "receipts",
                },
            ],
            front_arns: {},
            mappings: [],
            domains: [],
            iam: None,
            certificates: None,
            authorizer: Authorizer {
                answer: Simple,
                cache: 0ns,
                usage_identifier: false,
                identity_sources: [],
                alone: false,
                connections: [],
                place: None,
            },
            api_keys: ApiKeys {
                prefix: "dwk",
                header: "x-api-key",
            },
            cors: None,
            shadow: None,
            issuers: [
                Issuer {
                    name: "main",
                    issuer: "https://id.example.com/",
                    jwks: Url(
                        "https://id.example.com/.well-known/jwks.json",
                    ),
                    tokens: Jwt,
                    leaves_access_tokens: false,
                    verified_by: [],
                    audiences: [
                        "shop-api",
                    ],
                    algorithms: [
                        RS256,
                        ES256,
                        EdDSA,
                    ],
                    claims: {},
                    principal: PrincipalRule {
                        type_name: "User",
                        id: "sub",
                        groups: Some(
                            "groups",
                        ),
                        prefix: None,
                        attributes: [],
                    },
                    leeway: 30s,
                },
            ],
            webhooks: [],
            targets: [
                Target {
                    name: "orders",
                    kind: Lambda(
                        LambdaTarget {
                            invocation: Sync,
                            payload: V2,
                            stream: false,
                        },
                    ),
                    endpoints: [
                        Endpoint {
                            address: "orders",
                            region: None,
                            weight: 1,
                            backup: false,
                            callers: [],
                        },
                    ],
                    balance: Weighted,
                    health: None,
                    retry: Some(
                        Retry {
                            attempts: 2,
                            budget: 20,
                            attempt_timeout: None,
                            statuses: [
                                502,
                                503,
                                504,
                            ],
                        },
                    ),
                    timeout: 5s,
                },
                Target {
                    name: "receipts",
                    kind: Lambda(
                        LambdaTarget {
                            invocation: Sync,
                            payload: V2,
                            stream: false,
                        },
                    ),
                    endpoints: [
                        Endpoint {
                            address: "arn:aws:lambda:eu-central-1:123456789012:function:receipts:live",
                            region: Some(
                                "eu-central-1",
                            ),
                            weight: 1,
                            backup: false,
                            callers: [],
                        },
                    ],
                    balance: Weighted,
                    health: None,
                    retry: Some(
                        Retry {
                            attempts: 2,
                            budget: 20,
                            attempt_timeout: None,
                            statuses: [
                                502,
                                503,
                                504,
                            ],
                        },
                    ),
                    timeout: 5s,
                },
            ],
            routes: [
                Route {
                    id: "createOrder",
                    matched: Http {
                        method: Only(
                            POST,
                        ),
                        path: "/orders",
                    },
                    target: "orders",
                    cloudevents: None,
                    auth: [
                        Token(
                            "main",
                        ),
                    ],
                    scopes: Scopes {
                        names: [],
                        any: false,
                    },
                    contract: Some(
                        ContractRef {
                            file: "contracts/shop.yaml",
                            operation: "createOrder",
                            place: Place {
                                file: "doorward.toml",
                                span: 652..685,
                                line: 31,
                                column: 12,
                            },
                        },
                    ),
                    check_answers: Enforce,
                    max_inflated: None,
                    rewrite: None,
                    authorizer: true,
                    resource: None,
                    context: RequestContext {
                        headers: [],
                        query: [],
                    },
                    units: Fixed(
                        2,
                    ),
                    purpose: Some(
                        Fixed(
                            "checkout",
                        ),
                    ),
                    durability: BeforeAnswer,
                    on_store_failure: Deny,
                    idempotency: None,
                    stream: false,
                },
                Route {
                    id: "getOrder",
                    matched: Http {
                        method: Only(
                            GET,
                        ),
                        path: "/orders/{id}",
                    },
                    target: "orders",
                    cloudevents: None,
                    auth: [
                        Token(
                            "main",
                        ),
                        Anonymous,
                    ],
                    scopes: Scopes {
                        names: [],
                        any: false,
                    },
                    contract: None,
                    check_answers: Off,
                    max_inflated: None,
                    rewrite: None,
                    authorizer: false,
                    resource: Some(
                        ResourceRule {
                            type_name: "Order",
                            parameter: "id",
                            parents: [],
                            load: None,
                        },
                    ),
                    context: RequestContext {
                        headers: [],
                        query: [],
                    },
                    units: Fixed(
                        1,
                    ),
                    purpose: None,
                    durability: BeforeAnswer,
                    on_store_failure: Deny,
                    idempotency: None,
                    stream: false,
                },
            ],
            events: [
                EventRule {
                    id: "receiptUploaded",
                    source: S3,
                    through: [],
                    route: None,
                    event_type: Some(
                        Pattern(
                            "ObjectCreated:*",
                        ),
                    ),
                    matches: [
                        (
                            "bucket",
                            Pattern(
                                "receipts",
                            ),
                        ),
                        (
                            "key",
                            Pattern(
                                "inbox/*",
                            ),
                        ),
                    ],
                    attributes: [],
                    target: "receipts",
                    on_deny: Discard,
                    repeated: Skip,
                    plan: None,
                    purpose: None,
                    contract: None,
                },
            ],
            plans: [
                Plan {
                    name: "default",
                    limits: [
                        Limit {
                            name: "default-rate-per-second",
                            rule: Rate {
                                units: 5,
                                period: 1s,
                                burst: 10,
                            },
                            mode: Hard,
                            by: [
                                Caller,
                            ],
                            only: [],
                            overrides: [],
                        },
                        Limit {
                            name: "default-quota-per-month",
                            rule: Quota {
                                units: 1000,
                                window: Month,
                            },
                            mode: Hard,
                            by: [
                                Caller,
                            ],
                            only: [],
                            overrides: [],
                        },
                    ],
                    refund: [],
                    charge: [],
                    price: None,
                    version: "b5cdb95055ac",
                    definition: PlanDefinition {
                        text: "{\"limits\":[{\"burst\":10,\"rate\":\"5/s\"},{\"by\":\"caller\",\"mode\":\"hard\",\"quota\":\"1000/month\"}]}",
                    },
                },
            ],
            limits: [],
        }"#]]
    .assert_eq(&format!("{:#?}", parse("doorward.toml", SHOP).unwrap()));
}

#[test]
fn what_is_left_out_has_its_default() {
    let text = r#"
door = { name = "d", table = "t" }
issuers = [{ name = "i", issuer = "https://i.example", audiences = ["a"], algorithms = ["RS256"], principal = { type = "User", id = "sub" } }]
targets = [{ name = "t", lambda = "f" }]
routes = [
    { id = "a", match = "GET /a", target = "t", auth = ["i"], contract = "c.yaml#a" },
    { id = "b", match = "GET /b", target = "t", auth = ["i"] },
]
events = [{ id = "e", source = "s3", match = {}, target = "t" }]
plans = [{ name = "default", limits = [{ rate = "7/m" }, { rate = "0/h" }, { quota = "0/day" }] }]
"#;
    let config = parse("doorward.toml", text).unwrap();
    let day = Duration::from_secs(86_400);
    assert_eq!((config.door.refresh, config.door.retention), (Duration::from_secs(30), 90 * day));
    assert_eq!((config.door.max_body, config.door.screen_rate.get()), (1_048_576, 100));
    assert!(config.door.purposes.is_empty() && config.fronts.is_empty());
    assert_eq!(config.authorizer.answer, AuthorizerAnswer::Simple);
    assert_eq!(config.authorizer.cache, Duration::ZERO);
    assert_eq!(config.issuers[0].jwks, JwksLocation::Discovery);
    assert_eq!(config.issuers[0].leeway, Duration::from_secs(30));
    assert_eq!(config.target("t").unwrap().timeout, Duration::from_secs(5));
    assert_eq!(config.routes[0].check_answers, CheckAnswers::Enforce);
    assert_eq!(config.routes[1].check_answers, CheckAnswers::Off);
    assert_eq!((&config.routes[0].units, config.routes[0].is_anonymous()), (&UnitsRule::default(), false));
    assert_eq!(config.door.batch, 100);
    assert_eq!(config.events[0].on_deny, OnDeny::Quarantine);
    let limits = &config.plans[0].limits;
    let names: Vec<&str> = limits.iter().map(|limit| limit.name.as_str()).collect();
    assert_eq!(names, ["default-rate-per-minute", "default-rate-per-hour", "default-quota-per-day"]);
    assert!(matches!(limits[0].rule, LimitRule::Rate { units: 7, burst, .. } if burst.get() == 7));
    assert!(matches!(limits[1].rule, LimitRule::Rate { units: 0, burst, .. } if burst.get() == 1));
    assert_eq!(limits[2].rule, LimitRule::Quota { units: 0, window: Window::Day });
}

#[test]
fn shadow_and_recording_are_opted_in() {
    let text = SHOP.replace("refresh", "record_decisions = \"7d\"\nrefresh");
    let config = parse("f", &format!("{text}\n[shadow]\npolicies = \"candidate/may\"")).unwrap();
    assert_eq!(config.door.record_decisions, Some(Duration::from_secs(7 * 86_400)));
    assert_eq!(config.shadow.unwrap().folder, "candidate/may");
}

#[test]
fn a_door_looks_for_newer_bundles_where_it_is_told_to() {
    let updates = |line: &str| {
        let text = format!("[door]\nname = 'd'\ntable = 't'\n{line}");
        parse("f", &text).unwrap().door.updates
    };
    assert_eq!(updates(""), Updates::None);
    assert_eq!(updates("updates = 'none'"), Updates::None);
    assert_eq!(updates("updates = 'table'"), Updates::Table);
}

#[test]
fn fronts_may_stand_at_the_top_level_or_in_the_door() {
    let inside = parse("f", "[door]\nname = 'd'\ntable = 't'\nfronts = ['http-api:a']").unwrap();
    let outside = parse("f", "fronts = ['http-api:a']\n[door]\nname = 'd'\ntable = 't'").unwrap();
    assert_eq!(inside.fronts, outside.fronts);
    assert_eq!(inside.fronts.len(), 1);
}

#[test]
fn two_issuers_may_share_a_type_when_their_prefixes_keep_them_apart() {
    let issuer = |name: &str, prefix: &str| {
        format!(
            "[[issuers]]\nname = '{name}'\nissuer = 'https://{name}.example'\naudiences = ['a']\n\
             algorithms = ['ES256']\nprincipal = {{ type = 'User', id = 'sub', prefix = '{prefix}' }}\n"
        )
    };
    let text = format!("[door]\nname = 'd'\ntable = 't'\n{}{}", issuer("one", "1:"), issuer("two", "2:"));
    let config = parse("f", &text).unwrap();
    assert_eq!(config.issuer("two").unwrap().principal.prefix.as_deref(), Some("2:"));
}
