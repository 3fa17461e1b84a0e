use http::Method;
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// A target that fails, and one that takes longer than the door waits.
pub(crate) const SCENE: Scene = Scene {
    title: "A target that fails, and one that is too slow",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let carol = stage.token("carol", &["buyers"])?;
    let mut acts = Vec::new();
    for base in stage.fronts() {
        let ask = |sku: &str| {
            let body = json!({ "items": [{ "sku": sku, "quantity": 1 }], "total": 100 });
            Ask { base, method: Method::POST, path: "/orders", token: Some(&carol), body: Some(body) }
        };
        let expect = |status, cause| Expect { status, outcome: "target-failed", why: cause, headers: &[] };
        let failed = expect(502, &["at send", "the target failed"]);
        acts.push(stage.act(SCENE.title, ask("TEST-FAIL"), failed).await?);
        let slow = expect(504, &["at send", "the target did not answer in time"]);
        acts.push(stage.act(SCENE.title, ask("TEST-SLOW"), slow).await?);
    }
    Ok(acts)
}
