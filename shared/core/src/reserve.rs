use std::net::IpAddr;

use doorward_config::{Config, LimitMode, Plan};
use doorward_model::{ApiKeyFault, AuthFault, Call, LimitNote, Principal, Refusal, Stage};

use crate::claim::{Claimed, LONGEST_WAIT};
use crate::door::Door;
use crate::find::{Found, Subject};
use crate::limit::{Assignment, Demand, Facts, Scope, Taken, Verdict, of_caller, scopes};
use crate::permit::Permitted;
use crate::ports::StoreError;

/// A call within its limits: what may be sent.
pub(crate) struct Admitted<'c>(Claimed<'c>);

impl<'c> Admitted<'c> {
    pub(crate) fn permitted(&self) -> &Permitted<'c> {
        self.0.permitted()
    }
}

/// What a call consumes, from when its caller is known to its end.
#[derive(Default)]
pub(crate) struct Tab {
    open: Option<Open>,
    /// What was taken from its limits; `None` while it has not passed them.
    taken: Option<Taken>,
    /// What it turned out to consume, of what was taken.
    settled: Option<u64>,
}

/// Whose call it is.
pub(crate) struct Open {
    facts: Facts,
    /// Whether the caller's credentials, the route or the event name a plan, and which.
    plan: PlanName,
    units: u64,
}

impl Open {
    /// A question of the door's own, which is no call.
    pub(crate) fn of_nothing(
        principal: &Principal,
        plan: Option<&Plan>,
        source_ip: Option<IpAddr>,
        call: &Call,
    ) -> Self {
        let facts = Facts {
            caller: principal.name.clone(),
            parents: principal.parents.clone(),
            claims: principal.claims.clone(),
            key_id: call.key_id.clone(),
            source_ip,
            action: String::new(),
            target: String::new(),
        };
        Self { facts, plan: PlanName::of(principal, plan), units: 0 }
    }

    /// The scope of the caller's own limits.
    pub(crate) fn scope(&self) -> String {
        of_caller(&self.facts)
    }

    pub(crate) fn caller(&self) -> String {
        self.facts.caller.to_string()
    }
}

/// The limits that a call is held to.
#[derive(Clone, Copy)]
enum Against {
    All,
    /// Those of its plan: what a plan charges is its own matter, and takes nothing from what others share.
    Plan,
}

enum PlanName {
    None,
    /// The route's or the event's own.
    Declared(String),
    /// What the caller's credentials name, which may mean nothing.
    Shown(String),
}

impl PlanName {
    fn of(principal: &Principal, plan: Option<&Plan>) -> Self {
        match (&principal.plan, plan) {
            (Some(name), _) => Self::Shown(name.clone()),
            (None, Some(plan)) => Self::Declared(plan.name.clone()),
            (None, None) => Self::None,
        }
    }
}

impl Tab {
    /// The caller is known.
    pub(crate) fn open(&mut self, found: &Found<'_>, principal: &Principal, call: &Call) {
        let plan = PlanName::of(principal, found.plan());
        let source_ip = match found.subject() {
            Subject::Http(http) => http.request.source_ip,
            Subject::Event { .. } => None,
        };
        let facts = Facts {
            caller: principal.name.clone(),
            parents: principal.parents.clone(),
            claims: principal.claims.clone(),
            key_id: call.key_id.clone(),
            source_ip,
            action: found.action().to_owned(),
            target: found.target().name.clone(),
        };
        self.open = Some(Open { facts, plan, units: call.units });
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The target said what the call consumed: at most what was taken.
    pub(crate) fn settle(&mut self, units: u64) {
        self.settled = Some(units);
    }
}

impl Door {
    /// Is there rate and quota left? All limits of the call are taken from together, or none is.
    pub(crate) async fn reserve<'c>(
        &self,
        claimed: Claimed<'c>,
        tab: &mut Tab,
        call: &mut Call,
    ) -> Result<Admitted<'c>, Refusal> {
        self.enter(call, Stage::Reserve);
        if let Some(open) = &mut tab.open {
            open.units = claimed.permitted().units().get();
            tab.taken = Some(match call.goes_on {
                true => self.meter_or_go_on(open, call).await?,
                false => self.meter(open, Against::All, call).await?,
            });
        }
        Ok(Admitted(claimed))
    }

    /// Takes from all its limits for a call that is not sent, as for one that is.
    pub(crate) async fn take_unsent(&self, tab: &mut Tab, call: &mut Call) -> Result<(), Refusal> {
        if let (Some(open), None) = (&tab.open, &tab.taken) {
            tab.taken = Some(self.meter(open, Against::All, call).await?);
        }
        Ok(())
    }

    /// Closes the tab: what the call consumed is what its row says. What its plan refunds goes back to its quotas, and so
    /// does what it did not use; what the plan charges is taken from who was refused.
    pub(crate) async fn close_tab(&self, tab: Tab, call: &mut Call) {
        let Tab { open, taken, settled } = tab;
        let plan = call.plan.as_deref().and_then(|name| self.rules.config().plan(name));
        match taken {
            Some(taken) => {
                let refunded = plan.is_some_and(|plan| plan.refund.contains(&call.outcome));
                call.units = if refunded { 0 } else { settled.unwrap_or(taken.units).min(taken.units) };
                let rest = taken.units - call.units;
                if rest > 0 && !taken.is_empty() {
                    let now = self.ports.clock.now();
                    let back = self.limiter.give_back(self.ports.limits.as_ref(), &taken, rest, now);
                    let given = async {
                        back.await;
                        Ok(())
                    };
                    let _ = self.in_time(call, given).await;
                }
            }
            None => {
                call.units = 0;
                if let Some(open) = open
                    && plan.is_some_and(|plan| plan.charge.contains(&call.outcome))
                {
                    let (limits, bound) = (std::mem::take(&mut call.limits), call.bound.take());
                    // Who has nothing left pays nothing: the refusal stands either way.
                    let taken = self.meter(&open, Against::Plan, call).await;
                    call.units = taken.map_or(0, |taken| taken.units);
                    if call.limits.is_empty() {
                        call.limits = limits;
                    }
                    call.bound = bound;
                }
            }
        }
    }

    /// As [`Self::meter`], for a call that goes on while limits are away. It must have time left for its target.
    async fn meter_or_go_on(&self, open: &Open, call: &mut Call) -> Result<Taken, Refusal> {
        let metered = tokio::time::timeout(LONGEST_WAIT, self.meter(open, Against::All, call)).await;
        let metered = metered.unwrap_or_else(|_| {
            let error = StoreError("the limits do not answer in time".to_owned());
            Err(self.store_away(call, &error))
        });
        let assigned = self.limiter.known_assignment(&of_caller(&open.facts)).0;
        // A plan that the configuration does not have is no store that is away.
        let is_known = assigned.is_none_or(|name| self.rules.config().plan(&name).is_some());
        match metered {
            Err(Refusal::StoreAway) if is_known && call.goes_on => Ok(Taken::unmetered(open.units)),
            metered => metered,
        }
    }

    async fn meter(&self, open: &Open, against: Against, call: &mut Call) -> Result<Taken, Refusal> {
        let refresh = self.rules.config().door.refresh;
        let (switches, clock) = (self.ports.switches.as_ref(), self.ports.clock.as_ref());
        let off = self.in_time(call, self.switches.holding(&open.facts, refresh, switches, clock)).await;
        if let Some(note) = off.map_err(|error| self.store_away(call, &error))? {
            return Err(limited(vec![note.clone()], note, call));
        }
        let (mut known, mut contended) = (None, 0);
        loop {
            let assignment = match known.take() {
                Some(assignment) => assignment,
                None => self.assignment(open, call).await?,
            };
            let plan = self.plan(open, assignment.as_ref(), call)?;
            let now = self.ports.clock.now();
            let scopes = match against {
                Against::All => self.scopes(plan, open),
                Against::Plan => scopes(plan.iter().flat_map(|plan| &plan.limits), &open.facts),
            };
            let demand = Demand { scopes: &scopes, units: open.units, now, assignment, refresh };
            let verdict = self.in_time(call, self.limiter.take(self.ports.limits.as_ref(), &demand)).await;
            match verdict.map_err(|error| self.store_away(call, &error))? {
                Verdict::Granted(taken, notes) => {
                    call.limits = notes;
                    return Ok(taken);
                }
                Verdict::Refused(notes, bound) => return Err(limited(notes, bound, call)),
                Verdict::Contended => {
                    // The table answers: whoever crowds it does not get by without limits.
                    call.goes_on = false;
                    let error = StoreError("too many calls take from the same limits at once".to_owned());
                    return Err(self.store_away(call, &error));
                }
                Verdict::Reassigned(_) if contended == 2 => {
                    let error = StoreError("the caller's plan changes all the time".to_owned());
                    return Err(self.store_away(call, &error));
                }
                Verdict::Reassigned(assignment) => {
                    contended += 1;
                    known = Some(Some(assignment));
                }
            }
        }
    }

    /// The plan that the caller is taken to be assigned; `None` where there are no plans. Limits that are asked
    /// for in the table say so themselves.
    pub(crate) async fn assignment(
        &self,
        open: &Open,
        call: &mut Call,
    ) -> Result<Option<Assignment>, Refusal> {
        if matches!(open.plan, PlanName::None) && self.rules.config().plans.is_empty() {
            return Ok(None);
        }
        let caller = of_caller(&open.facts);
        let guess = self.limiter.known_assignment(&caller);
        let plan = self.plan(open, Some(&guess), call)?;
        let asked = self.scopes(plan, open).first().is_some_and(|scope| {
            scope.is_caller && (scope.has(LimitMode::Hard) || scope.has(LimitMode::Leased))
        });
        if asked {
            return Ok(Some(guess));
        }
        let (now, refresh) = (self.ports.clock.now(), self.rules.config().door.refresh);
        let asked = self.limiter.assignment(self.ports.limits.as_ref(), &caller, now, refresh);
        let assignment = self.in_time(call, asked).await.map_err(|error| self.store_away(call, &error))?;
        Ok(Some(assignment))
    }

    /// The plan that the caller was assigned, else the one that the caller's credentials name, else that of the route or
    /// event. A name that means nothing is no way around limits.
    pub(crate) fn plan(
        &self,
        open: &Open,
        assignment: Option<&Assignment>,
        call: &mut Call,
    ) -> Result<Option<&Plan>, Refusal> {
        let config = self.rules.config();
        let assigned = assignment.and_then(|assignment| assignment.0.as_ref());
        let plan = match (assigned, &open.plan) {
            (None, PlanName::None) => return Ok(None),
            (Some(name), _) => config.plan(name).ok_or_else(|| {
                let cause = format!(
                    "the caller is assigned the plan `{name}`, which the configuration does not have"
                );
                self.store_away(call, &StoreError(cause))
            })?,
            (None, PlanName::Shown(name)) => config.plan(name).ok_or_else(|| {
                Refusal::Unauthenticated(AuthFault::ApiKey(ApiKeyFault::Plan(name.clone())))
            })?,
            (None, PlanName::Declared(name)) => config.plan(name).ok_or(Refusal::StoreAway)?,
        };
        note_plan(plan, call);
        Ok(Some(plan))
    }

    pub(crate) fn scopes<'p>(&'p self, plan: Option<&'p Plan>, open: &Open) -> Vec<Scope<'p>> {
        let Config { limits, .. } = self.rules.config();
        scopes(plan.iter().flat_map(|plan| &plan.limits).chain(limits), &open.facts)
    }
}

fn note_plan(plan: &Plan, call: &mut Call) {
    if call.plan.as_ref() != Some(&plan.name) || call.plan_version.as_ref() != Some(&plan.version) {
        call.plan = Some(plan.name.clone());
        call.plan_version = Some(plan.version.clone());
    }
}

/// The refusal names the first limit that binds.
fn limited(notes: Vec<LimitNote>, bound: LimitNote, call: &mut Call) -> Refusal {
    call.limits = notes;
    call.bound = Some(bound.name.clone());
    Refusal::Limited(bound)
}
