use std::time::Duration;

use doorward_model::Call;

use crate::claim::within;
use crate::door::Door;
use crate::ports::{BatchedCall, StoreError};

/// What a call that has time enough leaves of it to an older call's record.
const LONGEST_OVERDUE: Duration = Duration::from_secs(1);
/// What is kept of the platform's time to hand the answer over.
const ANSWER: Duration = Duration::from_millis(100);

impl Door {
    /// Holds `call` until it is written with others. The call that makes them as many as a block holds waits for the
    /// block, as does every call once the sandbox is told to end; where that cannot be written, this call is not recorded,
    /// and all others stay held.
    pub(crate) async fn write_batched(&self, call: &Call, time: Option<Duration>) -> Result<(), StoreError> {
        let most = self.rules.config().door.batch;
        let now = self.ports.clock.now();
        let place = self.batch.hold(BatchedCall::new(call, self.expiry(call), now));
        if !self.batch.is_full(most) && !self.closing.is_announced() {
            return Ok(());
        }
        match within(time, self.batch.flush(self.ports.ledger.as_ref(), most)).await {
            Ok(()) => Ok(()),
            Err(error) if self.batch.take_back(place) => Err(error),
            // Another call's write took it along.
            Err(_) => Ok(()),
        }
    }

    /// Writes `call`, and all that wait with it, to the log.
    pub(crate) async fn journal_batched(&self, call: &Call) -> Result<(), StoreError> {
        let place = self.batch.hold(BatchedCall::new(call, self.expiry(call), self.ports.clock.now()));
        let journaled = self.batch.journal(self.ports.journal.as_ref(), self.rules.config().door.batch).await;
        match journaled {
            Err(error) if self.batch.take_back(place) => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes what has waited for longer than `[door] refresh`, at the end of whatever call finds it so. This call does
    /// not depend on it: what cannot be written waits on.
    pub(crate) async fn write_overdue(&self, call: &Call) {
        let now = self.ports.clock.now();
        let door = &self.rules.config().door;
        if !self.batch.falls_due(door.refresh, now) {
            return;
        }
        let time = call.time_left(now, ANSWER).into_iter().chain([LONGEST_OVERDUE]).min();
        if let Err(error) = within(time, self.batch.flush(self.ports.ledger.as_ref(), door.batch)).await {
            self.ports.journal.complain(call, &format!("calls wait to be written: {error}"));
        }
    }

    /// Writes everything that waits within `time`, else to the log.
    pub(crate) async fn write_batch(&self, time: Duration) {
        let most = self.rules.config().door.batch;
        if within(Some(time), self.batch.flush(self.ports.ledger.as_ref(), most)).await.is_err() {
            // Nobody is left to tell of what cannot be written there either.
            let _ = self.batch.journal(self.ports.journal.as_ref(), most).await;
        }
    }
}
