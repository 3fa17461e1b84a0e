//! The real dispatcher while DynamoDB is away: it denies in time, and says so.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Duration;

use doorward_emulator::{Emulator, FunctionSpec, FunctionUrl, Functions, InvokeMode, Options, UrlAuth};
use doorward_tests::{binaries, http, workspace};
use jiff::Timestamp;
use serde_json::json;

use crate::issuer;

/// An address on which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn function(name: &str) -> FunctionSpec {
    let config = workspace::root().join("policies").join("doorward.toml");
    FunctionSpec {
        name: name.to_owned(),
        binary: binaries::path(name),
        env: BTreeMap::from([
            ("DOORWARD_CONFIG".to_owned(), config.display().to_string()),
            ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), nobody()),
        ]),
        timeout: Duration::from_secs(30),
        max_sandboxes: 2,
        working_dir: None,
    }
}

#[test]
fn a_call_is_denied_and_an_event_comes_again() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let emulator = Emulator::start(Options {
            functions: Functions::Host(vec![
                function("dispatcher"),
                function("orders"),
                function("receipts"),
            ]),
            function_url: Some(FunctionUrl {
                id: "shopurl".to_owned(),
                function: "dispatcher".to_owned(),
                auth: UrlAuth::None,
                invoke_mode: InvokeMode::Buffered,
            }),
            ..issuer::options()
        })
        .await
        .unwrap();
        let bearer = issuer::bearer(&emulator, "alice", &[]);
        let url = emulator.function_url().unwrap().to_owned();
        let lambda = emulator.lambda_url().to_owned();
        let (answer, event) = tokio::task::spawn_blocking(move || {
            let answer = http::send(&url, "GET", "/orders/1001", &[("authorization", &bearer)], b"");
            let path = "/2015-03-31/functions/dispatcher/invocations";
            let event = doorward_events::s3::sample(&doorward_events::s3::S3Sample {
                bucket: "receipts",
                key: "inbox/a.pdf",
                size: 1,
                version: None,
                event: "ObjectCreated:Put",
                sequencer: "01",
                time: Timestamp::now(),
                region: "us-east-1",
                account: "123456789012",
            });
            (answer, http::send(&lambda, "POST", path, &[], event.to_string().as_bytes()))
        })
        .await
        .unwrap();
        assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("store-unavailable")), "{answer:?}");
        assert!(answer.header("retry-after").is_some());
        assert_eq!(
            event.header("x-amz-function-error"),
            Some("Unhandled"),
            "the source sends it again: {event:?}"
        );
        let printed: Vec<String> = emulator.logs().find("").into_iter().map(|line| line.source).collect();
        assert!(
            !printed.iter().any(|source| source == "orders" || source == "receipts"),
            "no target was called"
        );
        emulator.shutdown().await;
    });
}
