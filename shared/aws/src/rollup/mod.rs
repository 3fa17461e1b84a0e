//! The ledger summed up: from its stream to the aggregates in `<table>-state`, each row once
//! (`doorward_core::usage` works out what is written).

mod entry;
mod marker;
mod marks;
mod pause;
mod rebuild;
mod renaming;
mod start;
mod state;
mod stream;
mod transaction;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use doorward_core::ports::StoreError;
use doorward_core::usage::{Batch, Entry, Marks, Step, Trust, pack};
use tokio::time::Instant;

use crate::AwsClients;
use marks::Found;
use transaction::{MOST_WRITES, Sent, Spread};

pub use entry::UncountableError;
pub(crate) use entry::{contribution, of_row};
pub use pause::Pause;
pub(crate) use rebuild::is_past;
pub use rebuild::{Difference, Origin, Rebuild, Rebuilt, Repair};
pub(crate) use renaming::Named;
pub use start::open_rollup;
pub use stream::RolledUp;

/// How often what others keep from being written is tried.
const ROUNDS: u32 = 8;
/// How long before the first of these tries, doubled for each further one; half of it by chance.
const FIRST_WAIT: Duration = Duration::from_millis(20);
/// How many items a row has at most that many write to at once.
const MOST_SPREAD: u8 = 15;

/// Sums up the ledger of one door.
#[derive(Debug, Clone)]
pub struct RollUp {
    client: aws_sdk_dynamodb::Client,
    ledger: Arc<str>,
    state: Arc<str>,
}

/// What became of entries.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Those whose every part is counted: how many markers moved for it.
    pub(crate) moved: usize,
    /// The ids of those that are not, and may be when they come again; and why, of the last.
    pub(crate) left: Vec<String>,
    pub(crate) cause: Option<StoreError>,
    /// Ids of those that cannot be counted, however often they come, with the reason.
    pub(crate) refused: Vec<(String, String)>,
}

impl RollUp {
    /// The roll-up of the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self {
            client: clients.dynamodb.clone(),
            ledger: format!("{table}-ledger").into(),
            state: format!("{table}-state").into(),
        }
    }

    /// Counts entries, at most one of each id, until `deadline`.
    pub(crate) async fn settle(&self, entries: Vec<Entry>, trust: Trust, deadline: Instant) -> Settled {
        let mut work = Work { trust, ..Work::new(entries) };
        let mut waits = 0;
        while !work.entries.is_empty() {
            let progress = match self.round(&mut work).await {
                Ok(progress) => progress,
                Err(error) => {
                    work.settled.cause = Some(error);
                    false
                }
            };
            if work.entries.is_empty() || Instant::now() >= deadline {
                break;
            }
            // What went on goes on: the parts of a block come one after the other.
            if !progress {
                waits += 1;
                if waits >= ROUNDS {
                    break;
                }
                wait(waits, deadline).await;
            }
        }
        work.finish()
    }

    /// Reads markers, and takes the steps that they allow; whether any was taken.
    async fn round(&self, work: &mut Work) -> Result<bool, StoreError> {
        self.read_marks(work).await?;
        let mut alone = Vec::new();
        let mut together = Vec::new();
        for (entry, marks) in work.entries.values() {
            let steps = entry.steps(marks.as_ref().unwrap_or(&Marks::new()), work.trust);
            let into = if work.alone.contains(&entry.id) { &mut alone } else { &mut together };
            into.extend(steps);
        }
        let alone = alone.into_iter().flat_map(|step| pack(vec![step], MOST_WRITES));
        let mut progress = false;
        for batch in alone.chain(pack(together, MOST_WRITES)).collect::<Vec<_>>() {
            let sent = transaction::send(&self.client, &self.state, &batch, &work.spread, work.trust).await;
            progress |= work.note(batch, sent);
        }
        let trust = work.trust;
        work.entries.retain(|_, (entry, marks)| {
            marks.as_ref().is_none_or(|marks| !entry.steps(marks, trust).is_empty())
        });
        Ok(progress)
    }

    /// Reads the markers of entries whose markers are not known.
    async fn read_marks(&self, work: &mut Work) -> Result<(), StoreError> {
        let unknown = work.entries.values().filter(|(_, marks)| marks.is_none());
        let keys = unknown.flat_map(|(entry, _)| (0..entry.parts()).map(|part| (entry.id.clone(), part)));
        let keys: Vec<(String, usize)> = keys.collect();
        let Found { mut marks, broken } = marks::read(&self.client, &self.state, keys).await?;
        // A row that had more parts once than it has now.
        let more = marks.iter().flat_map(|(id, own)| {
            let known = work.entries.get(id).map_or(0, |(entry, _)| entry.parts());
            let parts = own.get(&0).map_or(0, |first| first.parts);
            (known..parts).map(|part| (id.clone(), part))
        });
        let more = marks::read(&self.client, &self.state, more.collect()).await?;
        for (id, own) in more.marks {
            marks.entry(id).or_default().extend(own);
        }
        for (entry, known) in work.entries.values_mut().filter(|(_, marks)| marks.is_none()) {
            *known = Some(marks.remove(&entry.id).unwrap_or_default());
        }
        for id in broken.into_iter().chain(more.broken) {
            if work.entries.remove(&id).is_some() {
                work.settled.refused.push((id, "its marker cannot be read".to_owned()));
            }
        }
        Ok(())
    }
}

/// What is still to be counted.
struct Work {
    trust: Trust,
    /// With its markers, where they are known.
    entries: BTreeMap<String, (Entry, Option<Marks>)>,
    /// Entries of which one is refused, and which go one by one.
    alone: BTreeSet<String>,
    spread: Spread,
    settled: Settled,
}

impl Work {
    fn new(entries: Vec<Entry>) -> Self {
        let entries = entries.into_iter().map(|entry| (entry.id.clone(), (entry, None))).collect();
        Self {
            trust: Trust::Marks,
            entries,
            alone: BTreeSet::new(),
            spread: Spread::new(),
            settled: Settled::default(),
        }
    }

    /// Takes up what became of a batch; whether something did.
    fn note(&mut self, batch: Batch, sent: Sent) -> bool {
        match sent {
            Sent::Applied => {
                self.settled.moved += batch.steps.len();
                for Step { id, part, mark, .. } in batch.steps {
                    if let Some((_, Some(marks))) = self.entries.get_mut(&id) {
                        marks.insert(part, mark);
                    }
                }
                return true;
            }
            Sent::Refused(cause) => match batch.steps.as_slice() {
                [step] => {
                    self.entries.remove(&step.id);
                    self.settled.refused.push((step.id.clone(), cause));
                    return true;
                }
                steps => {
                    self.alone.extend(steps.iter().map(|step| step.id.clone()));
                    return true;
                }
            },
            Sent::Busy(rows) => {
                self.settled.cause = Some(StoreError("others write to the same rows".to_owned()));
                self.spread.extend(rows.into_iter().map(|row| (row, fastrand::u8(1..=MOST_SPREAD))));
            }
            Sent::Moved => {
                self.settled.cause = Some(StoreError("another roll-up counts the same calls".to_owned()));
            }
            Sent::Unknown(cause) => self.settled.cause = Some(StoreError(cause)),
        }
        // What was read of their markers may hold no more.
        for step in batch.steps {
            if let Some((_, marks)) = self.entries.get_mut(&step.id) {
                *marks = None;
            }
        }
        false
    }

    fn finish(self) -> Settled {
        let left: Vec<String> = self.entries.into_keys().collect();
        let cause = self.settled.cause.filter(|_| !left.is_empty());
        Settled { left, cause, ..self.settled }
    }
}

async fn wait(times: u32, deadline: Instant) {
    let most = FIRST_WAIT * 2_u32.saturating_pow(times.saturating_sub(1));
    let wait = most.mul_f64(0.5 + fastrand::f64() / 2.0);
    tokio::time::sleep_until((Instant::now() + wait).min(deadline)).await;
}
