use http::Method;
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// The candidates would deny it, and nothing comes of that but a note.
pub(crate) const SCENE: Scene = Scene {
    title: "An order that the candidate policies would deny",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let dora = stage.token("dora", &["customers"])?;
    let mut acts = Vec::new();
    for base in stage.fronts() {
        let body = json!({ "items": [{ "sku": "TEA-1", "quantity": 20 }], "total": 75000 });
        let ask = Ask { base, method: Method::POST, path: "/orders", token: Some(&dora), body: Some(body) };
        let expect = Expect {
            status: 201,
            outcome: "admitted",
            why: &["allow by customers-order-up-to-1000", "in shadow deny", "ledger:"],
            headers: &[],
        };
        acts.push(stage.act(SCENE.title, ask, expect).await?);
    }
    Ok(acts)
}
