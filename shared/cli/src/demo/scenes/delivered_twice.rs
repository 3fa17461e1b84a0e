use crate::demo::act::{Act, Verdict};
use crate::demo::scene::Scene;
use crate::demo::stage::{Emitted, Stage};
use crate::output::Failure;

/// S3 delivers at least once; the door passes on once.
pub(crate) const SCENE: Scene = Scene {
    title: "The same receipt is delivered twice",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let (key, sequencer) = ("inbox/april.pdf", "0066F5C2A1B3D4E700");
    let mut acts = Vec::new();
    let mut first_row = None;
    for outcome in ["admitted", "repeated"] {
        let Emitted { asked, answered, explanation } = stage.emit_s3(key, sequencer).await?;
        let row = explanation.row.as_ref().map(|row| row.call.clone());
        let mut verdict = Verdict::default();
        verdict.same("the outcome", explanation.outcome(), outcome);
        verdict.same("how often the target was called", stage.booked(key), 1);
        verdict.holds("the ledger has a row", row.is_some());
        verdict.same("the ledger's row", &row, first_row.get_or_insert_with(|| row.clone()));
        acts.push(Act {
            scene: SCENE.title,
            asked,
            answered,
            why: explanation.lines(),
            unexpected: verdict.into_differences(),
        });
    }
    Ok(acts)
}
