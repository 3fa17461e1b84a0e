use std::time::Duration;

use doorward_model::{Call, FrontKind};
use jiff::Timestamp;

use crate::claim::RESERVE;

/// How long the front waits for the door's answer, from when it took the call; `None` where it waits for as long as the
/// function may run. REST APIs: "Integration timeout" of the API Gateway quotas, 29 s unless an account has had it raised,
/// which `longest` then says. HTTP and WebSocket APIs: 30 s and 29 s there, which cannot be raised.
fn patience(front: FrontKind, longest: Duration) -> Option<Duration> {
    match front {
        FrontKind::RestApi => Some(longest),
        FrontKind::HttpApi => Some(Duration::from_secs(30)),
        FrontKind::WebSocketApi => Some(Duration::from_secs(29)),
        _ => None,
    }
}

/// The most that the front leaves a target; `None` where it sets no end, or passes the answer on while it comes in.
pub(crate) fn time_of_front(call: &Call, streamed: bool, longest: Duration) -> Option<Duration> {
    let patience = patience(call.front.kind, longest).filter(|_| !streamed);
    patience.map(|patience| patience.saturating_sub(RESERVE))
}

/// How long a call may have been on its way to the door: a sandbox that starts for it, mostly. What a front's clock says
/// beyond that is its clock's fault.
const LONGEST_WAY: Duration = Duration::from_secs(10);

fn earliest(at: Timestamp) -> Timestamp {
    at.saturating_sub(LONGEST_WAY).unwrap_or(at)
}

/// What is left at `now` to have an answer from the target, before the platform ends the invocation or the front gives up:
/// either way the caller would not hear of it from the door. `None` where nothing sets an end.
///
/// A front that passes an answer on while it comes in, as `streamed` says, waits as long as the function may run (API Gateway
/// guide, "Stream the integration response": 15 minutes).
pub(crate) fn time_for_target(
    call: &Call,
    streamed: bool,
    longest: Duration,
    now: Timestamp,
) -> Option<Duration> {
    let begun = call.received.map_or(call.at, |received| received.clamp(earliest(call.at), call.at));
    let spent = Duration::try_from(now.duration_since(begun)).unwrap_or_default();
    let front = patience(call.front.kind, longest).filter(|_| !streamed);
    let front = front.map(|patience| patience.saturating_sub(spent).saturating_sub(RESERVE));
    front.into_iter().chain(call.time_left(now, RESERVE)).min()
}
