//! An API Gateway HTTP API: routes, authorizer, Lambda proxy integrations.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::access_log::{self, Trail};
use super::authorizer::{AuthorizerGate, Stopped};
use super::identity_source::{Asked, Dialect, IdentitySource};
use super::inbound::{Inbound, Peer};
use super::integration::{IntegrationFault, integrate};
use super::payload_1::{EventBody, Sender};
use super::reply::Reply;
use super::route::{Match, Routes};
use super::stage::Stage;
use super::surroundings::Surroundings;
use super::verdict::{Described, VerdictForm};
use super::{payload_1, payload_2, reply_1, request_id};
use crate::EmulatorError;
use crate::lambda::InvokeFault;
use crate::options::{Access, AuthorizerForm, HttpApi, IamIdentity, Payload};

/// Name of the front in the logs.
const FRONT: &str = "http-api";
/// Largest body and longest integration.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const BODY_LIMIT: usize = 10 * 1024 * 1024;
const INTEGRATION_LIMIT: Duration = Duration::from_secs(30);
const CONTENT_TYPE: &str = "text/plain;charset=UTF-8";

/// One HTTP API.
pub(crate) struct HttpApiFront {
    stage: Stage,
    routes: Routes,
    authorizer: Option<(AuthorizerGate, AuthorizerForm)>,
    around: Surroundings,
}

/// Where a request has arrived.
struct Arrived<'a> {
    route: Match<'a>,
    path: String,
    parameters: BTreeMap<String, String>,
    request_id: &'a str,
}

/// Who passes.
enum Passed<'a> {
    Anybody,
    /// Whom the authorizer describes.
    Described(Described),
    /// Who signed.
    Caller(&'a IamIdentity),
}

impl HttpApiFront {
    pub(crate) fn new(
        api: HttpApi,
        address: SocketAddr,
        around: Surroundings,
    ) -> Result<Self, EmulatorError> {
        let gate = |authorizer: crate::options::Authorizer| {
            let sources = IdentitySource::parse_all(&authorizer.identity_sources, Dialect::HttpApi)?;
            let form = match authorizer.form {
                AuthorizerForm::SimpleV2 => VerdictForm::Simple,
                AuthorizerForm::PolicyV1 | AuthorizerForm::PolicyV2 => VerdictForm::Policy,
            };
            let gate = AuthorizerGate::new(authorizer.function, sources, form, authorizer.ttl);
            Ok::<_, EmulatorError>((gate, authorizer.form))
        };
        let certificate = api.client_certificate.as_deref();
        let front = Self {
            stage: around.stage(api.id, payload_2::STAGE, address, certificate)?,
            routes: Routes::compile(api.routes)?,
            authorizer: api.authorizer.map(gate).transpose()?,
            around,
        };
        if let (Some(key), None) = (front.routes.authorized(), &front.authorizer) {
            return Err(EmulatorError::NoAuthorizer(key.to_owned()));
        }
        let authorizer = front.authorizer.iter().map(|(gate, _)| gate.function());
        front.around.require(front.routes.functions().chain(authorizer))?;
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
        let parameters = route.decoded_parameters();
        let arrived = Arrived { route, path: inbound.decoded_path(), parameters, request_id };
        let passed = match self.authorize(inbound, &arrived, trail).await {
            Ok(passed) => passed,
            Err(Stopped::Unauthorized) => return message(StatusCode::UNAUTHORIZED, "Unauthorized"),
            Err(Stopped::Forbidden { .. }) => return message(StatusCode::FORBIDDEN, "Forbidden"),
            Err(Stopped::Failed) => return internal_error(),
        };
        let event = self.event(inbound, &arrived, passed);
        self.integrate(&arrived.route, event, inbound.trace(), trail).await
    }

    async fn authorize(
        &self,
        inbound: &Inbound,
        arrived: &Arrived<'_>,
        trail: &mut Trail,
    ) -> Result<Passed<'_>, Stopped> {
        let gate = match (arrived.route.access, &self.authorizer) {
            (Access::Open, _) => return Ok(Passed::Anybody),
            (Access::AwsIam, _) => {
                let verified = self.around.signers.verify(inbound, "execute-api", inbound.received);
                return verified.map(Passed::Caller).map_err(|fault| {
                    trail.authorizer_error = Some(fault.to_string());
                    Stopped::Forbidden { explicit: false, described: Described::default() }
                });
            }
            (Access::Authorizer, Some(gate)) => gate,
            (Access::Authorizer, None) => return Err(Stopped::Failed),
        };
        let (gate, form) = gate;
        let arn = self.stage.arn(&format!("{}{}", inbound.method, arrived.path));
        let asked = Asked { inbound, path: &arrived.path, route: arrived.route.key, stage: &self.stage };
        let event = |identity: &[String]| match form {
            AuthorizerForm::PolicyV1 => {
                payload_1::request_authorizer(inbound, &self.placement_1(arrived), &arn, identity)
            }
            AuthorizerForm::PolicyV2 | AuthorizerForm::SimpleV2 => {
                payload_2::authorizer(inbound, &self.placement_2(arrived, false), &arn, identity)
            }
        };
        gate.pass(&self.around.lambda, &asked, &arn, event, trail).await.map(Passed::Described)
    }

    fn event(&self, inbound: &Inbound, arrived: &Arrived<'_>, passed: Passed<'_>) -> Bytes {
        match (arrived.route.payload, passed) {
            (Payload::V1, passed) => {
                let (text, encoded) = payload_2::body(inbound);
                let (authorizer, caller) = match passed {
                    Passed::Anybody => (None, None),
                    Passed::Described(described) => (Some(Value::Object(described.flat())), None),
                    Passed::Caller(caller) => (None, Some(caller)),
                };
                let body = EventBody { text, encoded };
                payload_1::integration(inbound, &self.placement_1(arrived), authorizer, caller, body)
            }
            (Payload::V2, passed) => {
                let signed = matches!(passed, Passed::Caller(_));
                let authorizer = match passed {
                    Passed::Anybody => None,
                    Passed::Described(described) => Some(json!({ "lambda": described.context })),
                    Passed::Caller(caller) => Some(payload_2::iam(caller)),
                };
                payload_2::integration(inbound, &self.placement_2(arrived, signed), authorizer)
            }
        }
    }

    fn placement_1<'a>(&'a self, arrived: &'a Arrived<'_>) -> payload_1::Placement<'a> {
        payload_1::Placement {
            sender: Sender::HttpApi,
            stage: &self.stage,
            resource: arrived.route.resource(),
            path: &arrived.path,
            context_path: &arrived.path,
            path_parameters: &arrived.parameters,
            request_id: arrived.request_id,
            extended_request_id: arrived.request_id,
        }
    }

    fn placement_2<'a>(&'a self, arrived: &'a Arrived<'_>, signed: bool) -> payload_2::Placement<'a> {
        payload_2::Placement {
            account_id: &self.stage.account,
            api_id: &self.stage.api_id,
            domain_name: &self.stage.domain_name,
            port: self.stage.port,
            route_key: arrived.route.key,
            request_id: arrived.request_id,
            raw_path: &arrived.path,
            path_parameters: &arrived.parameters,
            certificate: self.stage.certificate.as_ref(),
            signed,
        }
    }

    async fn integrate(&self, route: &Match<'_>, event: Bytes, trace: String, trail: &mut Trail) -> Reply {
        let limit = Some(INTEGRATION_LIMIT);
        let answered = integrate(&self.around.lambda, route.function, event, trace, limit, trail).await;
        let payload = match answered {
            Ok(payload) => payload,
            Err(IntegrationFault::TimedOut | IntegrationFault::Refused(InvokeFault::Throttled)) => {
                return message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
            }
            Err(IntegrationFault::Refused(InvokeFault::TooLarge { .. })) => {
                return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
            }
            Err(IntegrationFault::Refused(_) | IntegrationFault::Failed) => return internal_error(),
        };
        let (reply, version) = match route.payload {
            Payload::V1 => (reply_1::read_http_api(&payload), "1.0"),
            Payload::V2 => (Reply::read(&payload, CONTENT_TYPE), "2.0"),
        };
        reply.unwrap_or_else(|_| {
            trail.integration_error = Some(format!("the answer is not of payload format {version}"));
            internal_error()
        })
    }
}

pub(crate) fn router(front: Arc<HttpApiFront>) -> axum::Router {
    axum::Router::new().fallback(handle).with_state(front)
}

async fn handle(State(front): State<Arc<HttpApiFront>>, peer: Peer, request: Request) -> Response {
    let started = Instant::now();
    let request_id = request_id::extended();
    let (head, body) = request.into_parts();
    let mut inbound = Inbound::new(head, peer, Timestamp::now());
    let mut trail = Trail::default();
    let mut reply = front.answer(&mut inbound, body, &request_id, &mut trail).await;
    access_log::record(&front.around.logs, FRONT, &request_id, &inbound, &reply, &trail, started);
    reply.headers.remove(http::header::CONTENT_LENGTH);
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        reply.headers.insert("apigw-requestid", id);
    }
    reply.into_response()
}

fn message(status: StatusCode, text: &str) -> Reply {
    Reply::json(status, &json!({ "message": text }).to_string())
}

fn internal_error() -> Reply {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}
