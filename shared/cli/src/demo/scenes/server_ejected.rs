use std::time::Duration;

use crate::demo::act::{Act, Verdict};
use crate::demo::looking::{Looks, reader_key};
use crate::demo::scene::Scene;
use crate::demo::stage::Stage;
use crate::output::Failure;

/// One of two servers fails: it is left alone, nobody notices, and it comes back.
pub(crate) const SCENE: Scene = Scene {
    title: "A server that fails is left alone, and comes back by a trial",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

const CALLS: usize = 8;
/// Faults in a row after which it is left alone, as the demo's `doorward.toml` says.
const FAULTS: usize = 2;
/// A little more than it is left alone for.
const PAUSE: Duration = Duration::from_millis(1_200);

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let reader = reader_key(stage, "catalog-reader", &["readers"]).await?;
    let [a, b] = &stage.upstreams.catalog;
    let look = async || Looks::make(stage, "/catalog/TEA-1", &reader, CALLS).await;
    let (_, _) = (a.served(), b.served());
    let shared = look().await?;
    let first = act(&shared, [a.served(), b.served()], [CALLS / 2, CALLS / 2]);

    a.be_away(true);
    let without = look().await?;
    // Each call that met the server that is away was tried again at the other one.
    let second = act(&without, [a.served(), b.served()], [FAULTS, CALLS]);

    a.be_away(false);
    tokio::time::sleep(PAUSE).await;
    let back = look().await?;
    let served = [a.served(), b.served()];
    let mut third = act(&back, served, served);
    if served[0] < CALLS / 2 {
        third.unexpected.push(format!("the server that came back was sent {} of {CALLS} calls", served[0]));
    }
    Ok(vec![first, second, third])
}

fn act(looks: &Looks, served: [usize; 2], expected: [usize; 2]) -> Act {
    let mut verdict = Verdict::default();
    verdict.holds("every answer is 200", looks.statuses.iter().all(|status| *status == 200));
    verdict.same("what server a was sent", served[0], expected[0]);
    verdict.same("what server b was sent", served[1], expected[1]);
    Act {
        scene: SCENE.title,
        asked: format!("{CALLS} times: {}", looks.asked),
        answered: format!("{CALLS} times 200; server a was sent {}, server b {}", served[0], served[1]),
        why: looks.why.clone(),
        unexpected: verdict.into_differences(),
    }
}
