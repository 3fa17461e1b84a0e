use http::Method;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// What is not there, and what is there for another method. An HTTP API answers 404 to both by itself.
pub(crate) const SCENE: Scene = Scene {
    title: "An unknown path, a wrong method, and a path with two readings",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let alice = stage.token("alice", &["customers"])?;
    let ask = |base, method, path| Ask { base, method, path, token: Some(&alice), body: None };
    let gateway = || Expect { status: 404, outcome: "gateway", why: &["no route"], headers: &[] };
    let (api, url) = (stage.http_api.as_str(), stage.function_url.as_str());
    let title = SCENE.title;
    let nowhere = Expect { status: 404, outcome: "invalid", why: &["at find"], headers: &[] };
    let method = Expect { status: 405, outcome: "invalid", why: &["at find"], headers: &["allow"] };
    let ambiguous =
        Expect { status: 400, outcome: "invalid", why: &["the path holds an encoded slash"], headers: &[] };
    Ok(vec![
        stage.act(title, ask(api, Method::GET, "/nowhere"), gateway()).await?,
        stage.act(title, ask(url, Method::GET, "/nowhere"), nowhere).await?,
        stage.act(title, ask(api, Method::DELETE, "/orders"), gateway()).await?,
        stage.act(title, ask(url, Method::DELETE, "/orders"), method).await?,
        stage.act(title, ask(url, Method::GET, "/orders%2F1001"), ambiguous).await?,
    ])
}
