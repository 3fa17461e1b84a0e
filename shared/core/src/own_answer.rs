//! What the door answers by itself, below `/.doorward/` and to preflights: each leaves a line and no ledger item.

use doorward_model::{Body, Call, HttpRequest, Inbound, Message, Outcome, Refusal, Reply};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::door::Door;
use crate::respond::REQUEST_ID;

impl Door {
    /// The request, where it is `GET path`, exactly as it is sent, through a front that is pinned.
    pub(crate) fn asks_for<'i>(&self, inbound: &'i Inbound, path: &str) -> Option<&'i HttpRequest> {
        let Message::Http(request) = &inbound.message else { return None };
        let asks = self.rules.own_path(inbound.front.kind, request) == Some(path)
            && request.method == Method::GET
            && request.socket.is_none();
        (asks && self.rules.check_front(inbound).is_ok()).then_some(request)
    }

    /// Answers for the door itself, under an action that no route may have the name of, and writes the call's line.
    pub(crate) fn answer_itself(
        &self,
        action: &str,
        answered: Result<Reply, Refusal>,
        call: &mut Call,
    ) -> Reply {
        call.action = Some(action.to_owned());
        let mut reply = match answered {
            Ok(reply) => {
                call.outcome = Outcome::Admitted;
                reply
            }
            Err(refusal) => {
                call.outcome = refusal.outcome();
                call.code = Some(refusal.code());
                call.cause = refusal.cause();
                self.problem(&refusal, call)
            }
        };
        call.units = 0;
        if let Ok(id) = HeaderValue::from_str(call.id.as_str()) {
            reply.headers.insert(REQUEST_ID, id);
        }
        call.status = Some(reply.status.as_u16());
        call.finish(self.ports.clock.now());
        self.ports.journal.write(call);
        reply
    }
}

/// A JSON text that nobody keeps.
pub(crate) fn json(text: impl Into<Vec<u8>>) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Reply { status: StatusCode::OK, headers, body: Body::from(text.into()) }
}
