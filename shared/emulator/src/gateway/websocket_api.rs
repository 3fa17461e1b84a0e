//! An API Gateway WebSocket API as far as `$connect`: authorizer, integration, upgrade.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html>

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::access_log::{self, Trail};
use super::authorizer::{AuthorizerGate, Stopped};
use super::gateway_response::GatewayResponse;
use super::identity_source::{Asked, Dialect, IdentitySource};
use super::inbound::{Inbound, Peer};
use super::integration::integrate;
use super::payload_1::last_values;
use super::reply::Reply;
use super::rest_api::named;
use super::stage::Stage;
use super::surroundings::Surroundings;
use super::verdict::VerdictForm;
use super::{reply_1, request_id};
use crate::EmulatorError;
use crate::options::WebSocketApi;

/// Name of the front in the logs.
const FRONT: &str = "websocket-api";
const CONNECT: &str = "$connect";
/// Longest integration.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>
const INTEGRATION_LIMIT: Duration = Duration::from_secs(29);
/// Close codes (RFC 6455, 7.4.1): the server cannot do what it is asked, or ends.
const CANNOT: u16 = 1011;
const GOING_AWAY: u16 = 1001;
const NO_MESSAGES: &str = "the emulator takes connections, but no messages";

/// One WebSocket API.
pub(crate) struct WebSocketApiFront {
    stage: Stage,
    function: String,
    authorizer: Option<AuthorizerGate>,
    around: Surroundings,
}

/// A connection before it is one.
struct Connection {
    id: String,
    request_id: String,
    extended_request_id: String,
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
        let front = Self {
            stage: around.stage(api.id, named(&api.stage)?, address, None)?,
            function: api.function,
            authorizer: api.authorizer.map(gate).transpose()?,
            around,
        };
        let authorizer = front.authorizer.iter().map(AuthorizerGate::function);
        front.around.require(authorizer.chain([front.function.as_str()]))?;
        Ok(front)
    }

    /// The answer of the integration, whose status of success opens the connection; or the refusal.
    async fn connect(
        &self,
        inbound: &Inbound,
        connection: &Connection,
        trail: &mut Trail,
    ) -> Result<Reply, Reply> {
        trail.route_key = Some(CONNECT.to_owned());
        let described = self.authorize(inbound, connection, trail).await?;
        let mut event = self.event(inbound, connection, described);
        event.insert("isBase64Encoded".into(), false.into());
        let event = Bytes::from(Value::Object(event).to_string());
        let (lambda, limit) = (&self.around.lambda, Some(INTEGRATION_LIMIT));
        let answered = integrate(lambda, &self.function, event, inbound.trace(), limit, trail).await;
        let failed = |_| GatewayResponse::BadGateway.reply();
        let payload = answered.map_err(failed)?;
        let reply = reply_1::read_http_api(&payload).map_err(|_| {
            trail.integration_error = Some("the answer is not of payload format 1.0".to_owned());
            GatewayResponse::BadGateway.reply()
        })?;
        if reply.status.is_success() { Ok(reply) } else { Err(bare(reply.status)) }
    }

    async fn authorize(
        &self,
        inbound: &Inbound,
        connection: &Connection,
        trail: &mut Trail,
    ) -> Result<Option<Value>, Reply> {
        let Some(gate) = &self.authorizer else { return Ok(None) };
        let arn = self.stage.arn(CONNECT);
        let asked = Asked { inbound, path: &inbound.path, route: CONNECT, stage: &self.stage };
        let event = |_: &[String]| {
            let mut event = self.event(inbound, connection, None);
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

    /// What authorizer and integration are told: the request's headers and query, nothing of its path.
    fn event(
        &self,
        inbound: &Inbound,
        connection: &Connection,
        authorizer: Option<Value>,
    ) -> Map<String, Value> {
        let mut headers = inbound.header_values();
        let own = [
            ("X-Amzn-Trace-Id", inbound.trace()),
            ("X-Forwarded-For", inbound.forwarded_for()),
            ("X-Forwarded-Port", self.stage.port.to_string()),
            ("X-Forwarded-Proto", "http".to_owned()),
        ];
        for (name, value) in own {
            headers.remove(&name.to_ascii_lowercase());
            headers.insert(name.to_owned(), vec![value]);
        }
        if let Some(host) = headers.remove("host") {
            headers.insert("Host".to_owned(), host);
        }
        let query = inbound.query_values();
        let mut context = json!({
            "routeKey": CONNECT,
            "eventType": "CONNECT",
            "extendedRequestId": connection.extended_request_id,
            "requestTime": inbound.access_time(),
            "messageDirection": "IN",
            "stage": self.stage.name,
            "connectedAt": inbound.received.as_millisecond(),
            "requestTimeEpoch": inbound.received.as_millisecond(),
            "identity": {
                "sourceIp": inbound.source_ip.to_string(),
                "userAgent": inbound.header(&header::USER_AGENT),
            },
            "requestId": connection.request_id,
            "domainName": self.stage.domain_name,
            "connectionId": connection.id,
            "apiId": self.stage.api_id,
        });
        if let (Some(members), Some(authorizer)) = (context.as_object_mut(), authorizer) {
            members.insert("authorizer".into(), authorizer);
        }
        let mut event = Map::new();
        event.insert("headers".into(), json!(last_values(&headers)));
        event.insert("multiValueHeaders".into(), json!(headers));
        if !query.is_empty() {
            event.insert("queryStringParameters".into(), json!(last_values(&query)));
            event.insert("multiValueQueryStringParameters".into(), json!(query));
        }
        event.insert("requestContext".into(), context);
        event
    }
}

pub(crate) fn router(front: Arc<WebSocketApiFront>) -> axum::Router {
    axum::Router::new().fallback(handle).with_state(front)
}

async fn handle(State(front): State<Arc<WebSocketApiFront>>, peer: Peer, request: Request) -> Response {
    let started = Instant::now();
    let connection = Connection {
        id: request_id::extended(),
        request_id: request_id::extended(),
        extended_request_id: request_id::extended(),
    };
    let (mut head, _) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut head, &()).await.ok();
    let inbound = Inbound::new(head, peer, Timestamp::now());
    let mut trail = Trail::default();
    let is_here = inbound.path.strip_prefix('/') == Some(front.stage.name.as_str());
    let connected = match &upgrade {
        // What is no handshake is refused before anybody is asked.
        _ if !is_here => Err(GatewayResponse::UnknownStage.reply()),
        None => Err(bare(StatusCode::UPGRADE_REQUIRED)),
        Some(_) => front.connect(&inbound, &connection, &mut trail).await,
    };
    let opened = connected.is_ok();
    let mut reply = connected.unwrap_or_else(|refusal| refusal);
    if opened {
        reply.status = StatusCode::SWITCHING_PROTOCOLS;
    }
    access_log::record(&front.around.logs, FRONT, &connection.request_id, &inbound, &reply, &trail, started);
    let mut response = match upgrade {
        Some(upgrade) if opened => {
            // The integration chooses among the protocols that the caller offers.
            let protocol = reply.headers.get(header::SEC_WEBSOCKET_PROTOCOL);
            let protocol = protocol.and_then(|name| name.to_str().ok()).map(str::to_owned);
            let closing = front.around.closing.clone();
            upgrade.protocols(protocol).on_upgrade(|socket| hold(socket, closing))
        }
        _ => reply.into_response(),
    };
    if let Ok(id) = HeaderValue::from_str(&connection.request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// Keeps the connection until its caller closes it or says something, or the emulator ends.
async fn hold(mut socket: WebSocket, mut closing: watch::Receiver<bool>) {
    let close = loop {
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => break CloseFrame { code: GOING_AWAY, reason: "".into() },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(_) | Message::Binary(_))) => {
                    break CloseFrame { code: CANNOT, reason: NO_MESSAGES.into() };
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => {}
                Some(Err(_)) | None => return,
            },
        }
    };
    // Whoever is gone by now does not need to be told.
    let _ = socket.send(Message::Close(Some(close))).await;
}

fn bare(status: StatusCode) -> Reply {
    Reply { status, headers: http::HeaderMap::new(), body: Bytes::new() }
}
