use crate::samples::{self, read, read_http, request, with};
use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use doorward_events::{EnvelopeError, UnknownEvent};
use serde_json::json;

#[test]
fn the_opening_of_a_connection_is_a_request_for_its_route_key() {
    let inbound = read_http(&samples::websocket());
    let request = request(&inbound);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/"));
    assert_eq!((request.socket.as_deref(), request.stage.as_deref()), (Some("$connect"), None));
    assert_eq!(request.query, "room=a%20b");
    let typed: ApiGatewayWebsocketProxyRequest = serde_json::from_value(samples::websocket()).unwrap();
    assert_eq!(typed.request_context.apiid.as_deref(), Some(inbound.front.id.as_str()));
}

#[test]
fn other_routes_of_a_websocket_api_are_unknown() {
    for context in [
        json!({"routeKey": "$disconnect", "eventType": "DISCONNECT"}),
        json!({"routeKey": "$default", "eventType": "MESSAGE"}),
        json!({"routeKey": "$connect", "eventType": "MESSAGE"}),
        json!({"routeKey": "send", "eventType": "CONNECT"}),
        json!({"routeKey": null}),
        json!({"routeKey": ["$connect"]}),
        json!({"eventType": null}),
    ] {
        let error = read(&with(samples::websocket(), json!({ "requestContext": context }))).unwrap_err();
        assert!(error.hint().is_some());
        assert_eq!(error, EnvelopeError::Unknown(UnknownEvent::RouteKey));
    }
}
