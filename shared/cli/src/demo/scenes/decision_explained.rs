use http::Method;
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Ran, Stage};
use crate::output::Failure;

/// Why was that refused? Asked afterwards, by the id that the caller was given; and beforehand, of a sample.
pub(crate) const SCENE: Scene = Scene {
    title: "An operator asks why an order was refused, and why another one would be",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

/// A call that nobody has made.
const SAMPLE: &str = r#"principal = 'User::"eve"'
groups = ["customers"]

[request]
method = "POST"
path = "/orders"
body = { items = [{ sku = "TEA-1", quantity = 100 }], total = 210000 }
"#;

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let eve = stage.token("eve", &["customers", "suspended"])?;
    let body = json!({ "items": [{ "sku": "TEA-1", "quantity": 1 }], "total": 2100 });
    let (base, path) = (stage.function_url.as_str(), "/orders");
    let ask = Ask { base, method: Method::POST, path, token: Some(&eve), body: Some(body) };
    let answer = stage.send(&ask).await?;
    let why = &["at permit", "deny by suspended-may-nothing", "ledger:"];
    let refused = Expect { status: 403, outcome: "denied", why, headers: &[] };
    let mut acts = vec![stage.judge(SCENE.title, &ask, &answer, refused).await?];

    let (dynamodb, lambda) = (stage.door.emulator.dynamodb_url(), stage.door.emulator.lambda_url());
    let id = answer.header("x-request-id").unwrap_or_default();
    let by_id = ["policy", "explain", id, "--dynamodb-url", dynamodb, "--lambda-url", lambda];
    let told =
        ["determined by suspended-may-nothing", "orders.cedar:", "forbid (principal in Group::\"suspended\""];
    acts.push(stage.run(SCENE.title, &by_id, Ran { exit: 2, lines: &told }).await?);

    std::fs::write(stage.folder().join("sample.toml"), SAMPLE).map_err(Failure::new)?;
    let of_a_sample = ["policy", "explain", "--file", "target/doorward/sample.toml"];
    let told = ["deny: no policy permits it", "context.input.total <= 100000"];
    acts.push(stage.run(SCENE.title, &of_a_sample, Ran { exit: 2, lines: &told }).await?);
    Ok(acts)
}
