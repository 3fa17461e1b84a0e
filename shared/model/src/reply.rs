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
