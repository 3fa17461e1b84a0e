use std::collections::BTreeMap;

use doorward_config::{Credential, Dimension, Limit, LimitMode, Plan};
use doorward_model::{Call, Inbound, LimitNote, Message, Outcome, Refusal, Reply};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::door::Door;
use crate::find::HttpCall;
use crate::identify::BodyGiven;
use crate::limit::{Ask, Scope};
use crate::named::Named;
use crate::own_answer;
use crate::ports::StoreError;
use crate::reserve::Open;
use crate::usage::{Bucket, Grain, Group, Sums};

/// The one path, exactly as it is sent.
pub(crate) const PATH: &str = "/.doorward/usage";

/// The action under which it stands in the log; no route may have a name that begins so.
pub(crate) const ACTION: &str = "doorward.usage";

/// By these, calls are told apart that are not made yet.
const OF_A_CALL: [Dimension; 2] = [Dimension::Action, Dimension::Target];

impl Door {
    /// `GET /.doorward/usage`: the caller's own plan, what is left of the caller's limits, and what was used this month.
    /// It takes every kind of credentials that some route takes, but what a body proves; it leaves a line and no ledger
    /// item, and takes nothing from any limit but the sandbox's own on such questions.
    pub(crate) async fn own_usage(&self, inbound: &Inbound, call: &mut Call) -> Option<Reply> {
        self.asks_for(inbound, PATH)?;
        call.action = Some(ACTION.to_owned());
        let answered = self.standing(inbound, call).await.map(|body| own_answer::json(body.to_string()));
        Some(self.answer_itself(ACTION, answered, call))
    }

    async fn standing(&self, inbound: &Inbound, call: &mut Call) -> Result<Value, Refusal> {
        let open = self.who_asks(inbound, call).await?;
        let (now, scope) = (self.ports.clock.now(), open.scope());
        let assignment = self.limiter.read_assignment(self.ports.limits.as_ref(), &scope, now);
        let assignment =
            self.in_time(call, assignment).await.map_err(|error| self.store_away(call, &error))?;
        let plan = self.plan(&open, Some(&assignment), call)?;
        let read = self.read_standing(plan, &open, now);
        let (limits, usage) =
            self.in_time(call, read).await.map_err(|error| self.store_away(call, &error))?;
        let month = Bucket::holding(Grain::Month, now);
        Ok(json!({
            "caller": open.caller(),
            "plan": plan.map(|plan| &plan.name),
            "plan_version": plan.map(|plan| &plan.version),
            "at": now,
            "limits": limits,
            "usage": { "period": month.to_string(), "calls": usage },
        }))
    }

    /// Who asks the door for what is its own, by any credentials that some route takes.
    pub(crate) async fn who_asks(&self, inbound: &Inbound, call: &mut Call) -> Result<Open, Refusal> {
        let Message::Http(request) = &inbound.message else { return Err(Refusal::NotFound) };
        self.screen_request(request)?;
        // Where no route takes credentials that prove somebody, nobody asks.
        let rules = self.rules.own_usage.as_ref().ok_or(Refusal::NotFound)?;
        let path = self.rules.canonical_path(inbound.front.kind, request)?;
        let named = Named::default();
        let http = HttpCall {
            front: &inbound.front,
            rules,
            request,
            path,
            parameters: Vec::new(),
            named,
            purpose: None,
            invocation: None,
            event: None,
        };
        let (principal, _) = self.prove(&http, BodyGiven::No, call).await?;
        call.is_by(principal.name.clone(), principal.trust);
        let open = Open::of_nothing(&principal, rules.plan.as_ref(), request.source_ip, call);
        self.bound_questions(&open)?;
        Ok(open)
    }

    /// Questions cost reads, so each caller has few of them a second, in each sandbox.
    fn bound_questions(&self, open: &Open) -> Result<(), Refusal> {
        let asked = self.limiter.ask_locally(&format!("{ACTION}#{}", open.caller()), self.ports.clock.now());
        asked.map_err(Refusal::Limited)
    }

    async fn read_standing(
        &self,
        plan: Option<&Plan>,
        open: &Open,
        now: Timestamp,
    ) -> Result<(Vec<Value>, Vec<Value>), StoreError> {
        let mut limits = Vec::new();
        for scope in self.scopes(plan, open) {
            let scope = Scope {
                limits: scope.limits.into_iter().filter(|(limit, _)| is_known(limit)).collect(),
                ..scope
            };
            for mode in [LimitMode::Hard, LimitMode::Leased, LimitMode::Local] {
                let slots = scope.slots(mode, now);
                if slots.is_empty() {
                    continue;
                }
                let levels = if mode == LimitMode::Local {
                    self.limiter.local_levels(&scope.key, &slots)
                } else {
                    let ask = Ask {
                        scope: scope.key.clone(),
                        now,
                        units: 1,
                        slots: slots.clone(),
                        block: None,
                        assignment: None,
                    };
                    self.ports.limits.levels(&ask).await?
                };
                let notes = slots.iter().zip(levels).map(|(slot, level)| slot.note(level, 1, now));
                limits.extend(notes.map(|note| described(&note, mode, &scope)));
            }
        }
        let month = Bucket::holding(Grain::Month, now);
        let usage = self.ports.aggregates.of_caller(month, &open.caller()).await?;
        Ok((limits, usage_lines(usage)))
    }
}

/// Whether the limit holds whatever the caller calls next.
fn is_known(limit: &Limit) -> bool {
    !limit.by.iter().chain(limit.only.iter().map(|(dimension, _)| dimension)).any(|by| OF_A_CALL.contains(by))
}

fn described(note: &LimitNote, mode: LimitMode, scope: &Scope<'_>) -> Value {
    let mut described = json!(note);
    if let Value::Object(members) = &mut described {
        let mode = match mode {
            LimitMode::Hard => "hard",
            LimitMode::Leased => "leased",
            LimitMode::Local => "local",
        };
        members.insert("mode".to_owned(), mode.into());
        let by = scope.key.split_once('#').map_or(scope.key.as_str(), |(by, _)| by);
        members.insert("by".to_owned(), by.into());
    }
    described
}

/// What was used, a line for each action, purpose and outcome.
fn usage_lines(usage: BTreeMap<Group, Sums>) -> Vec<Value> {
    let mut lines: BTreeMap<(Option<String>, Option<String>, Outcome), Sums> = BTreeMap::new();
    for (group, sums) in usage {
        *lines.entry((group.action, group.purpose, group.outcome)).or_default() += sums;
    }
    let line = |((action, purpose, outcome), sums): ((Option<String>, Option<String>, Outcome), Sums)| json!({ "action": action, "purpose": purpose, "outcome": outcome, "calls": sums.calls, "units": sums.units });
    lines.into_iter().map(line).collect()
}

/// The credentials that prove a caller without a body, of all routes, in their order.
pub(crate) fn credentials<'r>(routes: impl Iterator<Item = &'r [Credential]>) -> Vec<Credential> {
    let mut credentials: Vec<Credential> = Vec::new();
    for credential in routes.flatten() {
        let proves = !matches!(credential, Credential::Webhook(_) | Credential::Anonymous);
        if proves && !credentials.contains(credential) {
            credentials.push(credential.clone());
        }
    }
    credentials
}
