use http::Method;

use crate::demo::act::Act;
use crate::demo::looking::reader_key;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// An answer is held to its contract too: the caller is not handed what no client can read.
pub(crate) const SCENE: Scene =
    Scene { title: "An answer that breaks its contract", in_tour: true, play: |stage| Box::pin(play(stage)) };

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let reader = reader_key(stage, "price-reader", &["readers"]).await?;
    let base = stage.function_url.as_str();
    let ask = Ask { base, method: Method::GET, path: "/catalog/TEA-1", token: Some(&reader), body: None };
    let odd = |odd| stage.upstreams.catalog.iter().for_each(|server| server.be_odd(odd));
    odd(true);
    let why = &["at check-response", "body /price"];
    let expect = Expect { status: 502, outcome: "target-failed", why, headers: &[] };
    let act = stage.act(SCENE.title, ask, expect).await;
    odd(false);
    Ok(vec![act?])
}
