use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use doorward_config::{SecretRef, Webhook, WebhookScheme};
use futures_util::future::join_all;
use jiff::SignedDuration;

use crate::fresh::{Fresh, Rhythm};
use crate::identify::{SigningKeys, signing_key};
use crate::ports::{Clock, Secrets};

/// The secrets of webhooks, as keys.
pub(crate) struct SecretRing {
    slots: HashMap<SecretRef, Arc<Slot>>,
    rhythm: Rhythm,
}

/// At most one try per secret in this time, whatever asks for it.
const COOL_DOWN: SignedDuration = SignedDuration::from_secs(5);
/// The same while nothing was read yet: its sender cannot be proven, so the store is asked again soon.
const COOL_DOWN_WITHOUT_KEY: SignedDuration = SignedDuration::from_secs(1);
/// How long a call that could go on with an old key waits for a new one.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the last key serves while its store is away.
const MAX_STALE: SignedDuration = SignedDuration::from_hours(1);

/// A place where a secret is, and the key that was read there: none where the store itself says that there is none.
struct Slot {
    reference: SecretRef,
    scheme: WebhookScheme,
    key: Fresh<Option<hmac::Key>>,
}

impl SecretRing {
    pub(crate) fn new(webhooks: &[Webhook], refresh: Duration) -> Self {
        Self::build(webhooks, refresh, |_, _| None)
    }

    /// The ring of a newer configuration: what is known of a secret that it names alike stays known.
    pub(crate) fn renew(&self, webhooks: &[Webhook], refresh: Duration) -> Self {
        Self::build(webhooks, refresh, |reference, scheme| {
            self.slots.get(reference).filter(|slot| slot.scheme == scheme).cloned()
        })
    }

    fn build(
        webhooks: &[Webhook],
        refresh: Duration,
        known: impl Fn(&SecretRef, WebhookScheme) -> Option<Arc<Slot>>,
    ) -> Self {
        let slots = webhooks.iter().flat_map(|webhook| {
            webhook.secrets.iter().map(|reference| {
                let (reference, scheme) = (reference.clone(), webhook.scheme);
                let slot = known(&reference, scheme).unwrap_or_else(|| {
                    Arc::new(Slot { reference: reference.clone(), scheme, key: Fresh::default() })
                });
                (reference, slot)
            })
        });
        let refresh = SignedDuration::try_from(refresh).unwrap_or(SignedDuration::MAX);
        let rhythm = Rhythm {
            refresh,
            pause: COOL_DOWN,
            pause_while_empty: COOL_DOWN_WITHOUT_KEY,
            patience: PATIENCE,
            bound: refresh.max(MAX_STALE),
        };
        Self { slots: slots.collect(), rhythm }
    }

    /// Reads every secret that was not asked for yet, all at the same time.
    pub(crate) async fn load(&self, secrets: &dyn Secrets, clock: &dyn Clock) {
        let unread = self.slots.values().filter(|slot| !slot.key.was_tried());
        join_all(unread.map(|slot| slot.key.load(clock, slot.read(secrets)))).await;
    }

    /// The keys of `webhook`, of an age that `refresh` allows.
    pub(crate) async fn keys(
        &self,
        webhook: &Webhook,
        secrets: &dyn Secrets,
        clock: &dyn Clock,
    ) -> SigningKeys {
        let slots = webhook.secrets.iter().filter_map(|reference| self.slots.get(reference));
        let read = slots.map(|slot| slot.key.get(&self.rhythm, clock, Option::is_some, slot.read(secrets)));
        let keys = join_all(read).await.into_iter().filter_map(|key| key.as_deref().cloned().flatten());
        let keys: Vec<hmac::Key> = keys.collect();
        SigningKeys { missing: keys.len() < webhook.secrets.len(), keys }
    }
}

impl Slot {
    /// One attempt. A store that is away says nothing; one that answers without a usable secret has withdrawn it.
    async fn read(&self, secrets: &dyn Secrets) -> Option<Option<hmac::Key>> {
        let warn = |cause: &str| {
            tracing::warn!(secret = %self.reference, cause, "a webhook's secret cannot be used");
        };
        match secrets.read(&self.reference).await {
            Ok(secret) => Some(signing_key(self.scheme, &secret).inspect_err(|cause| warn(cause)).ok()),
            Err(error) => {
                warn(&error.cause);
                error.gone.then_some(None)
            }
        }
    }
}
