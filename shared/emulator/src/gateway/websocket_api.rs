//! An API Gateway WebSocket API: authorizer, integrations, connections and what is written to them.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html>

mod connections;
mod event;
mod management;
mod selection;
mod session;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use self::connections::{Connections, Opened};
use self::event::Told;
use self::selection::Selection;
use super::access_log::{self, Asked as AccessAsked, Trail};
use super::authorizer::{AuthorizerGate, Stopped};
use super::gateway_response::GatewayResponse;
use super::identity_source::{Asked, Dialect, IdentitySource};
use super::inbound::{Inbound, Peer};
use super::integration::integrate;
use super::reply::Reply;
use super::rest_api::named;
use super::stage::Stage;
use super::surroundings::Surroundings;
use super::verdict::VerdictForm;
use super::{reply_1, request_id};
use crate::EmulatorError;
use crate::clock::Clock;
use crate::options::WebSocketApi;

/// Name of the front in the logs.
const FRONT: &str = "websocket-api";
const CONNECT: &str = "$connect";
const DISCONNECT: &str = "$disconnect";
const DEFAULT: &str = "$default";
/// Longest integration.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>
const INTEGRATION_LIMIT: Duration = Duration::from_secs(29);

/// One WebSocket API.
pub(crate) struct WebSocketApiFront {
    stage: Stage,
    routes: HashMap<String, Route>,
    selection: Selection,
    authorizer: Option<AuthorizerGate>,
    connections: Connections,
    clock: Clock,
    around: Surroundings,
}

struct Route {
    function: String,
    /// Whether what the function answers is written to the connection.
    answers: bool,
}

/// What became of the opening: the integration's answer, and what the authorizer said.
struct Connected {
    reply: Reply,
    opened: Opened,
}

impl WebSocketApiFront {
    pub(crate) fn new(
        api: WebSocketApi,
        address: SocketAddr,
        around: Surroundings,
    ) -> Result<Self, EmulatorError> {
        let gate = |authorizer: crate::options::WebSocketAuthorizer| {
            let sources = IdentitySource::parse_all(&authorizer.identity_sources, Dialect::WebSocket)?;
            let (form, ttl) = (VerdictForm::PolicyOfScalars, Duration::ZERO);
            Ok::<_, EmulatorError>(AuthorizerGate::new(authorizer.function, sources, form, ttl))
        };
        let mut routes = HashMap::new();
        for route in api.routes {
            let is_own = [CONNECT, DISCONNECT, DEFAULT].contains(&route.key.as_str());
            let is_key = !route.key.is_empty() && (is_own || !route.key.starts_with('$'));
            let key = route.key.clone();
            if !is_key
                || routes
                    .insert(route.key, Route { function: route.function, answers: route.answers })
                    .is_some()
            {
                return Err(EmulatorError::SocketRoute(key));
            }
        }
        let front = Self {
            stage: around.stage(api.id, named(&api.stage)?, address, None)?,
            routes,
            selection: Selection::parse(&api.route_selection)?,
            authorizer: api.authorizer.map(gate).transpose()?,
            connections: Connections::default(),
            clock: Clock::start(),
            around,
        };
        let authorizer = front.authorizer.iter().map(AuthorizerGate::function);
        let functions = front.routes.values().map(|route| route.function.as_str());
        front.around.require(authorizer.chain(functions))?;
        Ok(front)
    }

    /// Asks authorizer and integration, whose status of success opens the connection; an API without a route for it opens
    /// every one.
    async fn connect(
        &self,
        inbound: &Inbound,
        request_id: &str,
        trail: &mut Trail,
    ) -> Result<Connected, Reply> {
        if !self.connections.has_room() {
            return Err(bare(StatusCode::TOO_MANY_REQUESTS));
        }
        let extended = request_id::extended();
        let told = self.told(request_id, &extended, CONNECT, "CONNECT", inbound.received);
        let mut opened = Opened::new(
            request_id::extended(),
            inbound.received,
            inbound.source_ip.to_string(),
            inbound.header(&header::USER_AGENT),
            inbound.trace(),
            inbound.path.clone(),
            None,
            self.clock,
        );
        let Some(route) = self.routes.get(CONNECT) else {
            return Ok(Connected { reply: bare(StatusCode::OK), opened });
        };
        trail.route_key = Some(CONNECT.to_owned());
        opened.authorizer = self.authorize(inbound, &told, &opened, trail).await?;
        let mut event = event::opening(&told, &opened, inbound);
        event.insert("isBase64Encoded".into(), false.into());
        let event = Bytes::from(Value::Object(event).to_string());
        let payload = self.integrate(route, event, inbound.trace(), trail).await;
        let reply = payload.and_then(|payload| read(&payload, trail));
        let reply = reply.ok_or_else(|| GatewayResponse::BadGateway.reply())?;
        if reply.status.is_success() { Ok(Connected { reply, opened }) } else { Err(bare(reply.status)) }
    }

    async fn authorize(
        &self,
        inbound: &Inbound,
        told: &Told<'_>,
        opened: &Opened,
        trail: &mut Trail,
    ) -> Result<Option<Value>, Reply> {
        let Some(gate) = &self.authorizer else { return Ok(None) };
        let arn = self.stage.arn(CONNECT);
        let asked = Asked { inbound, path: &inbound.path, route: CONNECT, stage: &self.stage };
        let event = |_: &[String]| {
            let mut event = event::opening(told, opened, inbound);
            event.insert("type".into(), "REQUEST".into());
            event.insert("methodArn".into(), arn.as_str().into());
            Bytes::from(Value::Object(event).to_string())
        };
        match gate.pass(&self.around.lambda, &asked, &arn, event, trail).await {
            Ok(described) => Ok(Some(Value::Object(described.flat()))),
            Err(Stopped::Unauthorized) => Err(GatewayResponse::Unauthorized.reply()),
            Err(Stopped::Forbidden { explicit, .. }) => {
                Err(GatewayResponse::AccessDenied { explicit }.reply())
            }
            Err(Stopped::Failed) => Err(GatewayResponse::AuthorizerConfigurationError.reply()),
        }
    }

    /// What is written to a connection in answer to a message of its caller; `None` where that is nothing.
    async fn answer(&self, opened: &Opened, text: &str) -> Option<String> {
        let started = Instant::now();
        let (request_id, extended) = (request_id::extended(), request_id::extended());
        let named = self.selection.key(text).and_then(|key| self.routes.get_key_value(&key));
        let mut trail = Trail::default();
        let (status, said) = match named.or_else(|| self.routes.get_key_value(DEFAULT)) {
            None => (StatusCode::FORBIDDEN, Some(refusal("Forbidden", opened, &request_id))),
            Some((key, route)) => {
                trail.route_key = Some(key.clone());
                let told = self.told(&request_id, &extended, key, "MESSAGE", self.now());
                let event = event::message(&told, opened, &request_id::extended(), text);
                let payload = self.integrate(route, event, opened.trace.clone(), &mut trail).await;
                match payload {
                    None => (StatusCode::INTERNAL_SERVER_ERROR, Some(failure(opened, &request_id))),
                    // What is answered without a route response is nobody's to read.
                    Some(_) if !route.answers => (StatusCode::OK, None),
                    Some(payload) => {
                        match read(&payload, &mut trail).and_then(|reply| body(&reply, &mut trail)) {
                            Some((status, body)) => (status, (!body.is_empty()).then_some(body)),
                            None => (StatusCode::INTERNAL_SERVER_ERROR, Some(failure(opened, &request_id))),
                        }
                    }
                }
            }
        };
        let asked = AccessAsked { method: "MESSAGE", path: &opened.path, status };
        access_log::record_call(&self.around.logs, FRONT, &request_id, &asked, &trail, started);
        said
    }

    /// Tells of the end of a connection, as far as somebody is to be told: there is no answer, and no second try.
    async fn tell_end(&self, opened: &Opened, code: u16, reason: &str) {
        let Some(route) = self.routes.get(DISCONNECT) else { return };
        let started = Instant::now();
        let (request_id, extended) = (request_id::extended(), request_id::extended());
        let told = self.told(&request_id, &extended, DISCONNECT, "DISCONNECT", self.now());
        let event = event::end(&told, opened, code, reason);
        let mut trail = Trail { route_key: Some(DISCONNECT.to_owned()), ..Trail::default() };
        let answered = self.integrate(route, event, opened.trace.clone(), &mut trail).await;
        let status = if answered.is_some() { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
        let asked = AccessAsked { method: "DISCONNECT", path: &opened.path, status };
        access_log::record_call(&self.around.logs, FRONT, &request_id, &asked, &trail, started);
    }

    async fn integrate(
        &self,
        route: &Route,
        event: Bytes,
        trace: String,
        trail: &mut Trail,
    ) -> Option<Bytes> {
        let (lambda, limit) = (&self.around.lambda, Some(INTEGRATION_LIMIT));
        integrate(lambda, &route.function, event, trace, limit, trail).await.ok()
    }

    fn told<'a>(
        &'a self,
        request_id: &'a str,
        extended_request_id: &'a str,
        route_key: &'a str,
        event_type: &'static str,
        at: Timestamp,
    ) -> Told<'a> {
        Told { stage: &self.stage, request_id, extended_request_id, route_key, event_type, at }
    }

    fn now(&self) -> Timestamp {
        let millis = self.clock.millis(tokio::time::Instant::now());
        Timestamp::from_millisecond(millis).unwrap_or_else(|_| Timestamp::now())
    }
}

/// The answer of an integration, if it is one.
fn read(payload: &[u8], trail: &mut Trail) -> Option<Reply> {
    let reply = reply_1::read_http_api(payload).ok();
    if reply.is_none() {
        trail.integration_error = Some("the answer is not of payload format 1.0".to_owned());
    }
    reply
}

/// What of an answer is written to a connection: a text of the length of a message.
fn body(reply: &Reply, trail: &mut Trail) -> Option<(StatusCode, String)> {
    let text = String::from_utf8(reply.body.to_vec()).ok();
    let text = text.filter(|text| text.len() <= session::LONGEST_MESSAGE);
    if text.is_none() {
        trail.integration_error = Some("the body is no text, or longer than a message may be".to_owned());
    }
    text.map(|text| (reply.status, text))
}

/// What the gateway itself says to a caller.
fn refusal(message: &str, opened: &Opened, request_id: &str) -> String {
    json!({ "message": message, "connectionId": opened.id, "requestId": request_id }).to_string()
}

fn failure(opened: &Opened, request_id: &str) -> String {
    refusal("Internal server error", opened, request_id)
}

pub(crate) fn router(front: Arc<WebSocketApiFront>) -> axum::Router {
    axum::Router::new().fallback(handle).with_state(front)
}

async fn handle(State(front): State<Arc<WebSocketApiFront>>, peer: Peer, request: Request) -> Response {
    let started = Instant::now();
    let request_id = request_id::extended();
    let (mut head, body) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut head, &()).await.ok();
    let inbound = Inbound::new(head, peer, Timestamp::now());
    let below_stage =
        inbound.path.strip_prefix('/').and_then(|path| path.strip_prefix(front.stage.name.as_str()));
    let mut trail = Trail::default();
    if let (None, Some(id)) = (&upgrade, below_stage.and_then(management::connection_id)) {
        let (method, path) = (inbound.method.clone(), inbound.path.clone());
        let reply = management::answer(&front, &id, inbound, body).await.unwrap_or_else(|refusal| refusal);
        let asked = AccessAsked { method: &method, path: &path, status: reply.status };
        access_log::record_call(&front.around.logs, FRONT, &request_id, &asked, &trail, started);
        return identified(reply.into_response(), &request_id);
    }
    let connected = match &upgrade {
        // What is no handshake is refused before anybody is asked.
        _ if below_stage != Some("") => Err(GatewayResponse::UnknownStage.reply()),
        None => Err(bare(StatusCode::UPGRADE_REQUIRED)),
        Some(_) => front.connect(&inbound, &request_id, &mut trail).await,
    };
    let (mut reply, opened) = match connected {
        Ok(Connected { reply, opened }) => (reply, Some(Arc::new(opened))),
        Err(refusal) => (refusal, None),
    };
    if opened.is_some() {
        reply.status = StatusCode::SWITCHING_PROTOCOLS;
    }
    access_log::record(&front.around.logs, FRONT, &request_id, &inbound, &reply, &trail, started);
    let response = match (upgrade, opened) {
        (Some(upgrade), Some(opened)) => {
            // The integration chooses among the protocols that the caller offers.
            let protocol = reply.headers.get(header::SEC_WEBSOCKET_PROTOCOL);
            let protocol = protocol.and_then(|name| name.to_str().ok()).map(str::to_owned);
            let commands = front.connections.add(&opened);
            let unopened = (Arc::clone(&front), opened.id.clone());
            upgrade
                .max_message_size(session::LONGEST_MESSAGE)
                .max_frame_size(session::LONGEST_FRAME)
                .protocols(protocol)
                .on_failed_upgrade(move |_| unopened.0.connections.remove(&unopened.1))
                .on_upgrade(move |socket| async move {
                    let end = session::hold(&front, &opened, socket, commands).await;
                    if !end.with_emulator {
                        front.tell_end(&opened, end.code, &end.reason).await;
                    }
                })
        }
        _ => reply.into_response(),
    };
    identified(response, &request_id)
}

fn identified(mut response: Response, request_id: &str) -> Response {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

fn bare(status: StatusCode) -> Reply {
    Reply { status, headers: HeaderMap::new(), body: Bytes::new() }
}
