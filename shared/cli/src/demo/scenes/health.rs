use http::Method;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// The door says that it is there.
pub(crate) const SCENE: Scene =
    Scene { title: "The door answers for itself", in_tour: true, play: |stage| Box::pin(play(stage)) };

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let mut acts = Vec::new();
    for base in stage.fronts() {
        let ask = Ask { base, method: Method::GET, path: "/.doorward/health", token: None, body: None };
        let expect =
            Expect { status: 200, outcome: "admitted", why: &["dispatcher: admitted"], headers: &[] };
        acts.push(stage.act(SCENE.title, ask, expect).await?);
    }
    Ok(acts)
}
