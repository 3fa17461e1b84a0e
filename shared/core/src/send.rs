use std::time::Duration;

use doorward_model::{Call, Refusal, Reply, Stage, TargetFault};
use jiff::SignedDuration;

use crate::door::Door;
use crate::find::{Found, Subject};
use crate::ports::{Forward, ForwardMessage};
use crate::reserve::Admitted;

/// A call that its target answered.
pub(crate) struct Sent<'d> {
    pub(crate) found: Found<'d>,
    pub(crate) reply: Reply,
}

/// What the door keeps of the platform's time to record the outcome and to answer.
const RESERVE: SignedDuration = SignedDuration::from_millis(500);

impl Door {
    /// The target. The door gives up before the platform would, so that the caller hears of it and it is recorded.
    pub(crate) async fn send<'d>(
        &self,
        admitted: Admitted<'d>,
        call: &mut Call,
    ) -> Result<Sent<'d>, Refusal> {
        self.enter(call, Stage::Send);
        let Admitted { found, principal } = admitted;
        let target = self.rules.target(found.target_name());
        let target = target.ok_or(Refusal::Target(TargetFault::Unreachable("not declared".to_owned())))?;
        let within = target.timeout.min(self.time_left(&found, call));
        let route_key;
        let message = match &found.subject {
            Subject::Http(http) => {
                route_key = format!("{} {}", http.route.method, http.route.path);
                ForwardMessage::Http {
                    request: &http.request,
                    route_key: &route_key,
                    path: &http.path,
                    parameters: &http.parameters,
                }
            }
            Subject::Event { record, .. } => ForwardMessage::Event { record },
        };
        let forward = Forward { call, principal: &principal, trace: &found.trace, message };
        let answer = tokio::time::timeout(within, self.ports.targets.send(target, forward, within)).await;
        let reply = answer.unwrap_or(Err(TargetFault::TimedOut)).map_err(Refusal::Target)?;
        Ok(Sent { found, reply })
    }

    /// What the platform leaves for the target. A deadline that had passed when the call came in is none: a platform
    /// that keeps deadlines starts no such call, and one that does not (`cargo lambda watch`) sets none.
    fn time_left(&self, found: &Found<'_>, call: &Call) -> Duration {
        if found.deadline <= call.at {
            return Duration::MAX;
        }
        let left = found.deadline.duration_since(self.ports.clock.now()) - RESERVE;
        Duration::try_from(left).unwrap_or(Duration::ZERO)
    }
}
