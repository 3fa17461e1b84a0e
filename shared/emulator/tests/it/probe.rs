//! Emulators that run `examples/probe.rs`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use doorward_emulator::{Emulator, FunctionSpec, Functions, LogLine, Options, Ports};
use http::Method;
use serde_json::Value;

use crate::client::{Answer, send};

/// `cargo test` builds the examples beside the test binaries.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.parent().unwrap().parent().unwrap().join("examples/probe");
    assert!(binary.exists(), "{} is missing: run `cargo build --example probe` first", binary.display());
    binary
}

pub fn function(name: &str) -> FunctionSpec {
    FunctionSpec {
        name: name.to_owned(),
        binary: binary(),
        env: BTreeMap::new(),
        timeout: Duration::from_secs(30),
        max_sandboxes: 1,
        working_dir: None,
    }
}

pub fn options(functions: Vec<FunctionSpec>) -> Options {
    Options {
        region: "eu-central-1".to_owned(),
        account: "123456789012".to_owned(),
        tables: "[]".to_owned(),
        table_prefix: "shop".to_owned(),
        functions: Functions::Host(functions),
        event_sources: Vec::new(),
        queues: Vec::new(),
        queue_mappings: Vec::new(),
        kinesis_streams: Vec::new(),
        rest_api: None,
        http_api: None,
        websocket_api: None,
        function_url: None,
        signed_function_url: None,
        alb: None,
        identities: Vec::new(),
        issuers: Vec::new(),
        ports: Ports::default(),
    }
}

pub async fn start(functions: Vec<FunctionSpec>) -> Emulator {
    Emulator::start(options(functions)).await.unwrap()
}

pub async fn invoke_as(emulator: &Emulator, function: &str, kind: &str, body: impl Into<Bytes>) -> Answer {
    let url = format!("{}/2015-03-31/functions/{function}/invocations", emulator.lambda_url());
    send(Method::POST, &url, &[("x-amz-invocation-type", kind)], body).await
}

pub async fn invoke(emulator: &Emulator, function: &str, event: Value) -> Answer {
    invoke_as(emulator, function, "RequestResponse", event.to_string()).await
}

/// Lines about a request, oldest first.
pub fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}
