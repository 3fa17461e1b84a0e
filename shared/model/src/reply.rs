use http::{HeaderMap, StatusCode};

use crate::Body;

/// What the sender of an HTTP request is answered.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// Header fields, `set-cookie` among them.
    pub headers: HeaderMap,
    /// The payload.
    pub body: Body,
}

/// The form in which a front takes the answer of a function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReplyForm {
    /// Payload format 2.0: HTTP APIs and function URLs.
    #[default]
    V2,
    /// Payload format 1.0: REST APIs, HTTP APIs that are set to it.
    V1,
    /// A WebSocket API: format 1.0, of which only the body reaches the caller, as one message.
    Socket,
    /// A load balancer whose target group sends one value a header field.
    AlbSingle,
    /// A load balancer whose target group has multi-value headers enabled.
    AlbMulti,
    /// A front that passes an answer on while it comes in: a function URL whose invoke mode is `RESPONSE_STREAM`, a REST API
    /// whose integration has the response transfer mode `STREAM`.
    Streamed,
}
