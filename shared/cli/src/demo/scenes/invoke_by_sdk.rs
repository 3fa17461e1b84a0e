use doorward_model::InvocationType;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Expect, Stage};
use crate::emit::s3_event;
use crate::output::Failure;

/// What comes with the goods.
const KEY: &str = "goods/march.pdf";

/// The client is AWS's own, and all that it was told is another endpoint.
pub(crate) const SCENE: Scene = Scene {
    title: "A function calls another one through the door, by the Lambda Invoke API",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let warehouse = ("warehouse", stage.role("warehouse")?);
    let reports = ("reports", stage.role("reports")?);
    let event = s3_event("receipts", KEY, 48_213, "ObjectCreated:Put", Some("00A1"));
    let asked = |kind| ("receipts", kind, &event);
    let permitted = Expect {
        status: 204,
        outcome: "passed",
        why: &["allow by the-warehouse-books-receipts"],
        headers: &[],
    };
    let dry_run = InvocationType::DryRun;
    let mut acts = vec![stage.act_invoked(SCENE.title, asked(dry_run), warehouse, permitted).await?];
    let untouched = stage.booked(KEY) == 0;
    let invoked = Expect {
        status: 200,
        outcome: "admitted",
        why: &["allow by the-warehouse-books-receipts", "ledger:"],
        headers: &[],
    };
    let wait = InvocationType::RequestResponse;
    acts.push(stage.act_invoked(SCENE.title, asked(wait), warehouse, invoked).await?);
    let ran_once = untouched && stage.booked(KEY) == 1;
    if let Some(act) = acts.last_mut().filter(|_| !ran_once) {
        act.unexpected.push("expected that the function ran once, and not for the `DryRun`".to_owned());
    }
    let denied = || Expect { status: 403, outcome: "denied", why: &["no policy permits it"], headers: &[] };
    for kind in [wait, dry_run] {
        acts.push(stage.act_invoked(SCENE.title, asked(kind), reports, denied()).await?);
    }
    Ok(acts)
}
