use http::Method;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// What the gateway keeps is about one method and path: `identity_sources` names both.
pub(crate) const SCENE: Scene = Scene {
    title: "A cached answer for order 42, which does not open 43",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    // A caller of this scene's own, so that nothing about her is kept yet.
    let dora = stage.token("dora", &["customers"])?;
    let ask = |path| Ask { base: &stage.http_api, method: Method::GET, path, token: Some(&dora), body: None };
    let passed = "authorizer: passed";
    let cached = "the authorizer's cached answer";
    let own = |why| Expect { status: 200, outcome: "admitted", why, headers: &[] };
    let refused = "no policy permits it";
    Ok(vec![
        stage.act(SCENE.title, ask("/orders/42"), own(&[passed])).await?,
        stage
            .act(SCENE.title, ask("/orders/42"), own(&[cached, "allow by owners-read-their-orders"]))
            .await?,
        stage
            .act(
                SCENE.title,
                ask("/orders/43"),
                Expect {
                    status: 403,
                    outcome: "denied",
                    why: &["authorizer: denied", refused],
                    headers: &[],
                },
            )
            .await?,
        stage
            .act(
                SCENE.title,
                ask("/orders/43"),
                Expect { status: 403, outcome: "gateway", why: &[cached], headers: &[] },
            )
            .await?,
    ])
}
