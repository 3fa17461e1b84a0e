//! The demo's worker: takes messages of queues, events of buses and what comes by connections in their own forms, and writes a
//! line for each. It knows nothing of the door: a function that a queue was mapped to directly works on behind it unchanged.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(work)).await
}

async fn work(event: LambdaEvent<Value>) -> Result<Value, Error> {
    if event.payload.pointer("/requestContext/connectionId").is_some() {
        return Ok(answer(&event.payload));
    }
    if event.payload.get("Records").is_none() {
        println!("{}", json!({ "event": "event-handled", "id": event.payload.get("id") }));
        return Ok(Value::Null);
    }
    let messages: SqsEvent = serde_json::from_value(event.payload)?;
    for message in messages.records {
        println!("{}", json!({ "event": "message-handled", "id": message.message_id }));
    }
    Ok(json!({ "batchItemFailures": [] }))
}

/// What there is of everything.
const IN_STOCK: u32 = 12;

/// Answers what comes by a connection of a WebSocket API, which writes the body to who asked.
fn answer(event: &Value) -> Value {
    let said = |name: &str| event.pointer(&format!("/requestContext/{name}")).cloned().unwrap_or_default();
    let (kind, connection) = (said("eventType"), said("connectionId"));
    println!("{}", json!({ "event": "connection-handled", "type": kind, "connection": connection }));
    let body = event.get("body").and_then(Value::as_str).unwrap_or_default();
    let message: Value = serde_json::from_str(body).unwrap_or_default();
    let Some(sku) = message.get("sku") else { return json!({ "statusCode": 200 }) };
    let in_stock = message.get("inStock").cloned().unwrap_or_else(|| IN_STOCK.into());
    json!({ "statusCode": 200, "body": json!({ "sku": sku, "inStock": in_stock }).to_string() })
}
