use doorward_model::TargetFault;

use crate::api::ApiError;
use crate::connection;

impl From<ApiError> for TargetFault {
    /// A refusal, throttling included, leaves everything as it was; where a service fails it may have done what it was asked.
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Unsendable(cause) => Self::Unreachable(cause),
            ApiError::NotReached => connection::unreachable(),
            ApiError::Refused(word) => Self::Unreachable(word),
            ApiError::Failed { status: 400..500, .. } => Self::Unreachable(error.to_string()),
            ApiError::Failed { status: 500.., word: Some(word) } => Self::Reset(word),
            ApiError::Failed { status: 500.., .. } => Self::Reset(error.to_string()),
            ApiError::Failed { .. } | ApiError::TooLarge(_) => Self::Unreadable(error.to_string()),
            ApiError::Late => Self::TimedOut,
            ApiError::Cut => connection::reset(),
        }
    }
}

/// An answer with status 200 that does not say what it must.
pub(super) fn unreadable() -> TargetFault {
    TargetFault::Unreadable("it is none of this service's".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_done_is_never_called_untouched() {
        let check = |error: ApiError, code: &str, untouched: bool| {
            let fault = TargetFault::from(error);
            assert_eq!((fault.code(), fault.is_untouched()), (code, untouched), "{fault}");
        };
        let failed = |status, word: Option<&str>| ApiError::Failed { status, word: word.map(str::to_owned) };
        check(ApiError::Unsendable("x".to_owned()), "target-unavailable", true);
        check(ApiError::NotReached, "target-unavailable", true);
        check(ApiError::Refused("ThrottlingException".to_owned()), "target-unavailable", true);
        check(failed(403, None), "target-unavailable", true);
        check(failed(500, Some("InternalFailure")), "target-reset", false);
        check(failed(503, None), "target-reset", false);
        check(failed(301, None), "target-unreadable", false);
        check(failed(202, None), "target-unreadable", false);
        check(ApiError::Late, "target-timeout", false);
        check(ApiError::Cut, "target-reset", false);
        check(ApiError::TooLarge(9), "target-unreadable", false);
    }
}
