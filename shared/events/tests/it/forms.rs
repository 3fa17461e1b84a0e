use crate::samples::{self, read, read_http, request, with};
use doorward_events::{Entrance, EnvelopeError, MalformedRequest, UnknownEvent};
use doorward_model::ReplyForm;
use serde_json::{Value, json};

#[test]
fn each_form_names_its_front_and_the_form_of_its_answer() {
    let fronts = [
        ("http-api:a1b2c3", ReplyForm::V2),
        ("function-url:urlid123", ReplyForm::V2),
        ("rest-api:a1b2c3", ReplyForm::V1),
        ("http-api:a1b2c3", ReplyForm::V1),
        ("alb:orders/49e9d65c45c6791a", ReplyForm::AlbSingle),
        ("alb:orders/49e9d65c45c6791a", ReplyForm::AlbMulti),
        ("websocket-api:w1x2y3", ReplyForm::Socket),
    ];
    for (event, (front, reply)) in samples::every_http().into_iter().zip(fronts) {
        let inbound = read_http(&event);
        assert_eq!((inbound.front.to_string().as_str(), request(&inbound).reply), (front, reply));
        assert_eq!(inbound.call.as_str(), samples::REQUEST_ID);
        assert_eq!(request(&inbound).source_ip, Some("203.0.113.7".parse().unwrap()));
        assert_eq!(request(&inbound).headers["authorization"], "Bearer x.y.z");
    }
}

#[test]
fn a_form_mixed_of_two_is_none() {
    let elb = json!({"requestContext": {"elb": {"targetGroupArn": "arn"}}});
    let socket =
        json!({"requestContext": {"connectionId": "x", "routeKey": "$connect", "eventType": "CONNECT"}});
    let http = json!({"requestContext": {"http": {"method": "GET"}}});
    for event in [
        with(samples::http_api(), json!({"httpMethod": "GET"})),
        with(samples::http_api(), json!({"resource": "/"})),
        with(samples::http_api(), elb.clone()),
        with(samples::http_api(), socket.clone()),
        with(samples::http_api(), json!({"version": null})),
        with(samples::rest_api(), elb.clone()),
        with(samples::rest_api(), json!({"requestContext": {"connectionId": "x"}})),
        with(samples::rest_api(), http.clone()),
        with(samples::rest_api(), json!({"version": "2.0"})),
        with(samples::rest_api(), json!({"version": 1.0})),
        with(samples::rest_api(), json!({"version": ""})),
        with(samples::rest_api(), json!({"resource": null})),
        with(samples::http_api_1(), elb),
        with(samples::http_api_1(), http.clone()),
        with(samples::http_api_1(), json!({"httpMethod": null})),
        with(samples::alb(), json!({"resource": "/"})),
        with(samples::alb(), json!({"version": "1.0", "requestContext": {"http": {}}})),
        with(samples::alb(), socket),
        with(samples::alb(), http),
        with(samples::alb(), json!({"requestContext": {"elb": null}})),
        with(samples::websocket(), json!({"httpMethod": "GET", "requestContext": {"eventType": "GET"}})),
        with(samples::websocket(), json!({"httpMethod": "GET", "requestContext": {"eventType": null}})),
        with(samples::websocket(), json!({"resource": "/", "requestContext": {"routeKey": null}})),
        with(samples::websocket(), json!({"httpMethod": "GET", "requestContext": {"connectionId": null}})),
        with(samples::websocket(), json!({"version": "1.0"})),
    ] {
        assert_eq!(read(&event).unwrap_err(), EnvelopeError::Unknown(UnknownEvent::Form), "{event}");
    }
    for event in samples::every_question() {
        assert_eq!(read(&event).unwrap_err(), EnvelopeError::Unknown(UnknownEvent::ForAuthorizer), "{event}");
    }
}

#[test]
fn a_rest_event_with_a_version_is_of_another_front() {
    let inbound = read_http(&with(samples::rest_api(), json!({"version": "1.0"})));
    assert_eq!(inbound.front.to_string(), "http-api:a1b2c3");
}

/// Faults that every form with `headers` or `multiValueHeaders` has.
#[test]
fn a_malformed_request_of_any_form_is_answered_in_that_form() {
    for event in samples::every_http() {
        let form = request(&read_http(&event)).reply;
        let member = if event.get("multiValueHeaders").is_some() { "multiValueHeaders" } else { "headers" };
        let value = |text: &str| if member == "headers" { json!(text) } else { json!([text]) };
        let single = event.get("headers").is_some();
        for (patch, expected) in [
            (json!({member: {"a b": value("x")}}), "a header's name is not a token"),
            (
                json!({member: {"X-A": value("a\r\nadmin: true")}}),
                "the value of a header holds control characters",
            ),
            (json!({member: {"X-A": value("a\u{0}")}}), "the value of a header holds control characters"),
            (json!({"isBase64Encoded": "true"}), "`isBase64Encoded` is missing or not true or false"),
            (
                json!({"body": "*", "isBase64Encoded": true}),
                "the body is not base64, although the event says so",
            ),
            (json!({"body": {}}), "`body` is missing or not a text"),
        ] {
            match read(&with(event.clone(), patch.clone())) {
                Err(EnvelopeError::Malformed { form: found, fault }) => {
                    assert_eq!((found, fault.to_string().as_str()), (form, expected), "{patch}");
                }
                other => panic!("{patch}: {other:?}"),
            }
        }
        let many: serde_json::Map<String, Value> =
            (0..40_000).map(|number| (format!("x-{number}"), value("v"))).collect();
        let fault = MalformedRequest::TooManyHeaders(4096);
        let error = read(&with(event.clone(), json!({member: many}))).unwrap_err();
        assert_eq!(error, EnvelopeError::Malformed { form, fault });
        if single && member == "multiValueHeaders" {
            let error = read(&with(event, json!({"headers": {"X-Hidden": "1"}}))).unwrap_err();
            let fault = MalformedRequest::Lacking { single: "headers", multi: "multiValueHeaders" };
            assert_eq!(error, EnvelopeError::Malformed { form, fault });
        }
    }
}

#[test]
fn many_values_of_one_field_are_counted_too() {
    let values = vec!["v"; 40_000];
    for event in [samples::rest_api(), samples::alb_multi(), samples::websocket()] {
        let error = read(&with(event, json!({"multiValueHeaders": {"x-a": values}}))).unwrap_err();
        assert!(matches!(error, EnvelopeError::Malformed { fault: MalformedRequest::TooManyHeaders(_), .. }));
    }
}

#[test]
fn names_that_differ_in_case_keep_all_their_values() {
    for event in [samples::rest_api(), samples::http_api_1(), samples::alb_multi(), samples::websocket()] {
        let twin = json!({"multiValueHeaders": {"AUTHORIZATION": ["Bearer second"]}});
        let inbound = read_http(&with(event, twin));
        assert_eq!(request(&inbound).headers.get_all("authorization").iter().count(), 2);
    }
}

#[test]
fn what_mutual_tls_showed_leaves_the_fields_of_every_front() {
    let names = [
        "X-Amzn-Mtls-Clientcert",
        "x-amzn-mtls-clientcert-leaf",
        "X-AMZN-MTLS-CLIENTCERT-SUBJECT",
        "x-amzn-mtls-anything",
    ];
    for event in samples::every_http() {
        let is_alb = event["requestContext"].get("elb").is_some();
        let (single, multi): (serde_json::Map<_, _>, serde_json::Map<_, _>) = names
            .iter()
            .map(|&name| ((name.to_owned(), json!("x")), (name.to_owned(), json!(["x"]))))
            .unzip();
        let mut patch = json!({});
        if event.get("headers").is_some() {
            patch["headers"] = single.into();
        }
        if event.get("multiValueHeaders").is_some() {
            patch["multiValueHeaders"] = multi.into();
        }
        let inbound = read_http(&with(event, patch));
        let request = request(&inbound);
        assert!(!request.headers.keys().any(|name| name.as_str().starts_with("x-amzn-mtls")), "{is_alb}");
        assert_eq!(request.verified.certificate, None, "beside what was passed through");
    }
}

#[test]
fn records_beside_a_request_are_a_request() {
    let event = with(samples::alb(), json!({"Records": []}));
    assert!(matches!(read(&event), Ok(Entrance::Http(_))));
}
