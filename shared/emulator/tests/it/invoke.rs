//! The Invoke API and what functions may do to it.

use std::time::Duration;

use doorward_emulator::{Emulator, FunctionSpec};
use http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::client::{Answer, get, send};
use crate::probe::{function, invoke, invoke_as, start, texts};

#[tokio::test]
async fn an_answer_comes_back_and_the_process_is_used_again() {
    let emulator = start(vec![function("probe")]).await;
    let first = invoke(&emulator, "probe", json!({ "a": 1 })).await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("x-amz-executed-version"), Some("$LATEST"));
    assert_eq!(first.header("x-amz-function-error"), None);
    assert_eq!(first.json()["event"], json!({ "a": 1 }));
    assert_eq!(first.header("x-amzn-requestid"), first.json()["id"].as_str());

    let arn = "arn:aws:lambda:eu-central-1:123456789012:function:probe:$LATEST";
    let second = invoke_as(&emulator, arn, "RequestResponse", "").await;
    assert_eq!(second.json()["event"], json!({}));
    assert_eq!(second.json()["pid"], first.json()["pid"]);
    emulator.shutdown().await;
}

#[tokio::test]
async fn an_error_of_the_function_is_marked() {
    let emulator = start(vec![function("probe")]).await;
    let answer = invoke(&emulator, "probe", json!({ "do": "fail" })).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-amz-function-error"), Some("Unhandled"));
    assert_eq!(answer.json()["errorMessage"], "as asked");
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_process_that_takes_too_long_is_killed_and_replaced() {
    let hasty = FunctionSpec { timeout: Duration::from_secs(1), ..function("probe") };
    let emulator = start(vec![hasty]).await;
    let before = invoke(&emulator, "probe", json!({})).await.json();
    let late = invoke(&emulator, "probe", json!({ "do": "hang" })).await;
    assert_eq!(late.header("x-amz-function-error"), Some("Unhandled"));
    let id = late.header("x-amzn-requestid").unwrap();
    assert_eq!(
        late.json(),
        json!({
            "errorType": "Sandbox.Timedout",
            "errorMessage": format!("RequestId: {id} Error: Task timed out after 1.00 seconds"),
        })
    );
    let after = invoke(&emulator, "probe", json!({})).await.json();
    assert_ne!(after["pid"], before["pid"]);
    let pid = before["pid"].as_u64().unwrap();
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_crash_is_told_apart_from_an_error() {
    let emulator = start(vec![function("probe")]).await;
    let crash = invoke(&emulator, "probe", json!({ "do": "crash" })).await;
    assert_eq!(crash.header("x-amz-function-error"), Some("Unhandled"));
    let id = crash.header("x-amzn-requestid").unwrap();
    assert_eq!(
        crash.json(),
        json!({
            "errorType": "Runtime.ExitError",
            "errorMessage": format!("RequestId: {id} Error: Runtime exited with error: exit status 7"),
        })
    );
    assert_eq!(invoke(&emulator, "probe", json!({})).await.header("x-amz-function-error"), None);
    emulator.shutdown().await;
}

#[tokio::test]
async fn two_sandboxes_serve_two_calls_at_once_and_a_third_is_throttled() {
    let pair = FunctionSpec { max_sandboxes: 2, ..function("probe") };
    let emulator = start(vec![pair]).await;
    let meeting = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let event = json!({ "do": "meet", "address": meeting.local_addr().unwrap().to_string() });
    let both_there = async {
        let (mut first, mut second) = (meeting.accept().await.unwrap().0, meeting.accept().await.unwrap().0);
        for guest in [&mut first, &mut second] {
            let mut word = [0; 4];
            guest.read_exact(&mut word).await.unwrap();
        }
        let third = invoke(&emulator, "probe", json!({})).await;
        first.write_all(b"one").await.unwrap();
        second.write_all(b"two").await.unwrap();
        third
    };
    let calls = async {
        tokio::join!(invoke(&emulator, "probe", event.clone()), invoke(&emulator, "probe", event.clone()))
    };
    let ((one, two), third) = tokio::join!(calls, both_there);
    let mut words = [one.json(), two.json()];
    words.sort_by_key(ToString::to_string);
    assert_eq!(words, [json!("one"), json!("two")]);
    assert_eq!(third.status, 429);
    assert_eq!(third.header("x-amzn-errortype"), Some("TooManyRequestsException"));
    assert_eq!(third.json()["Reason"], "ReservedFunctionConcurrentInvocationsExceeded");
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_failing_asynchronous_invocation_is_tried_three_times_under_one_id() {
    let emulator = start(vec![function("probe")]).await;
    let answer = invoke_as(&emulator, "probe", "Event", r#"{"do":"fail"}"#).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (202, 0));
    let id = answer.header("x-amzn-requestid").unwrap();
    emulator.async_idle().await;
    let lines = emulator.logs().find(id);
    let served = texts(&lines).iter().filter(|text| **text == format!("probe serves {id}")).count();
    assert_eq!(served, 3, "{lines:#?}");
    assert_eq!(
        texts(&lines).last(),
        Some(&format!("asynchronous invocation {id} is dropped: as asked").as_str())
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn asynchronous_invocations_wait_for_a_sandbox() {
    let emulator = start(vec![function("probe")]).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let answer = invoke_as(&emulator, "probe", "Event", "{}").await;
        ids.push(answer.header("x-amzn-requestid").unwrap().to_owned());
    }
    emulator.async_idle().await;
    for id in ids {
        assert!(texts(&emulator.logs().find(&id)).contains(&format!("probe serves {id}").as_str()));
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn calls_that_lambda_refuses() {
    let emulator = start(vec![function("probe"), FunctionSpec { max_sandboxes: 0, ..function("off") }]).await;
    let six_megabytes = format!("\"{}\"", "x".repeat(6 * 1024 * 1024));
    let one_megabyte = format!("\"{}\"", "x".repeat(1024 * 1024));
    for (function, kind, body, status, error) in [
        ("none", "RequestResponse", "{}", 404, "ResourceNotFoundException"),
        ("none", "Event", "{}", 404, "ResourceNotFoundException"),
        ("none", "DryRun", "{}", 404, "ResourceNotFoundException"),
        ("off", "RequestResponse", "{}", 429, "TooManyRequestsException"),
        ("probe", "RequestResponse", "{", 400, "InvalidRequestContentException"),
        ("probe", "Other", "{}", 400, "InvalidParameterValueException"),
        ("probe", "RequestResponse", six_megabytes.as_str(), 413, "RequestTooLargeException"),
        ("probe", "Event", one_megabyte.as_str(), 413, "RequestTooLargeException"),
    ] {
        let answer = invoke_as(&emulator, function, kind, body.to_owned()).await;
        let found = (answer.status.as_u16(), answer.header("x-amzn-errortype"));
        assert_eq!(found, (status, Some(error)), "{function} {kind} {}", answer.text());
    }
    assert_eq!(invoke_as(&emulator, "probe", "DryRun", "{}").await.status, 204);
    emulator.shutdown().await;
}

/// Invokes with a signature for `region`, which nobody verifies here.
async fn invoke_in(emulator: &Emulator, region: &str) -> Answer {
    let signature = format!(
        "AWS4-HMAC-SHA256 Credential=k/20261124/{region}/lambda/aws4_request, SignedHeaders=host, Signature=0"
    );
    let url = format!("{}/2015-03-31/functions/probe/invocations", emulator.lambda_url());
    send(Method::POST, &url, &[("authorization", &signature)], "{}").await
}

#[tokio::test]
async fn a_region_can_be_away() {
    let emulator = start(vec![function("probe")]).await;
    let away = format!("{}/_doorward/away/eu-west-1", emulator.lambda_url());
    assert_eq!(invoke_in(&emulator, "eu-west-1").await.status, 200);
    assert_eq!(send(Method::PUT, &away, &[], "").await.status, 204);
    let refused = invoke_in(&emulator, "eu-west-1").await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("x-amzn-errortype")),
        (503, Some("ServiceUnavailable"))
    );
    assert_eq!(invoke_in(&emulator, "eu-central-1").await.status, 200);
    assert_eq!(send(Method::DELETE, &away, &[], "").await.status, 204);
    assert_eq!(invoke_in(&emulator, "eu-west-1").await.status, 200);
    emulator.set_region_away("eu-west-1", true);
    assert_eq!(invoke_in(&emulator, "eu-west-1").await.status, 503);
    emulator.shutdown().await;
}

#[tokio::test]
async fn another_process_can_read_the_log_of_a_call() {
    let emulator = start(vec![function("probe")]).await;
    let answer = invoke(&emulator, "probe", json!({})).await;
    let id = answer.header("x-amzn-requestid").unwrap();
    let lines = get(&format!("{}/_doorward/logs?id={id}", emulator.lambda_url()), &[]).await.json();
    assert_eq!(lines, serde_json::to_value(emulator.logs().find(id)).unwrap());
    assert!(
        lines.as_array().unwrap().iter().any(|line| line["source"] == "probe" && line["requestId"] == id)
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn one_emulator_can_stand_before_another() {
    let behind = start(vec![function("probe")]).await;
    let mut options = crate::probe::options(Vec::new());
    options.functions = doorward_emulator::Functions::Remote(behind.lambda_url().to_owned());
    let emulator = doorward_emulator::Emulator::start(options).await.unwrap();
    assert_eq!(invoke(&emulator, "probe", json!({ "a": 1 })).await.json()["event"], json!({ "a": 1 }));
    let failed = invoke(&emulator, "probe", json!({ "do": "fail" })).await;
    assert_eq!(failed.header("x-amz-function-error"), Some("Unhandled"));
    assert_eq!(invoke(&emulator, "none", json!({})).await.status, 404);
    assert_eq!(emulator.prewarm(&["probe"]).await.unwrap(), []);
    emulator.shutdown().await;
    behind.shutdown().await;
}
