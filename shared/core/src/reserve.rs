use doorward_config::Plan;
use doorward_model::{ApiKeyFault, AuthFault, Call, Refusal, Stage};

use crate::claim::Claimed;
use crate::door::Door;
use crate::limit::{Ask, Level, Reserved, Slot};
use crate::permit::Permitted;

/// A call within its limits: what may be sent.
pub(crate) struct Admitted<'c> {
    claimed: Claimed<'c>,
    /// What the target says that the call counted for, of what was reserved.
    settled: Option<u64>,
}

impl<'c> Admitted<'c> {
    pub(crate) fn permitted(&self) -> &Permitted<'c> {
        self.claimed.permitted()
    }

    /// The call counted for no more than `units`, whatever was reserved.
    pub(crate) fn settle(&mut self, units: u64) {
        self.settled = Some(units);
    }
}

impl Door {
    /// Is there rate and quota left? All limits of the caller are taken from together, or none is.
    pub(crate) async fn reserve<'c>(
        &self,
        claimed: Claimed<'c>,
        call: &mut Call,
    ) -> Result<Admitted<'c>, Refusal> {
        self.enter(call, Stage::Reserve);
        let permitted = claimed.permitted();
        if let Some(plan) = self.plan(permitted)? {
            let now = self.ports.clock.now();
            let ask = Ask {
                scope: format!("caller#{}", permitted.principal().name),
                now,
                units: permitted.units().get(),
                slots: plan.limits.iter().map(|limit| Slot::at(limit, now)).collect(),
            };
            let reserved = self.in_time(call, self.ports.limits.reserve(&ask)).await;
            note(&ask, reserved.map_err(|error| self.store_away(call, &error))?, call)?;
        }
        Ok(Admitted { claimed, settled: None })
    }
}

impl Door {
    /// The plan that the caller's credentials name, else that of the route or event. A name that means nothing is no way
    /// around limits.
    fn plan<'p>(&'p self, permitted: &'p Permitted<'_>) -> Result<Option<&'p Plan>, Refusal> {
        match &permitted.principal().plan {
            None => Ok(permitted.found().plan()),
            Some(name) => {
                self.rules.config().plan(name).map(Some).ok_or_else(|| {
                    Refusal::Unauthenticated(AuthFault::ApiKey(ApiKeyFault::Plan(name.clone())))
                })
            }
        }
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
