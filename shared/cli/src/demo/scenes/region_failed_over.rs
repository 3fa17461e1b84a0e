use std::time::Duration;

use crate::demo::act::{Act, Verdict};
use crate::demo::looking::{Looks, reader_key};
use crate::demo::scene::Scene;
use crate::demo::stage::Stage;
use crate::local_door::REGION;
use crate::output::Failure;

/// A region is away: calls go to the other one, and come back when it is there again.
pub(crate) const SCENE: Scene = Scene {
    title: "A region is away, and calls go to another one",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

const OTHER: &str = "eu-west-1";
const CALLS: usize = 6;
/// A little more than its functions are left alone for, the second time that they fail.
const PAUSE: Duration = Duration::from_millis(2_500);

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let reader = reader_key(stage, "region-reader", &["readers"]).await?;
    let look = async || Looks::make(stage, "/orders/1001/tracking", &reader, CALLS).await;
    stage.door.emulator.set_region_away(REGION, true);
    let away = look().await;
    stage.door.emulator.set_region_away(REGION, false);
    let first = act(&away?, OTHER);
    tokio::time::sleep(PAUSE).await;
    Ok(vec![first, act(&look().await?, REGION)])
}

fn act(looks: &Looks, region: &str) -> Act {
    let there = looks.endpoints.iter().filter(|endpoint| endpoint.contains(&format!(":{region}:"))).count();
    let mut verdict = Verdict::default();
    verdict.holds("every answer is 200", looks.statuses.iter().all(|status| *status == 200));
    verdict.same(&format!("how many {region} answered"), there, CALLS);
    Act {
        scene: SCENE.title,
        asked: format!("{CALLS} times: {}", looks.asked),
        answered: format!("{CALLS} times 200, {there} of them from {region}"),
        why: looks.why.clone(),
        unexpected: verdict.into_differences(),
    }
}
