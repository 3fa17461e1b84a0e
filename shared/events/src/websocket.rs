//! Events of WebSocket APIs ("Set up a Lambda integration for the WebSocket API route" and "Understand how to use the
//! `$context` variables", API Gateway guide).

use doorward_model::{
    Front, FrontKind, FrontVerified, HttpRequest, Inbound, PathForm, ReplyForm, Socket, SocketClose,
    SocketEvent,
};
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::attested::CONNECTION;
use crate::envelope::Envelope;
use crate::fault::{MalformedRequest, UnknownEvent};
use crate::members::Members;
use crate::parameters::{self, Given};
use crate::{fields, request, verified};

/// The route of the opening handshake.
pub(crate) const CONNECT: &str = "$connect";
const DISCONNECT: &str = "$disconnect";
const DEFAULT: &str = "$default";

/// The longest id of a connection, in bytes: API Gateway's have sixteen.
const LONGEST_ID: usize = 128;

/// Whether an `eventType` is one of WebSocket APIs.
pub(crate) fn is_type(text: &str) -> bool {
    ["CONNECT", "MESSAGE", "DISCONNECT"].contains(&text)
}

/// What an event of a WebSocket API says of its connection. Routes whose keys begin with `$` are chosen by the gateway alone,
/// so that nothing in a message can name one of them.
///
/// # Errors
/// [`UnknownEvent::RouteKey`] where type and route key are none that the gateway gives together.
pub(crate) fn event(document: &Map<String, Value>) -> Result<SocketEvent, UnknownEvent> {
    let context = document.get("requestContext");
    let text = |name: &str| context.and_then(|context| context.get(name)).and_then(Value::as_str);
    if text("messageDirection").is_some_and(|direction| direction != "IN") {
        return Err(UnknownEvent::RouteKey);
    }
    match (text("eventType"), text("routeKey")) {
        (Some("CONNECT"), Some(CONNECT)) => Ok(SocketEvent::Connect),
        (Some("DISCONNECT"), Some(DISCONNECT)) => Ok(SocketEvent::Disconnect),
        (Some("MESSAGE"), Some(DEFAULT)) => Ok(SocketEvent::Message),
        (Some("MESSAGE"), Some(key)) if !key.is_empty() && !key.starts_with('$') => Ok(SocketEvent::Message),
        _ => Err(UnknownEvent::RouteKey),
    }
}

/// Reads what [`event`] has found to be of that kind. It has neither method nor path; headers and query are those of the
/// opening, and whatever stands in their place later is nothing that a caller sent with the message.
pub(crate) fn read(
    envelope: &Envelope<'_>,
    document: Map<String, Value>,
    event: SocketEvent,
) -> Result<Inbound, MalformedRequest> {
    let is_opening = event == SocketEvent::Connect;
    let mut document = Members::of(document);
    let mut context = document.object("requestContext")?;
    let front = Front { kind: FrontKind::WebSocketApi, id: context.text("apiId")? };
    let mut verified = FrontVerified::default();
    let mut source_ip = None;
    if let Some(mut identity) = context.optional_object("identity")? {
        source_ip = identity.optional_text("sourceIp")?.and_then(|address| address.parse().ok());
        verified.iam = verified::iam_of_identity(&mut identity)?;
    }
    if let Some(authorizer) = context.optional_object("authorizer")?.filter(|_| !is_opening) {
        verified.connection = match authorizer.into_map().remove(CONNECTION) {
            Some(Value::String(said)) => Some(said),
            // It is another authorizer's.
            _ => None,
        };
    }
    let (query, headers) = match is_opening {
        true => {
            let query = parameters::query(&mut document, Given::Decoded)?;
            (query, fields::received(&request::headers(&mut document)?))
        }
        false => (String::new(), HeaderMap::new()),
    };
    let request = HttpRequest {
        method: event.method(),
        path: "/".to_owned(),
        path_form: PathForm::Encoded,
        query,
        headers,
        body: request::body(&mut document)?,
        source_ip,
        host: context.optional_text("domainName")?.unwrap_or_default(),
        stage: None,
        socket: Some(Box::new(socket(&mut context, event)?)),
        verified,
        reply: ReplyForm::Socket,
    };
    request::through_gateway(envelope, front, context, request)
}

fn socket(context: &mut Members, event: SocketEvent) -> Result<Socket, MalformedRequest> {
    let connection = context.text("connectionId")?;
    let is_id =
        |id: &str| (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_id(&connection) {
        return Err(context.fault("connectionId", "the id of a connection"));
    }
    let message = match event {
        SocketEvent::Message => context.optional_text("messageId")?,
        SocketEvent::Connect | SocketEvent::Disconnect => None,
    };
    let closed = match event {
        SocketEvent::Disconnect => Some(SocketClose {
            status: context
                .optional_integer("disconnectStatusCode")
                .and_then(|code| u16::try_from(code).ok()),
            reason: context.optional_text("disconnectReason")?,
        }),
        SocketEvent::Connect | SocketEvent::Message => None,
    };
    let connected = context.optional_integer("connectedAt");
    Ok(Socket {
        event,
        route_key: context.text("routeKey")?,
        connection,
        message,
        stage: context.optional_text("stage")?.unwrap_or_default(),
        connected: connected.and_then(|at| Timestamp::from_millisecond(at).ok()),
        closed,
    })
}
