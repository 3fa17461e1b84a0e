//! What stands before the path, front by front, and the opening of connections.

use doorward_model::{Front, FrontKind, HttpRequest, Inbound, Message, PathForm};
use doorward_testkit::{http, socket};
use http::Method;

use crate::shop::{Shop, json_body};

const MORE: &str = r#"
[[routes]]
id = "connectShop"
match = "$connect"
target = "orders"
auth = ["anonymous"]

[[domains]]
name = "api.example.com"
base_path = "/shop"

[[domains]]
name = "root.example.com"
"#;

const POLICY: (&str, &str) = (
    "connect.cedar",
    "@id(\"connect\")\npermit (principal is Anonymous, action == Action::\"connectShop\", resource);\n",
);

fn shop() -> Shop {
    let fronts = r#"fronts = ["http-api:shop", "rest-api:rest", "websocket-api:sock", "alb:shop/1a2b","#;
    let change = |config: String| config.replace(r#"fronts = ["http-api:shop","#, fronts) + MORE;
    Shop::with_files(change, &[POLICY])
}

/// How a request comes in.
#[derive(Clone, Copy)]
struct Way {
    kind: FrontKind,
    id: &'static str,
    host: &'static str,
    stage: Option<&'static str>,
    form: PathForm,
}

const HTTP_API: Way = Way {
    kind: FrontKind::HttpApi,
    id: "shop",
    host: "shop.execute-api.eu-central-1.amazonaws.com",
    stage: None,
    form: PathForm::Decoded,
};
const REST_API: Way = Way { kind: FrontKind::RestApi, id: "rest", form: PathForm::Encoded, ..HTTP_API };
const ALB: Way = Way { kind: FrontKind::Alb, id: "shop/1a2b", host: "api.example.com", ..REST_API };
const FUNCTION_URL: Way = Way { kind: FrontKind::FunctionUrl, id: "shopurl", ..ALB };

fn request(shop: &Shop, way: Way, path: &str, change: impl FnOnce(&mut HttpRequest)) -> Inbound {
    let field = format!("Bearer {}", shop.token("alice", &["customers"]));
    let mut inbound = http("f1", Method::GET, "/", &[("authorization", &field)], "", shop.world.now());
    inbound.front = Front { kind: way.kind, id: way.id.to_owned() };
    let Message::Http(request) = &mut inbound.message else { panic!("a request") };
    request.path = path.to_owned();
    request.path_form = way.form;
    request.host = way.host.to_owned();
    request.stage = way.stage.map(str::to_owned);
    change(request);
    inbound
}

/// Dispatcher and authorizer answer alike: the path that both go by, or the refusal's code.
#[track_caller]
fn check(way: Way, path: &str, expected: Result<&str, &str>) {
    let shop = shop();
    let inbound = request(&shop, way, path, |_| {});
    let found = shop.world.door.rules().path_of(&inbound);
    assert_eq!(found.as_ref().map(|path| path.as_str()), expected.ok(), "{path}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (admitted, reply) = runtime.block_on(async {
        let admitted = shop.world.door.admit(inbound).await;
        (admitted, shop.ask(request(&shop, way, path, |_| {})).await)
    });
    let refused = admitted.refusal.map(|refusal| refusal.code());
    let said = runtime.block_on(json_body(reply));
    match expected {
        Ok("/orders/1001") => {
            assert_eq!((refused, admitted.call.action.as_deref()), (None, Some("getOrder")), "{path}");
        }
        Ok(_) => assert_eq!(refused, Some("not-found"), "{path}"),
        Err(code) => assert_eq!(refused, Some(code), "{path}"),
    }
    if let Some(code) = refused {
        assert_eq!(said["code"], code, "{path}");
    }
}

#[test]
fn a_named_stage_stands_before_the_path() {
    let staged = Way { stage: Some("prod"), ..HTTP_API };
    check(HTTP_API, "/orders/1001", Ok("/orders/1001"));
    check(HTTP_API, "/prod/orders/1001", Ok("/prod/orders/1001"));
    check(staged, "/prod/orders/1001", Ok("/orders/1001"));
    check(staged, "/prod/prod/orders/1001", Ok("/prod/orders/1001"));
    check(staged, "/prod", Ok("/"));
    check(staged, "/prod/", Ok("/"));
    for path in ["/orders/1001", "/production/orders/1001", "/Prod/orders/1001", "/"] {
        check(staged, path, Err("not-found"));
    }
    for path in ["/prod//orders/1001", "/prod/../orders/1001", "/prod/orders/1001/"] {
        check(staged, path, Err("ambiguous-path"));
    }
}

#[test]
fn the_base_path_of_a_declared_domain_stands_before_the_path() {
    for way in [HTTP_API, REST_API] {
        let domain = Way { host: "api.example.com", ..way };
        check(domain, "/shop/orders/1001", Ok("/orders/1001"));
        check(domain, "/shop", Ok("/"));
        check(domain, "/shop/shop/orders/1001", Ok("/shop/orders/1001"));
        for path in ["/orders/1001", "/shopping/orders/1001", "/"] {
            check(domain, path, Err("not-found"));
        }
        check(domain, "/shop//orders/1001", Err("ambiguous-path"));
        check(Way { host: "API.Example.com.:443", ..way }, "/shop/orders/1001", Ok("/orders/1001"));
        // A stage is no part of a custom domain's paths.
        let staged = Way { stage: Some("prod"), ..domain };
        check(staged, "/shop/orders/1001", Ok("/orders/1001"));
        check(staged, "/prod/orders/1001", Err("not-found"));
        check(Way { host: "root.example.com", ..staged }, "/orders/1001", Ok("/orders/1001"));
        check(Way { host: "other.example.com", ..way }, "/shop/orders/1001", Ok("/shop/orders/1001"));
    }
    check(Way { host: "api.example.com", ..REST_API }, "/%73hop/orders/1001", Err("not-found"));
}

#[test]
fn the_callers_own_host_chooses_no_reading() {
    for way in [ALB, FUNCTION_URL] {
        check(way, "/orders/1001", Ok("/orders/1001"));
        check(way, "/shop/orders/1001", Ok("/shop/orders/1001"));
    }
}

#[tokio::test]
async fn the_door_answers_for_itself_below_stage_and_base_path() {
    let shop = shop();
    let staged = Way { stage: Some("prod"), ..HTTP_API };
    let domain = Way { host: "api.example.com", ..REST_API };
    for (way, path, status) in [
        (HTTP_API, "/.doorward/health", 200),
        (staged, "/prod/.doorward/health", 200),
        (domain, "/shop/.doorward/health", 200),
        (ALB, "/.doorward/health", 200),
        (staged, "/.doorward/health", 404),
        (domain, "/.doorward/health", 404),
        (ALB, "/shop/.doorward/health", 404),
    ] {
        let reply = shop.ask(request(&shop, way, path, |_| {})).await;
        assert_eq!(reply.status, status, "{path}");
    }
}

#[tokio::test]
async fn the_opening_of_a_connection_is_a_route_of_its_own() {
    let shop = shop();
    let way = Way { kind: FrontKind::WebSocketApi, id: "sock", host: "api.example.com", ..REST_API };
    let open = |key: &str| {
        let key = key.to_owned();
        request(&shop, way, "/", move |request| {
            request.socket = Some(socket(&key, "c-1", crate::shop::now()))
        })
    };
    assert_eq!(shop.ask(open("$connect")).await.status, 201);
    assert_eq!(shop.last_line().action.as_deref(), Some("connectShop"));
    assert_eq!(shop.ask(open("$default")).await.status, 404);
    // Nothing of HTTP leads there, and nothing from there to HTTP.
    assert_eq!(shop.ask(request(&shop, HTTP_API, "/$connect", |_| {})).await.status, 404);
    let end = socket("$disconnect", "c-1", crate::shop::now());
    let order = request(&shop, way, "/orders/1001", |request| request.socket = Some(end));
    assert_eq!(shop.ask(order).await.status, 404);
}
