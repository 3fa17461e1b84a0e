use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Ran, Stage};
use crate::output::Failure;

/// An action is switched off in running doors, and on again.
pub(crate) const SCENE: Scene = Scene {
    title: "A kill switch: nobody orders while it is off",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

/// Between two calls while the door has not looked yet, and how many there are: twenty seconds.
const PAUSE: Duration = Duration::from_millis(500);
const MOST_CALLS: usize = 40;

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let dora = stage.token("dora", &["customers"])?;
    let project = stage.project.to_string_lossy();
    let at = ["--path", &project, "--dynamodb-url", stage.door.emulator.dynamodb_url()];
    let switch = |verb| ["plans", "switch", verb, "--action", "createOrder"];
    let off = [&switch("off")[..], &["--reason", "a faulty price list"], &at].concat();
    let on = [&switch("on")[..], &at].concat();
    let told = "`action#createOrder` is switched off, everywhere within 2s";
    let mut acts = vec![stage.run(SCENE.title, &off, Ran { exit: 0, lines: &[told] }).await?];
    let refused = Expect {
        status: 429,
        outcome: "throttled",
        why: &["at reserve", "limit switch-action", "ledger:"],
        headers: &["retry-after"],
    };
    acts.push(until(stage, &dora, 429, refused).await?);
    acts.push(stage.run(SCENE.title, &on, Ran { exit: 0, lines: &["`action#createOrder`"] }).await?);
    let admitted = Expect { status: 201, outcome: "admitted", why: &["ledger:"], headers: &[] };
    acts.push(until(stage, &dora, 201, admitted).await?);
    Ok(acts)
}

/// Orders until the answer has this status: the door looks for switches once in its refresh interval.
async fn until(stage: &Stage, token: &str, status: u16, expect: Expect<'_>) -> Result<Act, Failure> {
    let body = json!({ "items": [{ "sku": "TEA-1", "quantity": 1 }], "total": 2100 });
    let base = stage.function_url.as_str();
    let ask = Ask { base, method: Method::POST, path: "/orders", token: Some(token), body: Some(body) };
    let mut answer = stage.send(&ask).await?;
    for _ in 1..MOST_CALLS {
        if answer.status == status {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        answer = stage.send(&ask).await?;
    }
    stage.judge(SCENE.title, &ask, &answer, expect).await
}
