//! What pages of other origins may do.

use doorward_model::{Inbound, Outcome, Reply};
use http::Method;

use crate::shop::{GOOD_ORDER, Shop};

fn shop(cors: &str) -> Shop {
    Shop::with(|config| format!("{config}\n[cors]\n{cors}\n"))
}

fn ask(shop: &Shop, method: Method, path: &str, headers: &[(&str, &str)]) -> Inbound {
    doorward_testkit::http("c1", method, path, headers, "", shop.world.now())
}

/// What a browser asks before a page of `origin` sends an order.
fn preflight(shop: &Shop, path: &str, origin: &str) -> Inbound {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    ask(shop, Method::OPTIONS, path, &headers)
}

/// The fields that the CORS protocol reads, sorted.
fn told(reply: &Reply) -> Vec<String> {
    let headers = reply.headers.iter();
    let of_cors = headers.filter(|(name, _)| name.as_str().starts_with("access-control-") || *name == "vary");
    let mut told: Vec<_> =
        of_cors.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    told.sort();
    told
}

#[tokio::test]
async fn a_preflight_is_answered_by_the_door() {
    let shop = shop("origins = [\"https://pages.example\"]\nheaders = [\"x-campaign\"]\nmax_age = \"1h\"");
    let reply = shop.ask(preflight(&shop, "/orders", "https://pages.example")).await;
    assert_eq!(reply.status, 204);
    assert_eq!(
        told(&reply),
        [
            "access-control-allow-headers: authorization, content-type, idempotency-key, x-api-key, x-campaign",
            "access-control-allow-methods: POST",
            "access-control-allow-origin: https://pages.example",
            "access-control-max-age: 3600",
            "vary: access-control-request-headers",
            "vary: access-control-request-method",
            "vary: origin",
        ]
    );
    let line = shop.last_line();
    assert_eq!((line.outcome, line.action.as_deref()), (Outcome::Admitted, Some("doorward.preflight")));
    assert!(shop.world.ledger.rows().is_empty() && shop.world.targets.sent().is_empty());
    let usage = shop.ask(preflight(&shop, "/.doorward/usage", "https://pages.example")).await;
    assert_eq!(usage.headers["access-control-allow-methods"], "GET");
}

#[tokio::test]
async fn other_origins_are_told_nothing() {
    let shop = shop("origins = [\"https://pages.example\"]");
    for origin in [
        "https://pages.example.evil.example",
        "https://PAGES.example",
        "http://pages.example",
        "https://pages.example:443",
        "https://pages.example/",
        "null",
        "",
    ] {
        let reply = shop.ask(preflight(&shop, "/orders", origin)).await;
        let of_cors = told(&reply).into_iter().filter(|field| field.starts_with("access")).count();
        assert_eq!((reply.status.as_u16(), of_cors), (204, 0), "{origin}");
        let mut order = shop.order("c2", GOOD_ORDER);
        let doorward_model::Message::Http(request) = &mut order.message else { panic!() };
        request.headers.insert("origin", origin.parse().unwrap());
        let reply = shop.ask(order).await;
        assert_eq!(told(&reply), ["vary: origin"], "{origin}");
        assert_eq!(reply.status, 201, "it guards nothing: the caller is decided upon as ever");
    }
}

#[tokio::test]
async fn answers_and_refusals_may_be_read_and_a_targets_own_word_counts_for_nothing() {
    let shop = shop("origins = [\"https://pages.example\"]\nexpose = [\"x-total\"]\ncredentials = true");
    shop.world.targets.respond(|| {
        let headers = [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-private-network", "true"),
            ("vary", "accept"),
            ("content-type", "application/json"),
        ];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let body = doorward_model::Body::from(br#"{"id":"7","status":"placed","total":4200}"#.to_vec());
        Ok(Reply { status: http::StatusCode::CREATED, headers: http::HeaderMap::from_iter(headers), body })
    });
    let mut order = shop.order("c2", GOOD_ORDER);
    let doorward_model::Message::Http(request) = &mut order.message else { panic!() };
    request.headers.insert("origin", "https://pages.example".parse().unwrap());
    let reply = shop.ask(order).await;
    let expected = [
        "access-control-allow-credentials: true",
        "access-control-allow-origin: https://pages.example",
        "access-control-expose-headers: x-request-id, ratelimit, ratelimit-policy, retry-after, idempotent-replayed, x-total",
        "vary: accept",
        "vary: origin",
    ];
    assert_eq!((reply.status.as_u16(), told(&reply)), (201, expected.map(str::to_owned).to_vec()));
    let refused = ask(&shop, Method::GET, "/orders/1001", &[("origin", "https://pages.example")]);
    let reply = shop.ask(refused).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.headers["access-control-allow-origin"]),
        (401, &"https://pages.example".parse().unwrap())
    );
}

#[tokio::test]
async fn a_target_that_answers_preflights_lets_no_origin_in_that_the_configuration_does_not() {
    let change = |config: String| {
        let config = config.replace("GET /orders/{id}/tracking", "OPTIONS /orders/{id}/tracking");
        format!("{config}\n[cors]\norigins = [\"https://pages.example\"]\n")
    };
    let shop =
        Shop::with_files(change, &[("catalog.cedar", include_str!("../../../../policies/catalog.cedar"))]);
    shop.world.targets.respond(|| {
        let headers = [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "PUT"),
        ];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let headers = http::HeaderMap::from_iter(headers);
        Ok(Reply { status: http::StatusCode::NO_CONTENT, headers, body: doorward_model::Body::Empty })
    });
    let token = format!("Bearer {}", shop.token("alice", &["customers"]));
    let methods = "access-control-allow-methods: PUT";
    let allowed = "access-control-allow-origin: https://pages.example";
    for (origin, expected) in [
        ("https://evil.example", vec![methods, "vary: origin"]),
        ("https://pages.example", vec![methods, allowed, "vary: origin"]),
    ] {
        let headers =
            [("origin", origin), ("access-control-request-method", "PUT"), ("authorization", token.as_str())];
        let reply = shop.ask(ask(&shop, Method::OPTIONS, "/orders/1001/tracking", &headers)).await;
        assert_eq!(
            (reply.status.as_u16(), told(&reply)),
            (204, expected.iter().map(|text| (*text).to_owned()).collect())
        );
    }
}

#[tokio::test]
async fn any_origin_may_call_where_the_configuration_says_so() {
    let shop = shop("origins = [\"*\"]");
    let reply = shop.ask(preflight(&shop, "/orders", "https://anywhere.example")).await;
    assert_eq!(reply.headers["access-control-allow-origin"], "*");
    assert!(!told(&reply).contains(&"vary: origin".to_owned()));
}

#[tokio::test]
async fn what_is_no_preflight_goes_the_way_of_every_call() {
    let shop = shop("origins = [\"*\"]");
    let origin = ("origin", "https://pages.example");
    let asked = ("access-control-request-method", "POST");
    for (method, path, headers, status) in [
        (Method::OPTIONS, "/orders", vec![origin], 405),
        (Method::OPTIONS, "/orders", vec![asked], 405),
        (Method::OPTIONS, "/nowhere", vec![origin, asked], 404),
        (Method::OPTIONS, "/orders/../orders", vec![origin, asked], 400),
        (Method::GET, "/orders/1001", vec![origin, asked], 401),
    ] {
        assert_eq!(shop.ask(ask(&shop, method, path, &headers)).await.status, status, "{path} {headers:?}");
    }
    let mut forged = preflight(&shop, "/orders", "https://pages.example");
    forged.front = "http-api:other".parse().unwrap();
    assert_eq!(shop.ask(forged).await.status, 403);
    let without = Shop::new();
    let reply = without.ask(preflight(&without, "/orders", "https://pages.example")).await;
    assert_eq!((reply.status.as_u16(), told(&reply)), (405, Vec::<String>::new()));
}
