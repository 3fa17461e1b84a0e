use std::collections::BTreeMap;

use crate::samples::{self, read_http, request, with};
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings;
use doorward_events::target::{self, TargetRequest};
use doorward_events::{Attested, reply};
use doorward_model::{Body, CallId, CanonicalPath, EntityName, Inbound, ReplyForm};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

pub fn encode(inbound: &Inbound) -> Value {
    encode_without(inbound, &[])
}

fn encode_without(inbound: &Inbound, withheld: &[HeaderName]) -> Value {
    encode_as(target::encode, inbound, withheld)
}

pub fn encode_as(form: fn(&TargetRequest<'_>) -> Value, inbound: &Inbound, withheld: &[HeaderName]) -> Value {
    let http = request(inbound);
    let path = CanonicalPath::parse(&http.path, http.path_form).unwrap();
    let caller = EntityName::new("User", "alice");
    form(&TargetRequest {
        request: http,
        front: &inbound.front,
        route_key: "POST /orders/{id}",
        path: &path,
        path_parameters: &BTreeMap::from([("id".to_owned(), "4 2".to_owned())]),
        withheld,
        attested: Attested {
            caller: &caller,
            plan: Some("free"),
            purpose: Some("checkout"),
            call: &CallId::new("call-1"),
        },
        trace: &inbound.trace,
        at: "2026-11-24T23:00:00.5Z".parse().unwrap(),
    })
}

#[test]
fn a_target_is_not_sent_what_is_withheld() {
    let inbound = read_http(&samples::http_api());
    let names =
        |event: Value| -> Vec<String> { event["headers"].as_object().unwrap().keys().cloned().collect() };
    let whole = names(encode(&inbound));
    let without =
        names(encode_without(&inbound, &[http::header::AUTHORIZATION, HeaderName::from_static("x-none")]));
    assert!(whole.iter().any(|name| name == "authorization"));
    assert_eq!(without, whole.into_iter().filter(|name| name != "authorization").collect::<Vec<_>>());
}

#[test]
fn a_target_receives_payload_format_two() {
    let expected = json!({
        "version": "2.0",
        "routeKey": "POST /orders/{id}",
        "rawPath": "/orders/4 2",
        "rawQueryString": "tag=a&tag=b%20c&plain",
        "cookies": ["session=1", "theme=dark"],
        "headers": {
            "accept": "*/*",
            "authorization": "Bearer x.y.z",
            "content-length": "13",
            "content-type": "application/json",
            "host": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "x-amzn-trace-id": samples::XRAY,
            "x-forwarded-for": "203.0.113.7"
        },
        "queryStringParameters": {"tag": "a,b c", "plain": ""},
        "pathParameters": {"id": "4 2"},
        "requestContext": {
            "apiId": "a1b2c3",
            "authorizer": {"lambda": {
                "callerType": "User",
                "callerId": "alice",
                "plan": "free",
                "purpose": "checkout",
                "callId": "call-1"
            }},
            "domainName": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "a1b2c3",
            "http": {
                "method": "POST",
                "path": "/orders/4 2",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": ""
            },
            "requestId": "call-1",
            "routeKey": "POST /orders/{id}",
            "stage": "$default",
            "time": "24/Nov/2026:23:00:00 +0000",
            "timeEpoch": 1_795_561_200_500_u64
        },
        "body": "{\"name\":\"é\"}",
        "isBase64Encoded": false
    });
    assert_eq!(encode(&read_http(&samples::http_api())), expected);
}

#[test]
fn a_target_written_in_rust_can_read_it() {
    for event in [samples::http_api(), samples::function_url()] {
        let typed: ApiGatewayV2httpRequest = serde_json::from_value(encode(&read_http(&event))).unwrap();
        assert_eq!(typed.request_context.http.method, "POST");
        assert_eq!(typed.request_context.stage.as_deref(), Some("$default"));
        let authorizer = typed.request_context.authorizer.unwrap();
        assert_eq!(authorizer.fields["callerId"], "alice");
    }
}

#[test]
fn what_the_door_writes_it_reads_back() {
    let binary = json!({"body": "AP8=", "isBase64Encoded": true, "headers": {"x-forwarded-for": "é"}});
    for event in [
        samples::http_api(),
        with(samples::http_api(), binary),
        with(samples::http_api(), json!({"body": null, "cookies": null, "rawQueryString": ""})),
    ] {
        let first = read_http(&event);
        let second = read_http(&encode(&first));
        let (first, second) = (request(&first), request(&second));
        assert_eq!((&first.method, &first.path, &first.query), (&second.method, &second.path, &second.query));
        assert_eq!((&first.body, &first.host), (&second.body, &second.host));
        assert_eq!(first.source_ip, second.source_ip);
        assert_eq!(first.headers.get("cookie"), second.headers.get("cookie"));
        assert_eq!(first.headers["x-forwarded-for"], second.headers["x-forwarded-for"]);
    }
}

#[test]
fn a_semicolon_parts_no_parameters_for_anybody() {
    let event =
        encode(&read_http(&with(samples::http_api(), json!({"rawQueryString": "a=1;admin=1&b=%3b"}))));
    assert_eq!(event["rawQueryString"], "a=1%3Badmin=1&b=%3b");
    assert_eq!(event["queryStringParameters"], json!({"a": "1;admin=1", "b": ";"}));
}

#[test]
fn a_caller_cannot_speak_for_the_door() {
    let forged = json!({
        "headers": {
            "x-doorward-caller": "root",
            "x_doorward_caller": "root",
            "x-amzn-oidc-identity": "root",
            "x-amzn-trace-id": "Root=forged",
            "connection": "x-secret",
            "x-secret": "1",
            "content-length": "999",
            "transfer-encoding": "chunked"
        },
        "requestContext": {"authorizer": {"lambda": {"callerId": "root"}}}
    });
    let text = encode(&read_http(&with(samples::http_api(), forged))).to_string();
    for word in ["root", "forged", "x-secret", "999", "chunked"] {
        assert!(!text.contains(word), "{word}");
    }
}

fn bytes(body: Body) -> Vec<u8> {
    match body {
        Body::Full(bytes) => bytes.to_vec(),
        Body::Empty => Vec::new(),
        Body::Stream(_) => panic!("an answer in memory"),
    }
}

#[test]
fn an_answer_survives_the_way_out_and_back() {
    let fields = [("content-type", "image/png"), ("vary", "a"), ("set-cookie", "a=1"), ("set-cookie", "b=2")];
    let headers: HeaderMap = fields
        .into_iter()
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
        .collect();
    for (status, payload) in [(200, &b"\x00\xff"[..]), (404, b"text"), (204, b"")] {
        let status = StatusCode::from_u16(status).unwrap();
        let json = reply::encode(ReplyForm::V2, status, &headers, payload).unwrap();
        let reply = target::decode(json.to_string().as_bytes()).unwrap();
        assert_eq!((reply.status, &reply.headers), (status, &headers));
        assert_eq!(bytes(reply.body), payload);
    }
}

#[test]
fn an_answer_of_a_target_written_in_rust_is_read() {
    let mut typed = ApiGatewayV2httpResponse::default();
    typed.status_code = 201;
    typed.headers.insert("content-type", HeaderValue::from_static("application/json"));
    typed.cookies = vec!["a=1".to_owned()];
    typed.body = Some(encodings::Body::Text("{}".to_owned()));
    let reply = target::decode(&serde_json::to_vec(&typed).unwrap()).unwrap();
    assert_eq!(reply.status, 201);
    assert_eq!(reply.headers["set-cookie"], "a=1");
    assert_eq!(bytes(reply.body), b"{}");
}
