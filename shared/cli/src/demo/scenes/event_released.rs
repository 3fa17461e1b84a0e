use std::time::Duration;

use doorward_aws::DynamoQuarantine;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ran, Stage};
use crate::output::Failure;

/// What came while an action was switched off is kept, and goes through the whole door when it is released.
pub(crate) const SCENE: Scene = Scene {
    title: "An event is kept while its action is off, and released later",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

/// Between two looks at what running doors have not looked at yet, and how many there are: twenty seconds.
const PAUSE: Duration = Duration::from_millis(500);
const MOST: usize = 40;

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let project = stage.project.to_string_lossy();
    let dynamodb = stage.door.emulator.dynamodb_url();
    let lambda = stage.door.emulator.lambda_url();
    let at = ["--path", &project, "--dynamodb-url", dynamodb];
    let off = [&["plans", "switch", "off", "--action", "stockChanged", "--reason", "stocktaking"][..], &at]
        .concat();
    let on = [&["plans", "switch", "on", "--action", "stockChanged"][..], &at].concat();
    let told = "`action#stockChanged` is switched off";
    let mut acts = vec![stage.run(SCENE.title, &off, Ran { exit: 0, lines: &[told] }).await?];
    let emit = [
        "emit",
        "--lambda-url",
        lambda,
        "eventbridge",
        "--source",
        "warehouse.stock",
        "--type",
        "StockChanged",
    ];
    acts.push(until(stage, &emit, Ran { exit: 2, lines: &["throttled (stockChanged)"] }).await?);
    acts.push(stage.run(SCENE.title, &on, Ran { exit: 0, lines: &[] }).await?);

    let quarantine = DynamoQuarantine::new(&stage.door.clients, &stage.door.table);
    let kept = quarantine.list(usize::MAX).await.map_err(Failure::new)?;
    let code = Some("rate-limited");
    let kept = kept
        .into_iter()
        .find(|item| item.action.as_deref() == Some("stockChanged") && item.code.as_deref() == code);
    let call = kept.map(|item| item.call).unwrap_or_default();
    let list = [&["quarantine", "list", "--action", "stockChanged"][..], &at].concat();
    acts.push(stage.run(SCENE.title, &list, Ran { exit: 0, lines: &[&call] }).await?);
    let release = [&["quarantine", "release", &call, "--lambda-url", lambda][..], &at].concat();
    acts.push(until(stage, &release, Ran { exit: 0, lines: &["is out of quarantine"] }).await?);
    Ok(acts)
}

/// Runs the command until it says so: doors look for switches once in their refresh interval.
async fn until(stage: &Stage, arguments: &[&str], expected: Ran<'_>) -> Result<Act, Failure> {
    let Ran { exit, lines } = expected;
    let mut act = stage.run(SCENE.title, arguments, Ran { exit, lines }).await?;
    for _ in 1..MOST {
        if act.unexpected.is_empty() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        act = stage.run(SCENE.title, arguments, Ran { exit, lines }).await?;
    }
    Ok(act)
}
