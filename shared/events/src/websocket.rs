use doorward_model::{Front, FrontKind, FrontVerified, HttpRequest, Inbound, PathForm, ReplyForm};
use http::Method;
use serde_json::{Map, Value};

use crate::envelope::Envelope;
use crate::fault::{MalformedRequest, UnknownEvent};
use crate::members::Members;
use crate::parameters::{self, Given};
use crate::{fields, request, verified};

/// The one route of a WebSocket API that comes as a request: the opening handshake, which may be refused.
pub(crate) const CONNECT: &str = "$connect";

/// Whether an event of a WebSocket API is one that is read.
///
/// # Errors
/// [`UnknownEvent::RouteKey`] for every other route.
pub(crate) fn check_route(document: &Map<String, Value>) -> Result<(), UnknownEvent> {
    let context = document.get("requestContext");
    let says =
        |name: &str, text: &str| context.and_then(|context| context.get(name)).is_some_and(|v| v == text);
    if says("routeKey", CONNECT) && says("eventType", "CONNECT") {
        Ok(())
    } else {
        Err(UnknownEvent::RouteKey)
    }
}

/// Reads the opening of a connection, which [`check_route`] has found to be one ("Set up a Lambda integration for the
/// WebSocket API route", API Gateway guide). It has neither method nor path.
pub(crate) fn read(
    envelope: &Envelope<'_>,
    document: Map<String, Value>,
) -> Result<Inbound, MalformedRequest> {
    let mut document = Members::of(document);
    let mut context = document.object("requestContext")?;
    let front = Front { kind: FrontKind::WebSocketApi, id: context.text("apiId")? };
    let mut verified = FrontVerified::default();
    let mut source_ip = None;
    if let Some(mut identity) = context.optional_object("identity")? {
        source_ip = identity.optional_text("sourceIp")?.and_then(|address| address.parse().ok());
        verified.iam = verified::iam_of_identity(&mut identity)?;
    }
    let request = HttpRequest {
        method: Method::GET,
        path: "/".to_owned(),
        path_form: PathForm::Encoded,
        query: parameters::query(&mut document, Given::Decoded)?,
        headers: fields::received(&request::headers(&mut document)?),
        body: request::body(&mut document)?,
        source_ip,
        host: context.optional_text("domainName")?.unwrap_or_default(),
        stage: None,
        socket: Some(CONNECT.to_owned()),
        verified,
        reply: ReplyForm::V1,
    };
    request::through_gateway(envelope, front, context, request)
}
