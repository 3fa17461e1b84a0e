//! The store is away for a while, from the middle of traffic on: every call is answered within its time, none is
//! admitted, and when the store is back everything goes on and adds up.

use std::time::Duration;

use doorward_testkit::fault_proxy::{Fault, Step, rules};
use doorward_tests::workspace;
use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::Value;

use crate::fleet::Fleet;
use crate::fleet::process::Process;
use crate::fleet::requests::{KeyHolder, calls_of, upload, webhook};
use crate::fleet::runtime_api::Answer;

/// What the platform gives each invocation: far less than the store is away. An answer that comes later is lost.
const TIMEOUT: Duration = Duration::from_secs(3);
const CALLS: usize = 12;
/// What one call asks of the store at most, retries included: claim, limits and record, each three times.
const MOST_ASKED: usize = 9;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_answered_in_time_while_the_store_is_away_and_add_up_afterwards() {
    let fleet = Fleet::new(&workspace::root().join("tests/it/kill_points/doorward.toml")).await;
    let process = fleet.dispatcher(3 * CALLS).await;
    let holder = KeyHolder::new("alice", None, &mut Rng::with_seed(1));
    fleet.enrol(&holder).await;
    let first = process.invoke("first", &holder.post("/orders"), TIMEOUT).await;
    assert_eq!(first.status(), Some(201), "{first:?}");

    let calls: Vec<(String, Value)> = (0..CALLS)
        .flat_map(|at| {
            [
                (format!("plain-{at}"), holder.post("/orders")),
                (format!("hook-{at}"), webhook(&format!("hook-{at}"))),
                (format!("file-{at}"), upload(&format!("inbox/file-{at}.pdf"))),
            ]
        })
        .collect();
    // It goes away when some are done, some under way and some have yet to come.
    let away = Fault::Interrupted(Step::Committed, process.store.goes_away());
    process.store.rule(rules::nth(CALLS, |_| true, away));
    drop(process.store.take());
    let answers = deliver(&process, &calls, "").await;
    let asked = process.store.take().len();
    assert!(asked <= calls.len() * MOST_ASKED, "{asked} operations");
    for ((id, _), answer) in calls.iter().zip(&answers) {
        assert_ne!(*answer, Answer::Lost, "{id}: not answered in time");
        let admitted = answer.status() == Some(201) || *answer == Answer::Returned(Value::Null);
        let refused = answer.status() == Some(503) || matches!(answer, Answer::Failed(_));
        assert!(admitted || refused, "{id}: {answer:?}");
    }
    let refused = answers.iter().filter(|answer| answer.status() == Some(503)).count();
    assert!(refused > 0, "{answers:?}");
    // Still away: nothing is asked for ever, and nothing is admitted.
    for answer in deliver(&process, &calls, "-2").await {
        assert!(answer.status() == Some(503) || matches!(answer, Answer::Failed(_)), "{answer:?}");
    }

    process.store.clear();
    process.store.back();
    let mut unsure = 0;
    for ((id, event), before) in calls.iter().zip(&answers) {
        // Callers are not asked to try again; sources do.
        let after = if id.starts_with("plain") { before } else { &process.invoke(id, event, TIMEOUT).await };
        assert_ne!(*after, Answer::Lost, "{id}");
        unsure += check(&fleet, id, event, before, after).await;
    }
    assert!(unsure <= 1, "{unsure} calls were recorded as admitted and not answered so");
    let fresh = process.invoke("fresh", &holder.post("/orders"), TIMEOUT).await;
    assert_eq!(fresh.status(), Some(201), "{fresh:?}");
    fleet.close().await;
}

/// All at once, under ids that end so.
async fn deliver(process: &Process, calls: &[(String, Value)], end: &str) -> Vec<Answer> {
    let invoke =
        async |(id, event): &(String, Value)| process.invoke(&format!("{id}{end}"), event, TIMEOUT).await;
    join_all(calls.iter().map(invoke)).await
}

/// What was answered as admitted is recorded; events and webhooks ran once, or it is known that this is not known. How
/// many plain calls were recorded as admitted and not answered so: one whose record was under way.
async fn check(fleet: &Fleet, id: &str, event: &Value, before: &Answer, after: &Answer) -> usize {
    let (call, subject) = match id.split_once('-') {
        Some(("plain", _)) => (id.to_owned(), id.to_owned()),
        Some(("hook", _)) => {
            let Answer::Returned(reply) = after else { panic!("{id}: {after:?}") };
            let call = reply["headers"]["x-request-id"].as_str().unwrap().to_owned();
            (call.clone(), call)
        }
        _ => (calls_of(event).remove(0), format!("inbox/{id}.pdf")),
    };
    let (row, runs) = (fleet.row(&call).await, fleet.targets.runs(&subject).succeeded);
    let (admitted, said) = (row["outcome"]["S"] == "admitted", before.status() == Some(201));
    assert!(admitted || !said, "{id}: {row}");
    assert!(if admitted { runs == 1 } else { runs <= 1 }, "{id}: {runs} runs for {row}");
    if id.starts_with("plain") {
        return usize::from(admitted && !said);
    }
    let known = admitted || row["outcome"]["S"] == "unresolved";
    assert!(known, "{id}: {row}");
    0
}
