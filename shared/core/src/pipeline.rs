use doorward_model::{Call, Inbound, Refusal, Stage};

use crate::api_key::ApiKey;
use crate::check_response::Answered;
use crate::door::Door;
use crate::identify::BodyGiven;
use crate::reserve::Tab;

impl Door {
    /// The way of a call. Each stage takes what only the stage before it can make, so none can be skipped; each notes
    /// in `call` what it learned, so that whatever the outcome, it can be explained.
    pub(crate) async fn run(
        &self,
        inbound: &Inbound,
        tab: &mut Tab,
        call: &mut Call,
    ) -> Result<Answered, Refusal> {
        let found = self.find(inbound, call)?;
        let screened = self.screen(found, call)?;
        let identified = self.identify(screened, BodyGiven::Yes, call).await?;
        if !call.is_dry_run() {
            tab.open(identified.found(), identified.caller(), call);
        }
        let checked = self.check_request(identified, call)?;
        let permitted = self.permit(checked, call).await?;
        if call.is_dry_run() {
            return Ok(Answered::dry_run(&permitted));
        }
        let claimed = self.claim(permitted, call).await?;
        let admitted = self.reserve(claimed, tab, call).await?;
        let sent = self.send(admitted, call).await?;
        let sent = self.settle(sent, tab, call);
        self.check_response(sent, call).await
    }

    /// The part of the way that an authorizer goes: there is no body to check, and nothing comes of it but a word, and the
    /// API key that proved the caller where the gateway is to have it.
    pub(crate) async fn decide(
        &self,
        inbound: &Inbound,
        usage_key: &mut Option<ApiKey>,
        call: &mut Call,
    ) -> Result<(), Refusal> {
        let found = self.find(inbound, call)?;
        let screened = self.screen(found, call)?;
        if call.invoked.is_some() {
            return Err(Refusal::NeedsBody);
        }
        let mut identified = self.identify(screened, BodyGiven::No, call).await?;
        *usage_key = identified.take_key().filter(|_| self.rules.config().authorizer.usage_identifier);
        self.permit_without_body(identified, call).await
    }

    pub(crate) fn enter(&self, call: &mut Call, stage: Stage) {
        call.enter(stage, self.ports.clock.now());
    }
}
