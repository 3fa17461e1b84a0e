use std::time::Duration;

use super::cognito_token::{order, staff_token};
use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, STAFF, Stage};
use crate::output::Failure;

/// While an issuer changes its key, tokens of both are good; one whose key was withdrawn proves nobody, however long it
/// would still last.
pub(crate) const SCENE: Scene = Scene {
    title: "The staff's issuer changes its key: both are good, until it withdraws the old one",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

/// Between two calls, and how many there are at most: the door asks an issuer for its keys once in 30 s at most, whatever
/// comes.
const PAUSE: Duration = Duration::from_secs(2);
const MOST_CALLS: usize = 20;

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let served = || Expect {
        status: 200,
        outcome: "admitted",
        why: &["allow by support-reads-every-order"],
        headers: &[],
    };
    let old = staff_token(stage, "before-rotation")?;
    let mut acts = Vec::new();
    for base in stage.fronts() {
        acts.push(stage.act(SCENE.title, order(base, &old), served()).await?);
    }
    stage.door.emulator.rotate_key(STAFF).map_err(Failure::new)?;
    let new = staff_token(stage, "after-rotation")?;
    for base in stage.fronts() {
        acts.push(once_answered(stage, order(base, &new), served()).await?);
        acts.push(stage.act(SCENE.title, order(base, &old), served()).await?);
    }
    stage.door.emulator.retire_keys(STAFF).map_err(Failure::new)?;
    for base in stage.fronts() {
        let refused = Expect {
            status: 401,
            outcome: "unauthenticated",
            why: &["at identify", "the issuer has no key with the token's `kid`"],
            headers: &[],
        };
        acts.push(once_answered(stage, order(base, &old), refused).await?);
        acts.push(stage.act(SCENE.title, order(base, &new), served()).await?);
    }
    // The lines of earlier scenes hold on.
    staff_token(stage, "ida")?;
    Ok(acts)
}

/// Asks again until the answer is the expected one, or has had its time to be.
async fn once_answered(stage: &Stage, ask: Ask<'_>, expect: Expect<'_>) -> Result<Act, Failure> {
    let mut answer = stage.send(&ask).await?;
    for _ in 1..MOST_CALLS {
        if answer.status == expect.status {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        answer = stage.send(&ask).await?;
    }
    stage.judge(SCENE.title, &ask, &answer, expect).await
}
