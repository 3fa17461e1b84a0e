use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;

use crate::{CallId, EventRecord, Front, FrontVerified, PathForm, ReplyForm, Socket};

/// One thing that enters through the door, as its front attests it. Nothing of it is believed yet but the
/// envelope: the front, its ids, and the address it saw.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// The front that the envelope names; the pipeline refuses one that is not pinned.
    pub front: Front,
    /// Deterministic and not in the caller's hand: the invocation's id for HTTP, the record's identity for events.
    pub call: CallId,
    /// Lambda's id of the invocation that carries this call.
    pub invocation: String,
    /// The gateway's own request id, where it has one; on some fronts a caller can choose it.
    pub gateway_request: Option<String>,
    /// When the front took the request, by its own clock, where it says so.
    pub received: Option<Timestamp>,
    /// When the platform ends this invocation.
    pub deadline: Timestamp,
    /// What links this call to the caller's trace.
    pub trace: Trace,
    /// The request or record itself.
    pub message: Message,
}

/// Trace context that is carried on to the target.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// W3C Trace Context `traceparent`, as received.
    pub traceparent: Option<String>,
    /// AWS X-Ray's `X-Amzn-Trace-Id`.
    pub xray: Option<String>,
}

/// The two forms of what enters.
#[derive(Debug, Clone)]
pub enum Message {
    /// A request whose sender waits for an answer.
    Http(HttpRequest),
    /// One record of an event.
    Event(EventRecord),
}

/// An HTTP request as the front passed it on.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The path as the front gives it, with what it puts before: [`HttpRequest::stage`], or the base path of a custom
    /// domain.
    pub path: String,
    /// Whether the front had already percent-decoded `path`.
    pub path_form: PathForm,
    /// The query after `?`, undecoded; empty when absent.
    pub query: String,
    /// Header fields, cookies among them; values that are no legal field values never get here.
    pub headers: HeaderMap,
    /// The payload, decoded from the envelope.
    pub body: Bytes,
    /// The address that the front saw.
    pub source_ip: Option<IpAddr>,
    /// The host that the front answered for.
    pub host: String,
    /// The named stage that this front puts before the path; `None` where it puts none there.
    pub stage: Option<String>,
    /// The connection of a WebSocket API that it is about; its route key is what is asked for, in the place of method and
    /// path.
    pub socket: Option<Socket>,
    /// What the front itself verified of the caller.
    pub verified: FrontVerified,
    /// The form in which the front takes the answer.
    pub reply: ReplyForm,
}
