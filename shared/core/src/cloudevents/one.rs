use doorward_model::{Call, Inbound, Refusal, Reply};

use super::opened::Opened;
use crate::check_response::Answered;
use crate::door::Door;
use crate::pipeline::Approach;
use crate::reserve::Tab;

impl Door {
    /// The one event of a request, which is answered as any request is.
    pub(super) async fn serve_event(&self, inbound: &Inbound, opened: &Opened<'_>, call: &mut Call) -> Reply {
        let mut tab = Tab::default();
        let outcome = self.carry(opened, &mut tab, call).await;
        let kept = opened.events.first().and_then(|event| self.to_keep(opened, event, &mut tab, call));
        self.end_request(outcome, kept.as_ref(), tab, inbound, call).await
    }

    async fn carry(&self, opened: &Opened<'_>, tab: &mut Tab, call: &mut Call) -> Result<Answered, Refusal> {
        let event = opened.events.first().ok_or(Refusal::NotFound)?;
        let identified = self.rules.find_event_of(opened, event, call)?;
        match self.approach_identified(identified, tab, call).await? {
            Approach::Admitted(admitted) => self.finish(admitted, tab, call).await,
            Approach::Answered(answered) => Ok(answered),
        }
    }
}
