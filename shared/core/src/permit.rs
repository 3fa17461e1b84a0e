use doorward_model::{Call, DenyReason, EntityName, Principal, Refusal, Stage};
use doorward_policy::{CallContext, Context, Question};

use crate::check_request::{Checked, Payload};
use crate::door::Door;
use crate::find::{Found, Subject};
use crate::rules::FUNCTION;

/// A call that the policies permit, with a payload that keeps its contract.
pub(crate) struct Permitted<'d> {
    pub(crate) found: Found<'d>,
    pub(crate) principal: Principal,
}

impl Door {
    /// May this caller do this? Only who may hears of a fault in the payload.
    pub(crate) fn permit<'d>(&self, checked: Checked<'d>, call: &mut Call) -> Result<Permitted<'d>, Refusal> {
        self.enter(call, Stage::Permit);
        let Checked { found, principal, payload } = checked;
        let (Some(action), Some(resource)) = (&call.action, &call.resource) else {
            return Err(Refusal::Denied(DenyReason::Unfit));
        };
        let parent = EntityName::new(FUNCTION, found.target_name());
        let decision = self.rules.policies.decide(&Question {
            principal: &principal,
            action,
            resource,
            resource_parent: (*resource != parent).then_some(&parent),
            context: Context {
                now: call.at,
                purpose: call.purpose.as_deref(),
                call: call_context(&found),
                input: payload.input(),
            },
        });
        call.decision = Some(decision.note);
        if let Some(reason) = decision.deny {
            return Err(Refusal::Denied(reason));
        }
        match payload {
            Payload::Faulty(refusal) => Err(refusal),
            Payload::Checked(_) | Payload::Absent => Ok(Permitted { found, principal }),
        }
    }
}

fn call_context<'a>(found: &'a Found<'_>) -> CallContext<'a> {
    match &found.subject {
        Subject::Http(http) => CallContext::Http {
            method: http.request.method.as_str(),
            path: http.path.as_str(),
            source_ip: http.request.source_ip,
        },
        Subject::Event { record, .. } => CallContext::Event(record),
    }
}
