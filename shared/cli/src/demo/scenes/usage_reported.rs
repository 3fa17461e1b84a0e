use std::time::Duration;

use doorward_core::usage::{Bucket, Grain};
use jiff::Timestamp;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ran, Stage};
use crate::output::Failure;

/// What was used, by whom and for what; what it costs; and that the sums are those of the ledger, however often they are
/// made again.
pub(crate) const SCENE: Scene = Scene {
    title: "A report, an invoice, and aggregates that are rebuilt twice with the same numbers",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

/// How long the roll-up may be behind the ledger, and how often that is looked at.
const PAUSE: Duration = Duration::from_millis(500);
const MOST_LOOKS: usize = 60;

const AGREES: &str = "the aggregates agree with the ledger";

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let project = stage.project.to_string_lossy();
    let at = ["--path", &project, "--dynamodb-url", stage.door.emulator.dynamodb_url()];
    let month = Bucket::holding(Grain::Month, Timestamp::now()).to_string();
    let check = [&["usage", "rebuild", "--check"][..], &at].concat();
    let mut counted = stage.run(SCENE.title, &check, Ran { exit: 0, lines: &[AGREES] }).await?;
    for _ in 1..MOST_LOOKS {
        if counted.unexpected.is_empty() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        counted = stage.run(SCENE.title, &check, Ran { exit: 0, lines: &[AGREES] }).await?;
    }
    let report =
        [&["usage", "report", "--period", &month, "--by", "caller,action,purpose"][..], &at].concat();
    let told = ["User::\"alice\"", "createOrder", "checkout", "receiptUploaded", "bookkeeping"];
    let invoice =
        [&["usage", "invoice", "--period", &month, "--caller", "User::\"alice\""][..], &at].concat();
    let priced = ["action createOrder", "EUR, to pay"];
    let rebuild = [&["usage", "rebuild"][..], &at].concat();
    let mut acts = vec![
        counted,
        stage.run(SCENE.title, &report, Ran { exit: 0, lines: &told }).await?,
        stage.run(SCENE.title, &invoice, Ran { exit: 0, lines: &priced }).await?,
    ];
    for _ in 0..2 {
        acts.push(stage.run(SCENE.title, &rebuild, Ran { exit: 0, lines: &[AGREES] }).await?);
    }
    Ok(acts)
}
