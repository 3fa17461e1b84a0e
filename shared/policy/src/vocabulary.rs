use std::collections::{BTreeMap, BTreeSet};

use doorward_model::entity_type::{ANONYMOUS, EVENT_SOURCE, FUNCTION, GROUP, SENDER};
use doorward_model::{Claims, EventKind, Fields, Omission, Place, Shape};

/// What policies may talk about; the core makes it from the configuration and the contracts.
///
/// Entity types follow from it: `Group in [Group]`, `Function`, every principal type `in [Group]` but `Anonymous`,
/// `EventSource` and `Sender`, and every other resource type `in [Function]` and in the types that a request puts it in.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// One a route and one an event.
    pub actions: Vec<ActionSpec>,
    /// What `context.purpose` may be; without any, policies cannot read it.
    pub purposes: Vec<String>,
    /// The attributes that tokens give to principals, by principal type. A claim counts as required here where no token
    /// that makes such a principal lacks it.
    pub attributes: BTreeMap<String, Claims>,
    /// What credentials put principals in, beside groups, by principal type; and what these are in, by theirs.
    pub parents: BTreeMap<String, BTreeSet<String>>,
    /// A contract cannot be read, so that its action's input is missing here: policies that read an input are not held
    /// to it. What is compiled so must not decide.
    pub inputs_unknown: bool,
}

/// One action: `Action::"createOrder"`, a member of `Action::"http"` or `Action::"events"`.
#[derive(Debug, Clone)]
pub struct ActionSpec {
    /// The action's id.
    pub name: String,
    /// Entity types of those who may call.
    pub principals: Vec<String>,
    /// Entity type of what is called: `Function`, or the type that the route names.
    pub resource: String,
    /// Entity types of what a request puts the resource in, beside its function.
    pub resource_parents: Vec<String>,
    /// Where the configuration says that the resource is read from a table; `None` where it does not.
    pub load: Option<Place>,
    /// Whether every call of it has a purpose.
    pub has_purpose: bool,
    /// What its context holds.
    pub call: CallShape,
}

/// What a call of an action tells policies.
#[derive(Debug, Clone)]
pub enum CallShape {
    /// A request.
    Http(HttpShape),
    /// A record of an event: `context.event`, and `context.claimed` where whoever sent it says more of it.
    Event {
        /// The kind of source that hands it over, which has attributes of its own.
        kind: EventKind,
        /// What whoever sent it says of it: `context.claimed`.
        claimed: Fields,
        /// The payload as its contract types it: `context.input`.
        input: Option<Shape>,
        /// What of the payload that type leaves out.
        omissions: Vec<Omission>,
    },
}

/// What a request tells policies, beside its method, path and address.
#[derive(Debug, Clone, Default)]
pub struct HttpShape {
    /// The methods of all requests that a route could take, whichever this one does; empty where they may be any.
    pub methods: Vec<String>,
    /// The payload as its contract types it: `context.input`.
    pub input: Option<Shape>,
    /// What of the payload that type leaves out.
    pub omissions: Vec<Omission>,
    /// The claims of the token: `context.token`.
    pub token: Option<TokenShape>,
    /// Names of header fields, in lower case: `context.request.headers`.
    pub headers: Vec<String>,
    /// Names of query parameters: `context.request.query`.
    pub query: Vec<String>,
    /// Whether a function is invoked: `context.request.invocation_type` and, where it is asked for,
    /// `context.request.qualifier`.
    pub invocation: bool,
    /// Whether it comes by a connection of a WebSocket API: `context.request.route_key`, `event_type` and `connection_id` and,
    /// where the gateway says it, `connected_at`.
    pub connection: bool,
    /// What the event says of itself that the request brings: `context.claimed`; empty where it brings none.
    pub claimed: Fields,
}

/// What a caller's token tells policies.
#[derive(Debug, Clone, Default)]
pub struct TokenShape {
    /// The claims of all issuers that the action accepts. One is required where every token has it.
    pub claims: Claims,
    /// The types of the principals that come with one; nobody else does.
    pub principals: BTreeSet<String>,
    /// Whether nobody may call without a token.
    pub required: bool,
}

/// The user's files that make a project's policies.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sources<'a> {
    /// Policies and templates: `*.cedar`.
    pub policies: &'a [SourceFile],
    /// What fills the slots of templates: `links.json`, in the form that Cedar's own command line reads.
    pub links: Option<&'a SourceFile>,
    /// The set that runs in shadow, where there is one.
    pub candidate: Option<Candidate<'a>>,
    /// Entity types and common types: `*.cedarschema`.
    pub schemas: &'a [SourceFile],
    /// Entities in Cedar's JSON form: `entities.json`.
    pub entities: Option<&'a SourceFile>,
    /// Whether decisions are recorded, for which it must be known what policies read.
    pub recorded: bool,
}

/// Policies that are decided beside those in force, under the same schema and over the same entities, and never
/// enforced. Their ids may be those of policies in force.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Policies and templates: the whole set, not what is added to the one in force.
    pub policies: &'a [SourceFile],
    /// What fills the slots of its templates.
    pub links: Option<&'a SourceFile>,
}

/// One file of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path relative to the project; it stands in faults, and its stem in the ids of policies.
    pub name: String,
    /// The content.
    pub text: String,
}

/// The action group of every HTTP action.
pub(crate) const HTTP: &str = "http";
/// The action group of every event action.
pub(crate) const EVENTS: &str = "events";

/// The type that entities of a principal type may be `in`.
pub(crate) fn principal_parent(type_name: &str) -> Option<&'static str> {
    (![ANONYMOUS, EVENT_SOURCE, SENDER].contains(&type_name)).then_some(GROUP)
}

/// The type that entities of a resource type may be `in`.
pub(crate) fn resource_parent(type_name: &str) -> Option<&'static str> {
    (type_name != FUNCTION).then_some(FUNCTION)
}
