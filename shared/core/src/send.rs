use doorward_model::{Call, Refusal, Reply, Stage, TargetFault};

use crate::claim::RESERVE;
use crate::door::Door;
use crate::find::{Found, Subject};
use crate::ports::{Forward, ForwardMessage};
use crate::reserve::Admitted;

/// A call that its target answered.
pub(crate) struct Sent<'d> {
    pub(crate) found: Found<'d>,
    pub(crate) reply: Reply,
}

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
        let left = call.time_left(self.ports.clock.now(), RESERVE);
        let within = left.map_or(target.timeout, |left| target.timeout.min(left));
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
}
