use std::fmt;

use serde::Serialize;

/// How a function is asked for through the invoke door: `X-Amz-Invocation-Type` ("Invoke", AWS Lambda API reference).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum InvocationType {
    /// The caller waits for the function's answer.
    #[default]
    RequestResponse,
    /// The caller is told that the event was taken.
    Event,
    /// The caller asks whether it may, and nothing is called.
    DryRun,
}

impl InvocationType {
    /// Every type, in the order of the API reference.
    pub const ALL: [Self; 3] = [Self::Event, Self::RequestResponse, Self::DryRun];

    /// The word in the header field.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::RequestResponse => "RequestResponse",
            Self::Event => "Event",
            Self::DryRun => "DryRun",
        }
    }

    /// What policies are told: who asks whether it may asks about the call itself, so that the answer holds for it.
    #[must_use]
    pub fn decided_as(self) -> Self {
        match self {
            Self::DryRun => Self::RequestResponse,
            itself => itself,
        }
    }
}

impl fmt::Display for InvocationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What was asked for through the invoke door, as the call's line tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvocationNote {
    /// The type.
    #[serde(rename = "type")]
    pub kind: InvocationType,
    /// The declared version or alias that was asked for; `None` for the target's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
}

/// Why an invocation is none that the door takes. The texts are the caller's to read: they quote nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvocationFault {
    /// Another word than those of [`InvocationType`].
    #[error("X-Amz-Invocation-Type must be RequestResponse, Event or DryRun")]
    Type,
    /// Another word than `None` and `Tail`.
    #[error("X-Amz-Log-Type must be None or Tail")]
    LogType,
    /// `Tail` where the configuration does not give logs away.
    #[error("the logs of this function are not given to callers: leave X-Amz-Log-Type out")]
    LogTail,
    /// The name and the query name two versions.
    #[error("the function's name and the Qualifier parameter name two versions")]
    Qualifier,
    /// A header field that asks for something which nothing behind the door would do.
    #[error("tenants and durable executions cannot be asked for through this door")]
    Unoffered,
    /// The target has no answer that could be waited for.
    #[error("this function is invoked with the invocation type Event only")]
    EventOnly,
    /// `X-Amz-Client-Context` is no base64 of a JSON object, or holds a `custom` that is none.
    #[error("X-Amz-Client-Context must be a JSON object in base64, and `custom` in it an object")]
    ClientContext,
    /// It is longer than Lambda takes, with what the door adds.
    #[error("X-Amz-Client-Context is too long: 3583 bytes in base64 with what this door adds")]
    ClientContextSize,
}
