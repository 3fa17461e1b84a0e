use doorward_model::{
    CanonicalPath, Front, FrontKind, FrontVerified, HttpRequest, Inbound, Message, PathForm, ReplyForm,
    Socket, SocketEvent,
};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value};

use super::arn::RouteArn;
use crate::dispatcher;
use crate::envelope::Envelope;
use crate::fault::{EnvelopeError, MalformedRequest, UnknownEvent};
use crate::form::HttpForm;
use crate::members::Members;
use crate::websocket::CONNECT;
use crate::{fields, request};

/// What API Gateway asks.
#[derive(Debug)]
pub struct AuthorizerCall {
    /// The request, without a body: authorizers get none.
    pub inbound: Inbound,
    /// The ARN of the method or route that is asked for.
    pub route_arn: String,
    /// The path of the gateway's own route that took the request, as it is written there: `/files/{path+}`. `None` where it says
    /// none: in a `TOKEN` question, of a WebSocket API, and of the route `$default`.
    pub template: Option<String>,
    /// The form of the question.
    pub kind: QuestionKind,
}

/// The forms of an authorizer's question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionKind {
    /// A REST API's, with a token and an ARN only.
    RestToken,
    /// A REST API's, with the request.
    RestRequest,
    /// An HTTP API's in payload format 1.0.
    HttpApi1,
    /// An HTTP API's in payload format 2.0.
    HttpApi2,
    /// A WebSocket API's, when a connection is opened.
    WebSocket,
}

impl QuestionKind {
    /// Whether the answer may be a simple one.
    #[must_use]
    pub fn takes_simple(self) -> bool {
        self == Self::HttpApi2
    }

    /// Whether the API has usage plans, which an answer may name a key for.
    #[must_use]
    pub fn has_usage_plans(self) -> bool {
        matches!(self, Self::RestToken | Self::RestRequest)
    }

    fn of(document: &Map<String, Value>) -> Option<(Self, Option<HttpForm>)> {
        let says = |name: &str, text: &str| document.get(name).is_some_and(|value| value == text);
        let has = |name: &str| document.contains_key(name);
        if says("type", "TOKEN") {
            let is_token = has("authorizationToken") && has("methodArn") && !has("requestContext");
            return is_token.then_some((Self::RestToken, None));
        }
        let form = HttpForm::of(document).filter(|_| says("type", "REQUEST"))?;
        let kind = match form {
            HttpForm::RestApi => Self::RestRequest,
            HttpForm::HttpApi1 => Self::HttpApi1,
            HttpForm::V2 => Self::HttpApi2,
            HttpForm::WebSocket => Self::WebSocket,
            HttpForm::AlbSingle | HttpForm::AlbMulti => return None,
        };
        // Two ARNs could name two routes.
        (has(kind.arn_member()) != has(kind.other_arn_member())).then_some((kind, Some(form)))
    }

    fn template(self, document: &Map<String, Value>) -> Option<String> {
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        let template = match self {
            Self::HttpApi2 => text("routeKey")?.split_once(' ')?.1,
            Self::RestRequest | Self::HttpApi1 => text("resource")?,
            Self::RestToken | Self::WebSocket => return None,
        };
        template.starts_with('/').then(|| template.to_owned())
    }

    fn arn_member(self) -> &'static str {
        if self == Self::HttpApi2 { "routeArn" } else { "methodArn" }
    }

    fn other_arn_member(self) -> &'static str {
        if self == Self::HttpApi2 { "methodArn" } else { "routeArn" }
    }
}

impl AuthorizerCall {
    /// Whether the ARN is that of `path`, which the decision is about. Where it is not, an answer about the one would
    /// say nothing of the other: a base path of a custom domain that is not declared.
    #[must_use]
    pub fn is_about(&self, path: &CanonicalPath) -> bool {
        match self.kind {
            QuestionKind::RestToken | QuestionKind::WebSocket => true,
            _ => RouteArn::parse(&self.route_arn).is_some_and(|arn| arn.names(path)),
        }
    }
}

/// The ARN of another method and path of the stage that `route_arn` is of; `None` where it is no such ARN.
#[must_use]
pub fn arn_of(route_arn: &str, method: &str, path: &str) -> Option<String> {
    RouteArn::parse(route_arn).map(|arn| arn.of(method, path))
}

/// Whether a document is a question to an authorizer.
pub(crate) fn recognises(document: &Map<String, Value>) -> bool {
    document.get("type").is_some_and(|kind| kind == "REQUEST" || kind == "TOKEN")
        && (document.contains_key("routeArn") || document.contains_key("methodArn"))
}

/// Reads an authorizer's question.
///
/// # Errors
/// [`EnvelopeError`]: `Unknown` for anything else. A `Malformed` one with the reply form `V2` is a question in payload
/// format 2.0, which alone may be answered by a simple denial.
pub fn read(envelope: &Envelope<'_>) -> Result<AuthorizerCall, EnvelopeError> {
    let mut document = envelope.document()?;
    let Some((kind, form)) = QuestionKind::of(&document) else {
        return Err(UnknownEvent::NotForAuthorizer.into());
    };
    let malformed = |fault| EnvelopeError::Malformed {
        form: if kind.takes_simple() { ReplyForm::V2 } else { ReplyForm::V1 },
        fault,
    };
    let member = kind.arn_member();
    let Some(Value::String(route_arn)) = document.remove(member) else {
        return Err(malformed(MalformedRequest::Member { member: member.to_owned(), expected: "a text" }));
    };
    let arn = RouteArn::parse(&route_arn).ok_or_else(|| malformed(MalformedRequest::Arn(member)))?;
    let template = kind.template(&document);
    document.remove("body");
    document.remove("isBase64Encoded");
    let mut inbound = match form {
        Some(form) => dispatcher::read_http(envelope, document, form)?,
        None => read_token(envelope, document, &arn).map_err(malformed)?,
    };
    if inbound.front.kind == FrontKind::FunctionUrl {
        return Err(UnknownEvent::NotForAuthorizer.into());
    }
    if kind == QuestionKind::WebSocket && arn.method != CONNECT {
        return Err(malformed(MalformedRequest::Arn(member)));
    }
    let opens = |socket: &Socket| socket.event == SocketEvent::Connect;
    if let Message::Http(HttpRequest { socket: Some(socket), .. }) = &inbound.message
        && !opens(socket)
    {
        return Err(UnknownEvent::NotForAuthorizer.into());
    }
    if let Message::Http(request) = &mut inbound.message
        && arn.states(&request.path)
    {
        // The path in the ARN has no stage before it, and this is that path: the documentation's own questions leave
        // the stage out where the events of an integration have it.
        request.stage = None;
    }
    Ok(AuthorizerCall { inbound, route_arn, template, kind })
}

/// A `TOKEN` question has no request: what the ARN does not say is not known. The token comes from whichever field the
/// authorizer's token source names, and is read as an `authorization` field.
fn read_token(
    envelope: &Envelope<'_>,
    document: Map<String, Value>,
    arn: &RouteArn<'_>,
) -> Result<Inbound, MalformedRequest> {
    let token = Members::of(document).text("authorizationToken")?;
    let mut headers = HeaderMap::new();
    fields::append(&mut headers, AUTHORIZATION.as_str(), &token)?;
    let request = HttpRequest {
        method: request::method(arn.method)?,
        path: arn.path(),
        path_form: PathForm::Unclear,
        query: String::new(),
        headers,
        body: bytes::Bytes::new(),
        source_ip: None,
        host: String::new(),
        stage: None,
        socket: None,
        verified: FrontVerified::default(),
        reply: ReplyForm::V1,
    };
    let front = Front { kind: FrontKind::RestApi, id: arn.api.to_owned() };
    Ok(request::inbound(envelope, front, request))
}
