//! A cloud that we did not write: authorizer, dispatcher and a target deployed by `cargo lambda deploy`, invoked by an
//! AWS SDK.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use doorward_emulator::{Emulator, table_definitions};
use doorward_tests::cargo_lambda::{Deployment, deploy};
use doorward_tests::local_door::dynamodb;
use doorward_tests::ministack::Ministack;
use doorward_tests::tools::Tools;
use doorward_tests::{binaries, workspace};
use serde_json::{Value, json};

use crate::issuer;

/// Invokes by botocore, the SDK below boto3 and the AWS command line.
const INVOKE: &str = "
import sys, botocore.session
endpoint, function = sys.argv[1:]
client = botocore.session.Session().create_client('lambda', region_name='us-east-1', endpoint_url=endpoint,
    aws_access_key_id='test', aws_secret_access_key='test')
answer = client.invoke(FunctionName=function, Payload=sys.stdin.buffer.read())
assert 'FunctionError' not in answer, answer['Payload'].read()
sys.stdout.buffer.write(answer['Payload'].read())
";

fn invoke(tools: &Tools, endpoint: &str, function: &str, payload: &Value) -> Value {
    let mut sdk = Command::new(tools.python())
        .args(["-c", INVOKE, endpoint, function])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    sdk.stdin.take().unwrap().write_all(payload.to_string().as_bytes()).unwrap();
    let output = sdk.wait_with_output().unwrap();
    assert!(output.status.success(), "{function}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// An HTTP API's event in payload format 2.0.
fn event(bearer: &str, method: &str, path: &str, body: Option<Value>) -> Value {
    json!({
        "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": "",
        "headers": { "authorization": bearer, "content-type": "application/json", "host": "shop.execute-api.us-east-1.amazonaws.com" },
        "requestContext": {
            "accountId": "000000000000", "apiId": "shop", "domainName": "shop.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "shop", "requestId": "JKJaXmPLvHcESHA=", "routeKey": format!("{method} {path}"),
            "stage": "$default", "time": "24/Nov/2026:00:00:00 +0000", "timeEpoch": 1_795_478_400_000_i64,
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test" }
        },
        "body": body.map(|body| body.to_string()),
        "isBase64Encoded": false
    })
}

fn deploy_all(tools: &Tools, endpoint: &str, keys: &str) {
    let environment = [
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
        ("AWS_ENDPOINT_URL_LAMBDA", endpoint),
        ("DOORWARD_JWKS_URL_MAIN", keys),
    ];
    for name in ["authorizer", "dispatcher", "orders"] {
        let binary = binaries::path(name);
        let include: &[&str] = if name == "orders" { &[] } else { &["policies"] };
        let deployment = Deployment { name, binary: &binary, include, environment: &environment };
        deploy(tools, endpoint, &deployment).unwrap();
    }
}

fn create_tables(endpoint: &str) {
    let text = std::fs::read_to_string(workspace::root().join(Path::new("infra/tables.json"))).unwrap();
    for table in table_definitions(&text, "doorward").unwrap() {
        let created = dynamodb(endpoint, "CreateTable", &table.create_table);
        assert_eq!(created.status, 200, "{created:?}");
    }
}

#[test]
fn the_door_is_deployed_and_answers_in_a_cloud_that_we_did_not_write() {
    let tools = Tools::install().unwrap();
    let cloud = Ministack::start(&tools).unwrap();
    let endpoint = cloud.endpoint();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let emulator = runtime.block_on(Emulator::start(issuer::options())).unwrap();
    create_tables(&endpoint);
    deploy_all(&tools, &endpoint, &emulator.jwks_url("main").unwrap());
    let alice = issuer::bearer(&emulator, "alice", &["customers"]);

    let order = json!({ "items": [{ "sku": "TEA-1", "quantity": 2 }], "total": 4200 });
    let answer = invoke(&tools, &endpoint, "dispatcher", &event(&alice, "POST", "/orders", Some(order)));
    assert_eq!(answer["statusCode"], 201, "{answer}");
    let placed: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(placed["status"], "placed");
    let key = json!({ "call": { "S": answer["headers"]["x-request-id"] } });
    let row = dynamodb(&endpoint, "GetItem", &json!({ "TableName": "doorward-ledger", "Key": key })).json();
    assert_eq!(row["Item"]["outcome"]["S"], "admitted", "{row}");

    let refused = invoke(&tools, &endpoint, "dispatcher", &event(&alice, "GET", "/orders/1002", None));
    assert_eq!(refused["statusCode"], 403, "{refused}");

    let mut question = event(&alice, "GET", "/orders/1001", None);
    question["type"] = json!("REQUEST");
    question["routeArn"] = json!("arn:aws:execute-api:us-east-1:000000000000:shop/$default/GET/orders/1001");
    question["identitySource"] = json!([alice]);
    let answer = invoke(&tools, &endpoint, "authorizer", &question);
    assert_eq!(answer["isAuthorized"], true, "{answer}");
    runtime.block_on(emulator.shutdown());
}
