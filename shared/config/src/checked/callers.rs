use std::time::Duration;

use doorward_model::Front;
use http::HeaderName;

use crate::secret_ref::SecretRef;

/// How callers show API keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeys {
    /// What every key begins with, before `_`: letters and digits.
    pub prefix: String,
    /// The header field that holds one, beside `authorization`.
    pub header: HeaderName,
}

/// `[iam]`: callers whose AWS signature a front verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Iam {
    /// The accounts whose callers are let in; empty where those of all are.
    pub accounts: Vec<String>,
    /// The organisations whose callers are let in; empty where those of all, and of none, are.
    pub organizations: Vec<String>,
    /// Cedar entity type of callers who are no role: IAM users, federated users and roots.
    pub user_type: String,
    /// The function URLs that verify signatures (`AuthType` `AWS_IAM`), as a local door stands them up. What a caller is
    /// goes by the front's own envelope all the same.
    pub fronts: Vec<Front>,
}

/// `[certificates]`: callers who show a client certificate to a front that checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates {
    /// The fronts that check client certificates; what others say of one is not believed.
    pub fronts: Vec<Front>,
    /// What of a certificate names its caller.
    pub id: CertificateId,
}

/// What of a client certificate is the id of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateId {
    /// Its subject, as RFC 4514 writes it: the same for a certificate that is renewed.
    Subject,
    /// `sha256:` and the hash of the whole certificate.
    Fingerprint,
}

/// A sender that signs each request over its body; policies know it as `Sender::"name"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name in `auth = […]`.
    pub name: String,
    /// How it signs.
    pub scheme: WebhookScheme,
    /// What it signs with: at least one, several while they rotate.
    pub secrets: Vec<SecretRef>,
    /// How far the time of signing may lie from now; `None` where the scheme signs none.
    pub tolerance: Option<Duration>,
}

/// How a webhook is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookScheme {
    /// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>, symmetric.
    StandardWebhooks,
    /// <https://docs.stripe.com/webhooks#verify-manually>.
    Stripe,
    /// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>, SHA-256 only.
    GitHub,
}
