//! The embedded store over its HTTP endpoint.

use doorward_emulator::{Emulator, Options};
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, send};
use crate::probe::options;

/// The store's answer to one operation.
pub async fn ask(emulator: &Emulator, operation: &str, input: Value) -> Answer {
    let target = format!("DynamoDB_20120810.{operation}");
    let headers = [
        ("x-amz-target", target.as_str()),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-date", "20261124T000000Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=local/20261124/eu-central-1/dynamodb/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=0",
        ),
    ];
    send(Method::POST, emulator.dynamodb_url(), &headers, input.to_string()).await
}

#[tokio::test]
async fn the_declared_tables_are_there() {
    let tables = json!([{
        "TableName": "${table}-ledger",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
        "TimeToLiveSpecification": { "AttributeName": "expires", "Enabled": true },
    }]);
    let options = Options { tables: tables.to_string(), ..options(Vec::new()) };
    let emulator = Emulator::start(options).await.unwrap();
    let answer = ask(&emulator, "DescribeTable", json!({ "TableName": "shop-ledger" })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["Table"]["TableStatus"], "ACTIVE");
    assert_eq!(answer.json()["Table"]["StreamSpecification"]["StreamEnabled"], true);
    emulator.shutdown().await;
}
