//! What becomes of a batch: in order, again, in halves, and in the end without those that fail for good.

use super::batch::Record;
use super::report;
use super::target::Outcome;
use crate::options::StreamMapping;

/// What a delivery needs of the world.
pub(super) trait World {
    /// Invokes the function with these records.
    async fn invoke(&mut self, records: &[Record]) -> Outcome;
    /// Waits before the attempt of this number, from 1; `false` where there is none, because all ends.
    async fn wait(&mut self, attempt: u32) -> bool;
    /// Records are given up after so many invocations, for this reason: what an on-failure destination hears.
    fn discard(&mut self, records: &[Record], invocations: u32, why: &str);
}

/// Hands `batch` over until each of its records is done with or given up, in their order; `false` where all ends before.
pub(super) async fn deliver(mapping: &StreamMapping, batch: Vec<Record>, world: &mut impl World) -> bool {
    // The next one last.
    let mut waiting: Vec<(Vec<Record>, u32)> = vec![(batch, 0)];
    while let Some((mut records, attempt)) = waiting.pop() {
        if attempt > 0 && !world.wait(attempt).await {
            return false;
        }
        let why = match judge(mapping, &records, world.invoke(&records).await) {
            Verdict::Done => continue,
            Verdict::From(place, why) => {
                // Those before it are done with. The batch is cut there, in halves or not.
                records.drain(..place);
                why
            }
            Verdict::Failed(_) if mapping.bisect_batch_on_function_error && records.len() > 1 => {
                let second = records.split_off(records.len() / 2);
                waiting.push((second, attempt));
                waiting.push((records, attempt));
                continue;
            }
            Verdict::Failed(why) => why,
        };
        match mapping.maximum_retry_attempts {
            Some(most) if attempt >= most => world.discard(&records, attempt.saturating_add(1), &why),
            _ => waiting.push((records, attempt.saturating_add(1))),
        }
    }
    true
}

enum Verdict {
    Done,
    /// From this record on.
    From(usize, String),
    /// As a whole.
    Failed(String),
}

/// What an answer means where item failures are reported
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>).
fn judge(mapping: &StreamMapping, records: &[Record], outcome: Outcome) -> Verdict {
    let answer = match outcome {
        Outcome::Failed(why) | Outcome::Refused(why) => return Verdict::Failed(why),
        Outcome::Answered(_) if !mapping.report_batch_item_failures => return Verdict::Done,
        Outcome::Answered(answer) => answer,
    };
    let Some(failures) = report::failures(&answer) else {
        return Verdict::Failed("the answer is no report of item failures".to_owned());
    };
    let mut first = None;
    for failure in failures {
        let place = records.iter().position(|record| record.id == failure);
        match place {
            Some(place) => first = Some(first.map_or(place, |first: usize| first.min(place))),
            None => return Verdict::Failed("the answer reports a record that was not there".to_owned()),
        }
    }
    match first {
        None => Verdict::Done,
        Some(place) => Verdict::From(place, "the function reports it as failed".to_owned()),
    }
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
