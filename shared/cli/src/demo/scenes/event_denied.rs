use doorward_aws::DynamoQuarantine;

use crate::demo::act::{Act, Verdict};
use crate::demo::scene::Scene;
use crate::demo::stage::{Emitted, Stage};
use crate::output::Failure;

/// An upload that no policy permits is kept with its reason, and its target never hears of it.
pub(crate) const SCENE: Scene =
    Scene { title: "Something else is uploaded to S3", in_tour: true, play: |stage| Box::pin(play(stage)) };

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let key = "inbox/invoice.exe";
    let Emitted { asked, answered, explanation } = stage.emit_s3(key, "0066F5C2A1B3D4E600").await?;
    let mut why = explanation.lines();
    let call = explanation.row.as_ref().map(|row| row.call.clone()).unwrap_or_default();
    let quarantine = DynamoQuarantine::new(&stage.door.clients, &stage.door.table);
    let item = quarantine.get(&call).await.map_err(Failure::new)?;
    let mut verdict = Verdict::default();
    verdict.same("the outcome", explanation.outcome(), "denied");
    verdict.same("how often the target was called", stage.booked(key), 0);
    verdict.same(
        "the code in quarantine",
        item.as_ref().and_then(|item| item.code.as_deref()),
        Some("forbidden"),
    );
    if let Some(item) = item {
        let cause = item.cause.unwrap_or_default();
        why.push(format!("quarantine: `{}` is kept, {} ({cause})", item.call, item.code.unwrap_or_default()));
    }
    Ok(vec![Act { scene: SCENE.title, asked, answered, why, unexpected: verdict.into_differences() }])
}
