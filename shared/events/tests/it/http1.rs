use crate::samples::{self, read, read_http, request, with};
use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use doorward_events::{EnvelopeError, MalformedRequest, reply};
use doorward_model::{PathForm, ReplyForm};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

#[test]
fn a_request_of_a_rest_api_is_read_whole() {
    let inbound = read_http(&samples::rest_api());
    assert_eq!(inbound.gateway_request.as_deref(), Some("c6af9ac6-7b61-11e6-9a41-93e8deadbeef"));
    let request = request(&inbound);
    assert_eq!(request.method, "POST");
    assert_eq!((request.path.as_str(), request.path_form), ("/orders/4%202", PathForm::Encoded));
    assert_eq!(request.stage, None, "it stands in `requestContext.path` alone");
    let mut query: Vec<&str> = request.query.split('&').collect();
    query.sort_unstable();
    assert_eq!(query, ["a%3Db=", "tag=a", "tag=b%20c"]);
    let accepted: Vec<_> = request.headers.get_all("accept").iter().collect();
    assert_eq!(accepted, ["a", "b"]);
    assert_eq!(request.body, "{\"name\":\"é\"}");
    assert_eq!(request.host, "a1b2c3.execute-api.eu-central-1.amazonaws.com");
    assert_eq!(request.socket, None);
}

#[test]
fn an_http_api_decodes_its_path_and_puts_its_stage_before() {
    let inbound = read_http(&samples::http_api_1());
    let request = request(&inbound);
    assert_eq!((request.path.as_str(), request.path_form), ("/prod/orders/4 2", PathForm::Decoded));
    assert_eq!(request.stage.as_deref(), Some("prod"));
    let default = json!({"path": "/orders", "requestContext": {"stage": "$default"}});
    assert_eq!(crate::samples::request(&read_http(&with(samples::http_api_1(), default))).stage, None);
}

#[test]
fn what_may_be_absent_may_be_absent() {
    let bare = json!({
        "resource": "/",
        "path": "/",
        "httpMethod": "GET",
        "headers": null,
        "multiValueHeaders": null,
        "queryStringParameters": null,
        "multiValueQueryStringParameters": null,
        "pathParameters": null,
        "requestContext": {"apiId": "a1b2c3", "novelty": {"of": ["next", "year"]}},
        "body": null
    });
    for event in [bare.clone(), with(bare, json!({"version": "1.0"}))] {
        let inbound = read_http(&event);
        let request = request(&inbound);
        assert!(request.headers.is_empty() && request.query.is_empty() && request.body.is_empty());
        assert_eq!(
            (request.source_ip, request.host.as_str()),
            (None, ""),
            "the caller's `host` is no substitute"
        );
    }
}

#[test]
fn the_callers_host_is_not_the_gateways() {
    let forged =
        json!({"multiValueHeaders": {"Host": ["shop.example.com"]}, "requestContext": {"domainName": null}});
    assert_eq!(request(&read_http(&with(samples::rest_api(), forged))).host, "");
}

#[track_caller]
fn check_malformed(patch: Value, expected: &str) {
    match read(&with(samples::rest_api(), patch)) {
        Err(EnvelopeError::Malformed { form: ReplyForm::V1, fault }) => {
            assert_eq!(fault.to_string(), expected)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_malformed_request_says_where_and_never_what() {
    let lists = "`multiValueHeaders` is missing or not an object of lists of texts";
    check_malformed(json!({"multiValueHeaders": {"a": "x"}}), lists);
    check_malformed(json!({"multiValueHeaders": {"a": [5]}}), lists);
    check_malformed(json!({"multiValueHeaders": []}), lists);
    check_malformed(json!({"headers": {"a": ["x"]}}), "`headers` is missing or not an object of texts");
    let lists = "`multiValueQueryStringParameters` is missing or not an object of lists of texts";
    check_malformed(json!({"multiValueQueryStringParameters": {"a": "x"}}), lists);
    let lacking = "`queryStringParameters` names what `multiValueQueryStringParameters` lacks";
    check_malformed(json!({"queryStringParameters": {"admin": "1"}}), lacking);
    check_malformed(json!({"httpMethod": 5}), "`httpMethod` is missing or not a text");
    check_malformed(json!({"httpMethod": "G T"}), "the method is not a token");
    check_malformed(json!({"path": null}), "`path` is missing or not a text");
    check_malformed(
        json!({"requestContext": {"apiId": null}}),
        "`requestContext.apiId` is missing or not a text",
    );
    check_malformed(
        json!({"requestContext": {"identity": "x"}}),
        "`requestContext.identity` is missing or not an object",
    );
    check_malformed(
        json!({"requestContext": {"domainName": ["x"]}}),
        "`requestContext.domainName` is missing or not a text",
    );
}

#[test]
fn a_field_that_only_the_single_member_has_is_refused() {
    for event in [samples::rest_api(), samples::http_api_1(), samples::websocket()] {
        for multi in [json!({}), json!({"x-other": ["1"]}), json!({"authorization": []})] {
            let mut event = event.clone();
            event["multiValueHeaders"] = multi;
            event["headers"] = json!({"Authorization": "Bearer x.y.z"});
            let fault = MalformedRequest::Lacking { single: "headers", multi: "multiValueHeaders" };
            let form = if event.get("httpMethod").is_some() { ReplyForm::V1 } else { ReplyForm::Socket };
            assert_eq!(read(&event).unwrap_err(), EnvelopeError::Malformed { form, fault });
        }
    }
}

/// The types of the crate, which read what AWS sends, read the samples, and so do we to the same end.
#[test]
fn the_published_types_read_the_samples_alike() {
    for event in [samples::rest_api(), samples::http_api_1()] {
        let typed: ApiGatewayProxyRequest = serde_json::from_value(event.clone()).unwrap();
        let inbound = read_http(&event);
        let request = request(&inbound);
        assert_eq!(typed.path.as_deref(), Some(request.path.as_str()));
        assert_eq!(typed.http_method, request.method);
        assert_eq!(typed.request_context.apiid.as_deref(), Some(inbound.front.id.as_str()));
        assert_eq!(typed.multi_value_headers.get_all("accept").iter().count(), 2);
        assert_eq!(typed.body.as_deref().map(str::as_bytes), Some(&request.body[..]));
    }
}

#[test]
fn the_published_types_read_an_answer() {
    let headers = HeaderMap::from_iter([
        (http::header::CONTENT_TYPE, HeaderValue::from_static("text/plain")),
        (http::header::SET_COOKIE, HeaderValue::from_static("a=1")),
        (http::header::SET_COOKIE, HeaderValue::from_static("b=2")),
    ]);
    let answer = reply::encode(ReplyForm::V1, StatusCode::CREATED, &headers, b"x").unwrap();
    let typed: ApiGatewayProxyResponse = serde_json::from_value(answer).unwrap();
    assert_eq!((typed.status_code, typed.is_base64_encoded), (201, false));
    assert_eq!(typed.headers["content-type"], "text/plain");
    assert_eq!(typed.multi_value_headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
}
