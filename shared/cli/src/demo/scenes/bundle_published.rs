use std::path::Path;
use std::time::Duration;

use doorward_aws::DynamoPublications;
use doorward_core::ports::Publications as _;
use doorward_core::{Archive, Bundle, Publication, Rules};
use http::Method;
use serde_json::{Value, json};

use crate::bundle::publish::Store;
use crate::demo::act::{Act, Verdict};
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::endpoint::Dynamodb;
use crate::output::Failure;
use crate::project::Project;

/// A policy that comes by publication, and goes by roll-back; the door runs on.
pub(crate) const SCENE: Scene = Scene {
    title: "A published bundle that a running door takes up, and a roll-back",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

/// Between two calls while the door has not looked yet, and how many there are: half a minute.
const PAUSE: Duration = Duration::from_millis(250);
const MOST_CALLS: usize = 120;

const CLOSED: &str = r#"@id("orders-are-closed")
forbid (principal, action == Action::"createOrder", resource);
"#;

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let dora = stage.token("dora", &["customers"])?;
    let open = Project::open(&stage.project)?;
    let closed = Project::open(&closed(stage, &open)?)?;
    let dynamodb = Dynamodb::at(stage.door.emulator.dynamodb_url());
    let store = Store::of(&open.rules.config().door, &dynamodb)?;

    let first = store.publish(&open).await?.publication;
    let mut acts = vec![published(stage, "", &first).await?];
    acts.push(order(stage, &dora, 201, "admitted", &["allow by customers-order-up-to-1000"]).await?);

    let second = store.publish(&closed).await?.publication;
    acts.push(published(stage, &format!(" {}", shown(&closed.config)), &second).await?);
    let mut refused = order(stage, &dora, 403, "denied", &["at permit", "deny by orders-are-closed"]).await?;
    taken_up(stage, &second, &mut refused);
    acts.push(refused);

    let third = store.publish_anew(&first.digest).await?.publication;
    acts.push(published(stage, &format!(" --digest {}", first.short_digest()), &third).await?);
    let mut admitted =
        order(stage, &dora, 201, "admitted", &["allow by customers-order-up-to-1000", "ledger:"]).await?;
    taken_up(stage, &third, &mut admitted);
    acts.push(admitted);
    Ok(acts)
}

/// Packs the demo with one policy more, and says where.
fn closed(stage: &Stage, open: &Project) -> Result<std::path::PathBuf, Failure> {
    let mut bundle = Bundle::clone(&open.bundle);
    bundle.files.insert("closed.cedar".to_owned(), CLOSED.to_owned());
    let rules = Rules::compile(&bundle, |_| None).map_err(Failure::new)?;
    let file = stage.folder().join("orders-closed.tar.gz");
    let archive = Archive::pack(&bundle, &rules).map_err(Failure::new)?;
    std::fs::write(&file, archive).map_err(Failure::new)?;
    Ok(file)
}

/// Orders until the answer has this status: the door looks for publications once in its refresh interval.
async fn order(stage: &Stage, token: &str, status: u16, outcome: &str, why: &[&str]) -> Result<Act, Failure> {
    let body = json!({ "items": [{ "sku": "TEA-1", "quantity": 1 }], "total": 2100 });
    let (base, path) = (stage.function_url.as_str(), "/orders");
    let ask = Ask { base, method: Method::POST, path, token: Some(token), body: Some(body) };
    let mut answer = stage.send(&ask).await?;
    for _ in 1..MOST_CALLS {
        if answer.status == status {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        answer = stage.send(&ask).await?;
    }
    stage.judge(SCENE.title, &ask, &answer, Expect { status, outcome, why, headers: &[] }).await
}

/// What was published, held against what the table says is in force.
async fn published(stage: &Stage, what: &str, publication: &Publication) -> Result<Act, Failure> {
    let table = &stage.door.table;
    let read = DynamoPublications::new(&stage.door.clients, table).current().await.map_err(Failure::new)?;
    let mut verdict = Verdict::default();
    verdict.same("what is in force", read.as_ref(), Some(publication));
    let endpoint = stage.door.emulator.dynamodb_url();
    let (sequence, bundle) = (publication.sequence, publication.short_digest());
    Ok(Act {
        scene: SCENE.title,
        asked: format!("cargo doorward bundle publish{what} --dynamodb-url {endpoint}"),
        answered: format!("published the bundle {bundle} under number {sequence}"),
        why: vec![format!("{table}-state: number {sequence} is in force, the bundle {bundle}")],
        unexpected: verdict.into_differences(),
    })
}

/// Adds to `act` what the door itself says of taking up `publication`.
fn taken_up(stage: &Stage, publication: &Publication, act: &mut Act) {
    let taken = |line: &doorward_emulator::LogLine| {
        let said: Value = serde_json::from_str(&line.text).ok()?;
        let taken = said.get("event").is_some_and(|event| event == "bundle-taken")
            && said.get("sequence").and_then(Value::as_u64) == Some(publication.sequence);
        taken.then(|| format!("{}: goes by number {} from now on", line.source, publication.sequence))
    };
    match stage.door.emulator.logs().find(&publication.digest).iter().find_map(taken) {
        Some(said) => act.why.insert(0, said),
        None => act.unexpected.push(format!("no function took up number {}", publication.sequence)),
    }
}

/// As it is written in the project's folder.
fn shown(file: &Path) -> String {
    let parts: Vec<_> = file.iter().rev().take(3).collect();
    parts.into_iter().rev().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}
