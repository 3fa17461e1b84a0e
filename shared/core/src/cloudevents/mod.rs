//! CloudEvents over HTTP: a route's requests bring events, each of which is a call of its own. Who sends them is proven once, of
//! the request; everything after is done for each event by itself.
//!
//! | file | what it says |
//! |---|---|
//! | `read.rs` | in which of three modes events come |
//! | `event.rs` | what an event is, and what its attributes may be |
//! | `json_format.rs`, `binary.rs` | how it is written |
//! | `one.rs`, `batch.rs` | its way, alone and with others |
//! | `forward.rs` | what targets are sent: what came in, without what was refused |
//! | `reported.rs` | what a target says of each event of a batch |
//! | `answer.rs` | what the sender of several is told |
//! | `kept.rs`, `released.rs` | what quarantine keeps of one, and its way when it is released |
//! | `handshake.rs` | whether a sender may send at all |

mod answer;
mod batch;
mod binary;
mod event;
mod forward;
mod handshake;
mod json_format;
mod kept;
mod one;
mod opened;
mod read;
mod released;
mod reported;

use doorward_model::{Call, EventRecord, Inbound, Message, Refusal, Reply};
use http::Method;

pub(crate) use self::event::CloudEvent;
pub(crate) use self::forward::{takes_messages, text};
pub(crate) use self::opened::Opened;
use self::read::Mode;
pub use self::released::Released;
use crate::check_response::Answered;
use crate::door::{Answer, Door};
use crate::reserve::Tab;
use crate::router::Match;
use crate::rules::Rules;

impl Door {
    /// The answer to a request of a route that takes CloudEvents; `None` for any other.
    pub(crate) async fn cloud_events(&self, inbound: &Inbound, call: &mut Call) -> Option<Reply> {
        if !self.rules.takes_events_of(inbound) {
            return None;
        }
        let opened = match self.arrive(inbound, call).await {
            Ok(identified) => Opened::of(identified),
            Err(refusal) => Err(refusal),
        };
        Some(match opened {
            Ok(opened) if opened.mode == Mode::Batch => self.serve_events(inbound, &opened, call).await,
            Ok(opened) => self.serve_event(inbound, &opened, call).await,
            Err(refusal) => self.end_request(Err(refusal), None, Tab::default(), inbound, call).await,
        })
    }

    /// Records and answers a request, or the one event that it brings.
    async fn end_request(
        &self,
        outcome: Result<Answered, Refusal>,
        kept: Option<&EventRecord>,
        tab: Tab,
        inbound: &Inbound,
        call: &mut Call,
    ) -> Reply {
        let outcome = self.record(outcome, kept, tab, call).await;
        let outcome = match outcome {
            Err(refusal) if answer::is_done(&refusal, self.repeated(call)) => Ok(answer::done()),
            outcome => outcome,
        };
        match self.respond(outcome, Some(inbound), call) {
            Answer::Http(reply) => reply,
            // Whoever asks by a request is answered by one.
            Answer::Event(_) => answer::done().into_reply(),
        }
    }
}

impl Rules {
    /// Whether the request is for a route that takes CloudEvents.
    pub(crate) fn takes_events_of(&self, inbound: &Inbound) -> bool {
        let Message::Http(request) = &inbound.message else { return false };
        if self.cloud_events.is_empty() || request.method != Method::POST || request.socket.is_some() {
            return false;
        }
        let Some(path) = self.path_of(inbound) else { return false };
        match self.router.find(&Method::POST, &path) {
            Match::Route(place, _) => {
                self.routes.get(place).is_some_and(|rules| rules.route.cloudevents.is_some())
            }
            Match::Invocation(_) | Match::OtherMethods(_) | Match::Nothing => false,
        }
    }
}
