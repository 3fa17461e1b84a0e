use http::Method;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// The plan's rate: a burst of 10, then 5 per second.
pub(crate) const SCENE: Scene =
    Scene { title: "More calls than the plan's rate", in_tour: true, play: |stage| Box::pin(play(stage)) };

/// Enough to reach the rate on a slow machine too.
const MOST_CALLS: usize = 200;

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let bob = stage.token("bob", &["customers"])?;
    let mut acts = Vec::new();
    for base in stage.fronts() {
        let ask = Ask { base, method: Method::GET, path: "/orders/1002", token: Some(&bob), body: None };
        let mut answer = stage.send(&ask).await?;
        for _ in 1..MOST_CALLS {
            if answer.status == 429 {
                break;
            }
            answer = stage.send(&ask).await?;
        }
        let expect = Expect {
            status: 429,
            outcome: "throttled",
            why: &["at reserve", "limit default-rate-per-second", "ledger:"],
            headers: &["retry-after", "ratelimit", "ratelimit-policy"],
        };
        acts.push(stage.judge(SCENE.title, &ask, &answer, expect).await?);
    }
    Ok(acts)
}
