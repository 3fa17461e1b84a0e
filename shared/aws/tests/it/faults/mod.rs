//! Every port over DynamoDB under every fault: nothing is lost, nothing counts twice, nothing is admitted beyond its
//! limit, and whoever asks is answered after a bounded number of attempts.

mod entities;
mod idempotency;
mod keys;
mod ledger;
mod limits;
mod once;
mod publications;

use std::time::Duration;

use doorward_testkit::fault_proxy::{Fault, Operation, rules};
use tokio::task::JoinSet;

use crate::store::Store;

/// How often in a row a fault is met: once, twice, and for as long as anybody asks.
const IN_A_ROW: [usize; 3] = [1, 2, 1000];
/// What the SDK sends of one operation at most.
const ATTEMPTS: usize = 3;
/// How long an answer is waited for: what is held is given up after it, and what is carried out beside all other tests
/// has its time.
const ATTEMPT: Duration = Duration::from_secs(2);
/// Longer than all attempts and the pauses between them, so that their number is the only bound.
const OPERATION: Duration = Duration::from_secs(30);
/// Several operations of a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A store whose next requests for one operation meet one fault.
pub(crate) struct Case {
    pub(crate) store: Store,
    pub(crate) fault: Fault,
    pub(crate) name: String,
    operation: &'static str,
    in_a_row: usize,
}

impl Case {
    /// From now on requests meet the fault.
    pub(crate) fn begin(&self) {
        self.store.asked();
        let faults = vec![self.fault.clone(); self.in_a_row];
        self.store.proxy.rule(rules::next(rules::is(self.operation), faults));
    }

    /// The faults are over, and what was under way is done: everything that was asked since the beginning.
    pub(crate) async fn end(&self) -> Vec<Operation> {
        self.store.proxy.clear();
        self.store.proxy.settled().await;
        self.store.proxy.take()
    }

    /// What is asked, within its time.
    pub(crate) async fn answer<T>(&self, asked: impl Future<Output = T>) -> T {
        let answer = tokio::time::timeout(PATIENCE, asked).await;
        answer.unwrap_or_else(|_| panic!("{}: no answer", self.name))
    }

    /// Whether the fault may pass while the SDK tries again.
    pub(crate) fn passes(&self) -> bool {
        self.in_a_row < ATTEMPTS
    }
}

/// How often `operation` was asked for, and how often it was carried out.
pub(crate) fn counted(operations: &[Operation], operation: &str) -> (usize, usize) {
    let of = || operations.iter().filter(|one| one.asked.operation == operation);
    (of().count(), of().filter(|one| one.status == Some(200)).count())
}

/// Tries `test` with every fault of `operation`, once, twice and always, all at once.
pub(crate) async fn each<F>(operation: &'static str, test: impl Fn(Case) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut cases = Vec::new();
    for fault in Fault::ALL {
        for in_a_row in IN_A_ROW {
            let name = format!("{operation} {} × {in_a_row}", fault.name());
            let mut store = Store::start().await;
            store.clients = store.clients.with_store_timeouts(ATTEMPT, OPERATION);
            cases.push(Case { store, fault: fault.clone(), name, operation, in_a_row });
        }
    }
    // Making tables is work, which would take the time of cases that are under way.
    let mut running: JoinSet<()> = cases.into_iter().map(test).collect();
    while let Some(ended) = running.join_next().await {
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic.into_panic());
        }
    }
}
