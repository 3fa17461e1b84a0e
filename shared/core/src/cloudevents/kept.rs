use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_model::{Call, EventKind, EventRecord, RecordEnvelope};
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use super::binary;
use super::event::CloudEvent;
use super::opened::Opened;
use super::read::Broken;
use crate::door::Door;

/// What can be told of an event, whatever is wrong with it.
pub(super) fn event(event: &Result<CloudEvent, Broken>) -> &CloudEvent {
    match event {
        Ok(event) | Err(Broken { event, .. }) => event,
    }
}

impl Door {
    /// The event as quarantine keeps it, where its rule has it kept when it is refused.
    pub(super) fn to_keep(
        &self,
        opened: &Opened<'_>,
        event: &CloudEvent,
        call: &Call,
    ) -> Option<EventRecord> {
        self.event_rule(call).filter(|rule| rule.on_deny == doorward_config::OnDeny::Quarantine)?;
        let mut record = EventRecord::new(
            EventKind::CloudEvents,
            opened.http.front,
            event.attribute("type"),
            "",
            json!({}),
        );
        record.happened = event.attribute("time").parse().ok();
        record.item = Some(event.attribute("id").to_owned());
        record.envelope = RecordEnvelope::Nothing;
        record.record = written(opened, event).into();
        Some(record)
    }
}

/// The event as it came, with the media type that it came in.
fn written(opened: &Opened<'_>, event: &CloudEvent) -> Value {
    let route = &opened.http.rules.route.id;
    if let Some(text) = &event.text {
        return json!({ "route": route, "event": String::from_utf8_lossy(text) });
    }
    let request = &opened.request;
    let is_own = |name: &http::HeaderName| name.as_str().starts_with(binary::PREFIX) || name == CONTENT_TYPE;
    let headers: Map<String, Value> = request
        .headers
        .iter()
        .filter(|(name, _)| is_own(name))
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect();
    json!({ "route": route, "headers": headers, "body_base64": STANDARD.encode(&request.body) })
}
