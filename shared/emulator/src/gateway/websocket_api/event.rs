//! What functions are told of a connection.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html>

use bytes::Bytes;
use http::header;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::connections::Opened;
use crate::gateway::inbound::Inbound;
use crate::gateway::payload_1::last_values;
use crate::gateway::stage::Stage;

/// A call of a function that stands behind a connection.
pub(super) struct Told<'a> {
    pub(super) stage: &'a Stage,
    pub(super) request_id: &'a str,
    pub(super) extended_request_id: &'a str,
    pub(super) route_key: &'a str,
    pub(super) event_type: &'static str,
    pub(super) at: Timestamp,
}

/// The context of an event, without what the authorizer said.
fn context(told: &Told<'_>, opened: &Opened) -> Map<String, Value> {
    let members = json!({
        "routeKey": told.route_key,
        "eventType": told.event_type,
        "extendedRequestId": told.extended_request_id,
        "requestTime": told.at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
        "messageDirection": "IN",
        "stage": told.stage.name,
        "connectedAt": opened.connected.as_millisecond(),
        "requestTimeEpoch": told.at.as_millisecond(),
        "identity": { "sourceIp": opened.source_ip, "userAgent": opened.user_agent },
        "requestId": told.request_id,
        "domainName": told.stage.domain_name,
        "connectionId": opened.id,
        "apiId": told.stage.api_id,
    });
    match members {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// What authorizer and integration are told of the opening: header fields and query, nothing of its path.
pub(super) fn opening(told: &Told<'_>, opened: &Opened, inbound: &Inbound) -> Map<String, Value> {
    let mut headers = inbound.header_values();
    let own = [
        ("X-Amzn-Trace-Id", inbound.trace()),
        ("X-Forwarded-For", inbound.forwarded_for()),
        ("X-Forwarded-Port", told.stage.port.to_string()),
        ("X-Forwarded-Proto", "http".to_owned()),
    ];
    for (name, value) in own {
        headers.remove(&name.to_ascii_lowercase());
        headers.insert(name.to_owned(), vec![value]);
    }
    if let Some(host) = headers.remove(header::HOST.as_str()) {
        headers.insert("Host".to_owned(), host);
    }
    let query = inbound.query_values();
    let mut context = context(told, opened);
    context.extend(opened.authorizer.clone().map(|said| ("authorizer".to_owned(), said)));
    let mut event = Map::new();
    event.insert("headers".into(), json!(last_values(&headers)));
    event.insert("multiValueHeaders".into(), json!(headers));
    if !query.is_empty() {
        event.insert("queryStringParameters".into(), json!(last_values(&query)));
        event.insert("multiValueQueryStringParameters".into(), json!(query));
    }
    event.insert("requestContext".into(), context.into());
    event
}

/// What an integration is told of a message.
pub(super) fn message(told: &Told<'_>, opened: &Opened, id: &str, text: &str) -> Bytes {
    let mut context = context(told, opened);
    context.insert("messageId".into(), id.into());
    context.extend(opened.authorizer.clone().map(|said| ("authorizer".to_owned(), said)));
    Bytes::from(json!({ "requestContext": context, "body": text, "isBase64Encoded": false }).to_string())
}

/// What an integration is told of the end, which has header fields of the gateway's own.
pub(super) fn end(told: &Told<'_>, opened: &Opened, code: u16, reason: &str) -> Bytes {
    let mut context = context(told, opened);
    context.insert("disconnectStatusCode".into(), code.into());
    context.insert("disconnectReason".into(), reason.into());
    context.extend(opened.authorizer.clone().map(|said| ("authorizer".to_owned(), said)));
    let host = &told.stage.domain_name;
    let event = json!({
        "headers": { "Host": host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" },
        "multiValueHeaders":
            { "Host": [host], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""] },
        "requestContext": context,
        "isBase64Encoded": false,
    });
    Bytes::from(event.to_string())
}
