//! The function that the emulator's own tests run: it does what its event asks for.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    if std::env::var_os("PROBE_FAIL_INIT").is_some() {
        println!("no start today");
        std::process::exit(3);
    }
    if let Some(farewell) = std::env::var_os("PROBE_FAREWELL") {
        lambda_runtime::spawn_graceful_shutdown_handler(|| async move {
            // Nobody is left to hear of a failure.
            let _ = std::fs::write(farewell, "goodbye");
        })
        .await;
    }
    lambda_runtime::run(service_fn(answer)).await
}

/// `do` says what happens: `echo` (also where it is absent), `fail`, `crash`, `hang`, `meet`, `authorize`.
async fn answer(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    println!("probe serves {}", context.request_id);
    match (payload.get("type").and_then(Value::as_str), payload.get("methodArn")) {
        (Some("REQUEST" | "TOKEN"), Some(arn)) => return authorize_method(&payload, arn),
        (Some("REQUEST"), None) => return authorize(&payload),
        _ => {}
    }
    if let Some(Value::Array(records)) = payload.get("Records") {
        return serve_records(records);
    }
    match payload.get("do").and_then(Value::as_str) {
        Some("fail") => Err("as asked".into()),
        Some("crash") => std::process::exit(7),
        Some("hang") => std::future::pending().await,
        Some("meet") => meet(&payload),
        _ if comes_by_connection(&payload) => answer_message(&payload),
        _ if payload.get("requestContext").is_some() => Ok(respond(&payload)),
        _ => Ok(json!({ "event": payload, "pid": std::process::id(), "id": context.request_id })),
    }
}

/// Prints the bodies of a queue's messages or the partition keys of a Kinesis stream's records, and the first of them as a
/// whole; one that is named `report…` is reported as failed, one that is named `fail…` fails all of them.
fn serve_named(records: &[Value], name: &str, id: &str) -> Result<Value, Error> {
    let text = |record: &Value, place: &str| {
        record.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let names: Vec<String> = records.iter().map(|record| text(record, name)).collect();
    println!("probe gets {}", names.join(" "));
    if let Some(record) = records.first() {
        println!("probe gets from {record}");
    }
    if names.iter().any(|name| name.starts_with("fail")) {
        return Err("as asked".into());
    }
    let reported = records.iter().filter(|record| text(record, name).starts_with("report"));
    let failures: Vec<Value> = reported.map(|record| json!({ "itemIdentifier": text(record, id) })).collect();
    Ok(json!({ "batchItemFailures": failures }))
}

/// Prints the keys of a table stream's records; a record whose item says so is reported as failed, or fails all of them.
fn serve_records(records: &[Value]) -> Result<Value, Error> {
    match records.first().and_then(|record| record.get("eventSource")).and_then(Value::as_str) {
        Some("aws:sqs") => return serve_named(records, "/body", "/messageId"),
        Some("aws:kinesis") => {
            return serve_named(records, "/kinesis/partitionKey", "/kinesis/sequenceNumber");
        }
        _ => {}
    }
    let text = |record: &Value, place: &str| {
        record.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let keys: Vec<String> = records.iter().map(|record| text(record, "/dynamodb/Keys/pk/S")).collect();
    println!("probe gets {}", keys.join(" "));
    let asks = |what: &'static str| {
        let asked = records.iter().filter(move |record| text(record, "/dynamodb/NewImage/do/S") == what);
        asked.map(|record| json!({ "itemIdentifier": text(record, "/dynamodb/SequenceNumber") }))
    };
    if asks("fail").next().is_some() {
        return Err("as asked".into());
    }
    if let Some(record) = records.first() {
        println!("probe gets from {}", text(record, "/eventSourceARN"));
    }
    Ok(json!({ "batchItemFailures": asks("report").collect::<Vec<_>>() }))
}

/// Answers only while another process of this function runs: both tell the test where they are.
fn meet(payload: &Value) -> Result<Value, Error> {
    use std::io::{Read as _, Write as _};
    let address = payload.get("address").and_then(Value::as_str).ok_or("no address")?;
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.write_all(b"here")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(json!(answer))
}

/// Lets pass who carries `Bearer good`; `Bearer policy` may call the route that it has called first, and no other;
/// `Bearer broken` gets an answer that is none.
fn authorize(event: &Value) -> Result<Value, Error> {
    let identity = event.pointer("/identitySource/0").and_then(Value::as_str).unwrap_or_default();
    match identity {
        "Bearer broken" => Ok(json!({ "isAuthorized": "perhaps" })),
        "Bearer policy" => Ok(json!({
            "principalId": "probe",
            "policyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    { "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event.get("routeArn") },
                ],
            },
        })),
        "Bearer expired" => Err("Unauthorized".into()),
        _ => Ok(json!({
            "isAuthorized": identity == "Bearer good",
            "context": { "arn": event.get("routeArn"), "pid": std::process::id() },
        })),
    }
}

/// The same in payload format 1.0. `good` may call everything, `narrow` what it has called first, `stopped` and
/// `forbidden` nothing, the second by a statement of its own.
fn authorize_method(event: &Value, arn: &Value) -> Result<Value, Error> {
    let header = |name: &str| event.get("headers")?.get(name);
    let token = event.get("authorizationToken").or(header("authorization")).and_then(Value::as_str);
    let name = token.unwrap_or_default().strip_prefix("Bearer ").unwrap_or_default();
    let (effect, resource) = match name {
        "good" | "nested" => ("Allow", json!("*")),
        "narrow" => ("Allow", arn.clone()),
        "forbidden" => ("Deny", json!("*")),
        "broken" => return Ok(json!({ "principalId": 7 })),
        "expired" => return Err("Unauthorized".into()),
        _ => ("Allow", json!([])),
    };
    Ok(json!({
        "principalId": "probe",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{ "Effect": effect, "Action": "execute-api:Invoke", "Resource": resource }],
        },
        "context": {
            "code": "as-asked",
            "pid": std::process::id(),
            "early": true,
            "asked": if name == "nested" { event.clone() } else { json!(event.to_string()) },
        },
    }))
}

/// Whether it is a message of a connection, or its end.
fn comes_by_connection(event: &Value) -> bool {
    let kind = event.pointer("/requestContext/eventType").and_then(Value::as_str);
    matches!(kind, Some("MESSAGE" | "DISCONNECT"))
}

/// Answers a message with its event; the member `probe` of one that is JSON asks for others. The end is printed.
fn answer_message(event: &Value) -> Result<Value, Error> {
    let body = event.get("body").and_then(Value::as_str).unwrap_or_default();
    let message: Value = serde_json::from_str(body).unwrap_or_default();
    match message.get("probe").and_then(Value::as_str) {
        Some("fail") => return Err("as asked".into()),
        Some("quiet") => return Ok(json!({ "statusCode": 200 })),
        Some("null") => return Ok(Value::Null),
        Some("refuse") => return Ok(json!({ "statusCode": 403, "body": "{\"code\":\"forbidden\"}" })),
        Some("large") => return Ok(json!({ "statusCode": 200, "body": "x".repeat(200 * 1024) })),
        Some("binary") => return Ok(json!({ "statusCode": 200, "body": "//8=", "isBase64Encoded": true })),
        _ => {}
    }
    if event.get("body").is_none() {
        println!("probe hears of the end: {event}");
    }
    Ok(json!({ "statusCode": 200, "body": event.to_string() }))
}

/// Answers an HTTP event with what it says, in the form that its front expects; the header `x-probe` asks for others.
fn respond(event: &Value) -> Value {
    let asked = |headers: &str| event.get(headers)?.get("x-probe");
    let asked = asked("headers").or_else(|| asked("multiValueHeaders")?.get(0)).and_then(Value::as_str);
    match asked {
        Some("print") => println!("{event}"),
        Some("malformed") => return json!({ "statusCode": 200, "body": {} }),
        Some("refuse") => return json!({ "statusCode": 418 }),
        Some("binary") => return json!({ "statusCode": 200, "body": "aGk=", "isBase64Encoded": true }),
        Some("single") => return json!({ "statusCode": 200, "headers": { "x-form": "single" } }),
        Some("several") => return json!({ "statusCode": 200, "multiValueHeaders": { "x-form": ["a", "b"] } }),
        Some("large") => return json!({ "statusCode": 200, "body": "x".repeat(1024 * 1024) }),
        _ => {}
    }
    let several = json!({
        "Content-Type": ["application/json"],
        "WWW-Authenticate": ["Probe"],
        "Set-Cookie": ["seen=1", "again=2"],
    });
    if event.pointer("/requestContext/elb").is_some() && event.get("headers").is_some() {
        return json!({
            "statusCode": 201,
            "statusDescription": "201 Created",
            "headers": { "Content-Type": "application/json", "WWW-Authenticate": "Probe" },
            "body": event.to_string(),
        });
    }
    if event.get("version").and_then(Value::as_str) != Some("2.0") {
        return json!({ "statusCode": 201, "multiValueHeaders": several, "body": event.to_string() });
    }
    json!({
        "statusCode": 201,
        "headers": { "Content-Type": "application/json", "WWW-Authenticate": "Probe" },
        "cookies": ["seen=1"],
        "body": event.to_string(),
    })
}
