//! An API Gateway REST API: methods, authorizer, Lambda proxy integrations, gateway responses.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::access_log::{self, Trail};
use super::authorizer::{AuthorizerGate, Stopped};
use super::gateway_response::GatewayResponse;
use super::identity_source::{Asked, Dialect, IdentitySource};
use super::inbound::{Inbound, Peer};
use super::integration::{IntegrationFault, integrate};
use super::media_types::BinaryMediaTypes;
use super::payload_1::{self, Placement, Sender};
use super::reply::Reply;
use super::reply_1::{self, remapped};
use super::request_id;
use super::route::{Match, Routes};
use super::stage::Stage;
use super::streamed::{StreamFault, Streamed, integrate_streaming};
use super::surroundings::Surroundings;
use super::verdict::VerdictForm;
use crate::EmulatorError;
use crate::lambda::InvokeFault;
use crate::options::{
    Access, IamIdentity, InvokeMode, Payload, RestApi, RestAuthorizer, RestAuthorizerKind, Route,
};

/// Name of the front in the logs.
const FRONT: &str = "rest-api";
/// Largest body and longest integration.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>
const BODY_LIMIT: usize = 10 * 1024 * 1024;
const INTEGRATION_LIMIT: Duration = Duration::from_secs(29);
/// Headers of a function that its caller finds under another name.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>
const REMAPPED: [&str; 9] = [
    "authorization",
    "content-length",
    "content-md5",
    "date",
    "host",
    "server",
    "trailer",
    "user-agent",
    "www-authenticate",
];

/// One REST API.
pub(crate) struct RestApiFront {
    stage: Stage,
    methods: Routes,
    authorizer: Option<Authorizer>,
    binary: BinaryMediaTypes,
    access_denied: Option<String>,
    transfer_mode: InvokeMode,
    around: Surroundings,
}

struct Authorizer {
    gate: AuthorizerGate,
    /// Whether it is asked with one value in place of the request.
    is_token: bool,
}

/// A request's ids.
struct Ids {
    request: String,
    extended: String,
}

/// Who passes.
#[derive(Default)]
struct Passed<'a> {
    /// What the authorizer says.
    authorizer: Option<Value>,
    /// Who signed.
    caller: Option<&'a IamIdentity>,
}

impl RestApiFront {
    pub(crate) fn new(
        api: RestApi,
        address: SocketAddr,
        around: Surroundings,
    ) -> Result<Self, EmulatorError> {
        let routes = api.methods.into_iter().map(|method| match method.key.split_once(' ') {
            Some(_) => Ok(Route {
                key: method.key,
                function: method.function,
                access: method.access,
                payload: Payload::V1,
            }),
            None => Err(EmulatorError::RouteKey(method.key)),
        });
        let front = Self {
            stage: around.stage(api.id, named(&api.stage)?, address, api.client_certificate.as_deref())?,
            methods: Routes::compile(routes.collect::<Result<_, _>>()?)?,
            authorizer: api.authorizer.map(Authorizer::new).transpose()?,
            binary: BinaryMediaTypes::new(api.binary_media_types),
            access_denied: api.access_denied,
            transfer_mode: api.transfer_mode,
            around,
        };
        if let (Some(key), None) = (front.methods.authorized(), &front.authorizer) {
            return Err(EmulatorError::NoAuthorizer(key.to_owned()));
        }
        let authorizer = front.authorizer.iter().map(|authorizer| authorizer.gate.function());
        front.around.require(front.methods.functions().chain(authorizer))?;
        Ok(front)
    }

    async fn answer(&self, inbound: &mut Inbound, body: Body, ids: &Ids, trail: &mut Trail) -> Streamed {
        match self.serve(inbound, body, ids, trail).await {
            Ok(answer) => answer,
            Err(reply) => reply.into(),
        }
    }

    async fn serve(
        &self,
        inbound: &mut Inbound,
        body: Body,
        ids: &Ids,
        trail: &mut Trail,
    ) -> Result<Streamed, Reply> {
        let own = GatewayResponse::reply;
        inbound.read(body, BODY_LIMIT).await.map_err(|_| own(GatewayResponse::RequestTooLarge))?;
        let path = self.behind_stage(inbound).ok_or_else(|| own(GatewayResponse::UnknownStage))?;
        // A slash at the end is no segment of its own.
        let resource = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path);
        let method = self.methods.find(&inbound.method, resource);
        let method = method.ok_or_else(|| own(GatewayResponse::MissingAuthenticationToken))?;
        trail.route_key = Some(method.key.to_owned());
        let placement = Placement {
            sender: Sender::Rest,
            stage: &self.stage,
            resource: method.resource(),
            path,
            context_path: &inbound.path,
            path_parameters: &method.parameters,
            request_id: &ids.request,
            extended_request_id: &ids.extended,
        };
        let passed = self.authorize(inbound, &method, &placement, trail).await?;
        let body = self.binary.event_body(inbound);
        let event = payload_1::integration(inbound, &placement, passed.authorizer, passed.caller, body);
        let (lambda, limit) = (&self.around.lambda, Some(INTEGRATION_LIMIT));
        if self.transfer_mode == InvokeMode::Streamed {
            let answered = integrate_streaming(lambda, method.function, event, inbound.trace(), trail).await;
            let mut answer = answered.map_err(|fault| match fault {
                StreamFault::Integration(fault) => own(response_to(&fault)),
                StreamFault::Malformed => own(GatewayResponse::BadGateway),
            })?;
            answer.reply.headers = remapped(answer.reply.headers, &REMAPPED);
            return Ok(answer);
        }
        let answered = integrate(lambda, method.function, event, inbound.trace(), limit, trail).await;
        let payload = answered.map_err(|fault| own(response_to(&fault)))?;
        let mut reply = reply_1::read_rest(&payload, self.binary.answer(inbound)).map_err(|_| {
            trail.integration_error = Some("the answer is not of payload format 1.0".to_owned());
            own(GatewayResponse::BadGateway)
        })?;
        reply.headers = remapped(reply.headers, &REMAPPED);
        Ok(reply.into())
    }

    /// The path without the stage, as it was sent; `None` behind another stage.
    fn behind_stage<'a>(&self, inbound: &'a Inbound) -> Option<&'a str> {
        let path = inbound.path.strip_prefix('/')?.strip_prefix(self.stage.name.as_str())?;
        match path {
            "" => Some("/"),
            path => path.starts_with('/').then_some(path),
        }
    }

    async fn authorize(
        &self,
        inbound: &Inbound,
        method: &Match<'_>,
        placement: &Placement<'_>,
        trail: &mut Trail,
    ) -> Result<Passed<'_>, Reply> {
        let authorizer = match (method.access, &self.authorizer) {
            (Access::Open, _) => return Ok(Passed::default()),
            (Access::AwsIam, _) => {
                let verified = self.around.signers.verify(inbound, "execute-api", inbound.received);
                let caller = verified.map_err(|fault| {
                    trail.authorizer_error = Some(fault.to_string());
                    GatewayResponse::Signature(fault).reply()
                })?;
                return Ok(Passed { authorizer: None, caller: Some(caller) });
            }
            (Access::Authorizer, Some(authorizer)) => authorizer,
            (Access::Authorizer, None) => {
                return Err(GatewayResponse::AuthorizerConfigurationError.reply());
            }
        };
        let arn = self.stage.arn(&format!("{}{}", inbound.method, placement.path));
        let asked =
            Asked { inbound, path: placement.context_path, route: placement.resource, stage: &self.stage };
        let event = |identity: &[String]| match identity {
            [token] if authorizer.is_token => payload_1::token_authorizer(token, &arn),
            _ => payload_1::request_authorizer(inbound, placement, &arn, identity),
        };
        let stopped = match authorizer.gate.pass(&self.around.lambda, &asked, &arn, event, trail).await {
            Ok(described) => {
                let authorizer = Some(Value::Object(described.flat()));
                return Ok(Passed { authorizer, caller: None });
            }
            Err(stopped) => stopped,
        };
        Err(match (stopped, &self.access_denied) {
            (Stopped::Unauthorized, _) => GatewayResponse::Unauthorized.reply(),
            (Stopped::Failed, _) => GatewayResponse::AuthorizerConfigurationError.reply(),
            (Stopped::Forbidden { explicit, .. }, None) => GatewayResponse::AccessDenied { explicit }.reply(),
            (Stopped::Forbidden { explicit, described }, Some(template)) => {
                let denied = GatewayResponse::AccessDenied { explicit };
                denied.with_template(template, placement.request_id, &described.flat())
            }
        })
    }
}

impl Authorizer {
    fn new(authorizer: RestAuthorizer) -> Result<Self, EmulatorError> {
        let RestAuthorizer { function, kind, ttl } = authorizer;
        let (sources, validation, is_token) = match kind {
            RestAuthorizerKind::Token { header, validation } => {
                let name: HeaderName =
                    header.parse().map_err(|_| EmulatorError::TokenSource(header, "header"))?;
                let pattern = |text: String| {
                    regex_lite::Regex::new(&format!("^(?:{text})$"))
                        .map_err(|_| EmulatorError::TokenSource(text, "regular expression"))
                };
                (vec![IdentitySource::Header(name)], validation.map(pattern).transpose()?, true)
            }
            RestAuthorizerKind::Request { identity_sources } => {
                (IdentitySource::parse_all(&identity_sources, Dialect::Rest)?, None, false)
            }
        };
        if sources.is_empty() && !ttl.is_zero() {
            return Err(EmulatorError::NoIdentitySource);
        }
        let gate = AuthorizerGate::new(function, sources, VerdictForm::PolicyOfScalars, ttl);
        Ok(Self { gate: gate.validating(validation), is_token })
    }
}

/// The name of a stage: it is a segment of the URL, so that nothing in it may be read otherwise.
pub(super) fn named(stage: &str) -> Result<&str, EmulatorError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if stage.is_empty() || !stage.bytes().all(allowed) {
        return Err(EmulatorError::Stage(stage.to_owned()));
    }
    Ok(stage)
}

fn response_to(fault: &IntegrationFault) -> GatewayResponse {
    match fault {
        IntegrationFault::TimedOut => GatewayResponse::IntegrationTimeout,
        IntegrationFault::Refused(InvokeFault::TooLarge { .. }) => GatewayResponse::RequestTooLarge,
        IntegrationFault::Refused(InvokeFault::Unavailable(_)) | IntegrationFault::Failed => {
            GatewayResponse::BadGateway
        }
        IntegrationFault::Refused(_) => GatewayResponse::Internal,
    }
}

pub(crate) fn router(front: Arc<RestApiFront>) -> axum::Router {
    axum::Router::new().fallback(handle).with_state(front)
}

async fn handle(State(front): State<Arc<RestApiFront>>, peer: Peer, request: Request) -> Response {
    let started = Instant::now();
    let ids = Ids { request: Uuid::new_v4().to_string(), extended: request_id::extended() };
    let (head, body) = request.into_parts();
    let mut inbound = Inbound::new(head, peer, Timestamp::now());
    let mut trail = Trail::default();
    let mut answer = front.answer(&mut inbound, body, &ids, &mut trail).await;
    let reply = &mut answer.reply;
    access_log::record(&front.around.logs, FRONT, &ids.request, &inbound, reply, &trail, started);
    for (name, id) in [("x-amzn-requestid", &ids.request), ("x-amz-apigw-id", &ids.extended)] {
        if let Ok(id) = HeaderValue::from_str(id) {
            reply.headers.insert(name, id);
        }
    }
    answer.respond()
}
