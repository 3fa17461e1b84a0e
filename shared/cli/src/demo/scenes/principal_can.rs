use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ran, Stage};
use crate::output::Failure;

/// What may she do at all? Listed from the policies, without a call.
pub(crate) const SCENE: Scene = Scene {
    title: "An operator asks what a customer may do, and what a bucket may",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let alice = ["policy", "can", "User::\"alice\"", "--group", "customers"];
    let told = [
        "createOrder on Function::\"orders\"",
        "by customers-order-up-to-1000 when { context.input.total <= 100000 }",
        "getOrder on any Order",
    ];
    let suspended = ["policy", "can", "User::\"alice\"", "--group", "suspended"];
    let bucket = ["policy", "can", "EventSource::\"bucket:receipts\""];
    Ok(vec![
        stage.run(SCENE.title, &alice, Ran { exit: 0, lines: &told }).await?,
        stage
            .run(
                SCENE.title,
                &suspended,
                Ran { exit: 2, lines: &["suspended-may-nothing forbids it always"] },
            )
            .await?,
        stage
            .run(SCENE.title, &bucket, Ran { exit: 0, lines: &["receiptUploaded on Function::\"receipts\""] })
            .await?,
    ])
}
