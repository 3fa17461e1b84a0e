use std::collections::BTreeMap;
use std::net::IpAddr;

use doorward_model::{DecisionNote, DenyReason, EntityName, EventRecord, Principal};
use jiff::Timestamp;
use serde_json::Value;

use crate::entities::loaded::Loaded;

/// May this principal do this to that?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who asks; its parents and attributes are added to those that `entities.json` gives it, and policies read whose word it is
    /// as `context.trust`.
    pub principal: &'a Principal,
    /// The action's id, without its type.
    pub action: &'a str,
    /// What it is done to.
    pub resource: &'a EntityName,
    /// What the request puts the resource in: its function, where it is not the function itself, and what the path
    /// names.
    pub resource_parents: &'a [EntityName],
    /// The resource as its item makes it, where the action has it read from a table.
    pub loaded: Option<&'a Loaded>,
    /// The circumstances.
    pub context: Context<'a>,
}

/// What policies read as `context`.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// `context.now`, cut off to milliseconds.
    pub now: Timestamp,
    /// `context.purpose`: a declared one.
    pub purpose: Option<&'a str>,
    /// `context.request` or `context.event`.
    pub call: CallContext<'a>,
    /// `context.input`.
    pub input: Input<'a>,
}

/// What policies read of the call itself.
#[derive(Debug, Clone, Copy)]
pub enum CallContext<'a> {
    /// A request.
    Http {
        /// Its method.
        method: &'a str,
        /// Its canonical path.
        path: &'a str,
        /// The address that the front saw.
        source_ip: Option<IpAddr>,
        /// The named header fields that are there, each with its one value.
        headers: &'a [(String, String)],
        /// The named query parameters that are there, each with its one value.
        query: &'a [(String, String)],
        /// What is asked for, where a function is invoked.
        invocation: Option<Invocation<'a>>,
        /// The connection that it comes by, where it is one of a WebSocket API.
        connection: Option<Connection<'a>>,
        /// What the event says of itself that the request brings, where it brings one.
        claimed: Option<&'a BTreeMap<String, Value>>,
    },
    /// A record of an event.
    Event(&'a EventRecord),
    /// What policies read of a call, stated without one: objects that
    /// [`Policies::misfits`](crate::Policies::misfits) finds no fault with.
    Stated {
        /// `context.request` or `context.event`.
        call: &'a Value,
        /// `context.claimed`, where the action has it.
        claimed: &'a Value,
    },
}

/// What is asked of a function that is invoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invocation<'a> {
    /// `RequestResponse` or `Event`.
    pub kind: &'a str,
    /// The version or alias; `None` for the target's own.
    pub qualifier: Option<&'a str>,
}

/// A connection of a WebSocket API, and what is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection<'a> {
    /// `$connect`, `$disconnect`, `$default`, or a key of the API's own.
    pub route_key: &'a str,
    /// `CONNECT`, `MESSAGE` or `DISCONNECT`.
    pub event: &'a str,
    /// Its id.
    pub id: &'a str,
    /// When it was opened.
    pub connected: Option<Timestamp>,
}

/// What is known of the payload when the decision is made; the crate's documentation says how each is decided.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// It keeps its contract; none where the call carries no payload, or none that the contract types.
    Checked(Option<&'a Value>),
    /// It breaks its contract.
    Faulty,
    /// It is not here: the authorizer never sees a body.
    Absent,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is recorded of it. An erring `forbid` that decides stands among the policies and the errors.
    pub note: DecisionNote,
    /// Why not; `None` exactly where the effect is allow.
    pub deny: Option<DenyReason>,
}
