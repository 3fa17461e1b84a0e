/// Why a webhook's sender is not proven. No text holds anything that the sender chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFault {
    /// A header field that belongs to the signature is missing.
    #[error("the header `{0}` of the signature is missing")]
    Missing(&'static str),
    /// A header field that belongs to the signature stands twice: two readers could choose differently.
    #[error("the header `{0}` of the signature is repeated")]
    Repeated(&'static str),
    /// A header field that belongs to the signature does not have the form of its scheme.
    #[error("the header `{0}` does not have the form of its scheme")]
    Form(&'static str),
    /// More signatures than a sender that rotates its keys has.
    #[error("more than {0} signatures are offered")]
    TooMany(usize),
    /// Nothing that is offered is of a kind that is checked here.
    #[error("no signature of a supported kind is offered")]
    Unsupported,
    /// It was signed longer ago than the tolerance allows.
    #[error("it was signed too long ago")]
    Stale,
    /// It was signed further in the future than the tolerance allows.
    #[error("it was signed in the future")]
    Ahead,
    /// No configured secret makes any of the signatures.
    #[error("no configured secret makes its signature")]
    Mismatch,
}
