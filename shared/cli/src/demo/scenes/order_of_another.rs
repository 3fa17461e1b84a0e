use http::Method;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// The owner decides who may read an order.
pub(crate) const SCENE: Scene = Scene {
    title: "A customer reads her own order, and somebody else's",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let alice = stage.token("alice", &["customers"])?;
    let mut acts = Vec::new();
    for base in stage.fronts() {
        let ask = |path| Ask { base, method: Method::GET, path, token: Some(&alice), body: None };
        let own = Expect {
            status: 200,
            outcome: "admitted",
            why: &["allow by owners-read-their-orders"],
            headers: &[],
        };
        acts.push(stage.act(SCENE.title, ask("/orders/1001"), own).await?);
        let other = Expect {
            status: 403,
            outcome: "denied",
            why: &["at permit", "no policy permits it", "ledger:"],
            headers: &[],
        };
        acts.push(stage.act(SCENE.title, ask("/orders/1002"), other).await?);
    }
    Ok(acts)
}
