use doorward_config::OpenapiAccess;
use doorward_model::{Body, Call, Inbound, Message, Outcome, Refusal, Reply};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::door::Door;
use crate::respond::REQUEST_ID;

/// The one path, exactly as it is sent.
const PATH: &str = "/.doorward/openapi.json";

/// The action under which it stands in the log; no route may have a name that begins so.
const ACTION: &str = "doorward.openapi";

impl Door {
    /// `GET /.doorward/openapi.json`: the contracts of all routes, merged. Who may read it is `[door] openapi`: anybody,
    /// whoever shows credentials that some route takes, or nobody, for whom nothing is there. It leaves a line and no
    /// ledger item.
    pub(crate) async fn openapi(&self, inbound: &Inbound, call: &mut Call) -> Option<Reply> {
        let Message::Http(request) = &inbound.message else { return None };
        let path = self.rules.own_path(inbound.front.kind, request);
        if path != Some(PATH) || request.method != Method::GET || request.socket.is_some() {
            return None;
        }
        let config = self.rules.config();
        if !config.fronts.contains(&inbound.front) || config.door.openapi == OpenapiAccess::Off {
            return None;
        }
        call.action = Some(ACTION.to_owned());
        let mut reply = match self.contract_for(inbound, call).await {
            Ok(text) => {
                call.outcome = Outcome::Admitted;
                let mut headers = HeaderMap::new();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                Reply { status: StatusCode::OK, headers, body: Body::from(text.as_bytes().to_vec()) }
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
        Some(reply)
    }

    async fn contract_for(&self, inbound: &Inbound, call: &mut Call) -> Result<&str, Refusal> {
        let Message::Http(request) = &inbound.message else { return Err(Refusal::NotFound) };
        match self.rules.config().door.openapi {
            OpenapiAccess::Public => self.screen_request(request)?,
            OpenapiAccess::Authenticated => drop(self.who_asks(inbound, call).await?),
            OpenapiAccess::Off => return Err(Refusal::NotFound),
        }
        self.rules.openapi().ok_or(Refusal::NotFound)
    }
}
