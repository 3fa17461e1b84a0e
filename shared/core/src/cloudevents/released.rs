use doorward_model::{CallId, Front, HttpRequest, Inbound, Message, Outcome, Refusal, Trace};
use jiff::Timestamp;

use super::kept::Kept;
use super::opened::Opened;
use crate::door::Door;
use crate::identify::Identified;
use crate::ports::StoreError;
use crate::reserve::Tab;

/// What became of an event that was released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// The call that it is now: once it is claimed, the one of its `source` and `id`.
    pub call: CallId,
    /// How that ended.
    pub outcome: Outcome,
}

impl Door {
    /// Sends the CloudEvent that quarantine keeps as `id` through the door again, as its sender, who was proven
    /// then: whoever asks names nothing but that id. `None` where none is being released.
    ///
    /// # Errors
    /// [`StoreError`] where quarantine does not answer, or holds what this door cannot read.
    pub async fn release(
        &self,
        id: &str,
        invocation: &str,
        deadline: Timestamp,
    ) -> Result<Option<Released>, StoreError> {
        let Some(kept) = self.ports.quarantine.released(id).await? else { return Ok(None) };
        let unreadable = || StoreError("what is kept of the event cannot be read".to_owned());
        let Kept { front, request, sender } = Kept::read(&kept).ok_or_else(unreadable)?;
        // A call of its own, until it is claimed: who is refused again leaves nothing that a later claim would find.
        let inbound = inbound(invocation, deadline, front, request);
        let mut call = self.begin(&inbound);
        let opened = match self.find(&inbound, &mut call) {
            Ok(found) if found.brings_events() => {
                call.is_by(sender.name.clone(), sender.trust);
                let opened = Opened::of(Identified::stated(found, sender));
                opened.map(|opened| Opened { released: Some(CallId::new(id)), ..opened })
            }
            Ok(_) => Err(Refusal::NotFound),
            Err(refusal) => Err(refusal),
        };
        match opened {
            Ok(opened) => drop(self.serve_event(&inbound, &opened, &mut call).await),
            Err(refusal) => {
                drop(self.end_request(Err(refusal), None, Tab::default(), &inbound, &mut call).await);
            }
        }
        Ok(Some(Released { call: call.id, outcome: call.outcome }))
    }
}

fn inbound(invocation: &str, deadline: Timestamp, front: Front, request: HttpRequest) -> Inbound {
    Inbound {
        front,
        call: CallId::new(invocation),
        invocation: invocation.to_owned(),
        gateway_request: None,
        received: None,
        deadline,
        trace: Trace::default(),
        message: Message::Http(request),
    }
}
