use doorward_model::{EventKind, Field, Fields, Front, Place, Shape};

use super::cloudevents::EventRoute;
use crate::pattern::Pattern;

/// An event that may enter.
#[derive(Debug, Clone)]
pub struct EventRule {
    /// The Cedar action.
    pub id: String,
    /// The kind of source.
    pub source: EventKind,
    /// In whose messages it comes, the outermost first; empty where its source hands it over itself.
    pub through: Vec<Front>,
    /// The route that CloudEvents come by; `None` for any other source.
    pub route: Option<EventRoute>,
    /// Pattern of the source's own event type: `ObjectCreated:*`.
    pub event_type: Option<Pattern>,
    /// Attribute and its pattern; all must hold.
    pub matches: Vec<(String, Pattern)>,
    /// The attributes of its message that policies read by name, as `context.claimed.attributes`; empty where none are.
    pub attributes: Vec<String>,
    /// Name of a declared target.
    pub target: String,
    /// What becomes of records that are denied, broken, or over a limit; the last are kept where others are discarded.
    pub on_deny: OnDeny,
    /// What the source hears when the same event comes again.
    pub repeated: Repeated,
    /// Name of a declared plan whose limits hold for the source; without one, events are not limited.
    pub plan: Option<String>,
    /// The purpose that these events have.
    pub purpose: Option<String>,
    /// The schema of their payload; without one, policies cannot read it.
    pub contract: Option<SchemaRef>,
}

/// What the source of an event hears that was here before, and whose target is not called again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeated {
    /// That it is done.
    Skip,
    /// What it would have heard of the first one: where that was refused and `on_deny` is `fail`, that it shall come
    /// again.
    Answer,
}

/// What becomes of a denied record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDeny {
    /// It is recorded and dropped.
    Discard,
    /// It is kept with its reason.
    Quarantine,
    /// It goes back to the source, which retries.
    Fail,
}

/// `contract = "contracts/receipt.schema.json"` of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaRef {
    /// File, relative to the configuration's folder.
    pub file: String,
    /// What stands after `#`: a JSON Pointer, or the schema's name; empty for the whole file.
    pub schema: String,
    /// Where the configuration says so.
    pub place: Place,
}

impl EventRule {
    /// The kind of the one that hands it over, whose service attests something of it.
    #[must_use]
    pub fn outermost(&self) -> EventKind {
        self.through.first().and_then(|front| EventKind::of_front(front.kind)).unwrap_or(self.source)
    }

    /// What policies read as `context.claimed`.
    #[must_use]
    pub fn claims(&self) -> Fields {
        let mut claims = if self.through.is_empty() { self.source.claims() } else { self.source.carried() };
        let text = || Field { shape: Shape::Text { values: Vec::new() }, required: false };
        let extensions = self.route.iter().flat_map(|route| &route.extensions);
        claims.extend(extensions.map(|name| (name.clone(), text())));
        if !self.attributes.is_empty() {
            claims.extend(EventKind::message_attributes(&self.attributes));
        }
        claims
    }
}
