//! The validation handshake of the CloudEvents HTTP webhook specification 1.0.2, section 4: a sender asks whether its events are
//! wanted before it sends any.

use doorward_model::{Body, Call, Inbound, Message, Reply};
use http::header::ALLOW;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::door::Door;
use crate::router::Match;

const REQUEST_ORIGIN: HeaderName = HeaderName::from_static("webhook-request-origin");
const ALLOWED_ORIGIN: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const ALLOWED_RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");

/// The action under which it stands in the log; no route may have a name that begins so.
const ACTION: &str = "doorward.handshake";

impl Door {
    /// The answer to a sender who asks by `OPTIONS`, where its origin is one that the route declares; `None` for any other, who is
    /// told nothing. It promises nothing: each event is decided on when it comes, and limits say how many may. Where it is
    /// answered is `WebHook-Request-Callback` not looked at: the door calls nobody whom a stranger names.
    pub(crate) fn handshake(&self, inbound: &Inbound, call: &mut Call) -> Option<Reply> {
        let Message::Http(request) = &inbound.message else { return None };
        if request.method != Method::OPTIONS || request.socket.is_some() {
            return None;
        }
        let mut stated = request.headers.get_all(REQUEST_ORIGIN).iter();
        let (Some(origin), None) = (stated.next(), stated.next()) else { return None };
        let path = self.rules.path_of(inbound).filter(|_| self.rules.check_front(inbound).is_ok())?;
        let Match::Route(place, _) = self.rules.router.find(&Method::POST, &path) else { return None };
        let rule = self.rules.routes.get(place)?.route.cloudevents.as_ref()?;
        rule.origins.iter().find(|allowed| origin.as_bytes().eq_ignore_ascii_case(allowed.as_bytes()))?;
        let answered = self.screen_request(request).map(|()| {
            let headers = HeaderMap::from_iter([
                (ALLOW, HeaderValue::from_static("POST")),
                (ALLOWED_ORIGIN, origin.clone()),
                (ALLOWED_RATE, HeaderValue::from_static("*")),
            ]);
            Reply { status: StatusCode::OK, headers, body: Body::Empty }
        });
        Some(self.answer_itself(ACTION, answered, call))
    }
}
