use std::collections::BTreeMap;
use std::time::Duration;

use doorward_core::usage::{Entry, Trust};
use doorward_events::dynamodb::{BrokenStreamRecord, StreamChange, StreamRecord};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{RollUp, Settled};

/// What became of the records of one invocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolledUp {
    /// The sequence numbers of records that are to come again.
    pub again: Vec<String>,
    /// How many records say nothing: removals, and older pictures of what came in the same invocation.
    pub passed_over: usize,
    /// How many markers moved.
    pub moved: usize,
    /// Why records will never be counted, however often they come, one line each. They are in the ledger still, where
    /// `doorward usage rebuild` looks for them.
    pub uncountable: Vec<String>,
}

impl RollUp {
    /// Counts what the records of the ledger's stream say, within `time`. What cannot be counted is told and does not
    /// come again: it would hold up all that stands behind it in the stream, and be no better for it.
    pub async fn roll_up(
        &self,
        records: Vec<Result<StreamRecord, BrokenStreamRecord>>,
        now: Timestamp,
        time: Duration,
    ) -> RolledUp {
        let deadline = Instant::now() + time;
        let mut newest: BTreeMap<String, (Entry, Vec<String>)> = BTreeMap::new();
        let mut done = RolledUp::default();
        for record in records {
            let (sequence, entry) = match record.map_err(|broken| broken.to_string()).and_then(|record| {
                let (id, sequence) = (record.event_id.clone(), record.sequence.clone());
                let entry = self.entry(record).map_err(|cause| format!("record {id:?}: {cause}"))?;
                Ok((sequence, entry))
            }) {
                Ok(read) => read,
                Err(cause) => {
                    done.uncountable.push(cause);
                    continue;
                }
            };
            let Some(entry) = entry else {
                done.passed_over += 1;
                continue;
            };
            match newest.get_mut(&entry.id) {
                Some((known, sequences)) => {
                    done.passed_over += 1;
                    sequences.push(sequence);
                    if entry.version > known.version {
                        *known = entry;
                    }
                }
                None => drop(newest.insert(entry.id.clone(), (entry, vec![sequence]))),
            }
        }
        let (mut entries, mut sequences) = (Vec::new(), BTreeMap::new());
        for (id, (entry, own)) in newest {
            entries.push(entry);
            sequences.insert(id, own);
        }
        let Settled { moved, left, cause, refused } = match self.rests(now).await {
            Ok(false) => self.settle(entries, Trust::Marks, deadline).await,
            Ok(true) => {
                let left = sequences.keys().cloned().collect();
                tracing::info!("the roll-up rests: it was asked to");
                Settled { left, ..Settled::default() }
            }
            Err(error) => {
                let left = sequences.keys().cloned().collect();
                Settled { left, cause: Some(error), ..Settled::default() }
            }
        };
        if let Some(cause) = cause {
            tracing::warn!(calls = left.len(), %cause, "calls are not counted yet and come again");
        }
        done.moved = moved;
        done.again = left.iter().filter_map(|id| sequences.get(id)).flatten().cloned().collect();
        done.uncountable.extend(refused.into_iter().map(|(id, cause)| format!("the row {id:?}: {cause}")));
        for cause in &done.uncountable {
            tracing::error!(
                cause,
                "a call is not counted, and will not be until `doorward usage rebuild` is run"
            );
        }
        done
    }

    /// What a record says is to be counted; nothing of a removal, which is no call.
    fn entry(&self, record: StreamRecord) -> Result<Option<Entry>, String> {
        if *record.table != *self.ledger {
            return Err("it is of another table's stream".to_owned());
        }
        let new = match record.change {
            StreamChange::Insert { new } | StreamChange::Modify { new, .. } => new,
            StreamChange::Remove { .. } => return Ok(None),
        };
        let new = new.ok_or("the stream's view leaves new images out")?;
        let same = record.keys.get("call").is_some_and(|key| new.get("call") == Some(key));
        if !same {
            return Err("its image is not of its key".to_owned());
        }
        super::entry::of_image(new).map(Some).map_err(|error| error.to_string())
    }
}
