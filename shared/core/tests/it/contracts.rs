//! Several contracts beside each other.

use doorward_core::Rules;
use doorward_testkit::http;
use http::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, bundle, json_body};

/// One name for two types, in two contracts: each action's input is typed in place, so that they do not clash.
#[test]
fn contracts_may_name_other_types_alike() {
    let contract = |name: &str, total: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{ title: t, version: '1' }}\npaths:\n  /{name}:\n    post:\n      operationId: put\n      requestBody:\n        required: true\n        content:\n          application/json:\n            schema: {{ $ref: '#/components/schemas/Amount' }}\n      responses: {{ '204': {{ description: done }} }}\ncomponents:\n  schemas:\n    Amount: {{ type: object, required: [total], properties: {{ total: {{ type: {total} }} }}, additionalProperties: false }}\n"
        )
    };
    let routes = ["texts", "numbers"].map(|name| {
        format!("\n[[routes]]\nid = \"{name}\"\nmatch = \"POST /{name}\"\ntarget = \"orders\"\nauth = [\"main\"]\ncontract = \"contracts/{name}.yaml#put\"\n")
    });
    let policies =
        "permit (principal, action == Action::\"texts\", resource) when { context.input.total == \"1\" };
        permit (principal, action == Action::\"numbers\", resource) when { context.input.total == 1 };";
    let files = [("texts", "string"), ("numbers", "integer")]
        .map(|(name, ty)| (format!("contracts/{name}.yaml"), contract(name, ty)));
    let compile = |policies: &str| {
        let mut bundle = bundle(&[("more.cedar", policies)]);
        bundle.config.1.push_str(&routes.concat());
        bundle.files.extend(files.iter().cloned());
        Rules::compile(&bundle, |_| None)
    };
    assert!(compile(policies).is_ok(), "{:?}", compile(policies).err());
    let mixed = policies.replace("== \"1\"", "< 1");
    let faults = compile(&mixed).err().map(|faults| faults.to_string()).unwrap_or_default();
    assert!(faults.contains("expected Long but saw String"), "{faults}");
}

/// A path of that style would never come in: the canonical path takes no `;`.
#[test]
fn a_path_parameter_of_style_matrix_is_a_fault() {
    let text = "openapi: 3.1.0\npaths:\n  /a/{id}:\n    get:\n      operationId: a\n      parameters: [{ name: id, in: path, required: true, style: matrix, schema: { type: string } }]\n";
    let mut bundle = bundle(&[("contracts/a.yaml", text)]);
    let route = "\n[[routes]]\nid = \"a\"\nmatch = \"GET /a/{id}\"\ntarget = \"orders\"\nauth = [\"main\"]\ncontract = \"contracts/a.yaml#a\"\n";
    bundle.config.1.push_str(route);
    let found = Rules::compile(&bundle, |_| None).err().map(|faults| faults.to_string()).unwrap_or_default();
    assert!(
        found.contains("the path parameter `id` is written with `;`, which the door takes in no path"),
        "{found}"
    );
    bundle.files.insert("contracts/a.yaml".to_owned(), text.replace("matrix", "label"));
    assert!(Rules::compile(&bundle, |_| None).is_ok());
}

const PLACES: &str = "openapi: 3.1.0
info: { title: t, version: '1' }
paths:
  /places:
    post:
      operationId: put
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [lat, lon]
              properties:
                lat: { type: number }
                lon: { type: number }
                size: { type: integer }
                price: { type: number }
      responses: { '201': { description: done } }
";

/// A shop whose customers put places, by this policy.
fn places(policy: &str) -> Shop {
    let route = "\n[[routes]]\nid = \"putPlace\"\nmatch = \"POST /places\"\ntarget = \"orders\"\nauth = [\"main\"]\n\
                 contract = \"contracts/places.yaml#put\"\ncheck_answers = \"off\"\n";
    let policy = format!(
        "@id(\"places\")\npermit (principal in Group::\"customers\", action == Action::\"putPlace\", resource);\n{policy}"
    );
    Shop::with_files(|config| config + route, &[("contracts/places.yaml", PLACES), ("places.cedar", &policy)])
}

async fn put(shop: &Shop, id: &str, body: &str, group: &str) -> (u16, Value) {
    let token = format!("Bearer {}", shop.token("alice", &[group]));
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    let reply = shop.ask(http(id, Method::POST, "/places", &headers, body, shop.world.now())).await;
    (reply.status.as_u16(), json_body(reply).await)
}

/// Cedar's numbers are no bound of a contract: only what policies read must be one that they can compare.
#[tokio::test]
async fn a_number_beyond_cedars_matters_to_policies_that_read_it() {
    let fine = [
        r#"{"lat":52.520008,"lon":13.404954}"#,
        r#"{"lat":1e15,"lon":0.30000000000000004}"#,
        r#"{"lat":1,"lon":2,"size":9223372036854775808}"#,
    ];
    let shop = places("");
    for (nth, body) in fine.iter().enumerate() {
        assert_eq!(put(&shop, &format!("c{nth}"), body, "customers").await.0, 201, "{body}");
    }
    let shop = places(
        "@id(\"cheap\")\nforbid (principal, action == Action::\"putPlace\", resource)
         when { context.input has price && context.input.price.greaterThanOrEqual(decimal(\"10.0\")) };",
    );
    assert_eq!(put(&shop, "c1", fine[0], "customers").await.0, 201);
    assert_eq!(put(&shop, "c2", r#"{"lat":1.23456,"lon":2,"price":9.9999}"#, "customers").await.0, 201);
    assert_eq!(put(&shop, "c3", r#"{"lat":1.23456,"lon":2,"price":10}"#, "customers").await.0, 403);
    // Left out, it would be taken for absent.
    let (status, problem) = put(&shop, "c4", r#"{"lat":1,"lon":2,"price":9.99999}"#, "customers").await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/price")), "{problem}");
    // Who may not do it hears nothing of policies.
    assert_eq!(put(&shop, "c5", r#"{"lat":1,"lon":2,"price":9.99999}"#, "others").await.0, 403);
}

/// Else each call would be carried out, and its caller told that it failed.
#[test]
fn a_contract_says_what_a_target_answers_that_only_takes_calls_on() {
    let check = |responses: &str, target: &str, more: &str| {
        let contract = PLACES.replace("'201'", responses);
        let mut bundle = bundle(&[("contracts/places.yaml", &contract)]);
        bundle.config.1.push_str(&format!(
            "\n[[targets]]\nname = \"later\"\n{target}\n\n[[routes]]\nid = \"putPlace\"\nmatch = \"POST /places\"\n\
             target = \"later\"\nauth = [\"main\"]\ncontract = \"contracts/places.yaml#put\"\n{more}"
        ));
        Rules::compile(&bundle, |_| None).err().map(|faults| faults.to_string()).unwrap_or_default()
    };
    let queue = "sqs = \"https://sqs.eu-west-1.amazonaws.com/123456789012/later\"";
    let fault = "the contract has no answer 202, and the target `later` of kind `sqs` gives no other";
    assert!(check("'201'", queue, "").contains(fault));
    assert!(check("'201'", "lambda = \"later\"\ninvocation = \"async\"", "").contains("of kind `lambda`"));
    for fine in ["'202'", "2XX", "default"] {
        assert_eq!(check(fine, queue, ""), "", "{fine}");
    }
    assert_eq!(check("'201'", "lambda = \"later\"", ""), "");
    assert_eq!(check("'201'", queue, "check_answers = \"report\"\n"), "");
}

/// What the caller has need not come again, and no contract need say so (RFC 9110 section 15.4.5).
#[tokio::test]
async fn a_304_stands_for_the_answer_that_the_caller_has() {
    let shop = Shop::new();
    shop.world.targets.answer(304, "");
    let token = format!("Bearer {}", shop.token("alice", &["customers"]));
    let ask = async |id: &str, (name, value): (&str, &str)| {
        let headers = [("authorization", token.as_str()), (name, value)];
        let asked = http(id, Method::GET, "/orders/1001", &headers, "", shop.world.now());
        shop.ask(asked).await.status.as_u16()
    };
    assert_eq!(ask("c1", ("if-none-match", "\"a\"")).await, 304);
    assert_eq!(ask("c2", ("if-modified-since", "Fri, 27 Nov 2026 18:00:00 GMT")).await, 304);
    // Nobody asked for it.
    assert_eq!(ask("c3", ("if-match", "\"a\"")).await, 502);
    assert_eq!(shop.last_line().code, Some("broken-answer"));
    // Any coding will do for a caller who says nothing, and none for a contract.
    assert_eq!(shop.world.targets.encoding().as_deref(), Some("identity"));
    ask("c4", ("accept-encoding", "gzip")).await;
    assert_eq!(shop.world.targets.encoding().as_deref(), Some("identity"));
}

#[tokio::test]
async fn what_nobody_checks_is_asked_for_as_the_caller_does() {
    let shop = Shop::with(|config| {
        config.replace(
            "contract = \"contracts/shop.yaml#",
            "check_answers = \"off\"\ncontract = \"contracts/shop.yaml#",
        )
    });
    let token = format!("Bearer {}", shop.token("alice", &["customers"]));
    for (id, encoding) in [("c1", None), ("c2", Some("gzip"))] {
        let headers = [("authorization", token.as_str()), ("accept-encoding", encoding.unwrap_or_default())];
        let headers = if encoding.is_some() { &headers[..] } else { &headers[..1] };
        shop.ask(http(id, Method::GET, "/orders/1001", headers, "", shop.world.now())).await;
        assert_eq!(shop.world.targets.encoding().as_deref(), encoding);
    }
}
