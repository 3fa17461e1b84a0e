use serde_json::json;

use super::queue_batch::message;
use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ran, Stage, TOKEN_FOLDER};
use crate::emit::s3_event;
use crate::output::Failure;

/// A notification of S3's comes in a message of a queue, and is decided as what it claims to be.
pub(crate) const SCENE: Scene =
    Scene { title: "A receipt comes in through a queue", in_tour: true, play: |stage| Box::pin(play(stage)) };

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let mut acts = Vec::new();
    for (nth, key, outcome, exit) in [(7, "inbox/may.pdf", "admitted", 0), (8, "inbox/may.exe", "denied", 2)]
    {
        let notification = s3_event("receipts", key, 48_213, "ObjectCreated:Put", Some("0066F5C2A1B3D4E900"));
        let event = json!({ "Records": [message("uploads", nth, &notification.to_string())] });
        let file = stage.write(format!("queued-{nth}.json"), &event.to_string())?;
        let path = format!("{TOKEN_FOLDER}/{file}");
        let expected = format!("{outcome} (receiptQueued)");
        // What is denied is kept in quarantine: the queue is done with it as well.
        let lines = ["answered: {\"batchItemFailures\":[]}", expected.as_str()];
        let arguments = ["emit", "--lambda-url", stage.door.emulator.lambda_url(), "file", &path];
        acts.push(stage.run(SCENE.title, &arguments, Ran { exit, lines: &lines }).await?);
    }
    Ok(acts)
}
