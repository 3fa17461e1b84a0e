//! An API Gateway HTTP API: routes, authorizer, Lambda proxy integrations.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::access_log::{self, Trail};
use super::authorizer::{AuthorizerGate, Stopped};
use super::event::{self, Placement, STAGE};
use super::inbound::{Inbound, Peer};
use super::reply::Reply;
use super::route::{Match, Routes};
use crate::EmulatorError;
use crate::lambda::{Invocation, InvokeFault, Lambda};
use crate::logs::Logs;
use crate::options::HttpApi;

/// Name of the front in the logs.
const FRONT: &str = "http-api";
/// Largest body and longest integration.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const BODY_LIMIT: usize = 10 * 1024 * 1024;
const INTEGRATION_LIMIT: Duration = Duration::from_secs(30);
const CONTENT_TYPE: &str = "text/plain;charset=UTF-8";

/// One HTTP API.
pub(crate) struct HttpApiFront {
    id: String,
    region: String,
    account: String,
    domain_name: String,
    port: u16,
    routes: Routes,
    authorizer: Option<AuthorizerGate>,
    lambda: Arc<Lambda>,
    logs: Logs,
}

impl HttpApiFront {
    pub(crate) fn new(
        api: HttpApi,
        region: &str,
        account: &str,
        address: SocketAddr,
        lambda: Arc<Lambda>,
        logs: Logs,
    ) -> Result<Self, EmulatorError> {
        let front = Self {
            domain_name: format!("{}.execute-api.{region}.amazonaws.com", api.id),
            id: api.id,
            region: region.to_owned(),
            account: account.to_owned(),
            port: address.port(),
            routes: Routes::compile(api.routes)?,
            authorizer: api.authorizer.map(AuthorizerGate::new).transpose()?,
            lambda,
            logs,
        };
        let mut named = front.routes.functions().chain(front.authorizer.iter().map(AuthorizerGate::function));
        if let Some(unknown) = named.find(|function| !front.lambda.knows(function)) {
            return Err(EmulatorError::UnknownFunction(unknown.to_owned()));
        }
        drop(named);
        Ok(front)
    }

    async fn answer(&self, inbound: &mut Inbound, body: Body, request_id: &str, trail: &mut Trail) -> Reply {
        if inbound.read(body, BODY_LIMIT).await.is_err() {
            return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        }
        let Some(route) = self.routes.find(&inbound.method, &inbound.path) else {
            return message(StatusCode::NOT_FOUND, "Not Found");
        };
        trail.route_key = Some(route.key.to_owned());
        let path = inbound.decoded_path();
        let placement = self.placement(&route, &path, request_id);
        let authorizer = match self.authorize(route.authorized, inbound, &placement, trail).await {
            Ok(authorizer) => authorizer,
            Err(Stopped::Unauthorized) => return message(StatusCode::UNAUTHORIZED, "Unauthorized"),
            Err(Stopped::Forbidden) => return message(StatusCode::FORBIDDEN, "Forbidden"),
            Err(Stopped::Failed) => return internal_error(),
        };
        let event = event::integration(inbound, &placement, authorizer);
        self.integrate(route.function, event, inbound.trace(), trail).await
    }

    fn placement<'a>(
        &'a self,
        route: &'a Match<'_>,
        raw_path: &'a str,
        request_id: &'a str,
    ) -> Placement<'a> {
        Placement {
            account_id: &self.account,
            api_id: &self.id,
            domain_name: &self.domain_name,
            port: self.port,
            route_key: route.key,
            request_id,
            raw_path,
            path_parameters: &route.parameters,
        }
    }

    /// What the integration finds as `requestContext.authorizer`.
    async fn authorize(
        &self,
        authorized: bool,
        inbound: &Inbound,
        placement: &Placement<'_>,
        trail: &mut Trail,
    ) -> Result<Option<Value>, Stopped> {
        let Some(gate) = self.authorizer.as_ref().filter(|_| authorized) else { return Ok(None) };
        let (region, account, api) = (&self.region, &self.account, &self.id);
        let (method, path) = (&inbound.method, placement.raw_path);
        let route_arn = format!("arn:aws:execute-api:{region}:{account}:{api}/{STAGE}/{method}{path}");
        let context = gate.pass(&self.lambda, inbound, placement, &route_arn, trail).await?;
        Ok(Some(json!({ "lambda": context })))
    }

    async fn integrate(&self, function: &str, event: Bytes, trace: String, trail: &mut Trail) -> Reply {
        let invocation = Invocation::new(event, trace);
        trail.integration_request_id = Some(invocation.id.clone());
        let mut failed = |reason: String, reply: Reply| {
            trail.integration_error = Some(reason);
            reply
        };
        let unavailable = || message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
        match tokio::time::timeout(INTEGRATION_LIMIT, self.lambda.invoke(function, invocation)).await {
            Err(_) => failed(format!("no answer within {} s", INTEGRATION_LIMIT.as_secs()), unavailable()),
            Ok(Err(fault @ InvokeFault::Throttled)) => failed(fault.to_string(), unavailable()),
            Ok(Err(fault @ InvokeFault::TooLarge { .. })) => {
                failed(fault.to_string(), message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"))
            }
            Ok(Err(fault)) => failed(fault.to_string(), internal_error()),
            Ok(Ok(answer)) if answer.is_error => {
                failed(answer.error_message().unwrap_or_default(), internal_error())
            }
            Ok(Ok(answer)) => Reply::read(&answer.payload, CONTENT_TYPE).unwrap_or_else(|_| {
                failed("the answer is not of payload format 2.0".to_owned(), internal_error())
            }),
        }
    }
}

pub(crate) fn router(front: Arc<HttpApiFront>) -> axum::Router {
    axum::Router::new().fallback(handle).with_state(front)
}

async fn handle(State(front): State<Arc<HttpApiFront>>, peer: Peer, request: Request) -> Response {
    let started = Instant::now();
    let request_id = request_id();
    let (head, body) = request.into_parts();
    let mut inbound = Inbound::new(head, peer, Timestamp::now());
    let mut trail = Trail::default();
    let mut reply = front.answer(&mut inbound, body, &request_id, &mut trail).await;
    access_log::record(&front.logs, FRONT, &request_id, &inbound, &reply, &trail, started);
    reply.headers.remove(http::header::CONTENT_LENGTH);
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        reply.headers.insert("apigw-requestid", id);
    }
    reply.into_response()
}

/// Fifteen characters and an equals sign, as API Gateway makes them.
fn request_id() -> String {
    let random = Uuid::new_v4().into_bytes();
    STANDARD.encode(random.get(..11).unwrap_or_default())
}

fn message(status: StatusCode, text: &str) -> Reply {
    Reply::json(status, &json!({ "message": text }).to_string())
}

fn internal_error() -> Reply {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_request_id_looks_like_one_of_api_gateway() {
        let id = super::request_id();
        assert!(id.len() == 16 && id.ends_with('=') && !id.ends_with("=="), "{id}");
    }
}
