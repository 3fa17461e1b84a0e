//! A proxy on loopback before DynamoDB, or any other HTTP/1.1 endpoint on this machine, that does to requests what
//! networks and stores do to them, counts them, and says what they cost.
//!
//! It works on bytes, because what it must be able to do (a reset, an answer that ends in its middle) is below what
//! server libraries let out. It waits for no clock: what it holds, it holds until the caller gives up.

mod carry;
mod fault;
mod operation;
pub mod rules;
#[cfg(test)]
mod tests;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::http1::HttpMessage;
pub use fault::{Fault, Hook, Step};
pub use operation::{Asked, Operation, ambiguous};
use rules::Rule;

/// A running proxy, on a thread of its own; it ends when it is dropped.
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What the connections have in common.
struct Shared {
    behind: SocketAddr,
    state: Mutex<State>,
    away: watch::Sender<bool>,
    closing: watch::Sender<bool>,
    /// Requests that the store may still carry out.
    open: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    operations: Vec<(u64, Operation)>,
    /// How many came through at all, which numbers them.
    asked: u64,
    /// How many of each were asked for, also of those that were taken out of `operations`.
    counts: std::collections::HashMap<String, usize>,
    connections: usize,
    last: Option<Asked>,
}

impl FaultProxy {
    /// A proxy before `behind`, which need not listen yet.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without ports or threads cannot go on")]
    pub fn start(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("a listener can be asked not to block");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            behind,
            state: Mutex::default(),
            away: watch::Sender::new(false),
            closing: watch::Sender::new(false),
            open: watch::Sender::new(0),
        });
        let carried = Arc::clone(&shared);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
            runtime.expect("a runtime").block_on(carry::serve(listener, carried));
        });
        Self { address, shared }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens: `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on requests go by this rule too; the first rule that has a fault for a request decides.
    pub fn rule(&self, rule: Rule) {
        self.shared.state().rules.push(rule);
    }

    /// From now on requests go through as they are.
    pub fn clear(&self) {
        self.shared.state().rules.clear();
    }

    /// The store is away until [`FaultProxy::back`]: nothing is forwarded, and every connection is held.
    pub fn away(&self) {
        self.shared.away.send_replace(true);
    }

    /// What makes the store go away when it runs, for [`Fault::Interrupted`].
    #[must_use]
    pub fn goes_away(&self) -> Hook {
        let shared = Arc::clone(&self.shared);
        Arc::new(move || {
            shared.away.send_replace(true);
        })
    }

    /// The store is there again. What was asked meanwhile stays unasked.
    pub fn back(&self) {
        self.shared.away.send_replace(false);
    }

    /// What came through since the last time, in the order in which it was asked.
    #[must_use]
    pub fn take(&self) -> Vec<Operation> {
        let operations = std::mem::take(&mut self.shared.state().operations);
        operations.into_iter().map(|(_, operation)| operation).collect()
    }

    /// The names of what came through since the last time: `UpdateItem`, ….
    #[must_use]
    pub fn take_names(&self) -> Vec<String> {
        self.take().into_iter().map(|operation| operation.asked.operation).collect()
    }

    /// Waits until nothing is on its way to the store, also of what callers have given up.
    pub async fn settled(&self) {
        let _ = self.shared.open.subscribe().wait_for(|open| *open == 0).await;
    }

    /// What was asked last.
    #[must_use]
    pub fn last(&self) -> Option<Asked> {
        self.shared.state().last.clone()
    }

    /// How many connections were opened.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.closing.send_replace(true);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is asked, and decides what becomes of it. The number is that of its entry, for [`Shared::note`].
    fn decide(&self, request: &HttpMessage, body: serde_json::Value) -> (Asked, Option<Fault>, u64) {
        let operation = operation::name(request);
        let invocation = request.field("amz-sdk-invocation-id").map(str::to_owned);
        let mut state = self.state();
        state.asked += 1;
        let entry = state.asked;
        let count = state.counts.entry(operation.clone()).or_default();
        *count += 1;
        let asked = Asked { operation, nth: *count, body, invocation };
        // Every rule counts every request, whoever decides.
        let decided: Vec<Option<Fault>> = state.rules.iter_mut().map(|rule| rule(&asked)).collect();
        let fault = decided.into_iter().flatten().next();
        let operation =
            Operation { asked: asked.clone(), fault: fault.clone(), status: None, write_units: 0.0 };
        state.last = Some(asked.clone());
        state.operations.push((entry, operation));
        (asked, fault, entry)
    }

    fn note(&self, entry: u64, status: u16, write_units: f64) {
        let mut state = self.state();
        if let Some((_, operation)) = state.operations.iter_mut().rev().find(|(number, _)| *number == entry) {
            operation.status = Some(status);
            operation.write_units = write_units;
        }
    }
}
