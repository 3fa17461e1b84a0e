use http::Method;
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// A permit by role and amount, and the target's own answer.
pub(crate) const SCENE: Scene =
    Scene { title: "A customer places an order", in_tour: true, play: |stage| Box::pin(play(stage)) };

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let alice = stage.token("alice", &["customers"])?;
    let mut acts = Vec::new();
    for base in stage.fronts() {
        let body = json!({ "items": [{ "sku": "TEA-1", "quantity": 2 }], "total": 4200 });
        let ask = Ask { base, method: Method::POST, path: "/orders", token: Some(&alice), body: Some(body) };
        let expect = Expect {
            status: 201,
            outcome: "admitted",
            why: &["allow by customers-order-up-to-1000", "ledger:"],
            headers: &["ratelimit"],
        };
        acts.push(stage.act(SCENE.title, ask, expect).await?);
    }
    Ok(acts)
}
