use doorward_model::{Fault, FrontKind, SocketEvent};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::checked::RequestSample;
use crate::fronts;
use crate::reader::{Key, Section, Value};
use crate::report::{Reported, quote};

/// Reads `request = { method = "GET", path = "/orders/1001" }`, or `request = { route_key = "placeOrder", body = … }` for what
/// comes by a connection of a WebSocket API.
pub(super) fn read(value: Value<'_>) -> Result<RequestSample, Reported> {
    value.section("`request`", |section| {
        let route_key = section.optional("route_key", |value| value.word());
        let event = match &route_key {
            Ok(Some(key)) => Some(SocketEvent::of_key(key)),
            _ => None,
        };
        let (method, path) = match event {
            Some(event) => {
                let bare = none_of(section, event);
                (bare.map(|()| event.method()), Ok("/".to_owned()))
            }
            None => (
                section.required("method", |value| value.parse(method)),
                section.required("path", |value| value.parse(path)),
            ),
        };
        let query = section.or("query", String::new(), |value| value.text().map(str::to_owned));
        let headers = section.or("headers", HeaderMap::new(), headers);
        let body = section.optional("body", body);
        let source_ip = section.optional("source_ip", |value| {
            value.parse(|text| {
                text.parse().map_err(|_| Fault::new(format!("{} is not an IP address", quote(text))))
            })
        });
        let front = section.optional("front", |value| value.parse(http_front));
        let (mut headers, body) = (headers?, body?);
        if let (Some(Body::Json(_)), None) = (&body, event) {
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        }
        Ok(RequestSample {
            route_key: route_key?,
            method: method?,
            path: path?,
            query: query?,
            headers,
            body: body.map(Body::into_bytes).unwrap_or_default(),
            source_ip: source_ip?,
            front: front?,
        })
    })
}

/// What has a route key in the place of method and path; and header fields and a query only where a connection is opened.
fn none_of(section: &mut Section<'_>, event: SocketEvent) -> Result<(), Reported> {
    let bare = |value: Value<'_>| -> Result<(), Reported> {
        Err(value.fault(Fault::new("what comes by a connection of a WebSocket API has none")))
    };
    let (method, path) = (section.optional("method", bare), section.optional("path", bare));
    let (query, headers) = match event {
        SocketEvent::Connect => (Ok(None), Ok(None)),
        _ => (section.optional("query", bare), section.optional("headers", bare)),
    };
    (method?, path?, query?, headers?);
    Ok(())
}

fn method(text: &str) -> Result<Method, Fault> {
    text.parse().map_err(|_| Fault::new(format!("{} is not a method", quote(text))))
}

/// Any path that a caller could send, whatever the door makes of it.
fn path(text: &str) -> Result<String, Fault> {
    if text.contains('?') {
        let fault = Fault::new(format!("the path {} holds a query", quote(text)));
        return Err(fault.hint("write what stands behind `?` as `query`"));
    }
    Ok(text.to_owned())
}

fn http_front(text: &str) -> Result<doorward_model::Front, Fault> {
    let front = fronts::parse(text)?;
    match front.kind {
        FrontKind::RestApi
        | FrontKind::HttpApi
        | FrontKind::WebSocketApi
        | FrontKind::FunctionUrl
        | FrontKind::Alb => Ok(front),
        _ => Err(Fault::new(format!("requests do not come in by {}", quote(text)))),
    }
}

/// Every header field with its value, or its values where it stands more than once.
fn headers(value: Value<'_>) -> Result<HeaderMap, Reported> {
    let read = value.entries(|key, value| {
        let name = field_name(&key);
        let values = if value.is_text() { vec![field_value(value)?] } else { value.each(field_value)? };
        Ok((name?, values))
    })?;
    let mut headers = HeaderMap::new();
    for (name, values) in read {
        for value in values {
            headers.append(name.clone(), value);
        }
    }
    Ok(headers)
}

fn field_name(key: &Key<'_>) -> Result<HeaderName, Reported> {
    key.text
        .parse()
        .map_err(|_| key.fault(Fault::new(format!("{} is not the name of a header field", quote(key.text)))))
}

fn field_value(value: Value<'_>) -> Result<HeaderValue, Reported> {
    value.parse(|text| {
        HeaderValue::from_str(text)
            .map_err(|_| Fault::new(format!("{} cannot stand in a header", quote(text))))
    })
}

enum Body {
    /// The bytes of a text, as they are.
    Text(String),
    Json(serde_json::Value),
}

impl Body {
    fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Json(value) => value.to_string().into_bytes(),
        }
    }
}

/// A text is sent as it is; anything else as JSON.
fn body(value: Value<'_>) -> Result<Body, Reported> {
    if value.is_text() {
        return value.text().map(|text| Body::Text(text.to_owned()));
    }
    value.stated().map(|stated| Body::Json(stated.value))
}
