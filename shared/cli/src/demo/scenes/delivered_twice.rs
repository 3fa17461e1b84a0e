use crate::demo::act::{Act, Verdict};
use crate::demo::scene::Scene;
use crate::demo::stage::Stage;
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
    let mut rows = Vec::new();
    for outcome in ["admitted", "repeated"] {
        let (id, explanation) = stage.emit_s3(key, sequencer).await?;
        let mut verdict = Verdict::default();
        verdict.same("the outcome", explanation.outcome(), outcome);
        verdict.same("how often the target was called", stage.booked(key), 1);
        rows.extend(explanation.row.as_ref().map(|row| row.call.clone()));
        verdict.holds(
            "both deliveries have one ledger row",
            rows.windows(2).all(|pair| pair.first() == pair.last()),
        );
        acts.push(Act {
            scene: SCENE.title,
            asked: format!("doorward emit s3 --bucket receipts --key {key} --sequencer {sequencer}"),
            answered: format!("taken as request {id}"),
            why: explanation.lines(),
            unexpected: verdict.into_differences(),
        });
    }
    Ok(acts)
}
