use doorward_config::Plan;
use doorward_model::{Call, Principal, Refusal, Stage};

use crate::claim::Claimed;
use crate::door::Door;
use crate::find::{Found, Subject};
use crate::limit::{Ask, Level, Reserved, Slot};

/// The plan of every caller who has no other.
const DEFAULT_PLAN: &str = "default";

/// A call within its limits: what may be sent.
pub(crate) struct Admitted<'d> {
    pub(crate) found: Found<'d>,
    pub(crate) principal: Principal,
}

impl Door {
    /// Is there rate and quota left? All limits of the caller are taken from together, or none is.
    pub(crate) async fn reserve<'d>(
        &self,
        claimed: Claimed<'d>,
        call: &mut Call,
    ) -> Result<Admitted<'d>, Refusal> {
        self.enter(call, Stage::Reserve);
        let Claimed { permitted } = claimed;
        if let Some(plan) = self.plan(&permitted.found.subject) {
            call.plan = Some(plan.name.clone());
            let now = self.ports.clock.now();
            let ask = Ask {
                scope: format!("caller#{}", permitted.principal.name),
                now,
                units: call.units,
                slots: plan.limits.iter().map(|limit| Slot::at(limit, now)).collect(),
            };
            let reserved = self.in_time(call, self.ports.limits.reserve(&ask)).await;
            let reserved = reserved.map_err(|error| self.store_away(call, &error))?;
            note(&ask, reserved, call)?;
        }
        Ok(Admitted { found: permitted.found, principal: permitted.principal })
    }

    /// The plan that holds for this call: `default` for callers of routes, for events the one that their rule names.
    fn plan(&self, subject: &Subject<'_>) -> Option<&Plan> {
        let name = match subject {
            Subject::Http(_) => DEFAULT_PLAN,
            Subject::Event { rule, .. } => rule.plan.as_deref()?,
        };
        self.rules.config.plans.iter().find(|plan| plan.name == name)
    }
}

/// Writes down what is left of each limit; a refusal names the first that binds.
fn note(ask: &Ask, reserved: Reserved, call: &mut Call) -> Result<(), Refusal> {
    let (levels, granted) = match reserved {
        Reserved::Granted(levels) => (levels, true),
        Reserved::Refused(levels) => (levels, false),
    };
    let pairs = || ask.slots.iter().zip(levels.iter().copied());
    let describe = |(slot, level): (&Slot, Level)| slot.note(level, ask.units, ask.now);
    call.limits = pairs().map(describe).collect();
    if granted {
        return Ok(());
    }
    let bound = pairs().find(|(slot, level)| slot.refuses(*level, ask.units, ask.now)).map(describe);
    match bound {
        Some(limit) => {
            call.bound = Some(limit.name.clone());
            Err(Refusal::Limited(limit))
        }
        // A store that refuses without a level that binds cannot be believed.
        None => Err(Refusal::StoreAway),
    }
}
