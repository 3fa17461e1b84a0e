use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ran, Stage};
use crate::output::Failure;

/// Two accounts say the same on a bus; the account is what EventBridge attests, and decides.
pub(crate) const SCENE: Scene = Scene {
    title: "An event of a bus is decided by the account that it comes from",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let mut acts = Vec::new();
    for (account, outcome, exit) in [("123456789012", "admitted", 0), ("210987654321", "denied", 2)] {
        let arguments = [
            "emit",
            "--lambda-url",
            stage.door.emulator.lambda_url(),
            "eventbridge",
            "--source",
            "warehouse.stock",
            "--type",
            "StockChanged",
            "--detail",
            "{\"sku\":\"TEA-1\"}",
            "--account",
            account,
        ];
        let expected = format!("{outcome} (stockChanged)");
        acts.push(stage.run(SCENE.title, &arguments, Ran { exit, lines: &[&expected] }).await?);
    }
    Ok(acts)
}
