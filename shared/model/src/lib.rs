//! What a call is made of: plain types that every other crate shares. No I/O, no AWS, no Cedar.

mod body;
mod call;
mod entity_text;
pub mod entity_type;
mod event_kind;
mod exact_number;
mod fault;
mod front;
mod inbound;
mod item;
mod json;
mod outcome;
mod path;
mod principal;
mod query;
mod refusal;
mod reply;
mod shape;

pub use body::{Body, BodyError};
pub use call::{Call, CallId, DecisionNote, Effect, LimitKind, LimitNote, Stage, StageTime};
pub use entity_text::ParseEntityError;
pub use event_kind::EventKind;
pub use fault::{Fault, Faults, Place};
pub use front::{Front, FrontKind, ParseFrontError};
pub use inbound::{EventRecord, HttpRequest, Inbound, Message, Trace};
pub use item::{Item, ItemValue};
pub use json::{JsonFault, parse_json};
pub use outcome::Outcome;
pub use path::{CanonicalPath, PathFault, PathForm};
pub use principal::{EntityName, Principal};
pub use query::QueryPairs;
pub use refusal::{AuthFault, DenyReason, MalformedFault, Refusal, TargetFault, Violation};
pub use reply::Reply;
pub use shape::{Field, Shape};
