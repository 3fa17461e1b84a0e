//! One caller forgotten: a pseudonym wherever the tables name the caller, and the sums as they were.
//!
//! The rows of the ledger come first: each is written anew as its next version, which the roll-up counts under the
//! pseudonym and takes from the caller, and so does this. What the state holds beside follows. Each write depends on what
//! was read, so that it may be cut off anywhere and begun again, while calls, the roll-up and others who forget go on.

mod begun;
mod ledger;
mod look;
mod pseudonym;
mod records;
mod state;

use std::collections::BTreeSet;
use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::limit::caller_scope;
use doorward_core::ports::StoreError;
use jiff::Timestamp;

use crate::AwsClients;
use crate::ledger_rows::LedgerRows;
use crate::rollup::RollUp;

pub use look::Stays;
pub use pseudonym::Pseudonym;

/// How often both tables are gone through until nothing names the caller.
const PASSES: u32 = 5;
/// How long before a third time, and longer before each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// Forgets a caller of one door.
#[derive(Debug, Clone)]
pub struct Forget {
    client: aws_sdk_dynamodb::Client,
    ledger_table: Arc<str>,
    state_table: Arc<str>,
    ledger: LedgerRows,
    roll_up: RollUp,
    pseudonym: Pseudonym,
    /// The partition of what is the caller's own.
    scope: String,
    now: Timestamp,
}

/// How much names a caller, or did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls in the ledger.
    pub calls: usize,
    /// Blocks that hold some of them.
    pub blocks: usize,
    /// The roll-up's markers.
    pub markers: usize,
    /// Items of aggregates.
    pub aggregates: usize,
    /// Recorded decisions about the caller's calls.
    pub decisions: usize,
    /// Recorded decisions about others' calls.
    pub mentions: usize,
    /// Events in quarantine.
    pub quarantined: usize,
    /// Idempotency keys of the caller's calls.
    pub keys: usize,
    /// Changes of the caller's plan.
    pub assignments: usize,
}

/// What the tables hold of a caller, or what was changed of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// What names the caller, or did.
    pub counts: Counts,
    /// What goes on naming the caller.
    pub stays: Stays,
    /// Items that cannot be read, and may name the caller.
    pub unreadable: Vec<String>,
    /// The pseudonym that was begun with before, and not ended.
    pub begun: Option<String>,
    /// Whether calls of the caller came in again and again meanwhile, and name the caller.
    pub left: bool,
}

impl Counts {
    /// Whether nothing names the caller.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.calls += more.calls;
        self.blocks += more.blocks;
        self.markers += more.markers;
        self.aggregates += more.aggregates;
        self.decisions += more.decisions;
        self.mentions += more.mentions;
        self.quarantined += more.quarantined;
        self.keys += more.keys;
        self.assignments += more.assignments;
    }
}

impl Forget {
    /// Forgets the pseudonym's caller in the tables that begin with `table`; `now` says what has expired.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str, pseudonym: Pseudonym, now: Timestamp) -> Self {
        Self {
            client: clients.dynamodb.clone(),
            ledger_table: format!("{table}-ledger").into(),
            state_table: format!("{table}-state").into(),
            ledger: LedgerRows::new(clients, table),
            roll_up: RollUp::new(clients, table),
            scope: caller_scope(pseudonym.caller()),
            pseudonym,
            now,
        }
    }

    /// What names the caller. This reads both tables, and writes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when a table does not answer.
    pub async fn survey(&self) -> Result<Forgotten, StoreError> {
        let mut unreadable = Vec::new();
        let mut counts = self.rows(false, &mut unreadable).await?;
        let look = self.look().await?;
        counts += look.counts();
        unreadable.extend(look.unreadable);
        Ok(Forgotten { counts, stays: look.stays, unreadable, begun: look.begun, left: false })
    }

    /// Keeps the pseudonym until [`Self::end`], so that it is the same one for whoever begins again before; and the one
    /// that counts from here on, which is that of whoever began first.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer, or holds something else in its place.
    pub async fn begin(&mut self) -> Result<&Pseudonym, StoreError> {
        let begun = self.write_begun().await?;
        let read = Pseudonym::read(self.pseudonym.caller(), &begun);
        self.pseudonym =
            read.ok_or_else(|| StoreError("the pseudonym that was begun with is none".to_owned()))?;
        Ok(&self.pseudonym)
    }

    /// Puts the pseudonym wherever the tables name the caller.
    ///
    /// # Errors
    /// [`StoreError`] when a table does not answer; what was done by then stays, and the next time goes on from there.
    pub async fn tables(&self) -> Result<Forgotten, StoreError> {
        let mut done = Forgotten::default();
        let mut unreadable = BTreeSet::new();
        for pass in 1..=PASSES {
            if pass > 2 {
                tokio::time::sleep(FIRST_WAIT * (pass - 2)).await;
            }
            let mut unread = Vec::new();
            let rows = self.rows(true, &mut unread).await?;
            let look = self.look().await?;
            unread.extend(look.unreadable.iter().cloned());
            done.stays = look.stays.clone();
            let found = look.counts();
            let finished = self.finish_blocks(&look, &mut unread).await?;
            let is_clean = rows.is_zero() && found.is_zero() && !look.unending && finished == 0;
            done.counts += rows;
            done.counts.markers += finished;
            if !is_clean {
                let pause = self.roll_up.pause().await?;
                let changed = self.change_state(look, &pause, &mut unread).await;
                // Whatever came of it.
                let ended = pause.end().await;
                done.counts += changed?;
                ended?;
            }
            unreadable.extend(unread);
            done.left = !is_clean;
            if is_clean {
                break;
            }
        }
        done.unreadable = unreadable.into_iter().collect();
        Ok(done)
    }

    /// Lets go of the pseudonym: nothing leads from the caller to it afterwards.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn end(&self) -> Result<(), StoreError> {
        self.delete_begun().await
    }
}
