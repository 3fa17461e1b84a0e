use doorward_events::records::Openings;
use doorward_events::{Entrance, Envelope, EnvelopeError};
use doorward_model::{HttpRequest, Inbound, Message};
use jiff::Timestamp;
use serde_json::{Value, json};

pub const REQUEST_ID: &str = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";
pub const XRAY: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700";

pub fn deadline() -> Timestamp {
    "2026-11-24T23:00:03Z".parse().unwrap()
}

pub fn envelope(payload: &[u8]) -> Envelope<'_> {
    Envelope { payload, request_id: REQUEST_ID, deadline: deadline(), xray: Some(XRAY) }
}

pub fn read(event: &Value) -> Result<Entrance, EnvelopeError> {
    doorward_events::read(&envelope(event.to_string().as_bytes()), &Openings::new())
}

#[track_caller]
pub fn read_http(event: &Value) -> Inbound {
    match read(event) {
        Ok(Entrance::Http(inbound)) => inbound,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn request(inbound: &Inbound) -> &HttpRequest {
    match &inbound.message {
        Message::Http(request) => request,
        Message::Event(_) => panic!("an event"),
    }
}

/// `patch` laid over `base`, member by member; `null` removes (RFC 7396).
pub fn with(mut base: Value, patch: Value) -> Value {
    merge(&mut base, patch);
    base
}

fn merge(base: &mut Value, patch: Value) {
    match (base, patch) {
        (Value::Object(base), Value::Object(patch)) => {
            for (name, value) in patch {
                if value.is_null() {
                    base.remove(&name);
                } else {
                    merge(base.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (base, patch) => *base = patch,
    }
}

pub fn http_api() -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/orders/4 2",
        "rawQueryString": "tag=a&tag=b%20c&plain",
        "cookies": ["session=1", "theme=dark"],
        "headers": {
            "accept": "*/*",
            "authorization": "Bearer x.y.z",
            "content-type": "application/json",
            "host": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000",
            "x-forwarded-for": "203.0.113.7"
        },
        "queryStringParameters": {"tag": "a,b c", "plain": ""},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3",
            "domainName": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "a1b2c3",
            "http": {
                "method": "POST",
                "path": "/orders/4 2",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "curl/8"
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "24/Nov/2026:23:00:00 +0000",
            "timeEpoch": 1795561200000_u64
        },
        "body": "{\"name\":\"é\"}",
        "isBase64Encoded": false
    })
}

pub fn function_url() -> Value {
    let domain = "urlid123.lambda-url.eu-central-1.on.aws";
    with(
        http_api(),
        json!({
            "rawPath": "/caf%C3%A9",
            "headers": {"host": domain},
            "requestContext": {
                "accountId": "anonymous",
                "apiId": "urlid123",
                "domainName": domain,
                "domainPrefix": "urlid123",
                "http": {"path": "/caf%C3%A9"}
            }
        }),
    )
}

pub const ROUTE_ARN: &str = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/$default/GET/orders/42";

pub fn authorizer() -> Value {
    with(
        http_api(),
        json!({
            "type": "REQUEST",
            "routeArn": ROUTE_ARN,
            "identitySource": ["Bearer x.y.z"],
            "rawPath": "/orders/42",
            "requestContext": {"http": {"method": "GET"}},
            "pathParameters": {"id": "42"},
            "stageVariables": {"one": "1"},
            "body": null,
            "isBase64Encoded": null
        }),
    )
}

/// After the sample of the API Gateway guide.
pub fn rest_api() -> Value {
    json!({
        "resource": "/orders/{id}",
        "path": "/orders/4%202",
        "httpMethod": "POST",
        "headers": {
            "Accept": "b",
            "Authorization": "Bearer x.y.z",
            "Host": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
            "X-Amzn-Trace-Id": "Root=1-00000000-000000000000000000000000"
        },
        "multiValueHeaders": {
            "Accept": ["a", "b"],
            "Authorization": ["Bearer x.y.z"],
            "Host": ["a1b2c3.execute-api.eu-central-1.amazonaws.com"],
            "X-Amzn-Trace-Id": ["Root=1-00000000-000000000000000000000000"]
        },
        "queryStringParameters": {"tag": "b c", "a=b": ""},
        "multiValueQueryStringParameters": {"tag": ["a", "b c"], "a=b": [""]},
        "pathParameters": {"id": "4%202"},
        "stageVariables": {"one": "1"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3",
            "authorizer": {"claims": null, "scopes": null},
            "domainName": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "a1b2c3",
            "extendedRequestId": "JKJaXmPLvHcESHA=",
            "httpMethod": "POST",
            "identity": {
                "accessKey": null,
                "accountId": null,
                "caller": null,
                "cognitoIdentityId": null,
                "principalOrgId": null,
                "sourceIp": "203.0.113.7",
                "user": null,
                "userAgent": "curl/8",
                "userArn": null,
                "clientCert": null
            },
            "path": "/prod/orders/4%202",
            "protocol": "HTTP/1.1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTime": "24/Nov/2026:23:00:00 +0000",
            "requestTimeEpoch": 1795561200000_u64,
            "resourceId": "123456",
            "resourcePath": "/orders/{id}",
            "stage": "prod"
        },
        "body": "{\"name\":\"é\"}",
        "isBase64Encoded": false
    })
}

pub fn http_api_1() -> Value {
    with(rest_api(), json!({"version": "1.0", "path": "/prod/orders/4 2"}))
}

const TARGET_GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/orders/49e9d65c45c6791a";

/// After the samples of the Elastic Load Balancing guide.
pub fn alb() -> Value {
    json!({
        "requestContext": {"elb": {"targetGroupArn": TARGET_GROUP}},
        "httpMethod": "POST",
        "path": "/orders/4%202",
        "queryStringParameters": {"tag": "a%20b", "plain": ""},
        "headers": {
            "accept": "text/html",
            "authorization": "Bearer x.y.z",
            "cookie": "session=1",
            "host": "orders-1234567.eu-central-1.elb.amazonaws.com",
            "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000",
            "x-forwarded-for": "10.0.0.1, 203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https"
        },
        "body": "{\"name\":\"é\"}",
        "isBase64Encoded": false
    })
}

pub fn alb_multi() -> Value {
    with(
        alb(),
        json!({
            "headers": null,
            "queryStringParameters": null,
            "multiValueHeaders": {
                "accept": ["text/html", "*/*"],
                "authorization": ["Bearer x.y.z"],
                "cookie": ["session=1", "theme=dark"],
                "host": ["orders-1234567.eu-central-1.elb.amazonaws.com"],
                "x-forwarded-for": ["10.0.0.1, 203.0.113.7"]
            },
            "multiValueQueryStringParameters": {"tag": ["a%20b", "c"], "plain": [""]}
        }),
    )
}

/// After the sample of the API Gateway guide.
pub fn websocket() -> Value {
    json!({
        "headers": {
            "Authorization": "Bearer x.y.z",
            "Host": "w1x2y3.execute-api.eu-central-1.amazonaws.com",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13"
        },
        "multiValueHeaders": {
            "Authorization": ["Bearer x.y.z"],
            "Host": ["w1x2y3.execute-api.eu-central-1.amazonaws.com"],
            "Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZQ=="],
            "Sec-WebSocket-Version": ["13"]
        },
        "queryStringParameters": {"room": "a b"},
        "multiValueQueryStringParameters": {"room": ["a b"]},
        "requestContext": {
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "extendedRequestId": "FG8DaHsqDoEFhzA=",
            "requestTime": "24/Nov/2026:23:00:00 +0000",
            "messageDirection": "IN",
            "stage": "prod",
            "connectedAt": 1795561200000_u64,
            "requestTimeEpoch": 1795561200000_u64,
            "identity": {"userAgent": "curl/8", "sourceIp": "203.0.113.7"},
            "requestId": "FG8DaHsqDoEFhzA=",
            "domainName": "w1x2y3.execute-api.eu-central-1.amazonaws.com",
            "connectionId": "FG8DZdKgIAMCI1A=",
            "apiId": "w1x2y3"
        },
        "isBase64Encoded": false
    })
}

/// After the samples of the API Gateway guide: a message has no header fields.
pub fn websocket_message() -> Value {
    json!({
        "requestContext": {
            "routeKey": "placeOrder",
            "messageId": "FG8EZf5ioAMCI1A=",
            "eventType": "MESSAGE",
            "extendedRequestId": "FG8EZG31oAMFl-g=",
            "requestTime": "24/Nov/2026:23:00:05 +0000",
            "messageDirection": "IN",
            "stage": "prod",
            "connectedAt": 1795561200000_u64,
            "requestTimeEpoch": 1795561205000_u64,
            "identity": {"userAgent": "curl/8", "sourceIp": "203.0.113.7"},
            "requestId": "FG8EZG31oAMFl-g=",
            "domainName": "w1x2y3.execute-api.eu-central-1.amazonaws.com",
            "connectionId": "FG8DZdKgIAMCI1A=",
            "apiId": "w1x2y3"
        },
        "body": "{\"action\":\"placeOrder\",\"sku\":\"TEA-1\"}",
        "isBase64Encoded": false
    })
}

/// As API Gateway hands over the end of a connection, with header fields of its own.
pub fn websocket_end() -> Value {
    json!({
        "headers": {"Host": "w1x2y3.execute-api.eu-central-1.amazonaws.com", "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""},
        "multiValueHeaders": {"Host": ["w1x2y3.execute-api.eu-central-1.amazonaws.com"], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""]},
        "requestContext": {
            "routeKey": "$disconnect",
            "disconnectStatusCode": 1005,
            "eventType": "DISCONNECT",
            "extendedRequestId": "FG8EfGFGoAMF5lw=",
            "requestTime": "24/Nov/2026:23:00:09 +0000",
            "messageDirection": "IN",
            "disconnectReason": "Client-side close frame status not set",
            "stage": "prod",
            "connectedAt": 1795561200000_u64,
            "requestTimeEpoch": 1795561209000_u64,
            "identity": {"userAgent": "curl/8", "sourceIp": "203.0.113.7"},
            "requestId": "FG8EfGFGoAMF5lw=",
            "domainName": "w1x2y3.execute-api.eu-central-1.amazonaws.com",
            "connectionId": "FG8DZdKgIAMCI1A=",
            "apiId": "w1x2y3"
        },
        "isBase64Encoded": false
    })
}

pub fn every_http() -> Vec<Value> {
    vec![http_api(), function_url(), rest_api(), http_api_1(), alb(), alb_multi(), websocket()]
}

const METHOD_ARN: &str = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/prod/POST/orders/4%202";

pub fn token_question() -> Value {
    json!({
        "type": "TOKEN",
        "authorizationToken": "Bearer x.y.z",
        "methodArn": "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/prod/GET/orders/42"
    })
}

pub fn rest_question() -> Value {
    with(
        rest_api(),
        json!({"type": "REQUEST", "methodArn": METHOD_ARN, "body": null, "isBase64Encoded": null}),
    )
}

pub fn http_api_1_question() -> Value {
    with(rest_question(), json!({"version": "1.0", "path": "/prod/orders/4 2", "identitySource": "x"}))
}

pub fn websocket_question() -> Value {
    let arn = "arn:aws:execute-api:eu-central-1:123456789012:w1x2y3/prod/$connect";
    with(websocket(), json!({"type": "REQUEST", "methodArn": arn, "stageVariables": {}}))
}

pub fn every_question() -> Vec<Value> {
    vec![authorizer(), token_question(), rest_question(), http_api_1_question(), websocket_question()]
}

/// After AWS's own sample; the key is `inbox/Happy Face+é.jpg`.
pub fn s3_record() -> Value {
    json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-central-1",
        "eventTime": "2026-11-24T22:59:59.123Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AIDAINPONIXQXHT3IKHL2"},
        "requestParameters": {"sourceIPAddress": "203.0.113.7"},
        "responseElements": {
            "x-amz-request-id": "C3D13FE58DE4C810",
            "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD"
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "receipts",
            "bucket": {
                "name": "receipts",
                "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                "arn": "arn:aws:s3:::receipts"
            },
            "object": {
                "key": "inbox/Happy+Face%2B%C3%A9.jpg",
                "size": 1024,
                "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                "versionId": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
                "sequencer": "0055AED6DCD90281E5"
            }
        },
        "glacierEventData": {"unknown": ["to", "this", 1]}
    })
}

pub fn s3_event(records: &[Value]) -> Value {
    json!({ "Records": records })
}
