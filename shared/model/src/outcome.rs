use serde::{Deserialize, Serialize};

/// How a call ended, as the ledger keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Claimed, and no end is known: still under way, or cut off half-way.
    Unresolved,
    /// Admitted, and the target answered.
    Admitted,
    /// The authorizer let it pass. What became of it is the dispatcher's to record; where there is none, nothing knows.
    Passed,
    /// No policy permits it, or one forbids it.
    Denied,
    /// The caller is not known or not proven.
    Unauthenticated,
    /// The request itself is wrong: form, size, contract, no such route.
    Invalid,
    /// A rate limit binds.
    Throttled,
    /// A quota is used up.
    OverQuota,
    /// The same call was here before and the target was not called again.
    Repeated,
    /// The target failed, did not answer in time, or its answer breaks the contract.
    TargetFailed,
    /// Something of ours was away: a store, the keys.
    Unavailable,
}

impl Outcome {
    /// The word in ledgers, logs and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Admitted => "admitted",
            Self::Passed => "passed",
            Self::Denied => "denied",
            Self::Unauthenticated => "unauthenticated",
            Self::Invalid => "invalid",
            Self::Throttled => "throttled",
            Self::OverQuota => "over-quota",
            Self::Repeated => "repeated",
            Self::TargetFailed => "target-failed",
            Self::Unavailable => "unavailable",
        }
    }

    /// Whether a source that delivers the same event again may have it tried again. What ended for good, and
    /// what may still be under way, never reaches the target a second time. Beside these, a refused event that was sent back to
    /// its source may: the ledger says so of its call, since the outcome alone does not tell it from one that was discarded.
    #[must_use]
    pub fn may_be_tried_again(self) -> bool {
        match self {
            Self::Throttled | Self::OverQuota | Self::TargetFailed | Self::Unavailable => true,
            Self::Unresolved
            | Self::Admitted
            | Self::Passed
            | Self::Denied
            | Self::Unauthenticated
            | Self::Invalid
            | Self::Repeated => false,
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_serialized_names_agree() {
        for outcome in [Outcome::Unresolved, Outcome::OverQuota, Outcome::TargetFailed, Outcome::Admitted] {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.word());
        }
    }
}
