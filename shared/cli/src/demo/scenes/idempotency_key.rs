use http::Method;
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// Who heard no answer asks again with the same key, and hears what the first one was told.
pub(crate) const SCENE: Scene = Scene {
    title: "A mail that is asked for twice with one idempotency key is sent once",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

const KEY: &str = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"";

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let alice = stage.token("alice", &["customers"])?;
    let [http_api, function_url] = stage.fronts();
    stage.upstreams.mailer.served();
    let ask = |base, subject: &str| {
        let body = Some(json!({ "to": "alice@shop.example", "subject": subject }));
        Ask { base, method: Method::POST, path: "/mails", token: Some(&alice), body }
    };
    let sent = Expect {
        status: 202,
        outcome: "admitted",
        why: &["allow by customers-send-mail", "ledger:"],
        headers: &["x-request-id"],
    };
    let again = Expect {
        status: 202,
        outcome: "repeated",
        why: &["its idempotency key is that of", "allow by customers-send-mail"],
        headers: &["x-request-id", "idempotent-replayed"],
    };
    let other = Expect {
        status: 422,
        outcome: "invalid",
        why: &["at claim", "the key was given to another request"],
        headers: &["x-request-id"],
    };
    let mut acts = vec![
        stage.act_keyed(SCENE.title, ask(http_api, "Your tea"), KEY, sent).await?,
        // No front is a way around it.
        stage.act_keyed(SCENE.title, ask(function_url, "Your tea"), KEY, again).await?,
        stage.act_keyed(SCENE.title, ask(function_url, "Your coffee"), KEY, other).await?,
    ];
    let mails = stage.upstreams.mailer.served();
    if let Some(last) = acts.last_mut().filter(|_| mails != 1) {
        last.unexpected.push(format!("{mails} mails were sent, expected 1"));
    }
    Ok(acts)
}
