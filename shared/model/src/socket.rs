use jiff::Timestamp;
use serde::Serialize;

/// What a WebSocket API hands over of a connection: `eventType` of its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketEvent {
    /// It is to be opened, and may be refused.
    Connect,
    /// A message came in by it.
    Message,
    /// It has ended; nothing that is answered reaches anybody.
    Disconnect,
}

impl SocketEvent {
    /// Every one, in their order.
    pub const ALL: [Self; 3] = [Self::Connect, Self::Message, Self::Disconnect];

    /// What is said of connections by this route key.
    #[must_use]
    pub fn of_key(route_key: &str) -> Self {
        match route_key {
            "$connect" => Self::Connect,
            "$disconnect" => Self::Disconnect,
            _ => Self::Message,
        }
    }

    /// As API Gateway writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Message => "MESSAGE",
            Self::Disconnect => "DISCONNECT",
        }
    }

    /// What events of this kind have for a method, which a WebSocket API gives none: the opening of a connection is a
    /// request with GET, and what comes after it is not to be done twice.
    #[must_use]
    pub fn method(self) -> http::Method {
        match self {
            Self::Connect => http::Method::GET,
            Self::Message | Self::Disconnect => http::Method::POST,
        }
    }
}

/// The connection of a WebSocket API that something is said of, by the gateway's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// What is said of it.
    pub event: SocketEvent,
    /// The route that the gateway chose, in the place of method and path: `$connect`, `$disconnect`, `$default`, or what the
    /// API's route selection expression finds in a message.
    pub route_key: String,
    /// The connection's id, under which it is written to.
    pub connection: String,
    /// The message's id; only messages have one.
    pub message: Option<String>,
    /// The API's stage, which is part of the address under which the connection is written to.
    pub stage: String,
    /// When it was opened.
    pub connected: Option<Timestamp>,
    /// How it ended.
    pub closed: Option<SocketClose>,
}

/// How a connection ended (RFC 6455 section 7.1.5 and 7.1.6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SocketClose {
    /// The status code.
    pub status: Option<u16>,
    /// What was said of it; the caller may have chosen the words.
    pub reason: Option<String>,
}

/// The connection that a call came by, as the call's line tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionNote {
    /// The connection's id.
    pub id: String,
    /// The message's id; `None` where the connection is opened or has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Socket {
    /// What the call's line tells of it.
    #[must_use]
    pub fn note(&self) -> ConnectionNote {
        ConnectionNote { id: self.connection.clone(), message: self.message.clone() }
    }
}
