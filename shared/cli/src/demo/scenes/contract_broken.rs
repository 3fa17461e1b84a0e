use http::Method;
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// The contract names the place and the rule, never the value.
pub(crate) const SCENE: Scene =
    Scene { title: "An order that breaks its contract", in_tour: true, play: |stage| Box::pin(play(stage)) };

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let alice = stage.token("alice", &["customers"])?;
    let mut acts = Vec::new();
    for base in stage.fronts() {
        let body = json!({ "items": [{ "sku": "TEA-1", "quantity": 0 }], "total": "much" });
        let ask = Ask { base, method: Method::POST, path: "/orders", token: Some(&alice), body: Some(body) };
        let expect = Expect {
            status: 422,
            outcome: "invalid",
            why: &["body /items/0/quantity", "body /total", "ledger:"],
            headers: &[],
        };
        acts.push(stage.act(SCENE.title, ask, expect).await?);
    }
    Ok(acts)
}
