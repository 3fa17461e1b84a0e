use doorward_model::{
    Call, DecisionNote, DenyReason, Effect, EntityName, Inbound, Item, Principal, Refusal, TrustLevel,
};
use doorward_policy::{Decision, Explanation, Input, Loaded, Question};
use jiff::Timestamp;

use crate::cloudevents::Opened;
use crate::find::Found;
use crate::identify::Identified;
use crate::rules::Rules;
use crate::{check_request, identify, load, permit, purpose, screen};

/// A call as it might come in, with a caller who is taken at their word.
#[derive(Debug)]
pub(crate) struct Entrant {
    pub(crate) inbound: Inbound,
    /// Whether the front is made up, so that it cannot be a pinned one.
    pub(crate) any_front: bool,
    pub(crate) principal: Option<Principal>,
    /// What the table holds of the resource, where it is read from one.
    pub(crate) item: Option<Item>,
    pub(crate) at: Timestamp,
}

/// What would become of a call, up to the decision.
#[derive(Debug, Clone, Default)]
pub struct Rehearsed {
    /// The route's or event's id, where one was found.
    pub action: Option<String>,
    /// Who calls, where it came so far.
    pub caller: Option<EntityName>,
    /// Whose word that is, for a caller who is named that of the strongest credentials they can show.
    pub trust: Option<TrustLevel>,
    /// What it is done to, where a route or event was found.
    pub resource: Option<EntityName>,
    /// What the policies say; `None` where the call is refused before they are asked.
    pub decision: Option<Decision>,
    /// Why the call goes no further; `None` where it is permitted.
    pub refusal: Option<Refusal>,
    /// What each policy had to say, where that was asked for.
    pub explanation: Option<Explanation>,
}

/// What is asked of the policies in a rehearsal.
pub(crate) type Ask<'a> = dyn FnMut(&Question<'_>) -> Decision + 'a;

impl Rules {
    /// The way of a call up to the decision, without ports: the stages' own steps, but that nothing is proven, counted
    /// or recorded.
    pub(crate) fn rehearse_call(&self, entrant: &Entrant, ask: &mut Ask<'_>) -> Rehearsed {
        let mut call = Call::begin(&entrant.inbound, entrant.at);
        let mut decision = None;
        let refusal = self.walk(entrant, &mut call, &mut decision, ask).err();
        let Call { action, caller, trust, resource, .. } = call;
        Rehearsed { action, caller, trust, resource, decision, refusal, explanation: None }
    }

    fn walk(
        &self,
        entrant: &Entrant,
        call: &mut Call,
        decision: &mut Option<Decision>,
        ask: &mut Ask<'_>,
    ) -> Result<(), Refusal> {
        if !entrant.any_front {
            self.check_front(&entrant.inbound)?;
        }
        let found = self.find(&entrant.inbound, call)?;
        screen::bound(&found, self.config().door.max_body)?;
        let principal = identify::rehearsed(&found, entrant.principal.as_ref())?;
        call.is_by(principal.name.clone(), principal.trust);
        if found.brings_events() {
            let opened = Opened::of(Identified::stated(found, principal))?;
            let (found, principal) = self.rehearsed_event(&opened, call)?.into_parts();
            return self.ask_of(entrant, &found, &principal, decision, ask);
        }
        self.ask_of(entrant, &found, &principal, decision, ask)
    }

    fn ask_of(
        &self,
        entrant: &Entrant,
        found: &Found<'_>,
        principal: &Principal,
        decision: &mut Option<Decision>,
        ask: &mut Ask<'_>,
    ) -> Result<(), Refusal> {
        let payload = check_request::payload(found);
        let mut fault = None;
        let said = match self.rehearse_load(found, entrant.item.as_ref()) {
            Ok(loaded) => {
                let purpose = purpose::of(found, principal, &self.config().door.purposes)?;
                let loaded = loaded.as_ref();
                let mut ask =
                    |input| ask(&permit::question(found, principal, purpose, loaded, input, entrant.at));
                match ask(payload.input()) {
                    Decision { deny: Some(DenyReason::InputUnfit(pointer)), .. } => {
                        fault = Some(permit::unfit(pointer));
                        ask(Input::Faulty)
                    }
                    said => said,
                }
            }
            Err(reason) => denied(reason),
        };
        let deny = said.deny.clone();
        *decision = Some(said);
        deny.map(Refusal::Denied).or(fault).map_or(Ok(()), Err)?;
        payload.release()
    }

    fn rehearse_load(&self, found: &Found<'_>, item: Option<&Item>) -> Result<Option<Loaded>, DenyReason> {
        match found.load() {
            None => Ok(None),
            Some(_) => load::made(self.policies(), found.resource(), item).map(Some),
        }
    }
}

/// The denial of a resource that no policy sees.
pub(crate) fn denied(reason: DenyReason) -> Decision {
    let note = DecisionNote { effect: Effect::Deny, policies: Vec::new(), errors: Vec::new() };
    Decision { note, deny: Some(reason) }
}
