use http::Method;
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// A policy that reads `context.input`: the same request, and who may make it depends on what is in it.
pub(crate) const SCENE: Scene = Scene {
    title: "An order of more than a customer may place, and a buyer who may",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let customer = stage.token("frida", &["customers"])?;
    let buyer = stage.token("boris", &["buyers"])?;
    let denied = Expect {
        status: 403,
        outcome: "denied",
        why: &["at permit", "no policy permits it", "ledger:"],
        headers: &[],
    };
    let admitted = Expect {
        status: 201,
        outcome: "admitted",
        why: &["allow by buyers-order-any-amount", "ledger:"],
        headers: &[],
    };
    let mut acts = Vec::new();
    for (token, expect) in [(&customer, denied), (&buyer, admitted)] {
        let body = json!({ "items": [{ "sku": "TEA-1", "quantity": 72 }], "total": 151_200 });
        let (base, path) = (stage.function_url.as_str(), "/orders");
        let ask = Ask { base, method: Method::POST, path, token: Some(token), body: Some(body) };
        acts.push(stage.act(SCENE.title, ask, expect).await?);
    }
    Ok(acts)
}
