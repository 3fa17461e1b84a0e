use crate::demo::act::{Act, Verdict};
use crate::demo::scene::Scene;
use crate::demo::stage::{Emitted, Stage};
use crate::output::Failure;

/// An upload that a policy permits reaches its target in S3's own form.
pub(crate) const SCENE: Scene =
    Scene { title: "A receipt is uploaded to S3", in_tour: true, play: |stage| Box::pin(play(stage)) };

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let key = "inbox/march.pdf";
    let Emitted { asked, answered, explanation } = stage.emit_s3(key, "0066F5C2A1B3D4E5F6").await?;
    let why = explanation.lines();
    let mut verdict = Verdict::default();
    verdict.same("the outcome", explanation.outcome(), "admitted");
    verdict.holds(
        "a policy permits it",
        why.iter().any(|line| line.contains("allow by receipts-are-small-pdfs")),
    );
    verdict.same("how often the target was called", stage.booked(key), 1);
    Ok(vec![Act { scene: SCENE.title, asked, answered, why, unexpected: verdict.into_differences() }])
}
