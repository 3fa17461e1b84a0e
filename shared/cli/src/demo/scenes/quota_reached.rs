use http::Method;
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Ran, Stage};
use crate::output::Failure;

/// Three orders a day on the trial, through both fronts together: the fourth is refused, and the caller can ask why.
pub(crate) const SCENE: Scene = Scene {
    title: "A plan's quota is reached to the unit, and the caller asks what is left",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

const CALLER: &str = "User::\"frank\"";

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let frank = stage.token("frank", &["customers"])?;
    let project = stage.project.to_string_lossy();
    let dynamodb = stage.door.emulator.dynamodb_url();
    let assign = ["plans", "assign", CALLER, "trial", "--path", &project, "--dynamodb-url", dynamodb];
    let told = format!("{CALLER} is on the plan `trial`");
    let mut acts = vec![stage.run(SCENE.title, &assign, Ran { exit: 0, lines: &[&told] }).await?];
    let [api, url] = stage.fronts();
    for base in [api, url, api] {
        let good = Expect { status: 201, outcome: "admitted", why: &["ledger:"], headers: &["ratelimit"] };
        acts.push(stage.act(SCENE.title, order(base, &frank), good).await?);
    }
    for base in stage.fronts() {
        let over = Expect {
            status: 429,
            outcome: "over-quota",
            why: &["at reserve", "limit trial-quota-per-day", "ledger:"],
            headers: &["retry-after", "ratelimit", "ratelimit-policy"],
        };
        acts.push(stage.act(SCENE.title, order(base, &frank), over).await?);
    }
    acts.push(own_usage(stage, api, &frank).await?);
    Ok(acts)
}

fn order<'a>(base: &'a str, token: &'a str) -> Ask<'a> {
    let body = json!({ "items": [{ "sku": "TEA-1", "quantity": 1 }], "total": 2100 });
    Ask { base, method: Method::POST, path: "/orders", token: Some(token), body: Some(body) }
}

async fn own_usage(stage: &Stage, base: &str, token: &str) -> Result<Act, Failure> {
    let ask = Ask { base, method: Method::GET, path: "/.doorward/usage", token: Some(token), body: None };
    let answer = stage.send(&ask).await?;
    let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let expect = Expect { status: 200, outcome: "admitted", why: &[], headers: &["cache-control"] };
    let mut act = stage.judge(SCENE.title, &ask, &answer, expect).await?;
    let left = said.pointer("/limits/0/remaining");
    if said.get("plan") != Some(&json!("trial")) || left != Some(&json!(0)) {
        act.unexpected.push(format!("expected the plan `trial` with nothing left, found {said}"));
    }
    Ok(act)
}
