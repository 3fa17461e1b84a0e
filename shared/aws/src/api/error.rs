/// Why a call gave no answer; nothing of what was answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// The request cannot be made. Nothing was sent.
    #[error("{0}")]
    Unsendable(String),
    /// There was no connection. Nothing was sent.
    #[error("the service cannot be reached")]
    NotReached,
    /// The service refused to do what was asked (status 400 to 499): its own word.
    #[error("the service answered `{0}`")]
    Refused(String),
    /// Another answer than yes and no. What was asked may have been done.
    #[error("the service answered {status}")]
    Failed {
        /// Its status.
        status: u16,
        /// Its own word.
        word: Option<String>,
    },
    /// What was asked may have been done.
    #[error("the service did not answer in time")]
    Late,
    /// The connection ended before there was an answer, or in its midst. What was asked may have been done.
    #[error("the answer ended early")]
    Cut,
    /// The answer has more bytes than these.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}
