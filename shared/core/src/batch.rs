use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorward_model::{Call, CallId};
use jiff::{SignedDuration, Timestamp};

use crate::ports::{BatchedCall, CallBlock, Journal, Ledger, StoreError};

/// Calls that were answered and are not written yet, fewer than `[door] batch` of them. They are written as one block: by
/// the call that makes them so many, or that finds the oldest of them older than `[door] refresh`, before it is answered
/// itself; and when the sandbox is told to end. A sandbox that is killed, or never thawed, takes them along.
pub(crate) struct Batch {
    /// What tells the blocks of this sandbox from those of all others.
    sandbox: String,
    held: Mutex<Held>,
    /// The number of the next block. One is written at a time.
    next_block: tokio::sync::Mutex<u64>,
}

#[derive(Default)]
struct Held {
    calls: Vec<(Place, BatchedCall)>,
    next: Place,
    /// When a call last took it upon itself to write what is overdue.
    tried: Option<Timestamp>,
}

/// Where a call stands in line.
type Place = u64;

/// A block that is there already, as an earlier write of it did get through, holds other calls than it would now: the rest
/// goes into the next one. More often in a row, it is not this sandbox's.
const MOST_STRANGE: usize = 3;

impl Batch {
    pub(crate) fn new(sandbox: String) -> Self {
        Self { sandbox, held: Mutex::default(), next_block: tokio::sync::Mutex::default() }
    }

    /// Holds `call` and says where.
    pub(crate) fn hold(&self, call: BatchedCall) -> Place {
        let mut held = self.held();
        let place = held.next;
        held.next += 1;
        held.calls.push((place, call));
        place
    }

    /// Whether no more may be held.
    pub(crate) fn is_full(&self, most: usize) -> bool {
        self.held().calls.len() >= most
    }

    /// Whether the oldest is older than `age`, and this call is the one to write it: no other tries for as long.
    pub(crate) fn falls_due(&self, age: Duration, now: Timestamp) -> bool {
        let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
        let is_past = |at: Timestamp| now.duration_since(at).abs() >= age;
        let mut held = self.held();
        let is_due =
            held.calls.first().is_some_and(|(_, call)| is_past(call.held)) && held.tried.is_none_or(is_past);
        if is_due {
            held.tried = Some(now);
        }
        is_due
    }

    /// Lets go of the call at `place`; `false` where it was written meanwhile.
    pub(crate) fn take_back(&self, place: Place) -> bool {
        let mut held = self.held();
        let before = held.calls.len();
        held.calls.retain(|(other, _)| *other != place);
        held.calls.len() < before
    }

    /// Writes everything that is held now, `most` calls in a block. What cannot be written stays held.
    pub(crate) async fn flush(&self, ledger: &dyn Ledger, most: usize) -> Result<(), StoreError> {
        let mut number = self.next_block.lock().await;
        let end = self.held().next;
        let mut strange = 0;
        loop {
            let calls = self.first(most, end);
            if calls.is_empty() {
                return Ok(());
            }
            let id = self.block(*number);
            let written = ledger.record_block(&CallBlock { id: &id, calls: &calls }).await?;
            *number += 1;
            if !self.release(&written) {
                strange += 1;
                if strange == MOST_STRANGE {
                    return Err(StoreError("the blocks of this sandbox are there already".to_owned()));
                }
            }
        }
    }

    /// Writes everything that is held now to the log, as the blocks that the ledger would hold: one that it holds after
    /// all is known there by its id.
    pub(crate) async fn journal(&self, journal: &dyn Journal, most: usize) -> Result<(), StoreError> {
        let mut number = self.next_block.lock().await;
        let end = self.held().next;
        loop {
            let calls = self.first(most, end);
            if calls.is_empty() {
                return Ok(());
            }
            let id = self.block(*number);
            journal.keep_block(&CallBlock { id: &id, calls: &calls })?;
            *number += 1;
            self.release(&calls.iter().map(|call| call.call.id.clone()).collect());
        }
    }

    fn block(&self, number: u64) -> String {
        format!("block#{}#{number}", self.sandbox)
    }

    /// The first `most` calls of those before `end`.
    fn first(&self, most: usize, end: Place) -> Vec<BatchedCall> {
        let held = self.held();
        let before = held.calls.iter().take_while(|(place, _)| *place < end);
        before.take(most).map(|(_, call)| call.clone()).collect()
    }

    /// Lets go of what is written; `false` where that is nothing.
    fn release(&self, written: &HashSet<CallId>) -> bool {
        let mut held = self.held();
        let before = held.calls.len();
        held.calls.retain(|(_, call)| !written.contains(&call.call.id));
        held.calls.len() < before
    }

    // A poisoned lock holds calls all the same.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BatchedCall {
    /// What the ledger is to hold of `call` until `expires`.
    pub(crate) fn new(call: &Call, expires: Timestamp, now: Timestamp) -> Self {
        Self { call: std::sync::Arc::new(call.clone()), expires, held: now }
    }
}
