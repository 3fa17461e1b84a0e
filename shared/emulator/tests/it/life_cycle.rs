//! How functions start and end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use doorward_emulator::{EmulatorError, FunctionSpec};
use serde_json::json;

use crate::probe::{function, invoke, start, texts};

fn with_env(name: &str, variable: &str, value: &str) -> FunctionSpec {
    FunctionSpec { env: BTreeMap::from([(variable.to_owned(), value.to_owned())]), ..function(name) }
}

#[tokio::test]
async fn a_function_can_be_started_before_its_first_call() {
    let emulator = start(vec![function("a"), function("b")]).await;
    let started = emulator.prewarm(&["a", "b"]).await.unwrap();
    assert_eq!(started.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(started.iter().all(|(_, init)| *init > Duration::ZERO));
    let answer = invoke(&emulator, "a", json!({})).await;
    let lines = emulator.logs().find(answer.header("x-amzn-requestid").unwrap());
    let report = texts(&lines).into_iter().find(|text| text.starts_with("REPORT ")).unwrap().to_owned();
    assert!(!report.contains("Init Duration"), "{report}");
    assert!(matches!(emulator.prewarm(&["c"]).await, Err(EmulatorError::FunctionStart { .. })));
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_function_that_does_not_start_is_an_error() {
    let missing = FunctionSpec { binary: PathBuf::from("/nonexistent/function"), ..function("missing") };
    let emulator = start(vec![with_env("broken", "PROBE_FAIL_INIT", "1"), missing]).await;
    let broken = invoke(&emulator, "broken", json!({})).await;
    assert_eq!(broken.header("x-amz-function-error"), Some("Unhandled"));
    let id = broken.header("x-amzn-requestid").unwrap();
    assert_eq!(
        broken.json()["errorMessage"],
        format!("RequestId: {id} Error: Runtime exited with error: exit status 3")
    );
    assert_eq!(
        invoke(&emulator, "missing", json!({})).await.json()["errorType"],
        "Runtime.InvalidEntrypoint"
    );
    assert!(texts(&emulator.logs().find(id)).contains(&"no start today"));
    let error = emulator.prewarm(&["broken"]).await.unwrap_err();
    assert!(error.to_string().starts_with("function `broken` did not start: "), "{error}");
    emulator.shutdown().await;
}

#[tokio::test]
async fn the_environment_is_lambdas_and_the_callers_not_the_emulators() {
    let emulator = start(vec![with_env("probe", "AWS_REGION", "us-east-1")]).await;
    let pid = invoke(&emulator, "probe", json!({})).await.json()["pid"].as_u64().unwrap();
    let environment = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    let variables: BTreeMap<_, _> =
        environment.split_terminator('\0').filter_map(|variable| variable.split_once('=')).collect();
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "probe");
    assert_eq!(variables["AWS_REGION"], "us-east-1");
    assert_eq!(variables["AWS_DEFAULT_REGION"], "eu-central-1");
    assert_eq!(variables["AWS_ENDPOINT_URL_DYNAMODB"], emulator.dynamodb_url());
    assert_eq!(variables["AWS_ENDPOINT_URL_LAMBDA"], emulator.lambda_url());
    assert!(!variables.contains_key("CARGO_PKG_NAME"), "cargo's own variables are passed on");
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_lets_functions_say_goodbye() {
    let farewell = std::env::temp_dir().join(format!("doorward-emulator-farewell-{}", std::process::id()));
    let _ = std::fs::remove_file(&farewell);
    let emulator = start(vec![with_env("probe", "PROBE_FAREWELL", farewell.to_str().unwrap())]).await;
    let pid = invoke(&emulator, "probe", json!({})).await.json()["pid"].as_u64().unwrap();
    emulator.shutdown().await;
    assert_eq!(std::fs::read_to_string(&farewell).unwrap(), "goodbye");
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    std::fs::remove_file(&farewell).unwrap();
}

#[tokio::test]
async fn functions_do_not_outlive_an_emulator_that_is_dropped() {
    let emulator = start(vec![function("probe")]).await;
    let pid = invoke(&emulator, "probe", json!({})).await.json()["pid"].as_u64().unwrap();
    let process = format!("/proc/{pid}");
    assert!(Path::new(&process).exists());
    drop(emulator);
    let gone = async {
        while Path::new(&process).exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
}
