use std::time::Duration;

use http::StatusCode;

/// Why a target gave no usable answer. The texts are for operators: none holds anything of a payload, a secret or an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetFault {
    /// It ran and failed.
    #[error("the target failed: {0}")]
    Failed(String),
    /// It did not answer in time. The call may have been carried out.
    #[error("the target did not answer in time")]
    TimedOut,
    /// It could not be reached, or would not take the call: nothing was carried out.
    #[error("the target cannot be reached: {0}")]
    Unreachable(String),
    /// The connection ended before the answer. The call may have been carried out.
    #[error("the connection to the target ended before the answer: {0}")]
    Reset(String),
    /// Its answer is no answer.
    #[error("the target's answer cannot be read: {0}")]
    Unreadable(String),
    /// Its answer is larger than the door passes on. What is asked for decides that, so it says nothing of the target.
    #[error("the target's answer cannot be read: {0}")]
    TooLarge(String),
    /// Its name stands for an address that the door does not call. Nothing was sent.
    #[error("the target's address is not admitted: {0}")]
    Address(String),
    /// What the door proves itself with to the target cannot be had, or the target refused it.
    #[error("the door's credentials for the target: {0}")]
    Credentials(String),
    /// All of its places are left alone for now, since they failed before. Nothing was sent.
    #[error("the target failed before and is left alone for {} ms", retry_after.as_millis())]
    LeftAlone {
        /// When one of them is tried again.
        retry_after: Duration,
    },
    /// The payload is none that a target of this kind takes. Nothing was sent.
    #[error("the payload does not fit the target: {0}")]
    Unfit(&'static str),
}

impl TargetFault {
    /// The status for an HTTP caller (RFC 9110 section 15.6; for a payload that does not fit, section 15.5.21).
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Failed(_)
            | Self::Reset(_)
            | Self::Unreadable(_)
            | Self::TooLarge(_)
            | Self::Address(_)
            | Self::Credentials(_) => StatusCode::BAD_GATEWAY,
            Self::Unreachable(_) | Self::LeftAlone { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Unfit(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// The stable word that programs compare.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed(_) => "target-failed",
            Self::TimedOut => "target-timeout",
            Self::Unreachable(_) | Self::LeftAlone { .. } => "target-unavailable",
            Self::Reset(_) => "target-reset",
            Self::Unreadable(_) | Self::TooLarge(_) => "target-unreadable",
            Self::Address(_) => "target-address",
            Self::Credentials(_) => "target-credentials",
            Self::Unfit(_) => "unfit-payload",
        }
    }

    /// Whether it is certain that nothing was carried out, so that the call may be sent elsewhere whatever it does.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Address(_) | Self::LeftAlone { .. } | Self::Unfit(_) => true,
            Self::Failed(_)
            | Self::TimedOut
            | Self::Reset(_)
            | Self::Unreadable(_)
            | Self::TooLarge(_)
            | Self::Credentials(_) => false,
        }
    }
}

/// Of the name of a target's error no more is kept, in characters.
const LONGEST_ERROR_TYPE: usize = 64;

/// What a target calls its error, without anything that is no part of a name.
#[must_use]
pub fn error_name(given: Option<&str>) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
    let name: String = given.unwrap_or_default().chars().filter(plain).take(LONGEST_ERROR_TYPE).collect();
    if name.is_empty() { "an error without a type".to_owned() } else { name }
}
