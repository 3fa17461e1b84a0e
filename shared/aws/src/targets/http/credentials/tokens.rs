use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use doorward_config::HttpTarget;
use doorward_model::TargetFault;
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::super::client::Connections;
use super::super::exchange::Exchange;
use super::super::vault::Vault;
use super::{fault, is_other, token};

/// How long a token endpoint is waited for at most.
const WITHIN: Duration = Duration::from_secs(10);
/// From one attempt to the next one at least, whatever is refused by whom.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);
/// A token is replaced as long before its end, or at half of its time where that is later: clocks differ, and calls that
/// were sent take time.
const AHEAD: SignedDuration = SignedDuration::from_secs(30);

/// The access token of one target (RFC 6749 section 4.4), fetched once for all calls that need it. A fetch is a task of its
/// own: it goes on where the call that began it gives up, and what it brings serves the calls after it.
pub(in super::super) struct Tokens {
    source: Arc<Source>,
    fetch: Mutex<Option<Fetch>>,
}

/// Where tokens come from, and what came last.
struct Source {
    target: Arc<HttpTarget>,
    connections: Connections,
    vault: Arc<Vault>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<Arc<Token>>,
    /// Why the last attempt gave none.
    cause: String,
}

struct Token {
    value: HeaderValue,
    /// From when on another is fetched.
    ripe: Timestamp,
    expires: Timestamp,
}

/// The attempt that was made last.
struct Fetch {
    begun: Timestamp,
    /// Its other half goes with the attempt, however that ends.
    ended: watch::Receiver<()>,
    task: AbortHandle,
}

/// An attempt that a call can wait for.
enum Attempt {
    Begun(watch::Receiver<()>),
    Joined(watch::Receiver<()>),
}

impl Tokens {
    /// Those that `connections` lead to, by the credentials of `target`.
    pub(in super::super) fn new(
        target: Arc<HttpTarget>,
        connections: Connections,
        vault: Arc<Vault>,
    ) -> Self {
        let source = Source { target, connections, vault, kept: Mutex::default() };
        Self { source: Arc::new(source), fetch: Mutex::default() }
    }

    /// `Bearer …`, not `refused` where there is another. A token that is valid is given at once, whether or not another is
    /// fetched already; where there is none, a fetch is waited for `until` then.
    pub(super) async fn authorization(
        &self,
        refused: Option<&HeaderValue>,
        until: Instant,
    ) -> Result<Option<HeaderValue>, TargetFault> {
        if let Some(token) = self.source.other_than(refused) {
            if token.ripe <= self.source.now() {
                let _ = self.attempt();
            }
            return Ok(Some(token.value.clone()));
        }
        while let Some(attempt) = self.attempt() {
            let (mut ended, own) = match attempt {
                Attempt::Begun(ended) => (ended, true),
                Attempt::Joined(ended) => (ended, false),
            };
            // It says nothing else than that it is over.
            if timeout_at(until, ended.changed()).await.is_err() {
                return Err(fault("the token endpoint did not answer in time"));
            }
            if let Some(token) = self.source.other_than(refused) {
                return Ok(Some(token.value.clone()));
            }
            // One that was under way before may have been cut off by a freeze of its sandbox.
            if own {
                break;
            }
        }
        self.source.last()
    }

    /// The attempt under way, or a new one; `None` where the last one is over and too near. A sandbox that was frozen carries
    /// on with what it was at, over a connection that is long gone: that is given up by the clock.
    fn attempt(&self) -> Option<Attempt> {
        let now = self.source.now();
        let mut last = self.fetch.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fetch) = &*last {
            let age = now.duration_since(fetch.begun).abs();
            let under_way = fetch.ended.has_changed().is_ok();
            if under_way && age <= SignedDuration::try_from(WITHIN).unwrap_or(SignedDuration::MAX) {
                return Some(Attempt::Joined(fetch.ended.clone()));
            }
            if !under_way && age < PAUSE {
                return None;
            }
            fetch.task.abort();
        }
        let (ending, ended) = watch::channel(());
        let source = Arc::clone(&self.source);
        let task = tokio::spawn(async move {
            source.fetch(now).await;
            drop(ending);
        });
        *last = Some(Fetch { begun: now, ended: ended.clone(), task: task.abort_handle() });
        Some(Attempt::Begun(ended))
    }
}

impl Source {
    fn now(&self) -> Timestamp {
        self.vault.clock().now()
    }

    /// The token that is kept, where it is valid and not `refused`.
    fn other_than(&self, refused: Option<&HeaderValue>) -> Option<Arc<Token>> {
        let token = self.kept().token.clone()?;
        (self.now() < token.expires && is_other(Some(&token.value), refused)).then_some(token)
    }

    /// What there is where no other can be had: a token that was refused, as long as it is valid.
    fn last(&self) -> Result<Option<HeaderValue>, TargetFault> {
        let kept = self.kept();
        match &kept.token {
            Some(token) if self.now() < token.expires => Ok(Some(token.value.clone())),
            _ if kept.cause.is_empty() => Err(fault("no token can be had")),
            _ => Err(fault(&kept.cause)),
        }
    }

    /// One attempt, which was begun at `begun`: a token's time counts from the question. A failed one leaves the token that
    /// is there.
    async fn fetch(&self, begun: Timestamp) {
        let deadline = Instant::now() + WITHIN;
        let exchange =
            Exchange { connections: &self.connections, clock: self.vault.clock(), deadline, connect: WITHIN };
        let granted = match &self.target.credentials {
            Some(credentials) => timeout_at(deadline, token::granted(credentials, &self.vault, &exchange))
                .await
                .unwrap_or_else(|_| Err("there was no token in time".to_owned())),
            None => Err("there are no credentials".to_owned()),
        };
        let mut kept = self.kept();
        match granted {
            Err(cause) => {
                tracing::warn!(cause, "a target's access token cannot be had");
                kept.cause = cause;
            }
            Ok(granted) => {
                let lifetime = SignedDuration::from_secs(i64::try_from(granted.seconds).unwrap_or(i64::MAX));
                let at = |after: SignedDuration| begun.checked_add(after).unwrap_or(Timestamp::MAX);
                let ripe = at((lifetime - AHEAD).max(lifetime / 2));
                let token = Token { value: granted.value, ripe, expires: at(lifetime) };
                *kept = Kept { token: Some(Arc::new(token)), cause: String::new() };
            }
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
