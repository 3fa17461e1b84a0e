use doorward_model::{Body, Reply, Socket, SocketEvent, TargetFault};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::answer_v1::decode_v1;
use super::event::{TargetRequest, source_ip, stated, time, user_agent};
use super::event_v1::{last_of_each, query_lists, some};
use crate::websocket::CONNECT;
use crate::{body, fields};

/// Writes the event for a target of what came by the `socket` of a WebSocket API, in that API's own form ("Set up a Lambda
/// integration for the WebSocket API route", API Gateway guide): a function that was written for one reads connection, stage
/// and domain, and so the address under which it can write to the connection. What the door vouches for is in
/// `requestContext.authorizer`, the caller as `principalId` beside it.
#[must_use]
pub fn encode_socket(forward: &TargetRequest<'_>, socket: &Socket) -> Value {
    let request = forward.request;
    let headers = fields::for_target(&request.headers, forward.withheld);
    let (text, is_base64) = body::encode(&request.body, &headers);
    let mut event = Map::new();
    let mut put = |name: &str, value: Value| event.insert(name.to_owned(), value);
    if socket.event == SocketEvent::Connect {
        let mut listed = fields::listed(&headers);
        listed.extend(stated(forward).map(|(name, value)| (name.to_owned(), json!([value]))));
        put("headers", last_of_each(&listed).into());
        put("multiValueHeaders", listed.into());
        if let Some(query) = some(query_lists(&request.query)) {
            put("queryStringParameters", last_of_each(&query).into());
            put("multiValueQueryStringParameters", query.into());
        }
    }
    put("requestContext", request_context(forward, socket, &headers).into());
    if let Some(text) = text {
        put("body", text.into());
    }
    put("isBase64Encoded", is_base64.into());
    event.into()
}

fn request_context(forward: &TargetRequest<'_>, socket: &Socket, headers: &HeaderMap) -> Map<String, Value> {
    let request = forward.request;
    let mut authorizer = forward.attested.context();
    authorizer.insert("principalId".to_owned(), forward.attested.caller.to_string().into());
    let closed = socket.closed.as_ref();
    let user_agent = Some(user_agent(headers)).filter(|agent| !agent.is_empty());
    let members = [
        ("routeKey", Some(json!(socket.route_key))),
        ("messageId", socket.message.as_ref().map(|id| json!(id))),
        ("eventType", Some(json!(socket.event.word()))),
        ("disconnectStatusCode", closed.and_then(|closed| closed.status).map(|status| json!(status))),
        ("disconnectReason", closed.and_then(|closed| closed.reason.as_ref()).map(|reason| json!(reason))),
        ("extendedRequestId", Some(json!(forward.attested.call.as_str()))),
        ("requestTime", Some(json!(time(forward.at)))),
        ("messageDirection", Some(json!("IN"))),
        ("stage", Some(json!(socket.stage))),
        ("connectedAt", socket.connected.map(|at| json!(at.as_millisecond()))),
        ("requestTimeEpoch", Some(json!(forward.at.as_millisecond()))),
        ("identity", Some(json!({ "sourceIp": source_ip(request), "userAgent": user_agent }))),
        ("requestId", Some(json!(forward.attested.call.as_str()))),
        ("domainName", Some(json!(request.host))),
        ("connectionId", Some(json!(socket.connection))),
        ("apiId", Some(json!(forward.front.id))),
        ("authorizer", Some(authorizer.into())),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Reads what a target answered to what [`encode_socket`] wrote: as [`decode_v1`], but that a function may say nothing, where
/// nothing depends on it: an answer to a message is a matter of its own, and nobody waits for one to the end of a connection.
///
/// # Errors
/// [`TargetFault::Unreadable`] for anything that the gateway would not take.
pub fn decode_socket(payload: &[u8], socket: &Socket) -> Result<Reply, TargetFault> {
    if socket.route_key != CONNECT && payload.trim_ascii() == b"null" {
        return Ok(Reply { status: StatusCode::OK, headers: HeaderMap::new(), body: Body::Empty });
    }
    let reply = decode_v1(payload)?;
    match reply.body {
        Body::Full(ref bytes) if std::str::from_utf8(bytes).is_err() => Err(TargetFault::Unreadable(
            "`body` is no text, and a WebSocket API sends nothing else".to_owned(),
        )),
        _ => Ok(reply),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn socket(event: SocketEvent, route_key: &str) -> Socket {
        Socket {
            event,
            route_key: route_key.to_owned(),
            connection: "FG8DZdKgIAMCI1A=".to_owned(),
            message: None,
            stage: "prod".to_owned(),
            connected: None,
            closed: None,
        }
    }

    #[track_caller]
    fn check(socket: &Socket, payload: &str, expected: Option<(u16, &str)>) {
        let read = decode_socket(payload.as_bytes(), socket).ok().map(|reply| {
            let bytes = match reply.body {
                Body::Full(bytes) => bytes,
                Body::Empty => Bytes::new(),
                Body::Stream(_) => panic!("an answer in memory"),
            };
            (reply.status.as_u16(), String::from_utf8(bytes.to_vec()).unwrap())
        });
        assert_eq!(read, expected.map(|(status, body)| (status, body.to_owned())), "{payload}");
    }

    #[test]
    fn an_answer_is_what_the_gateway_takes_for_one() {
        let opening = socket(SocketEvent::Connect, "$connect");
        let message = socket(SocketEvent::Message, "placeOrder");
        let end = socket(SocketEvent::Disconnect, "$disconnect");
        for any in [&opening, &message, &end] {
            check(any, r#"{"statusCode":200}"#, Some((200, "")));
            check(any, r#"{"statusCode":403,"body":"né"}"#, Some((403, "né")));
            check(any, r#"{"statusCode":200,"body":"bsOp","isBase64Encoded":true}"#, Some((200, "né")));
            check(any, r#"{"statusCode":200,"body":"//8=","isBase64Encoded":true}"#, None);
            check(any, r#"{"body":"x"}"#, None);
            check(any, "", None);
            check(any, "\"x\"", None);
        }
        check(&message, " null\n", Some((200, "")));
        check(&end, "null", Some((200, "")));
        check(&opening, "null", None);
    }
}
