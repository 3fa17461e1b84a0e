//! The invoke door: the Lambda Invoke API in front of a target.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorward_model::{Body, Inbound, Outcome, Reply, TargetFault};
use doorward_testkit::http;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::shop::{Shop, json_body};

const PATH: &str = "/2015-03-31/functions/orders/invocations";
const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
const ORDER: &str = r#"{"id":"42","total":4200}"#;
const SCHEMA: &str = r#"{"type":"object","required":["id","total"],
    "properties":{"id":{"type":"string"},"total":{"type":"integer","maximum":100000}}}"#;
const POLICIES: &str = r#"
@id("alice-invokes") permit (principal == User::"alice", action == Action::"invokeOrders", resource == Function::"orders")
when { context.input.total < 5000 };
@id("events-of-bob") permit (principal == User::"bob", action == Action::"invokeOrders", resource)
when { context.request.invocation_type == "Event" };
@id("canary-of-carol") permit (principal == User::"carol", action == Action::"invokeOrders", resource)
when { context.request has qualifier && context.request.qualifier == "canary" };
@id("queue") permit (principal, action in [Action::"invokeQueue", Action::"invokeServer"], resource)
when { context.request.invocation_type like "*" };
"#;

fn shop_with(change: impl FnOnce(String) -> String) -> Shop {
    let routes = format!(
        r#"[[targets]]
name = "later"
sqs = "https://sqs.eu-west-1.amazonaws.com/123456789012/later"

[[routes]]
id = "invokeOrders"
invoke = {{ function = "{ARN}", qualifiers = ["canary"], log_tail = true }}
target = "orders"
auth = ["main"]
contract = "contracts/order.json"

[[routes]]
id = "invokeQueue"
invoke = "later"
target = "later"
auth = ["main"]

[[routes]]
id = "invokeServer"
invoke = "search"
target = "search"
auth = ["main"]
rewrite = "/v1/search"

[[events]]"#
    );
    let shop = Shop::with_files(
        |config| change(config.replacen("[[events]]", &routes, 1)),
        &[("invoke.cedar", POLICIES), ("contracts/order.json", SCHEMA)],
    );
    shop.world.targets.answer(200, r#"{"ok":true}"#);
    shop
}

fn shop() -> Shop {
    shop_with(|config| config)
}

fn invocation(shop: &Shop, who: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Inbound {
    let token = format!("Bearer {}", shop.token(who, &["customers"]));
    let own = [("authorization", token.as_str())];
    let headers: Vec<_> = own.iter().chain(headers).copied().collect();
    let id = format!("c{}", shop.world.lines.calls().len());
    http(&id, Method::POST, path, &headers, body, shop.world.now())
}

async fn invoke(shop: &Shop, who: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    shop.ask(invocation(shop, who, path, headers, body)).await
}

/// Status, exception, the door's own word and the message of a refusal.
async fn said(reply: Reply) -> String {
    let status = reply.status.as_u16();
    let field = |name: &str| reply.headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned();
    let (kind, code, media) = (field("x-amzn-errortype"), field("x-doorward-code"), field("content-type"));
    assert!(reply.headers.contains_key("x-amzn-requestid"));
    assert_eq!(media, "application/json");
    let body = json_body(reply).await;
    let message = body["message"].as_str().or(body["Message"].as_str()).unwrap();
    format!("{status} {kind} {code}: {message}")
}

#[track_caller]
fn starts(said: &str, expected: &str) {
    assert!(said.starts_with(expected), "{said}");
}

#[tokio::test]
async fn a_function_is_sent_the_payload_as_it_came_and_its_answer_passed_on() {
    let shop = shop();
    shop.world.targets.respond(|| {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-amz-executed-version", "7"),
            ("x-amz-log-result", "bG9n"),
            ("x-amzn-remapped-date", "today"),
            ("set-cookie", "a=b"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Ok(Reply { status: StatusCode::OK, headers, body: Body::from(b"[1, 2]".to_vec()) })
    });
    let payload = "{ \"id\": \"42\",\n \"total\": 4200 }";
    let context = STANDARD.encode(r#"{"custom":{"a":"b"}}"#);
    let headers = [("x-amz-log-type", "Tail"), ("x-amz-client-context", &context)];
    let reply = invoke(&shop, "alice", PATH, &headers, payload).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["x-amz-executed-version"], "7");
    assert_eq!(reply.headers["x-amz-log-result"], "bG9n");
    assert!(!reply.headers.contains_key("set-cookie") && !reply.headers.contains_key("x-amzn-remapped-date"));
    assert_eq!(&reply.body.collect(100).await.unwrap()[..], b"[1, 2]");
    let sent = format!("RequestResponse - {payload} {{\"custom\":{{\"a\":\"b\"}}}} tail");
    assert_eq!(shop.world.targets.invoked(), [sent]);
    let line = shop.last_line();
    assert_eq!((line.outcome, line.units), (Outcome::Admitted, 1));
    assert_eq!(json!(line)["invocation"], json!({ "type": "RequestResponse" }));
    assert_eq!(line.resource.unwrap().to_string(), r#"Function::"orders""#);
}

#[tokio::test]
async fn a_function_is_found_by_its_declared_names_only() {
    let shop = shop();
    let escaped = ARN.replace(':', "%3A");
    for name in
        ["orders", "orders:$LATEST", "123456789012:function:orders", ARN, &escaped, "orders%3A%24LATEST"]
    {
        let path = format!("/2015-03-31/functions/{name}/invocations");
        assert_eq!(invoke(&shop, "alice", &path, &[], ORDER).await.status, 200, "{name}");
    }
    assert_eq!(shop.world.targets.invoked().len(), 6);
    let missing = "404 ResourceNotFoundException not-found: No function of this name and version is here";
    for name in [
        "Orders",
        "unknown",
        "orders:live",
        "orders:",
        "orders:a:b",
        "000000000001:function:orders",
        "arn:aws:lambda:us-east-1:123456789012:function:orders",
        "arn:aws-cn:lambda:eu-west-1:123456789012:function:orders",
        "orders%20",
    ] {
        let path = format!("/2015-03-31/functions/{name}/invocations");
        assert_eq!(said(invoke(&shop, "alice", &path, &[], ORDER).await).await, missing, "{name}");
    }
    for name in
        ["a%2Forders", "%2e%2e", "..", "orders%5C", "orders%253Alive", "orders%00", "orders;x", "", "%"]
    {
        let path = format!("/2015-03-31/functions/{name}/invocations");
        let said = said(invoke(&shop, "alice", &path, &[], ORDER).await).await;
        starts(&said, "400 InvalidParameterValueException ambiguous-path");
    }
    assert!(shop.world.targets.invoked().is_empty());
}

#[tokio::test]
async fn a_declared_version_is_asked_for_by_name_by_query_or_by_both() {
    let shop = shop();
    let at = |name: &str, query: &str| format!("/2015-03-31/functions/{name}/invocations{query}");
    for path in [
        at("orders:canary", ""),
        at("orders", "?Qualifier=canary"),
        at("orders:canary", "?Qualifier=canary"),
        at(&format!("{ARN}:canary"), "?x=1&Qualifier=canary"),
    ] {
        assert_eq!(invoke(&shop, "carol", &path, &[], ORDER).await.status, 200, "{path}");
        assert_eq!(shop.world.targets.invoked(), [format!("RequestResponse canary {ORDER}")], "{path}");
        assert_eq!(json!(shop.last_line())["invocation"]["qualifier"], "canary");
    }
    starts(
        &said(invoke(&shop, "carol", PATH, &[], ORDER).await).await,
        "403 AccessDeniedException forbidden",
    );
    for (path, expected) in [
        (
            at("orders:canary", "?Qualifier=live"),
            "400 InvalidParameterValueException invalid-invocation: the function's",
        ),
        (
            at("orders:canary", "?Qualifier=$LATEST"),
            "400 InvalidParameterValueException invalid-invocation: the function's",
        ),
        (
            at("orders", "?Qualifier=canary&Qualifier=canary"),
            "400 InvalidParameterValueException malformed-query",
        ),
        (at("orders", "?Qualifier=%"), "400 InvalidParameterValueException malformed-query"),
        (at("orders", "?Qualifier=live"), "404 ResourceNotFoundException not-found"),
        (at("orders", "?Qualifier="), "404 ResourceNotFoundException not-found"),
        (at("orders", "?Qualifier=Canary"), "404 ResourceNotFoundException not-found"),
    ] {
        starts(&said(invoke(&shop, "carol", &path, &[], ORDER).await).await, expected);
    }
    assert!(shop.world.targets.invoked().is_empty());
}

#[tokio::test]
async fn an_event_is_taken_and_answered_with_nothing() {
    let shop = shop();
    let event = [("x-amz-invocation-type", "Event")];
    let reply = invoke(&shop, "bob", PATH, &event, ORDER).await;
    assert_eq!((reply.status, reply.body.len_hint()), (StatusCode::ACCEPTED, Some(0)));
    assert_eq!(shop.world.targets.invoked(), [format!("Event - {ORDER}")]);
    assert_eq!(json!(shop.last_line())["invocation"], json!({ "type": "Event" }));
    // What Bob may send he may not wait for.
    starts(&said(invoke(&shop, "bob", PATH, &[], ORDER).await).await, "403 AccessDeniedException");

    let reply = invoke(&shop, "bob", &PATH.replace("orders", "later"), &event, "[]").await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(shop.world.targets.invoked(), ["Event - []"]);
    let said = said(invoke(&shop, "bob", &PATH.replace("orders", "later"), &[], "[]").await).await;
    starts(&said, "400 InvalidParameterValueException invalid-invocation: this function is invoked with");
    assert!(shop.world.targets.invoked().is_empty());
}

#[tokio::test]
async fn a_dry_run_says_whether_and_touches_nothing() {
    let shop = shop_with(|config| config.replace("burst = 10", "burst = 1"));
    let dry = [("x-amz-invocation-type", "DryRun")];
    for _ in 0..5 {
        let reply = invoke(&shop, "alice", PATH, &dry, ORDER).await;
        assert_eq!((reply.status, reply.body.len_hint()), (StatusCode::NO_CONTENT, Some(0)));
        let line = shop.last_line();
        assert_eq!((line.outcome, line.units, line.limits.len()), (Outcome::Passed, 0, 0));
        assert_eq!(json!(line)["invocation"]["type"], "DryRun");
        assert!(line.decision.unwrap().policies.contains(&"alice-invokes".to_owned()));
    }
    // It is about the invocation that its answer is waited for.
    starts(&said(invoke(&shop, "bob", PATH, &dry, ORDER).await).await, "403 AccessDeniedException forbidden");
    starts(
        &said(invoke(&shop, "alice", PATH, &dry, r#"{"id":"1","total":6000}"#).await).await,
        "403 AccessDeniedException forbidden",
    );
    let faulty = r#"{"id":42,"total":1}"#;
    starts(
        &said(invoke(&shop, "alice", PATH, &dry, faulty).await).await,
        "400 InvalidRequestContentException contract-violation",
    );
    // Of what takes events only, it asks about an event.
    let later = PATH.replace("orders", "later");
    assert_eq!(invoke(&shop, "bob", &later, &dry, "1").await.status, 204);
    assert!(shop.world.targets.invoked().is_empty() && shop.world.targets.sent().is_empty());
    assert!(shop.world.ledger.rows().is_empty(), "nothing of it is usage");
    assert_eq!(invoke(&shop, "alice", PATH, &[], ORDER).await.status, 200, "no limit was taken from");
    assert_eq!(shop.world.ledger.rows().len(), 1);
}

#[tokio::test]
async fn a_functions_error_is_its_answer_and_counts_as_one() {
    let shop = shop();
    let fail = |kind: &'static str| {
        shop.world.targets.respond(move || {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static("x-amz-function-error"),
                HeaderValue::from_static("Unhandled"),
            )]);
            let body =
                Body::from(format!(r#"{{"errorType":"{kind}","errorMessage":"card 4111"}}"#).into_bytes());
            Ok(Reply { status: StatusCode::OK, headers, body })
        });
    };
    fail("KeyError");
    let reply = invoke(&shop, "alice", PATH, &[], ORDER).await;
    assert_eq!(
        (reply.status, &reply.headers["x-amz-function-error"]),
        (StatusCode::OK, &HeaderValue::from_static("Unhandled"))
    );
    assert_eq!(json_body(reply).await["errorMessage"], "card 4111");
    let line = shop.last_line();
    assert_eq!(
        (line.outcome, line.cause.as_deref()),
        (Outcome::TargetFailed, Some("the target failed: KeyError"))
    );
    assert_eq!(shop.world.ledger.rows().len(), 1);

    let server = PATH.replace("orders", "search");
    shop.world.targets.answer(409, r#"{"secret":"of the server"}"#);
    let reply = invoke(&shop, "alice", &server, &[], "[1]").await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        json_body(reply).await,
        json!({ "errorType": "Http.409", "errorMessage": "the target answered 409" })
    );
    assert_eq!(shop.last_line().outcome, Outcome::TargetFailed);
}

#[tokio::test]
async fn a_server_is_sent_the_payload_and_nothing_else_of_the_caller() {
    let shop = shop();
    let server = PATH.replace("orders", "search");
    let reply = invoke(&shop, "alice", &server, &[("x-tenant", "7")], "{\"q\": 1}").await;
    assert_eq!((reply.status, json_body(reply).await), (StatusCode::OK, json!({ "ok": true })));
    assert_eq!(shop.world.targets.invoked(), ["POST / {\"q\": 1}"]);
    let event = [("x-amz-invocation-type", "Event")];
    assert_eq!(invoke(&shop, "alice", &server, &event, "1").await.status, 202);
    shop.world.targets.answer(503, "{}");
    starts(
        &said(invoke(&shop, "alice", &server, &event, "1").await).await,
        "502 ServiceException target-failed",
    );
}

#[tokio::test]
async fn no_payload_is_an_empty_object() {
    let shop = shop();
    let server = PATH.replace("orders", "search");
    assert_eq!(invoke(&shop, "alice", &server, &[], "").await.status, 200);
    assert_eq!(shop.world.targets.invoked(), ["POST / {}"]);
}

#[tokio::test]
async fn what_is_said_twice_or_in_unknown_words_is_refused() {
    let shop = shop();
    let base64 = |text: &str| STANDARD.encode(text);
    let long = base64(&format!("{{\"custom\":{{\"a\":\"{}\"}}}}", "x".repeat(3000)));
    let deep = base64(&format!("{{\"a\":{}1{}}}", "[".repeat(40), "]".repeat(40)));
    let (list, odd, twice) = (base64("[]"), base64(r#"{"custom":1}"#), base64(r#"{"a":1,"a":2}"#));
    let parameter = "400 InvalidParameterValueException";
    for (headers, expected) in [
        (vec![("x-amz-invocation-type", "requestresponse")], parameter),
        (vec![("x-amz-invocation-type", "Event, DryRun")], parameter),
        (vec![("x-amz-invocation-type", "")], parameter),
        (vec![("x-amz-invocation-type", "Event"), ("X-Amz-Invocation-Type", "DryRun")], parameter),
        (vec![("x-amz-invocation-type", "DryRun"), ("x-amz-invocation-type", "DryRun")], parameter),
        (vec![("x-amz-log-type", "tail")], parameter),
        (vec![("x-amz-log-type", "Tail"), ("x-amz-log-type", "None")], parameter),
        (vec![("x-amz-tenant-id", "7")], parameter),
        (vec![("x-amz-durable-execution-name", "x")], parameter),
        (vec![("x-amz-client-context", "{}")], "400 InvalidRequestContentException"),
        (vec![("x-amz-client-context", "")], "400 InvalidRequestContentException"),
        (vec![("x-amz-client-context", &list)], "400 InvalidRequestContentException"),
        (vec![("x-amz-client-context", &odd)], "400 InvalidRequestContentException"),
        (vec![("x-amz-client-context", &twice)], "400 InvalidRequestContentException"),
        (vec![("x-amz-client-context", &deep)], "400 InvalidRequestContentException"),
        (vec![("x-amz-client-context", &long)], "400 InvalidRequestContentException"),
        (vec![("content-type", "text/plain")], "415 UnsupportedMediaTypeException"),
        (vec![("content-type", "application/x-www-form-urlencoded")], "415 UnsupportedMediaTypeException"),
        (vec![("content-encoding", "gzip")], "415 UnsupportedMediaTypeException"),
    ] {
        let said = said(invoke(&shop, "alice", &PATH.replace("orders", "search"), &headers, "1").await).await;
        assert!(said.starts_with(expected), "{headers:?}: {said}");
    }
    // Logs hold what functions print.
    let tail = [("x-amz-log-type", "Tail")];
    let said = said(invoke(&shop, "alice", &PATH.replace("orders", "search"), &tail, "1").await).await;
    starts(&said, "400 InvalidParameterValueException invalid-invocation: the logs of this function");
    assert!(shop.world.targets.invoked().is_empty());
    let none = [("x-amz-log-type", "None"), ("x-amz-invocation-type", " RequestResponse ")];
    assert_eq!(invoke(&shop, "alice", &PATH.replace("orders", "search"), &none, "1").await.status, 200);
}

#[tokio::test]
async fn payloads_are_json_within_bounds_and_keep_their_contract() {
    let shop = shop_with(|config| config.replacen("[door]", "[door]\nmax_body = 6000000", 1));
    for body in ["{", "{\"id\":1,\"id\":2}", "NaN", "\u{feff}{}", "{} {}", "'x'"] {
        // Who may not call hears of no fault.
        let denied = said(invoke(&shop, "bob", PATH, &[], body).await).await;
        starts(&denied, "403 AccessDeniedException forbidden");
        let said = said(invoke(&shop, "dave", &PATH.replace("orders", "search"), &[], body).await).await;
        starts(&said, "400 InvalidRequestContentException");
    }
    let reply = invoke(&shop, "alice", PATH, &[], r#"{"id":"42","total":100001}"#).await;
    assert_eq!(reply.headers["x-amzn-errortype"], "InvalidRequestContentException");
    let body = json_body(reply).await;
    assert_eq!((&body["Type"], &body["errors"][0]["pointer"]), (&json!("User"), &json!("/total")));
    assert!(body["message"].as_str().unwrap().contains("`/total`"), "{body}");

    let event = [("x-amz-invocation-type", "Event")];
    let large = format!("\"{}\"", "x".repeat(1024 * 1024));
    let search = PATH.replace("orders", "search");
    let said = said(invoke(&shop, "alice", &search, &event, &large).await).await;
    starts(&said, "413 RequestTooLargeException payload-too-large");
    assert!(shop.world.targets.invoked().is_empty());
    assert_eq!(invoke(&shop, "alice", &search, &[], &large).await.status, 200);
}

#[tokio::test]
async fn refusals_have_the_form_of_lambdas_own() {
    let shop = shop();
    let nobody = http("n1", Method::POST, PATH, &[], ORDER, shop.world.now());
    starts(
        &said(shop.ask(nobody).await).await,
        "403 MissingAuthenticationTokenException missing-credentials",
    );
    let forged = [("authorization", "Bearer a.b.c")];
    let forged = http("n2", Method::POST, PATH, &forged, ORDER, shop.world.now());
    starts(&said(shop.ask(forged).await).await, "403 UnrecognizedClientException invalid-token");

    let stream = "/2021-11-15/functions/orders/response-streaming-invocations";
    let streaming = said(invoke(&shop, "alice", stream, &[], ORDER).await).await;
    starts(&streaming, "404 UnknownOperationException not-found: Response streaming is not offered here");
    let configuration = "/2015-03-31/functions/orders/configuration";
    starts(
        &said(invoke(&shop, "alice", configuration, &[], "").await).await,
        "404 UnknownOperationException",
    );
    let got = http("n3", Method::GET, PATH, &[], "", shop.world.now());
    starts(&said(shop.ask(got).await).await, "404 UnknownOperationException method-not-allowed");

    shop.world.targets.fail(TargetFault::TimedOut);
    starts(
        &said(invoke(&shop, "alice", PATH, &[], ORDER).await).await,
        "504 ServiceException target-timeout",
    );
    shop.world.targets.fail(TargetFault::Unfit("it is too long"));
    let unfit = said(invoke(&shop, "alice", PATH, &[], ORDER).await).await;
    starts(&unfit, "400 InvalidRequestContentException unfit-payload");
    shop.world.ledger.switch.away(true);
    shop.world.targets.answer(200, "1");
    let away = invoke(&shop, "alice", PATH, &[], ORDER).await;
    assert_eq!(away.headers["retry-after"], "1");
    starts(&said(away).await, "503 ServiceException store-unavailable");

    // All other routes keep theirs.
    let problem = invoke(&shop, "alice", "/nowhere", &[], "").await;
    assert_eq!(problem.headers["content-type"], "application/problem+json");
    let without = Shop::new();
    let problem = without.ask(http("n4", Method::POST, PATH, &[], "", without.world.now())).await;
    assert_eq!(problem.headers["content-type"], "application/problem+json", "no function is offered there");
}

#[tokio::test]
async fn a_limit_that_is_reached_is_too_many_requests() {
    let shop = shop_with(|config| config.replace("{ rate = \"5/s\", burst = 10 }", "{ rate = \"1/s\" }"));
    assert_eq!(invoke(&shop, "alice", PATH, &[], ORDER).await.status, 200);
    let reply = invoke(&shop, "alice", PATH, &[], ORDER).await;
    assert_eq!(
        (reply.status, &reply.headers["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &HeaderValue::from_static("1"))
    );
    assert_eq!(reply.headers["x-amzn-errortype"], "TooManyRequestsException");
    assert!(reply.headers.contains_key("ratelimit"));
    assert_eq!(json_body(reply).await["Reason"], "CallerRateLimitExceeded");
    assert_eq!(shop.last_line().outcome, Outcome::Throttled);
}

#[tokio::test]
async fn an_authorizer_lets_no_invocation_in() {
    let shop = shop();
    for kind in ["RequestResponse", "DryRun"] {
        let headers = [("x-amz-invocation-type", kind)];
        let admission = shop.world.door.admit(invocation(&shop, "alice", PATH, &headers, "")).await;
        assert_eq!(admission.refusal.unwrap().code(), "needs-body");
    }
}

#[test]
fn policies_read_what_is_asked_for_of_invocations_alone() {
    let schema = shop().world.door.rules().policies().schema().to_owned();
    let value: Value = json!(schema.matches("invocation_type").count());
    assert_eq!(value, 3, "three routes of the invoke door");
}
