#![expect(clippy::indexing_slicing, reason = "a JSON value that lacks a member is null")]

use std::fmt;
use std::sync::Arc;

use serde_json::json;

use super::Asked;
use crate::http1::HttpMessage;

/// What becomes of one request, instead of what the store would make of it.
///
/// What AWS answers, and which of it means that nothing was written, is said in "Error handling with DynamoDB":
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>.
#[derive(Clone)]
pub enum Fault {
    /// Not carried out: `ProvisionedThroughputExceededException`, a partition that takes no more.
    Throttled,
    /// Not carried out: `ThrottlingException`, an account or a control plane that takes no more.
    AccountThrottled,
    /// Not carried out: `InternalServerError`.
    ServerError,
    /// Carried out, and `InternalServerError` answered all the same.
    ServerErrorAfterCommit,
    /// Not carried out: another transaction holds an item. `TransactionConflictException` to a single write, to a
    /// transaction a `TransactionCanceledException` whose reasons name it.
    Conflict,
    /// Never forwarded; the connection is held until the caller gives up.
    HeldBeforeCommit,
    /// Carried out, and the answer is held until the caller gives up.
    HeldAfterCommit,
    /// Held until the caller gives up, and carried out then, as what a network has delayed may be.
    Late,
    /// Never forwarded; the connection is closed without a word.
    ClosedBeforeCommit,
    /// Never forwarded; the connection is reset (RST).
    ResetBeforeCommit,
    /// Carried out; the connection is reset (RST) without an answer.
    ResetAfterCommit,
    /// Carried out; the answer ends in its middle, and the connection with it.
    Truncated,
    /// Carried out; the answer is half of it, and says that this is all.
    Shortened,
    /// At this step the hook runs, and then the connection is closed: what was asked is forwarded, or its answer
    /// handed over, only where that comes before the step.
    Interrupted(Step, Hook),
}

/// Where on its way a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The proxy has it, the store has not.
    Asked,
    /// It is carried out, the caller has no answer.
    Committed,
    /// The answer is handed over.
    Answered,
}

/// What runs when a request gets to a step, on the proxy's own thread: it must not wait for the proxy.
pub type Hook = Arc<dyn Fn() + Send + Sync>;

impl Fault {
    /// Every fault that needs no hook, by its name.
    pub const ALL: [Self; 13] = [
        Self::Throttled,
        Self::AccountThrottled,
        Self::ServerError,
        Self::ServerErrorAfterCommit,
        Self::Conflict,
        Self::HeldBeforeCommit,
        Self::HeldAfterCommit,
        Self::Late,
        Self::ClosedBeforeCommit,
        Self::ResetBeforeCommit,
        Self::ResetAfterCommit,
        Self::Truncated,
        Self::Shortened,
    ];

    /// Its name, for logs and messages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::AccountThrottled => "account-throttled",
            Self::ServerError => "server-error",
            Self::ServerErrorAfterCommit => "server-error-after-commit",
            Self::Conflict => "conflict",
            Self::HeldBeforeCommit => "held-before-commit",
            Self::HeldAfterCommit => "held-after-commit",
            Self::Late => "late",
            Self::ClosedBeforeCommit => "closed-before-commit",
            Self::ResetBeforeCommit => "reset-before-commit",
            Self::ResetAfterCommit => "reset-after-commit",
            Self::Truncated => "truncated",
            Self::Shortened => "shortened",
            Self::Interrupted(..) => "interrupted",
        }
    }

    /// Whether the store carries the request out, now or later.
    #[must_use]
    pub fn commits(&self) -> bool {
        match self {
            Self::ServerErrorAfterCommit
            | Self::HeldAfterCommit
            | Self::Late
            | Self::ResetAfterCommit
            | Self::Truncated
            | Self::Shortened => true,
            Self::Throttled
            | Self::AccountThrottled
            | Self::ServerError
            | Self::Conflict
            | Self::HeldBeforeCommit
            | Self::ClosedBeforeCommit
            | Self::ResetBeforeCommit => false,
            Self::Interrupted(step, _) => *step != Step::Asked,
        }
    }

    /// Whether the caller is left to find out by its own clock that no answer comes.
    #[must_use]
    pub fn holds(&self) -> bool {
        matches!(self, Self::HeldBeforeCommit | Self::HeldAfterCommit | Self::Late)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What DynamoDB answers a write that it refuses, or failed at.
pub(super) fn refusal(fault: &Fault, asked: &Asked) -> Option<HttpMessage> {
    const MODEL: &str = "com.amazonaws.dynamodb.v20120810#";
    let say = |status, kind: &str, message: &str| {
        let body = json!({ "__type": kind, "message": message }).to_string();
        Some(HttpMessage::answer(status, body).with("x-amzn-requestid", "FAULT"))
    };
    match fault {
        Fault::Throttled => say(
            400,
            &format!("{MODEL}ProvisionedThroughputExceededException"),
            "The level of configured provisioned throughput for the table was exceeded. Consider increasing your \
             provisioning level with the UpdateTable API.",
        ),
        Fault::AccountThrottled => say(
            400,
            "com.amazon.coral.availability#ThrottlingException",
            "Rate of requests exceeds the allowed throughput.",
        ),
        Fault::ServerError | Fault::ServerErrorAfterCommit => say(
            500,
            &format!("{MODEL}InternalServerError"),
            "The request processing has failed because of an unknown error, exception or failure.",
        ),
        Fault::Conflict if asked.operation == "TransactWriteItems" => {
            let items = asked.body["TransactItems"].as_array().map_or(1, Vec::len).max(1);
            let reasons: Vec<_> = (0..items)
                .map(|index| match index {
                    0 => json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }),
                    _ => json!({ "Code": "None" }),
                })
                .collect();
            let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason["Code"].as_str()).collect();
            let message = format!(
                "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
                codes.join(", ")
            );
            let kind = format!("{MODEL}TransactionCanceledException");
            let body = json!({ "__type": kind, "Message": message, "CancellationReasons": reasons });
            Some(HttpMessage::answer(400, body.to_string()).with("x-amzn-requestid", "FAULT"))
        }
        Fault::Conflict => {
            say(400, &format!("{MODEL}TransactionConflictException"), "Transaction is ongoing for the item")
        }
        _ => None,
    }
}
