use std::net::IpAddr;

use doorward_model::{Effect, EntityName, EventKind, Front, Item, Place, TrustLevel};
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::stated::{Placed, Stated};

/// A sample call and what the policies are expected to say of it.
#[derive(Debug, Clone)]
pub struct PolicyTest {
    /// Its name, unique in its file.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The call.
    pub sample: Sample,
    /// What must come of it.
    pub expected: Expected,
}

/// A call as it might come in.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Who calls, taken at their word; without one, whoever the call itself proves: nobody, or an event's source.
    pub principal: Option<Placed<EntityName>>,
    /// Ids of the groups that the caller is in by this call.
    pub groups: Vec<String>,
    /// What else the caller is in by its credentials: an organisation of AWS accounts.
    pub parents: Vec<Placed<EntityName>>,
    /// The verified claims of the caller's token.
    pub claims: Option<Stated>,
    /// The attributes of the caller that credentials other than tokens give it.
    pub attributes: Option<Stated>,
    /// What the table holds of the resource, where the route has it read from one.
    pub item: Option<Placed<Item>>,
    /// When it comes in.
    pub at: Timestamp,
    /// What comes in.
    pub call: SampleCall,
}

/// The forms of a sample.
#[derive(Debug, Clone)]
pub enum SampleCall {
    /// A question to the policies alone.
    Question(Box<QuestionSample>),
    /// A request, which goes the way of a call up to the decision.
    Request(RequestSample),
    /// An event by what its source says of it.
    Event(EventSample),
    /// An event or a request as the platform hands it over: a JSON file below the folder that holds the
    /// policies.
    Envelope(Placed<String>),
}

impl SampleCall {
    /// Whether it goes the whole way up to the decision, so that it can be refused before it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !matches!(self, Self::Question(_))
    }
}

/// `action`, `resource` and `context`.
#[derive(Debug, Clone)]
pub struct QuestionSample {
    /// A route's or an event's id.
    pub action: Placed<String>,
    /// What it is done to; the action's target where it is left out.
    pub resource: Option<Placed<EntityName>>,
    /// What the path puts the resource in, beside the action's target.
    pub parents: Vec<Placed<EntityName>>,
    /// `context.trust`; that of the strongest credentials of such a caller where it is left out.
    pub trust: Option<Placed<TrustLevel>>,
    /// `context.purpose`; the action's own where it is left out.
    pub purpose: Option<Placed<String>>,
    /// `context.request`, where something of it matters.
    pub request: Option<Stated>,
    /// `context.event`, where something of it matters.
    pub event: Option<Stated>,
    /// `context.claimed`, where something of it matters.
    pub claimed: Option<Stated>,
    /// `context.input`, where the call carries a payload.
    pub input: Option<Stated>,
    /// Where the whole context stands, or the test where it has none.
    pub place: Place,
}

/// `request = { … }`.
#[derive(Debug, Clone)]
pub struct RequestSample {
    /// The route key, where it comes by a connection of a WebSocket API.
    pub route_key: Option<String>,
    /// The method.
    pub method: Method,
    /// The path as the caller sends it.
    pub path: String,
    /// What stands behind `?`, undecoded.
    pub query: String,
    /// Header fields.
    pub headers: HeaderMap,
    /// The payload.
    pub body: Vec<u8>,
    /// The address that the front sees.
    pub source_ip: Option<IpAddr>,
    /// The front; any pinned one where it is left out.
    pub front: Option<Front>,
}

/// `event = { … }`.
#[derive(Debug, Clone)]
pub struct EventSample {
    /// The kind of source.
    pub source: EventKind,
    /// The source's own type: `ObjectCreated:Put`.
    pub event_type: Option<String>,
    /// The AWS region.
    pub region: Option<String>,
    /// The account that the source attests.
    pub account: Option<String>,
    /// Body, message, detail, data or images.
    pub payload: Option<serde_json::Value>,
    /// What policies read of it: every member is one that the source has.
    pub attributes: Map<String, Value>,
    /// Where it stands.
    pub place: Place,
}

/// What must come of a sample. What is left out is not looked at, but that a call which is expected to be allowed may
/// not be refused otherwise.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Allow or deny; `None` where the call is refused before the decision.
    pub decision: Option<Effect>,
    /// Why not: one of [`doorward_model::DenyReason::WORDS`].
    pub reason: Option<&'static str>,
    /// Ids of the policies that determine it, in any order.
    pub policies: Option<Vec<Placed<String>>>,
    /// Ids of the policies that cannot be evaluated, in any order.
    pub errors: Option<Vec<Placed<String>>>,
    /// The stable word of the refusal, for whole samples.
    pub code: Option<Placed<String>>,
}
