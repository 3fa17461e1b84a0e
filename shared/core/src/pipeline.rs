use doorward_model::{Call, HttpRequest, Inbound, Message, Refusal, Stage};

use crate::api_key::ApiKey;
use crate::check_response::Answered;
use crate::claim::Turn;
use crate::door::Door;
use crate::identify::{BodyGiven, Identified, connections};
use crate::reserve::{Admitted, Tab};

/// How far a call gets on its way to its target.
#[expect(clippy::large_enum_variant, reason = "one value per call, taken apart at once")]
pub(crate) enum Approach<'c> {
    /// It may be sent.
    Admitted(Admitted<'c>),
    /// It was here before, and is answered as it was then.
    Answered(Answered),
}

/// What a gateway is to have of what proved the caller, where its authorizer lets one pass.
#[derive(Default)]
pub(crate) struct Told {
    /// The API key, for its usage plans.
    pub(crate) usage_key: Option<ApiKey>,
    /// What it is to keep with the connection that is opened.
    pub(crate) connection: Option<String>,
}

impl Door {
    /// The way of a call. Each stage takes what only the stage before it can make, so none can be skipped; each notes
    /// in `call` what it learned, so that whatever the outcome, it can be explained.
    pub(crate) async fn run(
        &self,
        inbound: &Inbound,
        tab: &mut Tab,
        call: &mut Call,
    ) -> Result<Answered, Refusal> {
        let admitted = match self.approach(inbound, tab, call).await? {
            Approach::Admitted(admitted) => admitted,
            Approach::Answered(answered) => return Ok(answered),
        };
        self.finish(admitted, tab, call).await
    }

    /// The target, and its answer.
    pub(crate) async fn finish(
        &self,
        admitted: Admitted<'_>,
        tab: &mut Tab,
        call: &mut Call,
    ) -> Result<Answered, Refusal> {
        let sent = self.send(admitted, call).await?;
        let sent = self.settle(sent, tab, call);
        self.check_response(sent, call).await
    }

    /// The way up to the target.
    pub(crate) async fn approach<'c>(
        &'c self,
        inbound: &'c Inbound,
        tab: &mut Tab,
        call: &mut Call,
    ) -> Result<Approach<'c>, Refusal> {
        let identified = self.arrive(inbound, call).await?;
        self.approach_identified(identified, tab, call).await
    }

    /// The way up to where its caller is known.
    pub(crate) async fn arrive<'c>(
        &'c self,
        inbound: &'c Inbound,
        call: &mut Call,
    ) -> Result<Identified<'c>, Refusal> {
        let found = self.find(inbound, call)?;
        let screened = self.screen(found, call)?;
        self.identify(screened, BodyGiven::Yes, call).await
    }

    /// The way from there up to the target.
    pub(crate) async fn approach_identified<'c>(
        &'c self,
        identified: Identified<'c>,
        tab: &mut Tab,
        call: &mut Call,
    ) -> Result<Approach<'c>, Refusal> {
        if !call.is_dry_run() {
            tab.open(identified.found(), identified.caller(), call);
        }
        let checked = self.check_request(identified, call)?;
        let permitted = self.permit(checked, call).await?;
        if call.is_dry_run() {
            return Ok(Approach::Answered(Answered::dry_run(&permitted)));
        }
        let claimed = match self.claim(permitted, call).await? {
            Turn::Runs(claimed) => claimed,
            Turn::Answered(answered) => return Ok(Approach::Answered(answered)),
        };
        self.reserve(claimed, tab, call).await.map(Approach::Admitted)
    }

    /// The part of the way that an authorizer goes: there is no body to check, and nothing comes of it but a word, and what the
    /// gateway is to have of what proved the caller.
    pub(crate) async fn decide(
        &self,
        inbound: &Inbound,
        told: &mut Told,
        call: &mut Call,
    ) -> Result<(), Refusal> {
        let found = self.find(inbound, call)?;
        let screened = self.screen(found, call)?;
        if call.invoked.is_some() || screened.found().brings_events() {
            return Err(Refusal::NeedsBody);
        }
        let mut identified = self.identify(screened, BodyGiven::No, call).await?;
        let config = self.rules.config();
        if let Message::Http(HttpRequest { socket: Some(socket), .. }) = &inbound.message {
            told.connection = connections::keep(config, &inbound.front, socket, identified.proof());
        }
        told.usage_key = identified.take_key().filter(|_| config.authorizer.usage_identifier);
        self.permit_without_body(identified, call).await
    }

    pub(crate) fn enter(&self, call: &mut Call, stage: Stage) {
        call.enter(stage, self.ports.clock.now());
    }
}
