use crate::samples::{self, read, read_http, request, with};
use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use doorward_events::{EnvelopeError, MalformedRequest, UnknownEvent};
use doorward_model::{ReplyForm, SocketClose, SocketEvent};
use serde_json::{Value, json};

fn in_context(event: Value, members: Value) -> Value {
    with(event, json!({ "requestContext": members }))
}

#[test]
fn the_opening_of_a_connection_is_a_request_for_its_route_key() {
    let inbound = read_http(&samples::websocket());
    let request = request(&inbound);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/"));
    let socket = request.socket.as_ref().unwrap();
    assert_eq!((socket.event, socket.route_key.as_str()), (SocketEvent::Connect, "$connect"));
    assert_eq!((socket.connection.as_str(), socket.stage.as_str()), ("FG8DZdKgIAMCI1A=", "prod"));
    assert_eq!((&socket.message, &socket.closed, request.stage.as_deref()), (&None, &None, None));
    assert_eq!(socket.connected.unwrap().as_millisecond(), 1_795_561_200_000);
    assert_eq!(request.query, "room=a%20b");
    let typed: ApiGatewayWebsocketProxyRequest = serde_json::from_value(samples::websocket()).unwrap();
    assert_eq!(typed.request_context.apiid.as_deref(), Some(inbound.front.id.as_str()));
}

#[test]
fn a_message_is_a_request_without_header_fields() {
    let inbound = read_http(&samples::websocket_message());
    let request = request(&inbound);
    let socket = request.socket.as_ref().unwrap();
    assert_eq!((socket.event, socket.route_key.as_str()), (SocketEvent::Message, "placeOrder"));
    assert_eq!(socket.message.as_deref(), Some("FG8EZf5ioAMCI1A="));
    assert_eq!((request.method.as_str(), request.reply), ("POST", ReplyForm::Socket));
    assert_eq!(request.source_ip, "203.0.113.7".parse().ok());
    assert_eq!(&request.body[..], br#"{"action":"placeOrder","sku":"TEA-1"}"#);
    assert_eq!(inbound.gateway_request.as_deref(), Some("FG8EZG31oAMFl-g="));
    assert_eq!(inbound.front.to_string(), "websocket-api:w1x2y3");
    let typed: ApiGatewayWebsocketProxyRequest =
        serde_json::from_value(samples::websocket_message()).unwrap();
    assert_eq!(typed.request_context.message_id, socket.message);
    // What is no part of a message was not sent with it: nobody is proven by it.
    let more = json!({
        "headers": {"Authorization": "Bearer x.y.z", "X-Api-Key": "k"},
        "multiValueHeaders": {"Authorization": ["Bearer x.y.z"]},
        "queryStringParameters": {"a": "b"},
    });
    let inbound = read_http(&with(samples::websocket_message(), more));
    let request = samples::request(&inbound);
    assert_eq!((request.headers.len(), request.query.as_str()), (0, ""));
}

#[test]
fn a_message_has_whatever_its_caller_wrote() {
    for (members, expected) in [
        (json!({"body": ""}), &b""[..]),
        (json!({"body": "aA==", "isBase64Encoded": true}), b"h"),
        (json!({"body": "g\u{1f375}\u{0}"}), "g\u{1f375}\u{0}".as_bytes()),
        (json!({"body": "/wA=", "isBase64Encoded": true}), b"\xff\x00"),
        (json!({"body": "{\"action\":1,\"action\":2}", "more": {"a": 1}}), br#"{"action":1,"action":2}"#),
    ] {
        let inbound = read_http(&with(samples::websocket_message(), members));
        assert_eq!(&request(&inbound).body[..], expected);
    }
    let nothing = with(samples::websocket_message(), json!({"body": null}));
    assert!(request(&read_http(&nothing)).body.is_empty());
    let context = json!({"routeKey": "$default", "messageId": null, "identity": null, "connectedAt": null, "stage": null});
    let inbound = read_http(&in_context(samples::websocket_message(), context));
    let socket = request(&inbound).socket.as_ref().unwrap();
    assert_eq!((socket.route_key.as_str(), &socket.message), ("$default", &None));
    assert_eq!((socket.connected, request(&inbound).source_ip), (None, None));
    let odd = in_context(samples::websocket_message(), json!({"routeKey": "gr\u{fc}\u{df}e GET /x"}));
    assert_eq!(request(&read_http(&odd)).socket.as_ref().unwrap().route_key, "gr\u{fc}\u{df}e GET /x");
}

#[test]
fn the_end_of_a_connection_says_how_it_ended() {
    let inbound = read_http(&samples::websocket_end());
    let request = request(&inbound);
    let socket = request.socket.as_ref().unwrap();
    assert_eq!((socket.event, socket.route_key.as_str()), (SocketEvent::Disconnect, "$disconnect"));
    let reason = Some("Client-side close frame status not set".to_owned());
    assert_eq!(socket.closed, Some(SocketClose { status: Some(1005), reason }));
    // Its header fields are the gateway's own, and prove nobody.
    assert_eq!((request.headers.len(), request.body.len(), &socket.message), (0, 0, &None));
    for (members, expected) in [
        (json!({"disconnectStatusCode": null, "disconnectReason": null}), SocketClose::default()),
        (
            json!({"disconnectStatusCode": 70000}),
            SocketClose { status: None, ..socket.closed.clone().unwrap() },
        ),
        (
            json!({"disconnectStatusCode": 4000, "disconnectReason": "bye \u{1f44b}\u{0}"}),
            SocketClose { status: Some(4000), reason: Some("bye \u{1f44b}\u{0}".to_owned()) },
        ),
    ] {
        let inbound = read_http(&in_context(samples::websocket_end(), members));
        assert_eq!(samples::request(&inbound).socket.as_ref().unwrap().closed, Some(expected));
    }
}

#[test]
fn what_is_kept_with_a_connection_is_read_where_no_caller_writes() {
    let kept = |event: Value, authorizer: Value| {
        let inbound = read_http(&in_context(event, json!({ "authorizer": authorizer })));
        request(&inbound).verified.connection.clone()
    };
    let own = json!({"principalId": "x", "integrationLatency": 3, "doorwardConnection1": "{}"});
    assert_eq!(kept(samples::websocket_message(), own.clone()).as_deref(), Some("{}"));
    assert_eq!(kept(samples::websocket_end(), own.clone()).as_deref(), Some("{}"));
    // An opening shows its own credentials.
    assert_eq!(kept(samples::websocket(), own), None);
    for none in [
        json!(null),
        json!({}),
        json!({"principalId": "User::\"alice\""}),
        json!({"doorwardConnection1": 1}),
        json!({"doorwardConnection1": {"door": "shop"}}),
        json!({"doorwardConnection2": "{}"}),
    ] {
        assert_eq!(kept(samples::websocket_message(), none), None);
    }
    // What a message says of itself stays in its body.
    let spoofed = with(
        samples::websocket_message(),
        json!({"authorizer": {"doorwardConnection1": "{}"}, "body": "{\"requestContext\":{\"authorizer\":{\"doorwardConnection1\":\"{}\"}}}"}),
    );
    assert_eq!(request(&read_http(&spoofed)).verified.connection, None);
}

#[test]
fn a_signature_that_opened_a_connection_is_the_gateways_to_attest() {
    let identity = json!({
        "sourceIp": "203.0.113.7", "userArn": "arn:aws:iam::123456789012:user/ann", "accountId": "123456789012",
        "user": "AIDAEXAMPLE123456789", "caller": "AIDAEXAMPLE123456789", "principalOrgId": null,
    });
    for event in [samples::websocket_message(), samples::websocket_end()] {
        let inbound = read_http(&in_context(event, json!({ "identity": identity })));
        let caller = request(&inbound).verified.iam.clone().unwrap();
        assert_eq!(
            (caller.arn.as_str(), caller.account.as_str()),
            ("arn:aws:iam::123456789012:user/ann", "123456789012")
        );
    }
}

/// What samples of WebSocket events have of REST requests, at the top and in the context.
fn rest_members() -> Value {
    json!({
        "resource": "/{proxy+}", "path": "/admin", "httpMethod": "DELETE", "pathParameters": {"proxy": "admin"},
        "stageVariables": {"a": "b"},
        "requestContext": {"httpMethod": "DELETE", "resourcePath": "/{proxy+}", "resourceId": "roq9wj", "path": "/prod/admin"},
    })
}

#[test]
fn members_of_a_rest_request_beside_a_connection_say_nothing() {
    for plain in [samples::websocket(), samples::websocket_message(), samples::websocket_end()] {
        let inbound = read_http(&with(plain.clone(), rest_members()));
        let expected = read_http(&plain);
        assert_eq!(inbound.front.to_string(), "websocket-api:w1x2y3");
        assert_eq!(format!("{inbound:?}"), format!("{expected:?}"));
        // What is no event of a connection's is no less refused.
        for context in [json!({"routeKey": "$other"}), json!({"messageDirection": "OUT"})] {
            let error = read(&in_context(with(plain.clone(), rest_members()), context)).unwrap_err();
            assert_eq!(error, EnvelopeError::Unknown(UnknownEvent::RouteKey));
        }
    }
    let hidden = with(samples::websocket(), json!({"headers": {"X-Hidden": "1"}}));
    let fault = MalformedRequest::Lacking { single: "headers", multi: "multiValueHeaders" };
    let error = read(&with(hidden, rest_members())).unwrap_err();
    assert_eq!(error, EnvelopeError::Malformed { form: ReplyForm::Socket, fault });
}

#[test]
fn a_rest_request_beside_a_connection_is_of_the_websocket_api_alone() {
    let socket =
        json!({"requestContext": {"connectionId": "x", "routeKey": "$connect", "eventType": "CONNECT"}});
    let inbound = read_http(&with(samples::rest_api(), socket));
    // A door that pins `rest-api:a1b2c3` takes nothing from `websocket-api:a1b2c3`.
    assert_eq!(inbound.front.to_string(), "websocket-api:a1b2c3");
    let socket = request(&inbound).socket.as_ref().unwrap();
    assert_eq!((socket.event, request(&inbound).path.as_str()), (SocketEvent::Connect, "/"));
}

#[test]
fn types_go_with_their_route_keys() {
    for context in [
        json!({"routeKey": "$disconnect", "eventType": "CONNECT"}),
        json!({"routeKey": "$default", "eventType": "CONNECT"}),
        json!({"routeKey": "$connect", "eventType": "MESSAGE"}),
        json!({"routeKey": "$disconnect", "eventType": "MESSAGE"}),
        json!({"routeKey": "$other", "eventType": "MESSAGE"}),
        json!({"routeKey": "", "eventType": "MESSAGE"}),
        json!({"routeKey": "$connect", "eventType": "DISCONNECT"}),
        json!({"routeKey": "placeOrder", "eventType": "DISCONNECT"}),
        json!({"routeKey": "send", "eventType": "CONNECT"}),
        json!({"routeKey": "send", "eventType": "message"}),
        json!({"routeKey": null}),
        json!({"routeKey": ["$connect"]}),
        json!({"eventType": null}),
        json!({"messageDirection": "OUT"}),
    ] {
        let error = read(&in_context(samples::websocket(), context)).unwrap_err();
        assert!(error.hint().is_some());
        assert_eq!(error, EnvelopeError::Unknown(UnknownEvent::RouteKey));
    }
}

#[test]
fn a_connection_has_an_id() {
    for event in [samples::websocket(), samples::websocket_message(), samples::websocket_end()] {
        let form = ReplyForm::Socket;
        let malformed = |member: &str, expected: &'static str| EnvelopeError::Malformed {
            form,
            fault: MalformedRequest::Member { member: format!("requestContext.{member}"), expected },
        };
        for id in ["", "a b", "a\n", "\u{e9}", &"x".repeat(129)] {
            let error = read(&in_context(event.clone(), json!({ "connectionId": id }))).unwrap_err();
            assert_eq!(error, malformed("connectionId", "the id of a connection"), "{id}");
        }
        let error = read(&in_context(event.clone(), json!({"connectionId": 7}))).unwrap_err();
        assert_eq!(error, malformed("connectionId", "a text"));
        let error = read(&in_context(event.clone(), json!({"apiId": null}))).unwrap_err();
        assert_eq!(error, malformed("apiId", "a text"));
        let error = read(&in_context(event, json!({"connectionId": null}))).unwrap_err();
        assert_eq!(
            error,
            EnvelopeError::Unknown(UnknownEvent::Form),
            "without one it is of no WebSocket API"
        );
    }
    let body = with(samples::websocket_message(), json!({"body": {"action": "x"}}));
    assert!(matches!(read(&body), Err(EnvelopeError::Malformed { .. })));
    let base64 = with(samples::websocket_message(), json!({"body": "*", "isBase64Encoded": true}));
    assert!(matches!(read(&base64), Err(EnvelopeError::Malformed { fault: MalformedRequest::Base64, .. })));
}
