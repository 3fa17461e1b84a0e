//! The connections that are open.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;

/// As many are open at once. AWS bounds how many are opened a second.
const MOST: usize = 512;
/// As many messages wait to be written to one.
const MOST_WAITING: usize = 32;

/// What others ask of a connection.
pub(super) enum Command {
    /// To write a message; heard of once it is written.
    Send(String, oneshot::Sender<()>),
    Close,
}

/// What is known of a connection.
pub(super) struct Opened {
    pub(super) id: String,
    pub(super) connected: Timestamp,
    pub(super) source_ip: String,
    pub(super) user_agent: Option<String>,
    pub(super) trace: String,
    pub(super) path: String,
    /// What the authorizer said.
    pub(super) authorizer: Option<Value>,
    clock: Clock,
    last_active: AtomicI64,
}

impl Opened {
    #[expect(clippy::too_many_arguments, reason = "each is a member of its own, known at one place")]
    pub(super) fn new(
        id: String,
        connected: Timestamp,
        source_ip: String,
        user_agent: Option<String>,
        trace: String,
        path: String,
        authorizer: Option<Value>,
        clock: Clock,
    ) -> Self {
        let last_active = AtomicI64::new(connected.as_millisecond());
        Self { id, connected, source_ip, user_agent, trace, path, authorizer, clock, last_active }
    }

    pub(super) fn touch(&self) {
        let now = self.clock.millis(tokio::time::Instant::now());
        self.last_active.store(now, Ordering::Relaxed);
    }

    /// As `GetConnection` tells of it.
    /// <https://docs.aws.amazon.com/apigatewaymanagementapi/latest/api/API_GetConnection.html>
    pub(super) fn described(&self) -> Value {
        let last = Timestamp::from_millisecond(self.last_active.load(Ordering::Relaxed));
        let seconds = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        json!({
            "connectedAt": seconds(self.connected),
            "identity": { "sourceIp": self.source_ip, "userAgent": self.user_agent },
            "lastActiveAt": seconds(last.unwrap_or(self.connected)),
        })
    }
}

#[derive(Default)]
pub(super) struct Connections(Mutex<HashMap<String, Entry>>);

/// A connection, and the way to it.
type Entry = (Arc<Opened>, mpsc::Sender<Command>);

impl Connections {
    /// Whether one more may be opened.
    pub(super) fn has_room(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len() < MOST
    }

    pub(super) fn add(&self, opened: &Arc<Opened>) -> mpsc::Receiver<Command> {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(opened.id.clone(), (Arc::clone(opened), sender));
        receiver
    }

    pub(super) fn remove(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    pub(super) fn find(&self, id: &str) -> Option<(Arc<Opened>, mpsc::Sender<Command>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}
