//! The events that fronts send: payload format 2.0 for integrations and for authorizers.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header;
use serde_json::{Map, Value, json};

use super::client_certificate::ClientCertificate;
use super::inbound::Inbound;
use crate::options::IamIdentity;

/// Stage of HTTP APIs and Function URLs.
pub(super) const STAGE: &str = "$default";

/// Where a request has arrived.
#[derive(Debug)]
pub(super) struct Placement<'a> {
    /// The caller's of a Function URL, `anonymous` without authentication.
    pub(super) account_id: &'a str,
    pub(super) api_id: &'a str,
    pub(super) domain_name: &'a str,
    /// Port of the listener.
    pub(super) port: u16,
    pub(super) route_key: &'a str,
    pub(super) request_id: &'a str,
    /// Decoded by an HTTP API, as it was sent by a Function URL.
    pub(super) raw_path: &'a str,
    pub(super) path_parameters: &'a BTreeMap<String, String>,
    /// What the caller is taken to have shown.
    pub(super) certificate: Option<&'a ClientCertificate>,
    /// Whether the request is signed with AWS credentials that were verified: the signature is not passed on.
    pub(super) signed: bool,
}

/// What an event says under `authorizer` of a caller who signed with AWS credentials.
pub(super) fn iam(caller: &IamIdentity) -> Value {
    json!({
        "iam": {
            "accessKey": caller.access_key,
            "accountId": caller.account,
            "callerId": caller.user_id,
            "cognitoIdentity": null,
            "principalOrgId": caller.organization,
            "userArn": caller.arn,
            "userId": caller.user_id,
        },
    })
}

/// The event of a proxy integration. `authorizer` is what its context says under `authorizer`.
pub(super) fn integration(inbound: &Inbound, placement: &Placement<'_>, authorizer: Option<Value>) -> Bytes {
    let mut event = shared(inbound, placement, authorizer);
    let (body, encoded) = body(inbound);
    if let Some(body) = body {
        event.insert("body".into(), body.into());
    }
    event.insert("isBase64Encoded".into(), encoded.into());
    Value::Object(event).to_string().into()
}

/// The event of a REQUEST authorizer.
pub(super) fn authorizer(
    inbound: &Inbound,
    placement: &Placement<'_>,
    route_arn: &str,
    identity: &[String],
) -> Bytes {
    let mut event = shared(inbound, placement, None);
    event.insert("type".into(), "REQUEST".into());
    event.insert("routeArn".into(), route_arn.into());
    event.insert("identitySource".into(), json!(identity));
    Value::Object(event).to_string().into()
}

fn shared(inbound: &Inbound, placement: &Placement<'_>, authorizer: Option<Value>) -> Map<String, Value> {
    let mut event = Map::new();
    event.insert("version".into(), "2.0".into());
    event.insert("routeKey".into(), placement.route_key.into());
    event.insert("rawPath".into(), placement.raw_path.into());
    event.insert("rawQueryString".into(), inbound.query.as_str().into());
    event.insert("headers".into(), json!(headers(inbound, placement)));
    event.insert("requestContext".into(), context(inbound, placement, authorizer));
    let cookies = inbound.cookies();
    if !cookies.is_empty() {
        event.insert("cookies".into(), json!(cookies));
    }
    let parameters = inbound.query_parameters();
    if !parameters.is_empty() {
        event.insert("queryStringParameters".into(), json!(parameters));
    }
    if !placement.path_parameters.is_empty() {
        event.insert("pathParameters".into(), json!(placement.path_parameters));
    }
    event
}

fn headers(inbound: &Inbound, placement: &Placement<'_>) -> BTreeMap<String, String> {
    let mut fields = inbound.header_fields();
    if placement.signed {
        fields.remove("authorization");
    }
    fields.insert("x-forwarded-for".into(), inbound.forwarded_for());
    fields.insert("x-forwarded-port".into(), placement.port.to_string());
    fields.insert("x-forwarded-proto".into(), "http".into());
    fields.insert("x-amzn-trace-id".into(), inbound.trace());
    fields
}

fn context(inbound: &Inbound, placement: &Placement<'_>, authorizer: Option<Value>) -> Value {
    let user_agent = inbound.header(&header::USER_AGENT).unwrap_or_default();
    let mut context = json!({
        "accountId": placement.account_id,
        "apiId": placement.api_id,
        "domainName": placement.domain_name,
        "domainPrefix": placement.api_id,
        "http": {
            "method": inbound.method,
            "path": placement.raw_path,
            "protocol": inbound.protocol,
            "sourceIp": inbound.source_ip.to_string(),
            "userAgent": user_agent,
        },
        "requestId": placement.request_id,
        "routeKey": placement.route_key,
        "stage": STAGE,
        "time": inbound.access_time(),
        "timeEpoch": inbound.received.as_millisecond(),
    });
    let authentication = placement.certificate.map(|shown| json!({ "clientCert": shown.to_json() }));
    if let Some(members) = context.as_object_mut() {
        let further = [("authorizer", authorizer), ("authentication", authentication)];
        members.extend(further.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    context
}

/// The body as it goes into an event, and whether it is encoded: text stays text, everything else becomes base64.
pub(super) fn body(inbound: &Inbound) -> (Option<String>, bool) {
    if inbound.body.is_empty() {
        return (None, false);
    }
    match std::str::from_utf8(&inbound.body) {
        Ok(text) if is_text(inbound) => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(&inbound.body)), true),
    }
}

/// A form (`application/x-www-form-urlencoded`) does not count as text, nor does a body without a type.
fn is_text(inbound: &Inbound) -> bool {
    let content_type = inbound.header(&header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.starts_with("text/")
        || matches!(essence, "application/json" | "application/xml" | "application/javascript")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use axum::extract::ConnectInfo;
    use http::Request;

    use super::*;

    fn inbound(request: http::request::Builder, body: &'static [u8]) -> Inbound {
        let (head, ()) = request.body(()).unwrap().into_parts();
        let peer = ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 40000)));
        let received = "2026-11-24T22:48:28.512Z".parse().unwrap();
        Inbound { body: Bytes::from_static(body), ..Inbound::new(head, peer, received) }
    }

    fn event(request: http::request::Builder, body: &'static [u8]) -> Value {
        let parameters = BTreeMap::from([("id".to_owned(), "42".to_owned())]);
        let placement = Placement {
            account_id: "123456789012",
            api_id: "a1b2c3",
            domain_name: "a1b2c3.execute-api.eu-central-1.amazonaws.com",
            port: 3000,
            route_key: "POST /orders/{id}",
            request_id: "JKJaXmPLvHcESHA=",
            raw_path: "/orders/42",
            path_parameters: &parameters,
            certificate: None,
            signed: false,
        };
        let context = json!({ "lambda": { "user": "ada" } });
        serde_json::from_slice(&integration(&inbound(request, body), &placement, Some(context))).unwrap()
    }

    #[test]
    fn an_integration_event_is_as_aws_documents_it() {
        let request = Request::post("/orders/42?a=1&a=2&b=x%20y+z&c")
            .header("Host", "127.0.0.1:3000")
            .header("User-Agent", "test")
            .header("Cookie", "one=1; two=2")
            .header("X-Many", "a")
            .header("x-many", "b")
            .header("Connection", "keep-alive")
            .header("X-Forwarded-For", "192.0.2.1")
            .header("X-Amzn-Trace-Id", "Root=1-a-b")
            .header("Content-Type", "application/json; charset=utf-8");
        let expected = json!({
            "version": "2.0",
            "routeKey": "POST /orders/{id}",
            "rawPath": "/orders/42",
            "rawQueryString": "a=1&a=2&b=x%20y+z&c",
            "cookies": ["one=1", "two=2"],
            "headers": {
                "content-type": "application/json; charset=utf-8",
                "host": "127.0.0.1:3000",
                "user-agent": "test",
                "x-amzn-trace-id": "Root=1-a-b",
                "x-forwarded-for": "192.0.2.1, 127.0.0.1",
                "x-forwarded-port": "3000",
                "x-forwarded-proto": "http",
                "x-many": "a,b",
            },
            "queryStringParameters": { "a": "1,2", "b": "x y z", "c": "" },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "a1b2c3",
                "authorizer": { "lambda": { "user": "ada" } },
                "domainName": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
                "domainPrefix": "a1b2c3",
                "http": {
                    "method": "POST",
                    "path": "/orders/42",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": "test",
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": "POST /orders/{id}",
                "stage": "$default",
                "time": "24/Nov/2026:22:48:28 +0000",
                "timeEpoch": 1_795_560_508_512_i64,
            },
            "pathParameters": { "id": "42" },
            "body": "{\"a\":1}",
            "isBase64Encoded": false,
        });
        assert_eq!(event(request, br#"{"a":1}"#), expected);
    }

    #[track_caller]
    fn check_body(content_type: &str, body: &'static [u8], text: Option<&str>, encoded: bool) {
        let mut request = Request::post("/");
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let event = event(request, body);
        assert_eq!(event.get("body").and_then(Value::as_str), text);
        assert_eq!(event["isBase64Encoded"], encoded);
    }

    #[test]
    fn text_stays_text_and_everything_else_is_encoded() {
        check_body("text/plain", b"hello", Some("hello"), false);
        check_body("application/problem+json", b"{}", Some("{}"), false);
        check_body("Application/XML", b"<a/>", Some("<a/>"), false);
        check_body("application/x-www-form-urlencoded", b"a=1", Some("YT0x"), true);
        check_body("application/octet-stream", b"\x00", Some("AA=="), true);
        check_body("text/plain", b"\xff", Some("/w=="), true);
        check_body("", b"hello", Some("aGVsbG8="), true);
        check_body("text/plain", b"", None, false);
    }

    #[test]
    fn an_authorizer_event_has_no_body_but_the_identity() {
        let inbound = inbound(Request::get("/x"), b"secret");
        let placement = Placement {
            account_id: "1",
            api_id: "a",
            domain_name: "d",
            port: 1,
            route_key: "$default",
            request_id: "r",
            raw_path: "/x",
            path_parameters: &BTreeMap::new(),
            certificate: None,
            signed: false,
        };
        let event = authorizer(&inbound, &placement, "arn:x", &["Bearer t".to_owned()]);
        let event: Value = serde_json::from_slice(&event).unwrap();
        assert_eq!(event["type"], "REQUEST");
        assert_eq!(event["routeArn"], "arn:x");
        assert_eq!(event["identitySource"], json!(["Bearer t"]));
        for absent in ["body", "isBase64Encoded", "cookies", "queryStringParameters", "pathParameters"] {
            assert_eq!(event.get(absent), None, "{absent}");
        }
        assert_eq!(event["requestContext"].get("authorizer"), None);
    }
}
