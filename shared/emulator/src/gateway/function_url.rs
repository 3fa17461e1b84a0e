//! A Lambda Function URL.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::access_log::{self, Trail};
use super::inbound::{Inbound, Peer};
use super::integration::{IntegrationFault, integrate};
use super::payload_2::{self, Placement};
use super::reply::Reply;
use super::reply_1::remapped;
use super::signature::SignatureFault;
use super::streamed::{StreamFault, Streamed, integrate_streaming};
use super::surroundings::Surroundings;
use crate::EmulatorError;
use crate::lambda::{InvokeFault, SYNCHRONOUS_LIMIT};
use crate::options::{FunctionUrl, IamIdentity, InvokeMode, UrlAuth};

/// Name of the front in the logs.
const FRONT: &str = "function-url";
const CONTENT_TYPE: &str = "application/json";
/// Headers of a function that its caller finds under another name.
const REMAPPED: [&str; 6] = ["content-length", "date", "host", "server", "trailer", "www-authenticate"];

struct FunctionUrlFront {
    url: FunctionUrl,
    domain_name: String,
    port: u16,
    around: Surroundings,
}

impl FunctionUrlFront {
    async fn answer(
        &self,
        inbound: &mut Inbound,
        body: Body,
        request_id: &str,
        trail: &mut Trail,
    ) -> Streamed {
        if inbound.read(body, SYNCHRONOUS_LIMIT).await.is_err() {
            return refused(&InvokeFault::TooLarge { limit: SYNCHRONOUS_LIMIT }).into();
        }
        let caller = match self.caller(inbound) {
            Ok(caller) => caller,
            Err(fault) => {
                trail.authorizer_error = Some(fault.to_string());
                let told = json!({ "Message": "Forbidden" }).to_string();
                return Reply::json(StatusCode::FORBIDDEN, &told).into();
            }
        };
        let placement = Placement {
            account_id: caller.map_or("anonymous", |caller| &caller.account),
            api_id: &self.url.id,
            domain_name: &self.domain_name,
            port: self.port,
            route_key: "$default",
            request_id,
            raw_path: &inbound.path,
            path_parameters: &BTreeMap::new(),
            certificate: None,
            signed: caller.is_some(),
        };
        trail.route_key = Some(placement.route_key.to_owned());
        let event = payload_2::integration(inbound, &placement, caller.map(payload_2::iam));
        let (lambda, function) = (&self.around.lambda, &self.url.function);
        if self.url.invoke_mode == InvokeMode::Streamed {
            let answered = integrate_streaming(lambda, function, event, inbound.trace(), trail).await;
            return answered.unwrap_or_else(|fault| match fault {
                StreamFault::Integration(IntegrationFault::Refused(fault)) => refused(&fault).into(),
                StreamFault::Integration(_) | StreamFault::Malformed => bad_gateway().into(),
            });
        }
        let payload = match integrate(lambda, function, event, inbound.trace(), None, trail).await {
            Ok(payload) => payload,
            Err(IntegrationFault::Refused(fault)) => return refused(&fault).into(),
            Err(IntegrationFault::TimedOut | IntegrationFault::Failed) => return bad_gateway().into(),
        };
        let reply = Reply::read(&payload, CONTENT_TYPE).unwrap_or_else(|_| {
            trail.integration_error = Some("the answer is not of payload format 2.0".to_owned());
            bad_gateway()
        });
        reply.into()
    }

    /// Who has signed; `None` where nobody must.
    fn caller(&self, inbound: &Inbound) -> Result<Option<&IamIdentity>, SignatureFault> {
        match self.url.auth {
            UrlAuth::None => Ok(None),
            UrlAuth::AwsIam => self.around.signers.verify(inbound, "lambda", inbound.received).map(Some),
        }
    }
}

pub(crate) fn router(
    url: FunctionUrl,
    address: SocketAddr,
    around: Surroundings,
) -> Result<axum::Router, EmulatorError> {
    around.require([url.function.as_str()])?;
    let domain_name = format!("{}.lambda-url.{}.on.aws", url.id, around.region);
    let front = FunctionUrlFront { url, domain_name, port: address.port(), around };
    Ok(axum::Router::new().fallback(handle).with_state(Arc::new(front)))
}

async fn handle(State(front): State<Arc<FunctionUrlFront>>, peer: Peer, request: Request) -> Response {
    let started = Instant::now();
    let request_id = Uuid::new_v4().to_string();
    let (head, body) = request.into_parts();
    let mut inbound = Inbound::new(head, peer, Timestamp::now());
    let mut trail = Trail::default();
    let mut answer = front.answer(&mut inbound, body, &request_id, &mut trail).await;
    let reply = &mut answer.reply;
    access_log::record(&front.around.logs, FRONT, &request_id, &inbound, reply, &trail, started);
    reply.headers = remapped(std::mem::take(&mut reply.headers), &REMAPPED);
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        reply.headers.insert("x-amzn-requestid", id);
    }
    answer.respond()
}

fn refused(fault: &InvokeFault) -> Reply {
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
