//! A Lambda Function URL of auth type NONE.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::access_log::{self, Trail};
use super::event::{self, Placement};
use super::inbound::{Inbound, Peer};
use super::reply::Reply;
use crate::lambda::{Invocation, InvokeFault, Lambda, SYNCHRONOUS_LIMIT};
use crate::logs::Logs;
use crate::options::FunctionUrl;

/// Name of the front in the logs.
const FRONT: &str = "function-url";
const CONTENT_TYPE: &str = "application/json";
/// Headers of a function that its caller finds under another name.
const REMAPPED: [&str; 6] = ["content-length", "date", "host", "server", "trailer", "www-authenticate"];

struct FunctionUrlFront {
    url: FunctionUrl,
    domain_name: String,
    port: u16,
    lambda: Arc<Lambda>,
    logs: Logs,
}

impl FunctionUrlFront {
    async fn answer(&self, inbound: &mut Inbound, body: Body, request_id: &str, trail: &mut Trail) -> Reply {
        if inbound.read(body, SYNCHRONOUS_LIMIT).await.is_err() {
            return fault(&InvokeFault::TooLarge { limit: SYNCHRONOUS_LIMIT });
        }
        let placement = Placement {
            account_id: "anonymous",
            api_id: &self.url.id,
            domain_name: &self.domain_name,
            port: self.port,
            route_key: "$default",
            request_id,
            raw_path: &inbound.path,
            path_parameters: &BTreeMap::new(),
        };
        trail.route_key = Some(placement.route_key.to_owned());
        let invocation = Invocation::new(event::integration(inbound, &placement, None), inbound.trace());
        trail.integration_request_id = Some(invocation.id.clone());
        let (reason, reply) = match self.lambda.invoke(&self.url.function, invocation).await {
            Err(refused) => (refused.to_string(), fault(&refused)),
            Ok(answer) if answer.is_error => (answer.error_message().unwrap_or_default(), bad_gateway()),
            Ok(answer) => match Reply::read(&answer.payload, CONTENT_TYPE) {
                Ok(reply) => return reply,
                Err(_) => ("the answer is not of payload format 2.0".to_owned(), bad_gateway()),
            },
        };
        trail.integration_error = Some(reason);
        reply
    }
}

/// `anonymous` callers only; whoever may reach the port may call.
pub(crate) fn router(
    url: FunctionUrl,
    region: &str,
    address: SocketAddr,
    lambda: Arc<Lambda>,
    logs: Logs,
) -> axum::Router {
    let domain_name = format!("{}.lambda-url.{region}.on.aws", url.id);
    let front = FunctionUrlFront { url, domain_name, port: address.port(), lambda, logs };
    axum::Router::new().fallback(handle).with_state(Arc::new(front))
}

async fn handle(State(front): State<Arc<FunctionUrlFront>>, peer: Peer, request: Request) -> Response {
    let started = Instant::now();
    let request_id = Uuid::new_v4().to_string();
    let (head, body) = request.into_parts();
    let mut inbound = Inbound::new(head, peer, Timestamp::now());
    let mut trail = Trail::default();
    let mut reply = front.answer(&mut inbound, body, &request_id, &mut trail).await;
    access_log::record(&front.logs, FRONT, &request_id, &inbound, &reply, &trail, started);
    reply.headers = remapped(reply.headers);
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        reply.headers.insert("x-amzn-requestid", id);
    }
    reply.into_response()
}

fn remapped(headers: HeaderMap) -> HeaderMap {
    let mut result = HeaderMap::with_capacity(headers.len());
    let mut latest = None;
    for (name, value) in headers {
        // A name is given once for all its values.
        latest = name.or(latest);
        let Some(name) = &latest else { continue };
        let renamed = REMAPPED.contains(&name.as_str()).then(|| format!("x-amzn-remapped-{name}"));
        let name =
            renamed.and_then(|renamed| renamed.parse::<HeaderName>().ok()).unwrap_or_else(|| name.clone());
        result.append(name, value);
    }
    result
}

fn fault(fault: &InvokeFault) -> Reply {
    let status = match fault {
        InvokeFault::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        InvokeFault::Throttled => StatusCode::TOO_MANY_REQUESTS,
        _ => return bad_gateway(),
    };
    Reply::json(status, &json!({ "Message": fault.to_string() }).to_string())
}

fn bad_gateway() -> Reply {
    Reply::json(StatusCode::BAD_GATEWAY, "Internal Server Error")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_headers_get_another_name() {
        let mut headers = HeaderMap::new();
        headers.insert("www-authenticate", HeaderValue::from_static("Bearer"));
        headers.append("set-cookie", HeaderValue::from_static("a=1"));
        headers.append("set-cookie", HeaderValue::from_static("b=2"));
        let headers = remapped(headers);
        assert_eq!(headers["x-amzn-remapped-www-authenticate"], "Bearer");
        assert!(!headers.contains_key("www-authenticate"));
        assert_eq!(headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    }
}
