use serde_json::{Value, json};

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ran, Stage};
use crate::output::Failure;

/// Five messages of a queue come in together; one is denied and one is broken, and only they go back.
pub(crate) const SCENE: Scene = Scene {
    title: "Five messages of a queue: one is denied, one is broken",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let bodies = [
        json!({ "order": "1001", "amount": 1200 }).to_string(),
        json!({ "order": "1002", "amount": 900 }).to_string(),
        json!({ "order": "1003", "amount": 250_000 }).to_string(),
        "pay me".to_owned(),
        json!({ "order": "1005", "amount": 50 }).to_string(),
    ];
    let records: Vec<Value> =
        bodies.iter().enumerate().map(|(nth, body)| message("payments", nth, body)).collect();
    let event = json!({ "Records": records });
    let lambda = stage.door.emulator.lambda_url();
    let file = stage.write("batch.json".to_owned(), &event.to_string())?;
    let path = format!("{}/{file}", crate::demo::stage::TOKEN_FOLDER);
    let failures = json!({ "batchItemFailures": [{ "itemIdentifier": id(2) }, { "itemIdentifier": id(3) }] });
    let answered = format!("answered: {failures}");
    let lines =
        [answered.as_str(), "admitted (paymentAsked)", "denied (paymentAsked)", "invalid (paymentAsked)"];
    let arguments = ["emit", "--lambda-url", lambda, "file", &path];
    let first = stage.run(SCENE.title, &arguments, Ran { exit: 2, lines: &lines }).await?;
    // What was done is not done again.
    let lines = [answered.as_str(), "repeated (paymentAsked)", "denied (paymentAsked)"];
    let again = stage.run(SCENE.title, &arguments, Ran { exit: 2, lines: &lines }).await?;
    Ok(vec![first, again])
}

fn id(nth: usize) -> String {
    format!("b3f0e7a2-0000-4000-8000-00000000000{nth}")
}

/// A message as an event source mapping hands it over.
pub(super) fn message(queue: &str, nth: usize, body: &str) -> Value {
    json!({
        "messageId": id(nth),
        "receiptHandle": "demo",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1795000000000",
            "SenderId": "AROADEMO:shop",
            "ApproximateFirstReceiveTimestamp": "1795000000001",
        },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{queue}"),
        "awsRegion": "us-east-1",
    })
}
