use crate::samples::{self, read, read_http, request, with};
use aws_lambda_events::alb::{AlbTargetGroupRequest, AlbTargetGroupResponse};
use doorward_events::{EnvelopeError, reply};
use doorward_model::{PathForm, ReplyForm};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

#[test]
fn a_request_of_a_load_balancer_is_read_whole() {
    let inbound = read_http(&samples::alb());
    assert_eq!(inbound.gateway_request, None);
    let single = request(&inbound);
    assert_eq!(single.method, "POST");
    assert_eq!((single.path.as_str(), single.path_form), ("/orders/4%202", PathForm::Encoded));
    assert_eq!((single.stage.as_deref(), &single.socket), (None, &None));
    assert_eq!(single.host, "orders-1234567.eu-central-1.elb.amazonaws.com");
    let mut query: Vec<&str> = single.query.split('&').collect();
    query.sort_unstable();
    assert_eq!(query, ["plain=", "tag=a%20b"], "nothing is decoded, and nothing encoded again");

    let inbound = read_http(&samples::alb_multi());
    let multi = request(&inbound);
    assert_eq!(multi.headers.get_all("cookie").iter().collect::<Vec<_>>(), ["session=1", "theme=dark"]);
    let mut query: Vec<&str> = multi.query.split('&').collect();
    query.sort_unstable();
    assert_eq!(query, ["plain=", "tag=a%20b", "tag=c"]);
}

#[test]
fn a_health_check_is_a_request() {
    let check = json!({
        "requestContext": {"elb": {"targetGroupArn": samples::alb()["requestContext"]["elb"]["targetGroupArn"]}},
        "httpMethod": "GET",
        "path": "/.doorward/health",
        "queryStringParameters": {},
        "headers": {"user-agent": "ELB-HealthChecker/2.0"},
        "body": "",
        "isBase64Encoded": false
    });
    let inbound = read_http(&check);
    let request = request(&inbound);
    assert_eq!(
        (request.path.as_str(), request.source_ip, request.host.as_str()),
        ("/.doorward/health", None, "")
    );
}

#[track_caller]
fn check_malformed(event: Value, patch: Value, expected: &str) {
    let reply =
        if event.get("multiValueHeaders").is_some() { ReplyForm::AlbMulti } else { ReplyForm::AlbSingle };
    match read(&with(event, patch)) {
        Err(EnvelopeError::Malformed { form, fault }) => {
            assert_eq!((form, fault.to_string().as_str()), (reply, expected));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_load_balancer_without_a_target_group_is_malformed() {
    let missing = "`requestContext.elb.targetGroupArn` is missing or not a text";
    let arn = "`requestContext.elb.targetGroupArn` is not the ARN of what it names";
    for event in [samples::alb(), samples::alb_multi()] {
        let elb = |value: Value| json!({"requestContext": {"elb": value}});
        check_malformed(event.clone(), elb(json!({"targetGroupArn": null})), missing);
        check_malformed(event.clone(), elb(json!({"targetGroupArn": 5})), missing);
        check_malformed(event.clone(), elb(json!({"targetGroupArn": "orders/49e9d65c45c6791a"})), arn);
        check_malformed(event.clone(), elb(json!("x")), "`requestContext.elb` is missing or not an object");
        check_malformed(event, json!({"path": 5}), "`path` is missing or not a text");
    }
    let query = json!({"queryStringParameters": {"a": "1&admin=1"}});
    check_malformed(samples::alb(), query, "the query holds a delimiter or a control character");
}

#[test]
fn the_published_types_read_the_samples_alike() {
    for event in [samples::alb(), samples::alb_multi()] {
        let typed: AlbTargetGroupRequest = serde_json::from_value(event.clone()).unwrap();
        let inbound = read_http(&event);
        assert_eq!(typed.path.as_deref(), Some(request(&inbound).path.as_str()));
        assert!(typed.request_context.elb.target_group_arn.unwrap().ends_with(&inbound.front.id));
    }
    let headers = HeaderMap::from_iter([
        (http::header::VARY, HeaderValue::from_static("a")),
        (http::header::VARY, HeaderValue::from_static("b")),
    ]);
    for (form, values) in [(ReplyForm::AlbSingle, vec!["a, b"]), (ReplyForm::AlbMulti, vec!["a", "b"])] {
        let answer = reply::encode(form, StatusCode::OK, &headers, b"\xff").unwrap();
        let typed: AlbTargetGroupResponse = serde_json::from_value(answer).unwrap();
        assert_eq!(typed.status_description.as_deref(), Some("200 OK"));
        assert!(typed.is_base64_encoded);
        let found = if form == ReplyForm::AlbSingle { typed.headers } else { typed.multi_value_headers };
        assert_eq!(found.get_all("vary").iter().collect::<Vec<_>>(), values);
    }
}
