//! The secrets that the functions of a local door get through their environment.

use std::collections::BTreeMap;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_config::{Config, SecretRef, WebhookScheme};

use crate::output::Failure;

/// Values by the names of variables.
pub(crate) type Secrets = BTreeMap<String, String>;

/// As many random bits as the hash has.
const BYTES: usize = 32;

/// Those that this very program has in its environment.
pub(crate) fn given(config: &Config) -> Secrets {
    named(config).filter_map(|(name, _)| Some((name.to_owned(), std::env::var(name).ok()?))).collect()
}

/// New ones that nobody else knows.
pub(crate) fn made(config: &Config) -> Result<Secrets, Failure> {
    named(config).map(|(name, scheme)| Ok((name.to_owned(), make(scheme)?))).collect()
}

/// The variables that the configuration names, with the scheme that their secret is for where that is a webhook's.
pub(crate) fn named(config: &Config) -> impl Iterator<Item = (&str, Option<WebhookScheme>)> {
    let of_webhooks = config
        .webhooks
        .iter()
        .flat_map(|webhook| webhook.secrets.iter().map(|secret| (secret, Some(webhook.scheme))));
    let of_targets = config.target_secrets().map(|secret| (secret, None));
    of_webhooks.chain(of_targets).filter_map(|(secret, scheme)| match secret {
        SecretRef::Env(name) => Some((name.as_str(), scheme)),
        SecretRef::File(_) | SecretRef::SecretsManager { .. } | SecretRef::Ssm(_) => None,
    })
}

fn make(scheme: Option<WebhookScheme>) -> Result<String, Failure> {
    let mut random = [0; BYTES];
    SystemRandom::new().fill(&mut random).map_err(|_| Failure::new("this machine gives no randomness"))?;
    let text = STANDARD.encode(random);
    Ok(match scheme {
        Some(WebhookScheme::StandardWebhooks) => format!("whsec_{text}"),
        Some(WebhookScheme::Stripe | WebhookScheme::GitHub) | None => text,
    })
}
