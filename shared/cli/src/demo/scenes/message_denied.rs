use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Expect, Stage};
use crate::output::Failure;

/// Who comes by a connection is known since it was opened; what she may do is decided with every message.
pub(crate) const SCENE: Scene = Scene {
    title: "A customer asks by a WebSocket, says what only buyers say, and leaves",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let alice = stage.token("alice", &["customers"])?;
    let opened = Expect {
        status: 101,
        outcome: "admitted",
        why: &["authorizer", "allow by who-is-known-comes-and-leaves", "ledger:"],
        headers: &[],
    };
    let (mut connection, act) = stage.act_connected(SCENE.title, &alice, opened).await?;
    let mut acts = vec![act];
    let ask = json!({ "action": "askStock", "sku": "TEA-1" });
    let answered = || Expect {
        status: 200,
        outcome: "admitted",
        why: &["allow by customers-ask-for-stock"],
        headers: &[],
    };
    acts.push(stage.act_said(SCENE.title, &mut connection, &ask, answered()).await?);
    let set = json!({ "action": "setStock", "sku": "TEA-1", "inStock": 40 });
    let denied =
        Expect { status: 403, outcome: "denied", why: &["no policy permits it", "ledger:"], headers: &[] };
    acts.push(stage.act_said(SCENE.title, &mut connection, &set, denied).await?);
    // The connection is none the worse for it.
    acts.push(stage.act_said(SCENE.title, &mut connection, &ask, answered()).await?);
    let left = Expect {
        status: 200,
        outcome: "admitted",
        why: &["allow by who-is-known-comes-and-leaves", "ledger:"],
        headers: &[],
    };
    acts.push(stage.act_left(SCENE.title, connection, left).await?);
    Ok(acts)
}
