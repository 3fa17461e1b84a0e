use doorward_model::ReplyForm;
use serde_json::{Map, Value};

use crate::websocket;

/// The forms in which AWS hands an HTTP request to a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HttpForm {
    /// A REST API: payload format 1.0, which says no version there.
    RestApi,
    /// An HTTP API that is set to payload format 1.0.
    HttpApi1,
    /// Payload format 2.0: an HTTP API or a function URL.
    V2,
    /// A WebSocket API.
    WebSocket,
    /// A load balancer that sends one value a name.
    AlbSingle,
    /// A load balancer that sends all values of a name.
    AlbMulti,
}

impl HttpForm {
    /// The form of `document`, by the members that its documentation gives to it alone. `None` for what has those of
    /// none, or of two: nothing is guessed.
    ///
    /// Samples of WebSocket events have members of REST requests beside their own ones. Those say nothing where a connection,
    /// its event and its route key are told, as no REST API tells them: the event is of a WebSocket API, or refused.
    pub(crate) fn of(document: &Map<String, Value>) -> Option<Self> {
        let is_there =
            |map: &Map<String, Value>, name: &str| map.get(name).is_some_and(|value| !value.is_null());
        let context = document.get("requestContext")?.as_object()?;
        let version = match document.get("version") {
            None | Some(Value::Null) => None,
            Some(version) => Some(version.as_str()?),
        };
        let is_socket_event =
            context.get("eventType").and_then(Value::as_str).is_some_and(websocket::is_type)
                && context.get("routeKey").is_some_and(Value::is_string);
        let marks = [
            is_there(document, "httpMethod"),
            is_there(document, "resource"),
            is_there(context, "http"),
            is_there(context, "connectionId"),
            is_there(context, "elb"),
        ];
        match (version, marks) {
            (None, [true, true, false, false, false]) => Some(Self::RestApi),
            (Some("1.0"), [true, _, false, false, false]) => Some(Self::HttpApi1),
            (Some("2.0"), [false, false, true, false, false]) => Some(Self::V2),
            (None, [false, false, false, true, false]) => Some(Self::WebSocket),
            (None, [_, _, false, true, false]) if is_socket_event => Some(Self::WebSocket),
            (None, [true, false, false, false, true]) if is_there(document, "multiValueHeaders") => {
                Some(Self::AlbMulti)
            }
            (None, [true, false, false, false, true]) => Some(Self::AlbSingle),
            _ => None,
        }
    }

    /// The form in which the front takes the answer.
    pub(crate) fn reply(self) -> ReplyForm {
        match self {
            Self::RestApi | Self::HttpApi1 => ReplyForm::V1,
            Self::WebSocket => ReplyForm::Socket,
            Self::V2 => ReplyForm::V2,
            Self::AlbSingle => ReplyForm::AlbSingle,
            Self::AlbMulti => ReplyForm::AlbMulti,
        }
    }
}
