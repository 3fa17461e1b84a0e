//! The HTTP API and the Function URL.

use std::time::Duration;

use doorward_emulator::{
    Access, Authorizer, AuthorizerForm, Emulator, EmulatorError, FunctionUrl, HttpApi, InvokeMode, Options,
    Payload, Route, UrlAuth,
};
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, get, send};
use crate::probe::{function, options};

fn http_api(ttl: Duration) -> Options {
    let route = |key: &str, payload| Route {
        key: key.to_owned(),
        function: "probe".to_owned(),
        access: Access::Authorizer,
        payload,
    };
    let authorizer = Authorizer {
        function: "gate".to_owned(),
        identity_sources: vec!["$request.header.Authorization".to_owned()],
        ttl,
        form: AuthorizerForm::SimpleV2,
    };
    Options {
        http_api: Some(HttpApi {
            id: "a1b2c3".to_owned(),
            routes: vec![
                route("POST /orders", Payload::V2),
                route("GET /orders/{id}", Payload::V2),
                route("GET /plain/{id}", Payload::V1),
            ],
            authorizer: Some(authorizer),
            client_certificate: None,
        }),
        ..options(vec![function("probe"), function("gate")])
    }
}

/// The access log line of an answer.
#[track_caller]
pub fn access_line(emulator: &Emulator, answer: &Answer) -> Value {
    let id = answer.header("apigw-requestid").or(answer.header("x-amzn-requestid")).unwrap();
    let lines = emulator.logs().find(id);
    serde_json::from_str(&lines.iter().find(|line| line.request_id.as_deref() == Some(id)).unwrap().text)
        .unwrap()
}

#[tokio::test]
async fn a_call_passes_the_authorizer_and_reaches_its_route() {
    let emulator = Emulator::start(http_api(Duration::from_secs(300))).await.unwrap();
    let url = format!("{}/orders/a%2Fb?q=1", emulator.http_api_url().unwrap());
    let first = get(&url, &[("authorization", "Bearer good")]).await;
    assert_eq!(first.status, 201);
    assert_eq!(first.header("set-cookie"), Some("seen=1"));
    assert_eq!(first.header("www-authenticate"), Some("Probe"));
    let event = first.json();
    assert_eq!(event["routeKey"], "GET /orders/{id}");
    assert_eq!(event["rawPath"], "/orders/a/b");
    assert_eq!(event["pathParameters"], json!({ "id": "a/b" }));
    let context = &event["requestContext"];
    assert_eq!(context["domainName"], "a1b2c3.execute-api.eu-central-1.amazonaws.com");
    assert_eq!(context["requestId"].as_str(), first.header("apigw-requestid"));
    assert_eq!(
        context["authorizer"]["lambda"]["arn"],
        "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/$default/GET/orders/a/b"
    );
    let line = access_line(&emulator, &first);
    assert_eq!((&line["authorizer"], &line["status"]), (&json!("allow"), &json!(201)));
    let served = emulator.logs().find(line["authorizerRequestId"].as_str().unwrap());
    assert!(served.iter().any(|line| line.source == "gate"));

    let second = get(&url, &[("authorization", "Bearer good")]).await;
    assert_eq!(second.json()["requestContext"]["authorizer"], context["authorizer"]);
    let line = access_line(&emulator, &second);
    assert_eq!((&line["authorizer"], &line["authorizerRequestId"]), (&json!("cache-hit"), &Value::Null));
    emulator.shutdown().await;
}

#[tokio::test]
async fn what_stops_at_the_gateway_never_reaches_the_function() {
    let emulator = Emulator::start(http_api(Duration::ZERO)).await.unwrap();
    let url = format!("{}/orders/1", emulator.http_api_url().unwrap());
    for (authorization, status, message, outcome) in [
        ("", 401, "Unauthorized", "missing-identity-source"),
        ("Bearer bad", 403, "Forbidden", "deny"),
        ("Bearer bad", 403, "Forbidden", "deny"),
        ("Bearer expired", 401, "Unauthorized", "error"),
        ("Bearer broken", 500, "Internal Server Error", "error"),
    ] {
        let answer = get(&url, &[("authorization", authorization)]).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (status, json!({ "message": message })));
        let line = access_line(&emulator, &answer);
        assert_eq!((&line["authorizer"], &line["integrationRequestId"]), (&json!(outcome), &Value::Null));
    }
    let unknown = get(&format!("{}/other", emulator.http_api_url().unwrap()), &[]).await;
    assert_eq!((unknown.status.as_u16(), unknown.json()), (404, json!({ "message": "Not Found" })));
    assert_eq!(access_line(&emulator, &unknown)["authorizer"], Value::Null);
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_cached_policy_is_evaluated_for_every_route() {
    let mut options = http_api(Duration::from_secs(300));
    options.http_api.as_mut().unwrap().authorizer.as_mut().unwrap().form = AuthorizerForm::PolicyV2;
    let emulator = Emulator::start(options).await.unwrap();
    for (order, status, outcome) in [(1, 201, "allow"), (2, 403, "cache-hit"), (1, 201, "cache-hit")] {
        let url = format!("{}/orders/{order}", emulator.http_api_url().unwrap());
        let answer = get(&url, &[("authorization", "Bearer policy")]).await;
        let line = access_line(&emulator, &answer);
        assert_eq!((answer.status.as_u16(), &line["authorizer"]), (status, &json!(outcome)));
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn payload_format_1_0_is_as_aws_documents_it() {
    let mut options = http_api(Duration::from_secs(300));
    options.http_api.as_mut().unwrap().authorizer.as_mut().unwrap().form = AuthorizerForm::PolicyV1;
    let emulator = Emulator::start(options).await.unwrap();
    let url = format!("{}/plain/a%2Fb?q=1&q=2&r", emulator.http_api_url().unwrap());
    let answer = get(&url, &[("authorization", "Bearer good"), ("x-many", "a"), ("x-many", "b")]).await;
    assert_eq!(answer.status, 201);
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["seen=1", "again=2"]);
    let mut event = answer.json();
    let port = emulator.http_api_url().unwrap().rsplit(':').next().unwrap();
    let headers = json!({
        "authorization": ["Bearer good"],
        "host": [format!("127.0.0.1:{port}")],
        "x-amzn-trace-id": event["multiValueHeaders"]["x-amzn-trace-id"],
        "x-forwarded-for": ["127.0.0.1"],
        "x-forwarded-port": [port],
        "x-forwarded-proto": ["http"],
        "x-many": ["a", "b"],
    });
    let context = &event["requestContext"];
    let times = (context["requestTime"].clone(), context["requestTimeEpoch"].clone());
    let authorizer = context["authorizer"].clone();
    let asked: Value = serde_json::from_str(authorizer["asked"].as_str().unwrap()).unwrap();
    assert_eq!(event["headers"]["x-many"], "b");
    event.as_object_mut().unwrap().remove("headers");
    assert_eq!(
        event,
        json!({
            "version": "1.0",
            "resource": "/plain/{id}",
            "path": "/plain/a/b",
            "httpMethod": "GET",
            "multiValueHeaders": headers,
            "queryStringParameters": { "q": "2", "r": "" },
            "multiValueQueryStringParameters": { "q": ["1", "2"], "r": [""] },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "a1b2c3",
                "authorizer": authorizer,
                "domainName": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
                "domainPrefix": "a1b2c3",
                "extendedRequestId": answer.header("apigw-requestid"),
                "httpMethod": "GET",
                "identity": {
                    "accessKey": null, "accountId": null, "caller": null,
                    "cognitoAuthenticationProvider": null, "cognitoAuthenticationType": null,
                    "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
                    "principalOrgId": null, "sourceIp": "127.0.0.1", "user": null,
                    "userAgent": null, "userArn": null,
                },
                "path": "/plain/a/b",
                "protocol": "HTTP/1.1",
                "requestId": answer.header("apigw-requestid"),
                "requestTime": times.0,
                "requestTimeEpoch": times.1,
                "resourceId": null,
                "resourcePath": "/plain/{id}",
                "stage": "$default",
            },
            "pathParameters": { "id": "a/b" },
            "stageVariables": null,
            "body": null,
            "isBase64Encoded": false,
        })
    );
    assert_eq!((&authorizer["principalId"], &authorizer["code"]), (&json!("probe"), &json!("as-asked")));
    assert_eq!((&asked["version"], &asked["type"]), (&json!("1.0"), &json!("REQUEST")));
    assert_eq!(
        asked["methodArn"],
        "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/$default/GET/plain/a/b"
    );
    assert_eq!(asked["identitySource"], "Bearer good");
    assert_eq!(asked["authorizationToken"], "Bearer good");
    assert_eq!(asked.get("body"), None);
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_route_without_its_authorizer_does_not_open() {
    let mut options = http_api(Duration::ZERO);
    options.http_api.as_mut().unwrap().authorizer = None;
    let refused = Emulator::start(options).await.err().unwrap();
    assert!(matches!(refused, EmulatorError::NoAuthorizer(_)), "{refused}");
}

#[tokio::test]
async fn a_body_over_ten_megabytes_is_refused() {
    let emulator = Emulator::start(http_api(Duration::ZERO)).await.unwrap();
    let url = format!("{}/orders", emulator.http_api_url().unwrap());
    let body = vec![b'x'; 10 * 1024 * 1024 + 1];
    let answer = send(Method::POST, &url, &[("authorization", "Bearer good")], body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (413, json!({ "message": "Request Entity Too Large" }))
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_function_url_answers_for_its_function() {
    let url = FunctionUrl {
        id: "u1v2w3".to_owned(),
        function: "probe".to_owned(),
        auth: UrlAuth::None,
        invoke_mode: InvokeMode::Buffered,
    };
    let options = Options { function_url: Some(url), ..options(vec![function("probe")]) };
    let emulator = Emulator::start(options).await.unwrap();
    let url = format!("{}/a%2Fb", emulator.function_url().unwrap());
    let answer = send(Method::PUT, &url, &[("content-type", "text/plain")], "hello").await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("www-authenticate"), None);
    assert_eq!(answer.header("x-amzn-remapped-www-authenticate"), Some("Probe"));
    let event = answer.json();
    assert_eq!((&event["rawPath"], &event["body"]), (&json!("/a%2Fb"), &json!("hello")));
    let context = &event["requestContext"];
    assert_eq!(context["domainName"], "u1v2w3.lambda-url.eu-central-1.on.aws");
    assert_eq!((&context["routeKey"], &context["stage"]), (&json!("$default"), &json!("$default")));
    assert_eq!(context["requestId"].as_str(), answer.header("x-amzn-requestid"));
    assert_eq!(access_line(&emulator, &answer)["front"], "function-url");

    let large = send(Method::POST, &url, &[], vec![b'x'; 6 * 1024 * 1024 + 1]).await;
    assert_eq!(large.status, 413);
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_function_that_does_not_start_is_a_502_of_its_url() {
    let mut probe = function("probe");
    probe.env.insert("PROBE_FAIL_INIT".to_owned(), "1".to_owned());
    let url = FunctionUrl {
        id: "u".to_owned(),
        function: "probe".to_owned(),
        auth: UrlAuth::None,
        invoke_mode: InvokeMode::Buffered,
    };
    let options = Options { function_url: Some(url), ..options(vec![probe]) };
    let emulator = Emulator::start(options).await.unwrap();
    let answer = get(emulator.function_url().unwrap(), &[]).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (502, "Internal Server Error"));
    let line = access_line(&emulator, &answer);
    assert!(line["integrationError"].as_str().unwrap().ends_with("exit status 3"), "{line}");
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_front_must_name_functions_that_exist() {
    let mut options = http_api(Duration::ZERO);
    options.http_api.as_mut().unwrap().authorizer.as_mut().unwrap().function = "none".to_owned();
    let refused = Emulator::start(options).await.err().unwrap();
    assert!(matches!(refused, EmulatorError::UnknownFunction(name) if name == "none"));
}
