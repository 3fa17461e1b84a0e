use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use doorward_config::SecretRef;
use doorward_core::ports::{Clock, Secrets};
use doorward_core::{Fresh, Rhythm};
use doorward_model::{Secret, TargetFault};
use jiff::SignedDuration;

/// How long the last secret serves while its store is away.
const MAX_STALE: SignedDuration = SignedDuration::from_hours(1);

/// How often secrets are read: as what else can go stale. One that a server refused is read again after [`Rhythm::pause`] at
/// the latest.
fn rhythm(refresh: Duration) -> Rhythm {
    let refresh = SignedDuration::try_from(refresh).unwrap_or(SignedDuration::MAX);
    Rhythm {
        refresh,
        pause: SignedDuration::from_secs(5),
        pause_while_empty: SignedDuration::from_secs(1),
        patience: Duration::from_secs(2),
        bound: refresh.max(MAX_STALE),
    }
}

/// The secrets that targets are called with, read when they are needed and kept for a while.
pub(super) struct Vault {
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
    rhythm: Rhythm,
    kept: Mutex<HashMap<SecretRef, Arc<Kept>>>,
}

/// `None` where the store itself says that there is no such secret.
type Kept = Fresh<Option<Secret>>;

impl Vault {
    pub(super) fn new(secrets: Arc<dyn Secrets>, clock: Arc<dyn Clock>, refresh: Duration) -> Self {
        Self { secrets, clock, rhythm: rhythm(refresh), kept: Mutex::default() }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The secret at `reference`. One that does not suffice is read anew, and given back where there is no other.
    ///
    /// # Errors
    /// [`TargetFault::Credentials`] where there is none.
    pub(super) async fn read(
        &self,
        reference: &SecretRef,
        suffices: impl Fn(&Secret) -> bool,
    ) -> Result<Secret, TargetFault> {
        let kept = self.kept(reference);
        let suffices = |secret: &Option<Secret>| secret.as_ref().is_some_and(&suffices);
        let found = kept.get(&self.rhythm, self.clock(), suffices, self.fetch(reference)).await;
        found
            .and_then(|secret| secret.as_ref().clone())
            .ok_or_else(|| TargetFault::Credentials(format!("`{reference}` cannot be read")))
    }

    fn kept(&self, reference: &SecretRef) -> Arc<Kept> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(kept.entry(reference.clone()).or_default())
    }

    /// One attempt. A store that is away says nothing; one that answers that nothing is there has withdrawn it.
    async fn fetch(&self, reference: &SecretRef) -> Option<Option<Secret>> {
        match self.secrets.read(reference).await {
            Ok(secret) => Some(Some(secret)),
            Err(error) => {
                tracing::warn!(secret = %reference, cause = error.cause, "a target's secret cannot be read");
                error.gone.then_some(None)
            }
        }
    }
}
