use http::Method;
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// The door proves itself to somebody else's API, which sees nothing of the caller's own token.
pub(crate) const SCENE: Scene = Scene {
    title: "Somebody else's API, with a token that the door puts in",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let alice = stage.token("alice", &["customers"])?;
    let mut acts = Vec::new();
    for base in stage.fronts() {
        let body = json!({ "to": "alice@shop.example", "subject": "Your tea" });
        let ask = Ask { base, method: Method::POST, path: "/mails", token: Some(&alice), body: Some(body) };
        let why = &["allow by customers-send-mail", "ledger:"];
        let expect = Expect { status: 202, outcome: "admitted", why, headers: &[] };
        acts.push(stage.act(SCENE.title, ask, expect).await?);
    }
    Ok(acts)
}
