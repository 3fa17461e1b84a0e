use std::collections::BTreeMap;

use crate::demo::act::{Act, Verdict};
use crate::demo::looking::{Looks, reader_key};
use crate::demo::scene::Scene;
use crate::demo::stage::Stage;
use crate::output::Failure;

/// A canary takes its share of the calls, and all those of the callers who are named.
pub(crate) const SCENE: Scene = Scene {
    title: "A canary: a fifth of the calls, and all of who tries new things",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

const CALLS: usize = 60;
/// A fifth of them, and six standard deviations of chance to either side.
const SHARE: std::ops::RangeInclusive<usize> = 1..=30;

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let everybody = reader_key(stage, "reader", &["readers"]).await?;
    let beta = reader_key(stage, "beta-reader", &["readers", "beta"]).await?;
    let mut acts = Vec::new();
    for (file, share) in [(&everybody, SHARE), (&beta, CALLS..=CALLS)] {
        let looks = Looks::make(stage, "/orders/1001/tracking", file, CALLS).await?;
        let mut by_alias: BTreeMap<&str, usize> = BTreeMap::new();
        for endpoint in &looks.endpoints {
            *by_alias.entry(endpoint.rsplit(':').next().unwrap_or_default()).or_default() += 1;
        }
        let canary = by_alias.get("canary").copied().unwrap_or_default();
        let mut verdict = Verdict::default();
        verdict.holds("every answer is 200", looks.statuses.iter().all(|status| *status == 200));
        verdict.holds(
            &format!("the canary answers {} to {} calls", share.start(), share.end()),
            share.contains(&canary),
        );
        verdict.holds(
            "nobody is sent to the other region",
            looks.endpoints.iter().all(|at| at.contains(":us-east-1:")),
        );
        let split: Vec<String> = by_alias.iter().map(|(alias, calls)| format!("{alias} {calls}")).collect();
        acts.push(Act {
            scene: SCENE.title,
            asked: format!("{CALLS} times: {}", looks.asked),
            answered: format!("{CALLS} answers, by alias: {}", split.join(", ")),
            why: looks.why,
            unexpected: verdict.into_differences(),
        });
    }
    Ok(acts)
}
