use std::time::Duration;

use super::api_key_call::{order, warehouse_key};
use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Expect, Ran, Stage};
use crate::output::Failure;

/// A revoked key stops within the refresh interval, and an authorizer's answer that is kept longer does not help it.
pub(crate) const SCENE: Scene = Scene {
    title: "An API key is revoked, and running doors refuse it",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

/// Between two calls while the door knows the key from before, and how many there are: ten seconds, in which the plan
/// of the key lets only some through.
const PAUSE: Duration = Duration::from_millis(500);
const MOST_CALLS: usize = 20;

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let (made, file) = warehouse_key(stage, "former-partner").await?;
    let id = made.record.id.as_str();
    let mut acts = Vec::new();
    for base in stage.fronts() {
        let good = Expect { status: 201, outcome: "admitted", why: &["with the API key"], headers: &[] };
        acts.push(stage.act(SCENE.title, order(base, &file), good).await?);
    }
    let project = stage.project.to_string_lossy();
    let arguments =
        ["keys", "revoke", id, "--path", &project, "--dynamodb-url", stage.door.emulator.dynamodb_url()];
    let ran = Ran { exit: 0, lines: &["is revoked; running doors refuse it within 2 s"] };
    acts.push(stage.run(SCENE.title, &arguments, ran).await?);
    let named = format!("with the API key {id}");
    for base in stage.fronts() {
        let ask = order(base, &file);
        let mut answer = stage.send(&ask).await?;
        for _ in 1..MOST_CALLS {
            if answer.status == 401 {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            answer = stage.send(&ask).await?;
        }
        let refused = Expect {
            status: 401,
            outcome: "unauthenticated",
            why: &["at identify", "the API key was revoked at", &named],
            headers: &[],
        };
        acts.push(stage.judge(SCENE.title, &ask, &answer, refused).await?);
    }
    Ok(acts)
}
