//! A call as the pipeline begins it, from a request that holds a secret.

use bytes::Bytes;
use doorward_model::{
    Call, CallId, FrontVerified, HttpRequest, Inbound, Message, PathForm, ReplyForm, Trace,
};
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;

/// Stands in the request's body and in its `authorization` header.
pub(crate) const SECRET: &str = "s3cr3t-v4lu3";

pub(crate) fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

pub(crate) fn request() -> HttpRequest {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static(SECRET));
    HttpRequest {
        method: Method::POST,
        path: "/orders".into(),
        path_form: PathForm::Decoded,
        query: String::new(),
        headers,
        body: Bytes::from_static(SECRET.as_bytes()),
        source_ip: None,
        host: "shop.example".into(),
        stage: None,
        socket: None,
        verified: FrontVerified::default(),
        reply: ReplyForm::V2,
    }
}

pub(crate) fn call(id: &str) -> Call {
    let inbound = Inbound {
        front: "http-api:a1b2c3".parse().unwrap(),
        call: CallId::new(id),
        invocation: "5c1e1d56-0d0e-4b6f-9f8e-3a2b1c0d9e8f".into(),
        gateway_request: Some("JKJaXmPLvHcESHA=".into()),
        received: None,
        deadline: now(),
        trace: Trace::default(),
        message: Message::Http(request()),
    };
    Call::begin(&inbound, now())
}
