use doorward_model::{Body, Call, Inbound, Message, Outcome, Reply};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::json;

use crate::door::Door;
use crate::respond::REQUEST_ID;

/// The one path, exactly as it is sent.
pub(crate) const PATH: &str = "/.doorward/health";

/// The action under which it stands in the log; no route may have a name that begins so.
const ACTION: &str = "doorward.health";

impl Door {
    /// `GET /.doorward/health`: that the door runs, and with which bundle. It says nothing of stores or targets, touches
    /// none of them, and asks for no credentials; it leaves a line and no ledger item.
    pub(crate) fn health(&self, inbound: &Inbound, call: &mut Call) -> Option<Reply> {
        let Message::Http(request) = &inbound.message else { return None };
        let path = self.rules.own_path(inbound.front.kind, request);
        if path != Some(PATH) || request.method != Method::GET || request.socket.is_some() {
            return None;
        }
        let config = self.rules.config();
        if !config.fronts.contains(&inbound.front) {
            return None;
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(id) = HeaderValue::from_str(call.id.as_str()) {
            headers.insert(REQUEST_ID, id);
        }
        let body = json!({ "status": "ok", "door": config.door.name, "bundle": self.rules.digest() });
        call.action = Some(ACTION.to_owned());
        call.outcome = Outcome::Admitted;
        call.status = Some(StatusCode::OK.as_u16());
        call.finish(self.ports.clock.now());
        self.ports.journal.write(call);
        Some(Reply { status: StatusCode::OK, headers, body: Body::from(body.to_string().into_bytes()) })
    }
}
