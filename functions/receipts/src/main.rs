//! The demo's receipts: takes S3 notifications in S3's own form and writes a line for each receipt.

use aws_lambda_events::event::s3::S3Event;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(book)).await
}

async fn book(event: LambdaEvent<S3Event>) -> Result<Value, Error> {
    // The key as S3 sends it, which is what the door decided on.
    let keys: Vec<String> =
        event.payload.records.into_iter().filter_map(|record| record.s3.object.key).collect();
    for key in &keys {
        println!("{}", json!({ "event": "receipt-booked", "key": key }));
    }
    Ok(json!({ "booked": keys.len() }))
}
