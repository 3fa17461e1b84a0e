//! Batches that are larger than the time for them: nothing is claimed that cannot be sent and recorded.

use std::collections::HashSet;
use std::time::Duration;

use doorward_core::EventAnswer;
use doorward_model::{Inbound, Outcome};

use crate::batches::Source;

/// Delivers `count` records, and whatever comes again, until nothing does, each time to a function that has 30 s; every store
/// takes `latency` for an answer. How many deliveries that takes.
async fn deliver(front: &str, sender: &str, count: usize, latency: Duration) -> usize {
    let source = Source::of(front);
    let world = &source.world;
    world.clock.follow_tokio();
    world.ledger.switch.slow(latency);
    world.limits.switch.slow(latency);
    let ids: Vec<String> = (0..count).map(|nth| format!("{nth:05}")).collect();
    let mut waiting = ids.clone();
    let mut sent: Vec<String> = Vec::new();
    for delivery in 1..=100 {
        let deadline = world.now() + Duration::from_secs(30);
        let records: Vec<Inbound> = waiting
            .iter()
            .map(|id| {
                let invocation = format!("invocation-{delivery}");
                Inbound { deadline, invocation, ..source.record(id, sender) }
            })
            .collect();
        let answers = world.door.serve_batch(&records, source.order()).await;
        assert!(world.now() < deadline, "{front}: it ends in time");
        let done: Vec<&String> = waiting
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| matches!(answer, EventAnswer::Done(_)))
            .map(|(id, _)| id)
            .collect();
        assert!(!done.is_empty(), "{front}: each delivery gets on");
        let given = world.targets.batches().concat();
        let (mut got, mut owed): (Vec<_>, Vec<_>) = (given.iter().collect(), done.clone());
        if source.order() == doorward_model::BatchOrder::None {
            got.sort();
            owed.sort();
        }
        assert_eq!(got, owed, "{front}: the target gets all that was claimed");
        // Whatever comes again was not touched.
        assert_eq!(world.ledger.rows().len(), sent.len() + done.len(), "{front}");
        sent.extend(given);
        waiting = waiting
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| !matches!(answer, EventAnswer::Done(_)))
            .map(|(id, _)| id.clone())
            .collect();
        if waiting.is_empty() {
            assert_eq!(sent.len(), count, "{front}");
            assert_eq!(sent.iter().collect::<HashSet<_>>().len(), count, "{front}: nothing runs twice");
            assert!(world.quarantine.items().is_empty(), "{front}");
            assert!(world.ledger.rows().values().all(|row| row.call.outcome == Outcome::Admitted));
            return delivery;
        }
    }
    panic!("{front}: {} are left", waiting.len());
}

#[tokio::test(start_paused = true)]
async fn three_thousand_records_and_a_slow_store_are_done_once_each() {
    let ms = Duration::from_millis;
    assert_eq!(deliver("queue:payments", "good", 3000, ms(10)).await, 1);
    assert!(deliver("queue:payments", "good", 3000, ms(150)).await > 1);
    assert!(deliver("queue:payments.fifo", "good", 3000, ms(10)).await > 1);
    assert!(deliver("stream:clicks", "a", 3000, ms(10)).await > 1);
}

#[tokio::test(start_paused = true)]
async fn records_that_go_alone_have_their_end_one_by_one() {
    assert!(deliver("queue:payments", "later", 3000, Duration::from_millis(150)).await > 1);
}
