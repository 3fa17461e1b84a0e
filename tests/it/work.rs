//! The counted work of a call in the real dispatcher.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use doorward_emulator::{
    Emulator, FunctionSpec, FunctionUrl, Functions, InvokeMode, Options, Ports, UrlAuth,
};
use doorward_testkit::fault_proxy::FaultProxy;
use doorward_tests::{binaries, free_address, http, workspace};
use serde_json::json;

use crate::check::{project, refreshed};
use crate::issuer;

pub(crate) fn function(name: &str, environment: &[(&str, String)]) -> FunctionSpec {
    FunctionSpec {
        name: name.to_owned(),
        binary: binaries::path(name),
        env: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect::<BTreeMap<_, _>>(),
        timeout: Duration::from_secs(30),
        max_sandboxes: 1,
        working_dir: None,
    }
}

/// A dispatcher over the project in this folder, one sandbox, whose calls of DynamoDB go by way of the proxy; it has started.
pub(crate) fn start(
    project: &Path,
    dynamodb: SocketAddr,
    proxy: &FaultProxy,
) -> (tokio::runtime::Runtime, Emulator) {
    let environment = [
        ("DOORWARD_CONFIG", project.join("doorward.toml").display().to_string()),
        ("AWS_ENDPOINT_URL_DYNAMODB", proxy.url()),
    ];
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let emulator = runtime.block_on(async {
        let emulator = Emulator::start(Options {
            tables: std::fs::read_to_string(workspace::root().join("infra/tables.json")).unwrap(),
            functions: Functions::Host(vec![function("dispatcher", &environment), function("orders", &[])]),
            function_url: Some(FunctionUrl {
                id: "shopurl".to_owned(),
                function: "dispatcher".to_owned(),
                auth: UrlAuth::None,
                invoke_mode: InvokeMode::Buffered,
            }),
            ports: Ports { dynamodb: dynamodb.port(), ..Ports::default() },
            ..issuer::options()
        })
        .await
        .unwrap();
        emulator.prewarm(&["dispatcher"]).await.unwrap();
        emulator
    });
    (runtime, emulator)
}

#[test]
fn an_admitted_call_is_one_update_and_one_put_opens_no_connection_and_reads_no_file() {
    // Longer than a machine takes for these calls, however slow it is.
    let project = project(&[("doorward.toml", &|text| refreshed(&text, "1h"))]);
    let dynamodb = free_address().unwrap();
    let proxy = FaultProxy::start(dynamodb);
    let (runtime, emulator) = start(project.path(), dynamodb, &proxy);
    let mut at_start = proxy.take_names();
    // The look for publications opens the connection; then come switches, and plans, which nobody has kept before.
    assert_eq!(at_start.remove(0), "GetItem");
    at_start.sort();
    assert_eq!(at_start, ["BatchGetItem", "PutItem", "PutItem", "PutItem", "PutItem", "Query"]);
    // The start asks for one thing after the other, which one connection does; what is asked right after an answer may find it not yet
    // back in the client's pool, and opens another.
    let opened = proxy.connections();
    assert!(opened < 7, "a connection for each request: {opened}");
    std::fs::remove_dir_all(project.path()).unwrap();

    let bearer = issuer::bearer(&emulator, "alice", &["customers"]);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = json!({ "items": [{ "sku": "TEA-1", "quantity": 2 }], "total": 4200 }).to_string();
    for _ in 0..5 {
        let answer =
            http::send(emulator.function_url().unwrap(), "POST", "/orders", &headers, body.as_bytes());
        assert_eq!(answer.status, 201, "{answer:?}");
        let asked = proxy.take();
        let costs: Vec<_> = asked.iter().map(|one| (one.asked.operation.as_str(), one.write_units)).collect();
        assert_eq!(costs, [("UpdateItem", 1.0), ("PutItem", 1.0)]);
    }
    assert_eq!(proxy.connections(), opened);
    runtime.block_on(emulator.shutdown());
}
