//! Routes of any method, and such whose last parameter takes all that is left of the path.

use doorward_config::parse_policy_tests;
use doorward_model::{FrontKind, Inbound, Message, PathForm, TargetFault};

use crate::shop::Shop;

const ROUTES: &str = r#"
[[routes]]
id = "readFile"
match = "GET /files/{path+}"
target = "orders"
auth = ["main"]
resource = { type = "File", id = "path.path" }

[[routes]]
id = "changeFile"
match = "ANY /files/{path+}"
target = "orders"
auth = ["main"]
idempotency = "required"

[[routes]]
id = "readIndex"
match = "GET /files/{folder}/index"
target = "orders"
auth = ["main"]
"#;

const SCHEMA: &str = "entity File in [Function];\n";

const POLICY: &str = r#"
permit (principal, action == Action::"readFile", resource) when { resource != File::"secret/keys" };
permit (principal, action == Action::"readIndex", resource);
permit (principal, action == Action::"changeFile", resource) when {
    context.request.method != "PATCH" && context.request.path like "/files/public/*"
};
"#;

fn shop(more: &str) -> Shop {
    let files = [("files.cedar", POLICY), ("files.cedarschema", SCHEMA)];
    let quick = |config: String| config.replace("rate = \"5/s\", burst = 10", "rate = \"1000/s\"");
    let shop = Shop::with_files(|config| format!("{}{ROUTES}{more}", quick(config)), &files);
    shop.world.targets.answer(200, "{}");
    shop
}

fn ask(shop: &Shop, method: &str, path: &str, headers: &[(&str, &str)]) -> Inbound {
    let token = format!("Bearer {}", shop.token("alice", &["customers"]));
    let headers = [headers, &[("authorization", token.as_str())]].concat();
    doorward_testkit::http("c1", method.parse().unwrap(), path, &headers, "", shop.world.now())
}

/// Status, action and code of a call.
#[track_caller]
fn told(shop: &Shop, status: u16) -> String {
    let line = shop.last_line();
    format!("{status} {} {}", line.action.as_deref().unwrap_or("-"), line.code.unwrap_or("-"))
}

const KEY: (&str, &str) = ("idempotency-key", "\"k1\"");

#[tokio::test]
async fn the_most_specific_route_decides_by_its_own_action() {
    let shop = shop("");
    for (method, path, expected) in [
        ("GET", "/files/a/b.txt", "200 readFile -"),
        ("GET", "/files/secret/keys", "403 readFile forbidden"),
        ("GET", "/files/secret/index", "200 readIndex -"),
        ("GET", "/files/index", "200 readFile -"),
        ("PUT", "/files/public/a", "200 changeFile -"),
        ("PUT", "/files/public/index", "200 changeFile -"),
        ("PATCH", "/files/public/b", "403 changeFile forbidden"),
        ("PUT", "/files/secret/keys", "403 changeFile forbidden"),
        ("HEAD", "/files/public/a", "200 changeFile -"),
        ("OPTIONS", "/files/public/a", "200 changeFile -"),
        ("PROPFIND", "/files/public/a", "405 - method-not-allowed"),
        ("ANY", "/files/public/a", "405 - method-not-allowed"),
        ("GET", "/files", "404 - not-found"),
        ("GET", "/files/", "404 - not-found"),
    ] {
        let key = format!("\"{method}{path}\"");
        let reply = shop.ask(ask(&shop, method, path, &[("idempotency-key", &key)])).await;
        assert_eq!(told(&shop, reply.status.as_u16()), expected, "{method} {path}");
        if reply.status == 405 {
            assert_eq!(reply.headers["allow"], "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
        }
    }
    let reply = shop.ask(ask(&shop, "GET", "/files/a%20b/%C3%A9", &[])).await;
    assert_eq!(reply.status, 200);
    assert_eq!(shop.last_line().resource.unwrap().to_string(), "File::\"a b/é\"");
}

#[tokio::test]
async fn a_path_that_could_be_read_otherwise_gets_nowhere() {
    let shop = shop("");
    let long = format!("/files/{}", "a/".repeat(1_020) + "a");
    let longer = format!("/files/{}", "a/".repeat(1_030));
    for (path, expected) in [
        ("/files//x", "400 - ambiguous-path"),
        ("/files/a//", "400 - ambiguous-path"),
        ("/files/..", "400 - ambiguous-path"),
        ("/files/a/../secret/keys", "400 - ambiguous-path"),
        ("/files/%2e%2e/x", "400 - ambiguous-path"),
        ("/files/%2E/x", "400 - ambiguous-path"),
        ("/files/a%2Fb", "400 - ambiguous-path"),
        ("/files/a%5cb", "400 - ambiguous-path"),
        ("/files/%252e%252e/x", "400 - ambiguous-path"),
        ("/files/a%00", "400 - ambiguous-path"),
        ("/files/a;b/c", "400 - ambiguous-path"),
        (&longer, "400 - ambiguous-path"),
        (&long, "200 readFile -"),
        ("/files/...", "200 readFile -"),
        ("/files/%7Bpath%2B%7D", "200 readFile -"),
    ] {
        let reply = shop.ask(ask(&shop, "GET", path, &[])).await;
        assert_eq!(told(&shop, reply.status.as_u16()), expected, "{path:.60}");
    }
}

/// An HTTP API decodes paths: an encoded slash is one there, and what was decided upon is what is forwarded.
#[tokio::test]
async fn where_a_front_decoded_the_path_its_reading_is_decided_upon() {
    let shop = shop("");
    for (path, expected) in
        [("/files/secret/keys", "403 readFile forbidden"), ("/files/a/", "400 - ambiguous-path")]
    {
        let mut inbound = ask(&shop, "GET", path, &[]);
        inbound.front.kind = FrontKind::HttpApi;
        inbound.front.id = "shop".to_owned();
        let Message::Http(request) = &mut inbound.message else { panic!() };
        request.path_form = PathForm::Decoded;
        let reply = shop.ask(inbound).await;
        assert_eq!(told(&shop, reply.status.as_u16()), expected, "{path}");
    }
}

#[tokio::test]
async fn what_may_be_repeated_the_method_of_the_call_says() {
    let shop = shop("");
    // A key is asked of calls that change something.
    assert_eq!(shop.ask(ask(&shop, "HEAD", "/files/public/a", &[])).await.status, 200);
    let reply = shop.ask(ask(&shop, "POST", "/files/public/a", &[])).await;
    assert_eq!(told(&shop, reply.status.as_u16()), "400 changeFile missing-idempotency-key");
    assert_eq!(shop.ask(ask(&shop, "POST", "/files/public/a", &[KEY])).await.status, 200);
    let reply = shop.ask(ask(&shop, "DELETE", "/files/public/a", &[KEY])).await;
    assert_eq!(told(&shop, reply.status.as_u16()), "422 changeFile idempotency-key-reused");
    assert_eq!(shop.world.targets.sent().len(), 2);
}

#[tokio::test]
async fn a_call_is_tried_again_where_its_method_lets_it() {
    let without_keys = |config: String| {
        let routes = ROUTES.replace("idempotency = \"required\"\n", "");
        config
            .replace("lambda = \"orders\"", "http = \"https://a.example\"\nhealth = false")
            .replace("rate = \"5/s\", burst = 10", "rate = \"1000/s\"")
            + &routes
    };
    let files = [("files.cedar", POLICY), ("files.cedarschema", SCHEMA)];
    let shop = Shop::with_files(without_keys, &files);
    shop.world.targets.fail(TargetFault::Reset("cut".into()));
    for (method, tries) in [("DELETE", 2), ("PUT", 2), ("HEAD", 2), ("POST", 1)] {
        assert_eq!(shop.ask(ask(&shop, method, "/files/public/a", &[])).await.status, 502, "{method}");
        assert_eq!(shop.last_line().sent.unwrap().tries, tries, "{method}");
    }
}

#[tokio::test]
async fn the_door_answers_the_preflights_of_a_route_of_any_method() {
    let shop = shop("\n[cors]\norigins = [\"https://pages.example\"]\n");
    let asks = [("origin", "https://pages.example"), ("access-control-request-method", "PUT")];
    let reply = shop.ask(ask(&shop, "OPTIONS", "/files/a/b", &asks)).await;
    assert_eq!(reply.status, 204);
    let methods = &reply.headers["access-control-allow-methods"];
    assert_eq!(methods, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
    assert!(shop.world.targets.sent().is_empty());
    // Any other `OPTIONS` is a call like others.
    let reply = shop.ask(ask(&shop, "OPTIONS", "/files/public/b", &[])).await;
    assert_eq!(told(&shop, reply.status.as_u16()), "200 changeFile -");
    assert_eq!(shop.world.targets.sent().len(), 1);
}

#[test]
fn a_question_about_a_route_of_any_method_says_which() {
    let shop = shop("");
    let test = |context: &str| {
        format!(
            "[[tests]]\nname = \"it\"\nprincipal = 'User::\"alice\"'\naction = \"changeFile\"\n{context}decision = \"allow\"\n"
        )
    };
    let run = |text: &str| {
        let tests = parse_policy_tests("f", text).unwrap_or_else(|faults| panic!("{faults}"));
        shop.world.door.rules().test_policies(&tests, &|_| panic!())
    };
    let stated = "context = { request = { method = \"PUT\", path = \"/files/public/a\" } }\n";
    let report = run(&test(stated)).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(report.results[0].differences.is_empty(), "{report:?}");
    let faults = run(&test("")).unwrap_err().to_string();
    assert!(faults.contains("missing `method` (`context.request`)"), "{faults}");
    let request = "[[tests]]\nname = \"it\"\nprincipal = 'User::\"alice\"'\nrequest = { method = \"DELETE\", path = \
                   \"/files/public/x/y\" }\ndecision = \"allow\"\n";
    let report = run(request).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(report.results[0].rehearsed.action.as_deref(), Some("changeFile"));
    assert!(report.results[0].differences.is_empty(), "{report:?}");
}

#[test]
fn no_shared_answer_of_an_authorizer_is_about_such_routes() {
    let shared = |matched: &str| {
        let mut bundle = crate::shop::bundle(&[]);
        let keys = "answer = \"iam-policy\"\ncache = \"60s\"\nidentity_sources = [\"header.authorization\"]";
        let text = bundle.config.1.replace("answer = \"simple\"", keys);
        let route = format!(
            "\n[[routes]]\nid = \"all\"\nmatch = \"{matched}\"\ntarget = \"orders\"\nauth = [\"main\"]\n"
        );
        bundle.config.1 = text + &route;
        doorward_core::Rules::compile(&bundle, |_| None).map(|_| ()).unwrap_err().to_string()
    };
    let any = shared("ANY /all");
    assert!(
        any.contains(
            "about `all` cannot be shared between routes: it takes any method, and no exact ARN stands for it"
        ),
        "{any}"
    );
    let greedy = shared("GET /all/{rest+}");
    assert!(greedy.contains("about `all` cannot be shared between routes: its path has parameters, and no exact ARN stands for it"), "{greedy}");
}

#[test]
fn a_gateway_takes_a_request_for_the_same_route_or_for_one_of_its_own() {
    let shop = shop("");
    let takes = |path: &str, template: &str| {
        shop.world.door.rules().takes_alike(&ask(&shop, "GET", path, &[]), template)
    };
    assert!(takes("/files/a/b", "/files/{rest+}"), "whatever its parameter is called");
    assert!(takes("/files/a/index", "/files/{folder}/index"));
    // `/files/a%2Findex`, which the gateway decodes behind its own choice.
    assert!(!takes("/files/a/index", "/files/{path+}"));
    assert!(!takes("/files/a/b", "/files/{folder}/index"));
    assert!(takes("/files/a/b", "/{proxy+}"), "it is no route here");
    assert!(takes("/nothing/here", "/files/{path+}"), "it is refused anyway");
}
