//! The load balancer.

use doorward_emulator::{Alb, Emulator, Options};
use http::Method;
use serde_json::{Value, json};

use crate::client::{get, send};
use crate::probe::{function, options};

pub fn alb(multi_value_headers: bool, client_certificate: Option<String>) -> Options {
    let alb = Alb {
        target_group: "orders/49e9d65c45c6791a".to_owned(),
        function: "probe".to_owned(),
        multi_value_headers,
        client_certificate,
    };
    Options { alb: Some(alb), ..options(vec![function("probe")]) }
}

const ARN: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/orders/49e9d65c45c6791a";
const SENT: [(&str, &str); 5] = [
    ("x-many", "a"),
    ("x-many", "b"),
    ("x-forwarded-for", "192.0.2.1"),
    ("x-amzn-trace-id", "Root=1-a-b"),
    ("x-amzn-mtls-clientcert-subject", "CN=anybody"),
];

#[tokio::test]
async fn an_event_has_the_last_value_of_each_name() {
    let emulator = Emulator::start(alb(false, None)).await.unwrap();
    let base = emulator.alb_url().unwrap();
    let port = base.rsplit(':').next().unwrap();
    let answer = get(&format!("{base}/a%2Fb/../c?q=1%20&q=2%2B&r"), &SENT).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("www-authenticate"), Some("Probe"));
    assert_eq!(
        answer.json(),
        json!({
            "requestContext": { "elb": { "targetGroupArn": ARN } },
            "httpMethod": "GET",
            "path": "/a%2Fb/../c",
            "queryStringParameters": { "q": "2%2B", "r": "" },
            "headers": {
                "host": format!("127.0.0.1:{port}"),
                "x-amzn-mtls-clientcert-subject": "CN=anybody",
                "x-amzn-trace-id": "Root=1-a-b",
                "x-forwarded-for": "192.0.2.1, 127.0.0.1",
                "x-forwarded-port": port,
                "x-forwarded-proto": "http",
                "x-many": "b",
            },
            "body": "",
            "isBase64Encoded": false,
        })
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn an_event_has_all_values_where_the_target_group_says_so() {
    let emulator = Emulator::start(alb(true, None)).await.unwrap();
    let base = emulator.alb_url().unwrap();
    let answer = get(&format!("{base}/?q=1%20&q=2%2B"), &SENT).await;
    assert_eq!(answer.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["seen=1", "again=2"]);
    let event = answer.json();
    assert_eq!(event["multiValueQueryStringParameters"], json!({ "q": ["1%20", "2%2B"] }));
    assert_eq!(event["multiValueHeaders"]["x-many"], json!(["a", "b"]));
    assert_eq!(event["multiValueHeaders"]["x-amzn-trace-id"], json!(["Root=1-a-b"]));
    assert_eq!((event.get("headers"), event.get("queryStringParameters")), (None, None));
    emulator.shutdown().await;
}

#[tokio::test]
async fn an_answer_in_the_other_form_is_a_502() {
    for (multi_value_headers, good, bad) in [(false, "single", "several"), (true, "several", "single")] {
        let emulator = Emulator::start(alb(multi_value_headers, None)).await.unwrap();
        let url = emulator.alb_url().unwrap();
        assert_eq!(get(url, &[("x-probe", good)]).await.status, 200);
        for asked in [bad, "malformed", "large"] {
            let answer = get(url, &[("x-probe", asked)]).await;
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (502, Some("text/html")));
            assert!(answer.text().contains("502 Bad Gateway"), "{asked}");
        }
        emulator.shutdown().await;
    }
}

#[tokio::test]
async fn bodies_are_text_or_base64_and_one_megabyte_at_most() {
    let emulator = Emulator::start(alb(false, None)).await.unwrap();
    let url = emulator.alb_url().unwrap();
    let gzip = ("content-encoding", "gzip");
    for (headers, body, text, encoded) in [
        (&[("content-type", "text/plain")][..], "hi", "hi", false),
        (&[("content-type", "application/json; charset=utf-8")], "{}", "{}", false),
        (&[("content-type", "application/json"), gzip], "{}", "e30=", true),
        (&[("content-type", "application/x-www-form-urlencoded")], "a=1", "YT0x", true),
        (&[], "hi", "aGk=", true),
    ] {
        let event: Value = send(Method::POST, url, headers, body).await.json();
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(text), &json!(encoded)));
    }
    let answer = send(Method::POST, url, &[], vec![b'x'; 1024 * 1024 + 1]).await;
    assert_eq!(answer.status, 413);
    assert_eq!(get(url, &[("connection", "upgrade"), ("upgrade", "websocket")]).await.status, 400);
    emulator.shutdown().await;
}
