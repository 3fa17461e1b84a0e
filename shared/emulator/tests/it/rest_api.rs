//! The REST API.

use std::time::Duration;

use doorward_emulator::{
    Access, Emulator, EmulatorError, InvokeMode, Options, RestApi, RestAuthorizer, RestAuthorizerKind,
    RestMethod,
};
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, get, send};
use crate::fronts::access_line;
use crate::probe::{function, options};

const TTL: Duration = Duration::from_secs(300);

fn token() -> RestAuthorizerKind {
    RestAuthorizerKind::Token {
        header: "Authorization".to_owned(),
        validation: Some("Bearer [a-z]+".to_owned()),
    }
}

fn request(sources: &[&str]) -> RestAuthorizerKind {
    let identity_sources = sources.iter().map(|source| (*source).to_owned()).collect();
    RestAuthorizerKind::Request { identity_sources }
}

fn rest_api(kind: RestAuthorizerKind, ttl: Duration) -> Options {
    let method = |key: &str, access| RestMethod { key: key.to_owned(), function: "probe".to_owned(), access };
    let api = RestApi {
        transfer_mode: InvokeMode::Buffered,
        id: "r1s2t3".to_owned(),
        stage: "prod".to_owned(),
        methods: vec![
            method("GET /open", Access::Open),
            method("POST /open", Access::Open),
            method("GET /", Access::Open),
            method("GET /orders/{id}", Access::Authorizer),
            method("DELETE /orders/{id}", Access::Authorizer),
        ],
        authorizer: Some(RestAuthorizer { function: "gate".to_owned(), kind, ttl }),
        binary_media_types: vec!["image/png".to_owned()],
        access_denied: None,
        client_certificate: None,
    };
    Options { rest_api: Some(api), ..options(vec![function("probe"), function("gate")]) }
}

async fn start(kind: RestAuthorizerKind, ttl: Duration) -> Emulator {
    Emulator::start(rest_api(kind, ttl)).await.unwrap()
}

async fn call(emulator: &Emulator, method: Method, path: &str, token: &str) -> Answer {
    let url = format!("{}{path}", emulator.rest_api_url().unwrap());
    let headers: &[(&str, &str)] = if token.is_empty() { &[] } else { &[("authorization", token)] };
    send(method, &url, headers, "").await
}

/// What the authorizer was asked, as it passes it on.
fn asked(event: &Value) -> Value {
    serde_json::from_str(event["requestContext"]["authorizer"]["asked"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn an_integration_event_is_as_aws_documents_it() {
    let emulator = start(token(), TTL).await;
    let base = emulator.rest_api_url().unwrap();
    let port = base.rsplit(':').next().unwrap().strip_suffix("/prod").unwrap();
    let url = format!("{base}/orders/a%2F%40?q=1&q=2&b=x%20y");
    let headers = [
        ("authorization", "Bearer good"),
        ("user-agent", "test"),
        ("x-many", "a"),
        ("x-many", "b"),
        ("cookie", "one=1; two=2"),
        ("x-forwarded-for", "192.0.2.1"),
    ];
    let answer = get(&url, &headers).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("www-authenticate"), None);
    assert_eq!(answer.header("x-amzn-remapped-www-authenticate"), Some("Probe"));
    assert_eq!(answer.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["seen=1", "again=2"]);
    let event = answer.json();
    let context = &event["requestContext"];
    let trace = event["headers"]["X-Amzn-Trace-Id"].as_str().unwrap();
    assert_eq!(
        event,
        json!({
            "resource": "/orders/{id}",
            "path": "/orders/a%2F%40",
            "httpMethod": "GET",
            "headers": {
                "Host": format!("127.0.0.1:{port}"),
                "X-Amzn-Trace-Id": trace,
                "X-Forwarded-For": "192.0.2.1, 127.0.0.1",
                "X-Forwarded-Port": port,
                "X-Forwarded-Proto": "http",
                "authorization": "Bearer good",
                "cookie": "one=1; two=2",
                "user-agent": "test",
                "x-many": "b",
            },
            "multiValueHeaders": {
                "Host": [format!("127.0.0.1:{port}")],
                "X-Amzn-Trace-Id": [trace],
                "X-Forwarded-For": ["192.0.2.1, 127.0.0.1"],
                "X-Forwarded-Port": [port],
                "X-Forwarded-Proto": ["http"],
                "authorization": ["Bearer good"],
                "cookie": ["one=1; two=2"],
                "user-agent": ["test"],
                "x-many": ["a", "b"],
            },
            "queryStringParameters": { "q": "2", "b": "x y" },
            "multiValueQueryStringParameters": { "q": ["1", "2"], "b": ["x y"] },
            "pathParameters": { "id": "a%2F%40" },
            "stageVariables": null,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "r1s2t3",
                "authorizer": {
                    "principalId": "probe",
                    "code": "as-asked",
                    "early": "true",
                    "pid": context["authorizer"]["pid"].as_str().unwrap(),
                    "asked": context["authorizer"]["asked"],
                },
                "domainName": "r1s2t3.execute-api.eu-central-1.amazonaws.com",
                "domainPrefix": "r1s2t3",
                "extendedRequestId": answer.header("x-amz-apigw-id"),
                "httpMethod": "GET",
                "identity": {
                    "accessKey": null, "accountId": null, "caller": null,
                    "cognitoAuthenticationProvider": null, "cognitoAuthenticationType": null,
                    "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
                    "principalOrgId": null, "sourceIp": "127.0.0.1", "user": null,
                    "userAgent": "test", "userArn": null,
                },
                "path": "/prod/orders/a%2F%40",
                "protocol": "HTTP/1.1",
                "requestId": answer.header("x-amzn-requestid"),
                "requestTime": context["requestTime"].as_str().unwrap(),
                "requestTimeEpoch": context["requestTimeEpoch"].as_i64().unwrap(),
                "resourceId": context["resourceId"].as_str().unwrap(),
                "resourcePath": "/orders/{id}",
                "stage": "prod",
            },
            "body": null,
            "isBase64Encoded": false,
        })
    );
    assert_eq!(
        asked(&event),
        json!({
            "type": "TOKEN",
            "methodArn":
                "arn:aws:execute-api:eu-central-1:123456789012:r1s2t3/prod/GET/orders/a%2F%40",
            "authorizationToken": "Bearer good",
        })
    );
    let line = access_line(&emulator, &answer);
    assert_eq!((&line["front"], &line["authorizer"]), (&json!("rest-api"), &json!("allow")));
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_request_authorizer_is_asked_with_everything_but_the_body() {
    let emulator = start(request(&["method.request.header.Authorization"]), Duration::ZERO).await;
    let answer = call(&emulator, Method::DELETE, "/orders/7?q=1", "Bearer good").await;
    let event = answer.json();
    let asked = asked(&event);
    for same in [
        "resource",
        "path",
        "httpMethod",
        "headers",
        "multiValueHeaders",
        "pathParameters",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
    ] {
        assert_eq!(asked[same], event[same], "{same}");
    }
    assert_eq!(asked["type"], "REQUEST");
    assert_eq!(
        asked["methodArn"],
        "arn:aws:execute-api:eu-central-1:123456789012:r1s2t3/prod/DELETE/orders/7"
    );
    assert_eq!(asked["requestContext"].get("authorizer"), None);
    for absent in ["body", "isBase64Encoded", "version", "identitySource", "authorizationToken"] {
        assert_eq!(asked.get(absent), None, "{absent}");
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn refusals_are_those_of_a_rest_api() {
    let emulator = start(token(), Duration::ZERO).await;
    const EXPLICIT: &str = "User is not authorized to access this resource with an explicit deny";
    for (token, status, message, kind, outcome) in [
        ("", 401, json!("Unauthorized"), "UnauthorizedException", "missing-identity-source"),
        ("Basic good", 401, json!("Unauthorized"), "UnauthorizedException", "missing-identity-source"),
        ("Bearer good", 201, Value::Null, "", "allow"),
        ("Bearer good1", 401, json!("Unauthorized"), "UnauthorizedException", "missing-identity-source"),
        ("xBearer good", 401, json!("Unauthorized"), "UnauthorizedException", "missing-identity-source"),
        ("Bearer expired", 401, json!("Unauthorized"), "UnauthorizedException", "error"),
        (
            "Bearer stopped",
            403,
            json!("User is not authorized to access this resource"),
            "AccessDeniedException",
            "deny",
        ),
        ("Bearer forbidden", 403, json!(EXPLICIT), "AccessDeniedException", "deny"),
        ("Bearer broken", 500, Value::Null, "AuthorizerConfigurationException", "error"),
        ("Bearer nested", 500, Value::Null, "AuthorizerConfigurationException", "error"),
    ] {
        let answer = call(&emulator, Method::GET, "/orders/1", token).await;
        let line = access_line(&emulator, &answer);
        assert_eq!((answer.status.as_u16(), &line["authorizer"]), (status, &json!(outcome)), "{token}");
        if status != 201 {
            assert_eq!(answer.json(), json!({ "message": message }), "{token}");
            assert_eq!(answer.header("x-amzn-errortype"), Some(kind), "{token}");
            assert_eq!(line["integrationRequestId"], Value::Null);
        }
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn what_no_method_takes_lacks_a_token_and_another_stage_is_forbidden() {
    let emulator = start(token(), Duration::ZERO).await;
    let origin = emulator.rest_api_url().unwrap().strip_suffix("/prod").unwrap();
    for (path, message) in [
        ("/prod/none", "Missing Authentication Token"),
        ("/prod/orders/1/2", "Missing Authentication Token"),
        ("/prod/orders/", "Missing Authentication Token"),
        ("/prod//open", "Missing Authentication Token"),
        ("/dev/open", "Forbidden"),
        ("/production/open", "Forbidden"),
        ("/", "Forbidden"),
    ] {
        let answer = get(&format!("{origin}{path}"), &[]).await;
        assert_eq!(answer.status, 403, "{path}");
        assert_eq!(answer.json(), json!({ "message": message }), "{path}");
    }
    for (path, resource) in
        [("/prod", "/"), ("/prod/", "/"), ("/prod/open", "/open"), ("/prod/open/", "/open")]
    {
        let event = get(&format!("{origin}{path}"), &[]).await.json();
        assert_eq!(event["resource"], resource, "{path}");
    }
    emulator.shutdown().await;
}

/// How the authorizer's part went, call after call.
#[track_caller]
fn check(emulator: &Emulator, answer: &Answer, status: u16, outcome: &str) {
    let line = access_line(emulator, answer);
    assert_eq!((answer.status.as_u16(), &line["authorizer"]), (status, &json!(outcome)));
}

#[tokio::test]
async fn a_cached_policy_is_evaluated_for_every_method() {
    let emulator = start(token(), TTL).await;
    let narrow = "Bearer narrow";
    check(&emulator, &call(&emulator, Method::GET, "/orders/42", narrow).await, 201, "allow");
    check(&emulator, &call(&emulator, Method::GET, "/orders/43", narrow).await, 403, "cache-hit");
    check(&emulator, &call(&emulator, Method::DELETE, "/orders/42", narrow).await, 403, "cache-hit");
    check(&emulator, &call(&emulator, Method::GET, "/orders/42", narrow).await, 201, "cache-hit");
    check(&emulator, &call(&emulator, Method::GET, "/orders/43", "Bearer good").await, 201, "allow");
    // What was refused by the authorizer's error is not kept.
    for _ in 0..2 {
        check(&emulator, &call(&emulator, Method::GET, "/orders/42", "Bearer expired").await, 401, "error");
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn method_and_path_can_be_part_of_the_identity() {
    let sources = ["method.request.header.Authorization", "context.httpMethod", "context.path"];
    let emulator = start(request(&sources), TTL).await;
    let narrow = "Bearer narrow";
    check(&emulator, &call(&emulator, Method::GET, "/orders/42", narrow).await, 201, "allow");
    check(&emulator, &call(&emulator, Method::GET, "/orders/43", narrow).await, 201, "allow");
    check(&emulator, &call(&emulator, Method::GET, "/orders/42", narrow).await, 201, "cache-hit");
    check(&emulator, &call(&emulator, Method::GET, "/orders/42", "").await, 401, "missing-identity-source");
    emulator.shutdown().await;
}

#[tokio::test]
async fn without_a_cache_the_identity_sources_may_be_empty() {
    let emulator = start(request(&[]), Duration::ZERO).await;
    check(&emulator, &call(&emulator, Method::GET, "/orders/42", "").await, 403, "deny");
    emulator.shutdown().await;
    let refused = Emulator::start(rest_api(request(&[]), TTL)).await.err().unwrap();
    assert!(matches!(refused, EmulatorError::NoIdentitySource), "{refused}");
}

#[tokio::test]
async fn a_gateway_response_can_show_why_the_authorizer_denies() {
    let mut options = rest_api(token(), TTL);
    let template = r#"{"message":$context.error.messageString,"code":"$context.authorizer.code"}"#;
    options.rest_api.as_mut().unwrap().access_denied = Some(template.to_owned());
    let emulator = Emulator::start(options).await.unwrap();
    for _ in 0..2 {
        let answer = call(&emulator, Method::GET, "/orders/42", "Bearer stopped").await;
        let message = "User is not authorized to access this resource";
        assert_eq!(answer.json(), json!({ "message": message, "code": "as-asked" }));
        assert_eq!(answer.status, 403);
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn bodies_are_text_but_for_binary_media_types() {
    let emulator = start(token(), TTL).await;
    let url = format!("{}/open", emulator.rest_api_url().unwrap());
    for (content_type, body, text, encoded) in [
        ("application/json", "{}", "{}", false),
        ("application/octet-stream", "hi", "hi", false),
        ("image/png", "hi", "aGk=", true),
        ("Image/PNG; x=y", "hi", "aGk=", true),
    ] {
        let event = send(Method::POST, &url, &[("content-type", content_type)], body).await.json();
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(text), &json!(encoded)));
    }
    for (accept, body) in
        [("image/png", "hi"), ("image/png,*/*", "hi"), ("*/*", "aGk="), ("text/html,image/png", "aGk=")]
    {
        let answer = get(&url, &[("accept", accept), ("x-probe", "binary")]).await;
        assert_eq!(answer.text(), body, "{accept}");
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_malformed_answer_is_a_502() {
    let emulator = start(token(), TTL).await;
    let url = format!("{}/open", emulator.rest_api_url().unwrap());
    let answer = get(&url, &[("x-probe", "malformed")]).await;
    assert_eq!(answer.status, 502);
    assert_eq!(answer.json(), json!({ "message": "Internal server error" }));
    assert_eq!(answer.header("x-amzn-errortype"), Some("InternalServerErrorException"));
    let large = send(Method::POST, &url, &[], vec![b'x'; 10 * 1024 * 1024 + 1]).await;
    assert_eq!((large.status.as_u16(), large.json()), (413, json!({ "message": "Request Too Long" })));
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_stage_is_a_name() {
    for stage in ["", "a/b", "$default", "a%20b", ".."] {
        let mut options = rest_api(token(), TTL);
        options.rest_api.as_mut().unwrap().stage = stage.to_owned();
        let refused = Emulator::start(options).await.err().unwrap();
        assert!(matches!(refused, EmulatorError::Stage(_)), "{stage}: {refused}");
    }
}
