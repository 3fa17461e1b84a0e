use std::collections::BTreeSet;

use crate::samples::{self, deadline, read, read_http, request, with};
use doorward_events::{EnvelopeError, MalformedRequest, UnknownEvent};
use doorward_model::{PathForm, ReplyForm, Trace};
use serde_json::{Value, json};

#[test]
fn a_request_from_an_http_api_is_read_whole() {
    let inbound = read_http(&samples::http_api());
    assert_eq!(inbound.front.to_string(), "http-api:a1b2c3");
    assert_eq!(inbound.call.as_str(), samples::REQUEST_ID);
    assert_eq!(inbound.invocation, samples::REQUEST_ID);
    assert_eq!(inbound.gateway_request.as_deref(), Some("JKJaXmPLvHcESHA="));
    assert_eq!(inbound.deadline, deadline());
    assert_eq!(inbound.trace.xray.as_deref(), Some(samples::XRAY));
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert_eq!(inbound.trace.traceparent.as_deref(), Some(traceparent));
    let request = request(&inbound);
    assert_eq!(request.method, "POST");
    assert_eq!((request.path.as_str(), request.path_form), ("/orders/4 2", PathForm::Decoded));
    assert_eq!(request.query, "tag=a&tag=b%20c&plain");
    assert_eq!(request.headers["authorization"], "Bearer x.y.z");
    assert_eq!(request.headers["cookie"], "session=1; theme=dark");
    assert_eq!(request.body, "{\"name\":\"é\"}");
    assert_eq!(request.source_ip, Some("203.0.113.7".parse().unwrap()));
    assert_eq!(request.host, "a1b2c3.execute-api.eu-central-1.amazonaws.com");
}

#[test]
fn a_function_url_is_told_by_its_domain_and_keeps_its_path_encoded() {
    let inbound = read_http(&samples::function_url());
    assert_eq!(inbound.front.to_string(), "function-url:urlid123");
    let request = request(&inbound);
    assert_eq!((request.path.as_str(), request.path_form), ("/caf%C3%A9", PathForm::Encoded));
}

#[test]
fn another_domain_is_an_http_api() {
    for domain in [
        "api.example.com",
        "other.lambda-url.eu-central-1.on.aws",
        "urlid123.lambda-url..on.aws",
        "urlid123.lambda-url.eu-central-1.on.aws.example.com",
        "urlid123.lambda-url.a.b.on.aws",
        "xurlid123.lambda-url.eu-central-1.on.aws",
    ] {
        let event = with(samples::function_url(), json!({"requestContext": {"domainName": domain}}));
        let inbound = read_http(&event);
        assert_eq!(inbound.front.to_string(), "http-api:urlid123", "{domain}");
        assert_eq!(request(&inbound).path_form, PathForm::Decoded);
        assert_eq!(request(&inbound).host, domain);
    }
}

#[track_caller]
fn check_stage(event: Value, stage: &str, expected: Option<&str>) {
    let patch = json!({"rawPath": "/prod/orders", "requestContext": {"stage": stage}});
    let inbound = read_http(&with(event, patch));
    assert_eq!(request(&inbound).stage.as_deref(), expected);
    assert_eq!(request(&inbound).path, "/prod/orders", "the path is left alone");
}

#[test]
fn a_named_stage_stands_before_the_path_of_an_http_api() {
    check_stage(samples::http_api(), "prod", Some("prod"));
    check_stage(samples::http_api(), "$default", None);
    check_stage(samples::http_api(), "", None);
    check_stage(samples::function_url(), "prod", None);
}

#[test]
fn bodies_are_decoded() {
    let binary = json!({"body": "AP8=", "isBase64Encoded": true});
    assert_eq!(request(&read_http(&with(samples::http_api(), binary))).body, &[0_u8, 0xff][..]);
    let none = json!({"body": null, "isBase64Encoded": null});
    assert_eq!(request(&read_http(&with(samples::http_api(), none))).body, "");
    let mut null = samples::http_api();
    null["body"] = Value::Null;
    assert_eq!(request(&read_http(&null)).body, "");
}

#[test]
fn what_may_be_absent_may_be_absent() {
    let bare = json!({
        "version": "2.0",
        "rawPath": "/",
        "requestContext": {
            "apiId": "a1b2c3",
            "domainName": "api.example.com",
            "http": {"method": "GET", "sourceIp": "IP"},
            "novelty": {"of": ["next", "year"]}
        },
        "novelty": 1
    });
    let inbound = read_http(&bare);
    let request = request(&inbound);
    assert!(request.headers.is_empty() && request.query.is_empty() && request.source_ip.is_none());
    assert_eq!(inbound.gateway_request, None);
    let Trace { traceparent, xray } = inbound.trace;
    assert_eq!((traceparent, xray.as_deref()), (None, Some(samples::XRAY)));
}

#[test]
fn a_field_named_in_connection_was_judged_and_then_stripped() {
    let patch = json!({
        "headers": {
            "connection": "X-Tenant, Cookie, Traceparent, Content-Type",
            "x-tenant": "1",
            "te": "trailers",
            "transfer-encoding": "chunked",
            "content_type": "text/plain",
            "x-kept": "1"
        }
    });
    let inbound = read_http(&with(samples::http_api(), patch));
    assert_eq!(inbound.trace.traceparent, None);
    let judged: BTreeSet<&str> = request(&inbound).headers.keys().map(|name| name.as_str()).collect();
    let ends =
        ["accept", "authorization", "content-type", "host", "x-amzn-trace-id", "x-forwarded-for", "x-kept"];
    assert_eq!(judged, BTreeSet::from(ends));
    let event = crate::target::encode(&inbound);
    let forwarded: BTreeSet<&str> =
        event["headers"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(forwarded, &judged | &BTreeSet::from(["content-length"]), "the door's own length beside them");
}

#[test]
fn header_names_that_differ_in_case_keep_both_values() {
    let headers = json!({"headers": {"Authorization": "Bearer second", "x-name": "Zoë"}});
    let inbound = read_http(&with(samples::http_api(), headers));
    let values = request(&inbound).headers.get_all("authorization");
    assert_eq!(values.iter().count(), 2);
    assert_eq!(request(&inbound).headers["x-name"].as_bytes(), "Zoë".as_bytes());
}

#[track_caller]
fn check_malformed(patch: Value, expected: &str) {
    match read(&with(samples::http_api(), patch)) {
        Err(EnvelopeError::Malformed { form: ReplyForm::V2, fault }) => {
            assert_eq!(fault.to_string(), expected)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_malformed_request_says_where_and_never_what() {
    let value = "the value of a header holds control characters";
    check_malformed(json!({"headers": {"X-A": "a\r\nadmin: true"}}), value);
    check_malformed(json!({"headers": {"X-A": "a\u{0}"}}), value);
    check_malformed(json!({"headers": {"a b": "x"}}), "a header's name is not a token");
    check_malformed(json!({"headers": {"": "x"}}), "a header's name is not a token");
    check_malformed(json!({"headers": {"a": 5}}), "`headers` is missing or not an object of texts");
    check_malformed(json!({"headers": ["a"]}), "`headers` is missing or not an object of texts");
    check_malformed(json!({"cookies": "a=1"}), "`cookies` is missing or not a list of texts");
    check_malformed(json!({"cookies": ["a=1\n"]}), "the value of a header holds control characters");
    check_malformed(json!({"requestContext": {"http": {"method": "G T"}}}), "the method is not a token");
    check_malformed(json!({"requestContext": {"http": {"method": ""}}}), "the method is not a token");
    check_malformed(
        json!({"requestContext": {"http": {"method": null}}}),
        "`requestContext.http.method` is missing or not a text",
    );
    check_malformed(
        json!({"requestContext": {"apiId": null}}),
        "`requestContext.apiId` is missing or not a text",
    );
    check_malformed(json!({"rawPath": null}), "`rawPath` is missing or not a text");
    check_malformed(json!({"isBase64Encoded": "yes"}), "`isBase64Encoded` is missing or not true or false");
    let base64 = "the body is not base64, although the event says so";
    for body in ["cG5n\n", "cG5", "cG-_", "{\"name\":1}"] {
        check_malformed(json!({"body": body, "isBase64Encoded": true}), base64);
    }
}

#[test]
fn a_query_with_a_control_character_was_never_sent() {
    for query in ["a=1\r\nx: y", "a=\0", "a=\u{7f}", "\n"] {
        let fault = "the query holds a delimiter or a control character";
        check_malformed(json!({"rawQueryString": query}), fault);
    }
    let escaped = read_http(&with(samples::http_api(), json!({"rawQueryString": "a=%0D%0A"})));
    assert_eq!(request(&escaped).query, "a=%0D%0A");
}

#[test]
fn too_many_headers_are_refused_before_the_map_is_full() {
    let headers: serde_json::Map<String, Value> =
        (0..40_000).map(|number| (format!("x-{number}"), "v".into())).collect();
    let error = read(&with(samples::http_api(), json!({"headers": headers}))).unwrap_err();
    let fault = MalformedRequest::TooManyHeaders(4096);
    assert_eq!(error, EnvelopeError::Malformed { form: ReplyForm::V2, fault });
}

#[track_caller]
fn check_unknown(event: Value, expected: UnknownEvent, has_hint: bool) {
    let error = read(&event).unwrap_err();
    assert_eq!(error.hint().is_some(), has_hint);
    assert_eq!(error, EnvelopeError::Unknown(expected));
}

#[test]
fn other_events_are_unknown_not_guessed() {
    for event in [
        json!({}),
        json!(null),
        json!("text"),
        json!(null),
        json!({"version": "0", "id": "x", "detail-type": "EC2 Instance State-change Notification"}),
        json!({"httpMethod": "GET", "path": "/", "requestContext": {}}),
        json!({"httpMethod": "GET", "path": "/", "requestContext": {"elb": null}}),
        json!({"Records": "none"}),
        with(samples::http_api(), json!({"version": "3.0"})),
        with(samples::http_api(), json!({"version": 2.0})),
        with(samples::http_api(), json!({"requestContext": {"http": null}})),
    ] {
        check_unknown(event, UnknownEvent::Form, false);
    }
    check_unknown(with(samples::http_api(), json!({"version": "1.0"})), UnknownEvent::Form, false);
    check_unknown(samples::authorizer(), UnknownEvent::ForAuthorizer, true);
}

#[test]
fn what_is_no_event_at_all_is_refused() {
    let check =
        |payload: &[u8]| doorward_events::read(&samples::envelope(payload), &Default::default()).unwrap_err();
    assert!(matches!(check(b""), EnvelopeError::NotJson(_)));
    assert!(matches!(check(b"{\"version\":\"2.0\",\"version\":\"2.0\"}"), EnvelopeError::NotJson(_)));
    assert!(matches!(check("[".repeat(1_000_000).as_bytes()), EnvelopeError::NotJson(_)));
    let large = vec![b' '; doorward_events::MAX_EVENT_BYTES + 1];
    assert_eq!(check(&large), EnvelopeError::TooLarge { bytes: large.len() });
}

#[test]
fn the_largest_body_lambda_passes_on_is_read() {
    let body = "a".repeat(6 * 1024 * 1024 - 4096);
    let inbound = read_http(&with(samples::http_api(), json!({"body": body})));
    assert_eq!(request(&inbound).body.len(), body.len());
}
