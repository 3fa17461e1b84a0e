use std::time::Duration;

/// How a route takes an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRule {
    /// Whether a call without a key is refused; otherwise it runs as if there were no keys.
    pub required: bool,
    /// How long an answer is kept and repeated.
    pub window: Duration,
    /// What a repetition of a call hears whose target failed.
    pub on_target_failure: OnTargetFailure,
}

/// What becomes of a key whose call reached its target and got no good answer: none that can be used, or a status of the
/// 500s other than 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTargetFailure {
    /// The answer that the first call got, since the target may have done what it was asked for.
    Replay,
    /// The target is called again.
    RunAgain,
}
