use bytes::Bytes;
use doorward_config::TargetKind;
use doorward_model::{CanonicalPath, HttpRequest};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};

use super::payload;
use crate::find::{Found, HttpCall, Subject};
use crate::ports::ForwardMessage;
use crate::send::IDEMPOTENCY_KEY;

/// What a target is sent of an invocation.
pub(crate) struct Invoked {
    payload: Bytes,
    /// For a server that speaks HTTP.
    request: Option<(HttpRequest, CanonicalPath)>,
}

impl Invoked {
    /// `None` for what is no invocation.
    pub(crate) fn of(found: &Found<'_>) -> Option<Self> {
        let Subject::Http(HttpCall { invocation: Some(_), request, .. }) = found.subject() else {
            return None;
        };
        let payload = payload::sent(request);
        let speaks_http = matches!(found.target().kind, TargetKind::Http(_));
        let request = speaks_http.then(|| (as_request(request, payload.clone()), CanonicalPath::root()));
        Some(Self { payload, request })
    }

    /// The form in which it is sent.
    pub(crate) fn message<'a>(&'a self, http: &'a HttpCall<'_>) -> Option<ForwardMessage<'a>> {
        let invocation = http.invocation.as_ref()?;
        Some(match &self.request {
            None => ForwardMessage::Invoke {
                payload: &self.payload,
                kind: invocation.kind,
                qualifier: invocation.qualifier,
                client_context: invocation.client_context.as_ref(),
                log_tail: invocation.log_tail,
            },
            Some((request, path)) => ForwardMessage::Http {
                request,
                route_key: &http.rules.key,
                path,
                parameters: &[],
                withheld: &[],
                rewrite: http.rules.route.rewrite.as_ref(),
            },
        })
    }
}

/// `POST` of the payload. Of the caller's own fields the server is told nothing but the key by which it knows a repetition.
fn as_request(request: &HttpRequest, payload: Bytes) -> HttpRequest {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, json.clone()), (ACCEPT, json)]);
    for key in request.headers.get_all(IDEMPOTENCY_KEY) {
        headers.append(IDEMPOTENCY_KEY, key.clone());
    }
    HttpRequest { method: Method::POST, query: String::new(), headers, body: payload, ..request.clone() }
}
