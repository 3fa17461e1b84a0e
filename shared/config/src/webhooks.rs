use std::ops::RangeInclusive;
use std::time::Duration;

use doorward_model::Fault;

use crate::auth;
use crate::checked::{Webhook, WebhookScheme};
use crate::document::Declared;
use crate::names;
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};
use crate::secret_ref::SecretRef;

/// How old a signature may be where `tolerance` is not set: what the schemes' own libraries allow.
const DEFAULT_TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// A call that is held back for longer is no delivery but a replay.
const TOLERANCES: RangeInclusive<Duration> = Duration::from_secs(10)..=Duration::from_secs(60 * 60);
/// More secrets than a sender has while they rotate are more to guess at.
const MOST_SECRETS: usize = 5;

const SCHEMES: &[(&str, WebhookScheme)] = &[
    ("standard-webhooks", WebhookScheme::StandardWebhooks),
    ("stripe", WebhookScheme::Stripe),
    ("github", WebhookScheme::GitHub),
];

/// Reads `[[webhooks]]` and declares their names.
pub(crate) fn read(document: &mut Section<'_>, names: &mut Declared<'_>) -> Result<Vec<Webhook>, Reported> {
    let mut earlier: Vec<Webhook> = Vec::new();
    document.sections("webhooks", "`[[webhooks]]`", |section| {
        let webhook = read_webhook(section, names)?;
        tell_apart(section, &webhook, &earlier)?;
        earlier.push(webhook.clone());
        Ok(webhook)
    })
}

fn read_webhook(section: &mut Section<'_>, names: &mut Declared<'_>) -> Result<Webhook, Reported> {
    let name = section.required("name", |value| {
        names.webhooks.insert(value.text()?.to_owned());
        names.callers.declare(value, webhook_name)
    });
    let scheme = section.required("scheme", |value| value.choice(SCHEMES));
    let secrets = section.required("secrets", read_secrets);
    let tolerance = section.optional("tolerance", |value| Ok((value.duration(TOLERANCES)?, value)));

    let scheme = scheme?;
    let tolerance = match (scheme, tolerance?) {
        (WebhookScheme::GitHub, None) => None,
        (WebhookScheme::GitHub, Some((_, value))) => {
            let fault = Fault::new("GitHub signs no time, so there is no tolerance to keep");
            return Err(value.fault(fault.hint("leave `tolerance` out")));
        }
        (WebhookScheme::StandardWebhooks | WebhookScheme::Stripe, stated) => {
            Some(stated.map_or(DEFAULT_TOLERANCE, |(tolerance, _)| tolerance))
        }
    };
    Ok(Webhook { name: name?, scheme, secrets: secrets?, tolerance })
}

fn webhook_name(name: &str) -> Result<(), Fault> {
    auth::not_reserved(name)?;
    names::plain(name)
}

fn read_secrets(value: Value<'_>) -> Result<Vec<SecretRef>, Reported> {
    let secrets = value.nonempty_set(|item| item.parse(SecretRef::parse))?;
    if secrets.len() > MOST_SECRETS {
        let fault = Fault::new(format!("{} secrets are more than {MOST_SECRETS}", secrets.len()));
        return Err(value.fault(fault.hint("drop those that the sender no longer signs with")));
    }
    Ok(secrets)
}

/// Whoever knows a secret of one sender must not be able to sign as another.
fn tell_apart(section: &Section<'_>, webhook: &Webhook, earlier: &[Webhook]) -> Result<(), Reported> {
    for other in earlier {
        if let Some(shared) = webhook.secrets.iter().find(|secret| other.secrets.contains(secret)) {
            let fault = format!(
                "the webhooks `{}` and `{}` share the secret {}",
                other.name,
                webhook.name,
                quote(&shared.to_string())
            );
            return Err(section.fault(Fault::new(fault).hint("give each sender secrets of its own")));
        }
    }
    Ok(())
}
