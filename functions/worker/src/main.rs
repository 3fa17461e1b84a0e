//! The demo's worker: takes messages of queues and events of buses in their own forms, and writes a line for each. It knows
//! nothing of the door: a function that a queue was mapped to directly works on behind it unchanged.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(work)).await
}

async fn work(event: LambdaEvent<Value>) -> Result<Value, Error> {
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
