use doorward_model::{Call, Refusal, Reply, Stage, TargetFault};
use http::HeaderName;

use crate::claim::RESERVE;
use crate::door::Door;
use crate::find::{Found, Subject};
use crate::identify::api_keys::withheld;
use crate::ports::{Forward, ForwardMessage};
use crate::reserve::Admitted;

/// A call that its target answered.
pub(crate) struct Sent<'c> {
    admitted: Admitted<'c>,
    reply: Reply,
}

impl<'c> Sent<'c> {
    pub(crate) fn found(&self) -> &Found<'c> {
        self.admitted.permitted().found()
    }

    pub(crate) fn reply_mut(&mut self) -> &mut Reply {
        &mut self.reply
    }

    pub(crate) fn into_reply(self) -> Reply {
        self.reply
    }
}

impl Door {
    /// The target. The door gives up before the platform would, so that the caller hears of it and it is recorded.
    pub(crate) async fn send<'c>(
        &self,
        admitted: Admitted<'c>,
        call: &mut Call,
    ) -> Result<Sent<'c>, Refusal> {
        self.enter(call, Stage::Send);
        let permitted = admitted.permitted();
        let found = permitted.found();
        let left = call.time_left(self.ports.clock.now(), RESERVE);
        let within = left.map_or(found.target().timeout, |left| left.min(found.target().timeout));
        let withheld = self.withheld(found);
        let message = match found.subject() {
            Subject::Http(http) => ForwardMessage::Http {
                request: http.request,
                route_key: &http.rules.key,
                path: &http.path,
                parameters: &http.parameters,
                withheld: &withheld,
                rewrite: http.rules.route.rewrite.as_ref(),
            },
            Subject::Event { record, .. } => ForwardMessage::Event { record },
        };
        if within.is_zero() {
            return Err(Refusal::Target(TargetFault::TimedOut));
        }
        let forward = Forward { call, principal: permitted.principal(), trace: found.trace(), message };
        let endpoint = found.target().endpoints.first().ok_or(Refusal::Target(TargetFault::TimedOut))?;
        let answer =
            tokio::time::timeout(within, self.ports.targets.send(found.target(), endpoint, forward, within))
                .await;
        let reply = answer.unwrap_or(Err(TargetFault::TimedOut)).map_err(Refusal::Target)?;
        Ok(Sent { admitted, reply })
    }

    /// The door's own keys are nothing for targets, on whatever route they are shown.
    fn withheld(&self, found: &Found<'_>) -> Vec<HeaderName> {
        match found.subject() {
            Subject::Http(http) if self.rules.takes_api_keys => {
                withheld(&http.request.headers, &self.rules.config().api_keys)
            }
            Subject::Http(_) | Subject::Event { .. } => Vec::new(),
        }
    }
}
