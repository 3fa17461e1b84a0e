use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::Value;

use super::run::TIMEOUT;
use super::traffic::{Delivery, Traffic};
use crate::fleet::process::Process;
use crate::fleet::runtime_api::Answer;

/// Three more deliveries of each, of which one has the id of the first, as those of the platform's own retries do.
pub(super) async fn replay(
    survivor: &Process,
    traffic: &Traffic,
    run: &str,
    random: &mut Rng,
) -> Vec<(Delivery, Answer)> {
    let again: Vec<&Delivery> =
        traffic.deliveries.iter().filter(|one| one.kind.comes_again() && !one.is_twin).collect();
    let mut copies: Vec<(String, &Value)> = again
        .iter()
        .flat_map(|one| {
            [one.id.clone(), format!("{}-a", one.id), format!("{}-b", one.id)].map(|id| (id, &one.event))
        })
        .collect();
    // The platform tries each invocation again, the second of two as well.
    let twins = traffic.deliveries.iter().filter(|one| one.is_twin);
    copies.extend(twins.map(|one| (one.id.clone(), &one.event)));
    random.shuffle(&mut copies);
    for copies in copies.chunks(random.usize(1..=4)) {
        join_all(copies.iter().map(|(id, event)| survivor.invoke(id, event, TIMEOUT))).await;
    }
    let mut last = Vec::new();
    for delivery in again {
        let answer = survivor.invoke(&format!("{}-last", delivery.id), &delivery.event, TIMEOUT).await;
        assert_ne!(answer, Answer::Lost, "{run}: the other process is gone");
        last.push((delivery.clone(), answer));
    }
    last
}
