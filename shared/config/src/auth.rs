use doorward_model::{Fault, Front};

use http::HeaderName;

use crate::checked::{Credential, Iam, Issuer, Webhook, WebhookScheme};
use crate::claims;
use crate::document::Declared;
use crate::reader::Value;
use crate::report::{Reported, quote};

/// `auth = ["anonymous"]` admits callers without credentials.
const ANONYMOUS: &str = "anonymous";

/// `auth = ["api-key"]` admits callers with a key of the door's own.
const API_KEY: &str = "api-key";

/// `auth = ["iam"]` admits callers whose AWS signature the front verified.
pub(crate) const IAM: &str = "iam";

/// `auth = ["certificate"]` admits callers whose client certificate the front verified.
const CERTIFICATE: &str = "certificate";

/// The words of `auth` that name no declaration of the file, so that no declaration can be named so.
const RESERVED: [(&str, &str); 4] = [
    (ANONYMOUS, "callers without credentials"),
    (API_KEY, "callers with an API key of the door's"),
    (IAM, "callers whose AWS signature the front verified"),
    (CERTIFICATE, "callers whose client certificate the front verified"),
];

/// What the file says of callers, for the routes that let them in.
pub(crate) struct Callers<'d> {
    pub(crate) issuers: &'d [Issuer],
    pub(crate) webhooks: &'d [Webhook],
    /// The header field that API keys are shown in.
    pub(crate) key_header: &'d HeaderName,
    /// `None` while `[iam]` is faulty, or where nobody comes by it.
    pub(crate) iam: Option<&'d Iam>,
    /// Whether there is a `[certificates]`, if a faulty one.
    pub(crate) certificates: bool,
    /// The APIs whose callers the authorizer proves when they connect; `None` while `[authorizer]` is faulty.
    pub(crate) connections: Option<&'d [Front]>,
}

/// Reads the `auth` of a route.
pub(crate) fn read(
    value: Value<'_>,
    names: &Declared<'_>,
    &Callers { issuers, webhooks, certificates, .. }: &Callers<'_>,
) -> Result<Vec<Credential>, Reported> {
    let mut schemes = Vec::new();
    let auth = value.nonempty_set(|item| {
        let word = names.callers.used_or(item, &RESERVED.map(|(word, _)| word))?;
        Ok(match word.as_str() {
            ANONYMOUS => Credential::Anonymous,
            API_KEY => Credential::ApiKey,
            IAM => Credential::Iam,
            CERTIFICATE if !certificates => {
                let fault = Fault::new("no front is said to check client certificates");
                return Err(item.fault(fault.hint("name those that do as `fronts` in `[certificates]`")));
            }
            CERTIFICATE => Credential::Certificate,
            _ if names.webhooks.contains(&word) => {
                one_of_a_scheme(item, &word, webhooks, &mut schemes)?;
                Credential::Webhook(word)
            }
            _ => Credential::Token(word),
        })
    })?;
    let accepted = |issuer: &&Issuer| auth.contains(&Credential::Token(issuer.name.clone()));
    claims::agree(value, issuers.iter().filter(accepted))?;
    Ok(auth)
}

/// Two senders whose signatures stand in the same header fields could not be told apart.
fn one_of_a_scheme(
    item: Value<'_>,
    name: &str,
    webhooks: &[Webhook],
    schemes: &mut Vec<(WebhookScheme, String)>,
) -> Result<(), Reported> {
    // A faulty declaration is not there, and has been reported.
    let Some(scheme) = webhooks.iter().find(|webhook| webhook.name == name).map(|webhook| webhook.scheme)
    else {
        return Ok(());
    };
    match schemes.iter().find(|(taken, other)| *taken == scheme && other != name) {
        Some((_, other)) => {
            let fault = Fault::new(format!("{} signs as {} does", quote(name), quote(other)));
            Err(item.fault(
                fault.hint("a route takes one webhook of a scheme: give the other a route of its own"),
            ))
        }
        None => {
            schemes.push((scheme, name.to_owned()));
            Ok(())
        }
    }
}

/// What `auth` names must be told apart from its own words.
pub(crate) fn not_reserved(name: &str) -> Result<(), Fault> {
    match RESERVED.iter().find(|(word, _)| *word == name) {
        None => Ok(()),
        Some((word, meaning)) => Err(Fault::new(format!("{} is reserved: it names {meaning}", quote(word)))),
    }
}
