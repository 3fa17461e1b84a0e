use doorward_aws::KeyKeeper;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::keys::{Made, Terms, make};
use crate::output::Failure;

/// A caller without a token: its key says whose it is, which groups that one is in, and which limits hold.
pub(crate) const SCENE: Scene = Scene {
    title: "A warehouse orders with an API key",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let (key, file) = warehouse_key(stage, "warehouse").await?;
    let mut acts = Vec::new();
    for base in stage.fronts() {
        let ask = order(base, &file);
        let named = format!("with the API key {}", key.record.id);
        let expect = Expect {
            status: 201,
            outcome: "admitted",
            why: &["allow by buyers-order-any-amount", &named, "ledger:"],
            headers: &["ratelimit"],
        };
        acts.push(stage.act(SCENE.title, ask, expect).await?);
    }
    Ok(acts)
}

/// A key of the warehouse's on the plan `partner`, and the file that holds it.
pub(super) async fn warehouse_key(stage: &Stage, name: &str) -> Result<(Made, String), Failure> {
    let now = Timestamp::now();
    let terms = Terms {
        owner: name.to_owned(),
        plan: Some("partner".to_owned()),
        groups: vec!["buyers".to_owned()],
        created: now,
        expires: now.checked_add(SignedDuration::from_hours(24)).ok(),
        note: Some("the demo's".to_owned()),
    };
    let keeper = KeyKeeper::new(&stage.door.clients, &stage.door.table);
    let made = make(&keeper, &stage.key_prefix, terms).await.map_err(Failure::new)?;
    let file = stage.keep_key(name, &made.key)?;
    Ok((made, file))
}

/// An order with the key that `file` holds.
pub(super) fn order<'a>(base: &'a str, file: &'a str) -> Ask<'a> {
    let body = json!({ "items": [{ "sku": "TEA-1", "quantity": 100 }], "total": 210_000 });
    Ask { base, method: Method::POST, path: "/orders", token: Some(file), body: Some(body) }
}
