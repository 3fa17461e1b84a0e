use http::Method;

use crate::demo::act::Act;
use crate::demo::looking::{Looks, reader_key};
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// A target that always fails is not sent twice as much for it.
pub(crate) const SCENE: Scene =
    Scene { title: "A retry that the budget refuses", in_tour: false, play: |stage| Box::pin(play(stage)) };

/// As many retries each process has to begin with; of the demo's there are at most as many as sandboxes, one after the other.
const SPENT: usize = 4;

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let reader = reader_key(stage, "search-reader", &["readers"]).await?;
    let path = "/articles?q=tea";
    let base = stage.function_url.as_str();
    let ask = || Ask { base, method: Method::GET, path, token: Some(&reader), body: None };
    let expect = |why| Expect { status: 502, outcome: "admitted", why, headers: &[] };
    let tried = stage.act(SCENE.title, ask(), expect(&["at try 2", "that was the last try"])).await?;
    Looks::make(stage, path, &reader, SPENT).await?;
    let refused = expect(&["and not again: the budget of retries is spent"]);
    Ok(vec![tried, stage.act(SCENE.title, ask(), refused).await?])
}
