use std::collections::BTreeMap;
use std::str::FromStr as _;

use bytes::Bytes;
use doorward_config::EventRule;
use doorward_model::{CallId, CloudEventFault as Fault, EntityName, EventKind, EventPayload, MalformedFault};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// One CloudEvent as its sender tells it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CloudEvent {
    /// Every attribute but `specversion`, in its canonical text ("Type System", CloudEvents 1.0.2).
    pub(crate) attributes: BTreeMap<String, Value>,
    /// Its data, as far as contracts can read them.
    pub(crate) data: EventPayload,
    /// Its own text in the JSON event format, byte for byte; `None` in binary mode, in which the request is the event.
    pub(crate) text: Option<Bytes>,
    /// Why it has no reading; such an event goes no further, and has the attributes that could be read.
    pub(crate) fault: Option<MalformedFault>,
}

/// The attributes that the specification has.
const KNOWN: [&str; 8] =
    ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"];
/// Those that every event has beside `specversion`.
const REQUIRED: [&str; 3] = ["id", "source", "type"];
/// The one version that is read.
const VERSION: &str = "1.0";
/// The media type of data that say nothing of theirs, in the JSON event format.
const JSON: &str = "application/json";

impl CloudEvent {
    /// What is said under this name.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the rule is about it, of those that come by the route.
    pub(crate) fn is_of(&self, route: &str, rule: &EventRule) -> bool {
        rule.route.as_ref().is_some_and(|of| of.id == route)
            && rule.event_type.as_ref().is_none_or(|pattern| pattern.matches(self.attribute("type")))
            && rule.matches.iter().filter(|(name, _)| name != EventKind::CloudEvents.front_attribute()).all(
                |(name, pattern)| {
                    let said = self.attributes.get(name).and_then(Value::as_str);
                    said.is_some_and(|text| pattern.matches(text))
                },
            )
    }

    /// The id of its call: "`source` + `id` is unique for each distinct event" (CloudEvents 1.0.2), of those that `sender` sends
    /// by the route to one path, whose parameters may say whom they are for. No other sender's events have it, whatever they say
    /// of themselves.
    pub(crate) fn call_id(&self, door: &str, route: &str, path: &str, sender: &EntityName) -> CallId {
        let sender = sender.to_string();
        let parts = [door, route, path, &sender, self.attribute("source"), self.attribute("id")];
        id_of(parts.map(str::as_bytes))
    }

    /// What is left of one whose text is no object.
    pub(super) fn unread(text: Bytes, fault: MalformedFault) -> Self {
        let attributes = BTreeMap::new();
        Self { attributes, data: EventPayload::Absent, text: Some(text), fault: Some(fault) }
    }
}

/// The id of what these parts, in their order, tell from all else.
pub(super) fn id_of<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> CallId {
    let mut digest = Sha256::new();
    for part in parts {
        // The lengths keep `a` + `bc` and `ab` + `c` apart.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let hex: String = digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    CallId::new(format!("{}-{hex}", EventKind::CloudEvents.word()))
}

/// Attributes, each held to what the specification says of it.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub(super) told: BTreeMap<String, Value>,
    version: Option<String>,
    fault: Option<Fault>,
}

impl Attributes {
    /// Takes an attribute in its canonical text.
    pub(super) fn take(&mut self, name: &str, text: String) {
        if let Err(fault) = check(name, &text) {
            self.fail(fault);
            return;
        }
        if name == "specversion" {
            if self.version.replace(text).is_some() {
                self.fail(Fault::Twice);
            }
        } else if self.told.insert(name.to_owned(), text.into()).is_some() {
            self.fail(Fault::Twice);
        }
    }

    /// The first fault is the one that is told.
    pub(super) fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// The event that has them.
    pub(super) fn finish(self, data: EventPayload, text: Option<Bytes>) -> CloudEvent {
        let Self { told, version, fault } = self;
        let missing = REQUIRED.into_iter().find(|name| !told.contains_key(*name));
        let fault = fault
            .or_else(|| version.is_none().then_some(Fault::Missing("specversion")))
            .or_else(|| missing.map(Fault::Missing));
        CloudEvent { attributes: told, data, text, fault: fault.map(MalformedFault::from) }
    }
}

/// Whether an attribute may have such a name ("Naming Conventions", CloudEvents 1.0.2).
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// The name of a media type: `application/json` of `Application/JSON; charset=utf-8`.
pub(super) fn media_type(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether data of this media type are JSON; without one they are, in the JSON event format ("Handling of Data").
pub(super) fn is_json(media: Option<&str>) -> bool {
    let media = media_type(media.unwrap_or(JSON));
    media == JSON || media == "text/json" || media.ends_with("+json")
}

/// The name, where it is that of an attribute of the specification, all of which are texts.
pub(super) fn known(name: &str) -> Option<&'static str> {
    KNOWN.into_iter().find(|known| *known == name)
}

fn check(name: &str, text: &str) -> Result<(), Fault> {
    if !is_name(name) {
        return Err(Fault::Name);
    }
    let Some(name) = known(name) else {
        return if text.chars().all(is_character) { Ok(()) } else { Err(Fault::Extension) };
    };
    if text.is_empty() {
        return Err(Fault::Empty(name));
    }
    let holds = match name {
        "specversion" if text != VERSION => return Err(Fault::Version),
        "source" => is_reference(text),
        "dataschema" => is_reference(text) && has_scheme(text),
        "time" => is_time(text),
        "datacontenttype" => is_media(text),
        _ => text.chars().all(is_character),
    };
    if holds { Ok(()) } else { Err(Fault::Attribute(name)) }
}

/// What a text may hold: no control characters, and no code points that are none ("Type System", CloudEvents 1.0.2).
fn is_character(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{fdd0}'..='\u{fdef}') && (u32::from(c) & 0xfffe) != 0xfffe
}

/// The characters of a URI reference (RFC 3986 section 2).
fn is_reference(text: &str) -> bool {
    let others = "-._~:/?#[]@!$&'()*+,;=%";
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.as_bytes().contains(&byte))
}

/// RFC 3986 section 3.1.
fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            && !rest.is_empty()
    })
}

/// RFC 2045 section 5.1, in ASCII.
fn is_media(text: &str) -> bool {
    let is_token = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    let named = media_type(text);
    let parts = named.split_once('/');
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && parts.is_some_and(|(kind, own)| is_token(kind) && is_token(own))
}

/// RFC 3339 section 5.6, whose reader here takes more than that.
fn is_time(text: &str) -> bool {
    let shape: String =
        text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c.to_ascii_uppercase() }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else { return false };
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let behind = fraction.trim_start_matches('0');
            if behind.len() == fraction.len() || fraction.len() - behind.len() > 9 {
                return false;
            }
            behind
        }
        None => rest,
    };
    ["Z", "+00:00", "-00:00"].contains(&rest) && Timestamp::from_str(&text.to_ascii_uppercase()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn holds(name: &str, texts: &[&str]) {
        for text in texts {
            assert_eq!(check(name, text), Ok(()), "{name} {text:?}");
        }
    }

    #[track_caller]
    fn fails(name: &'static str, texts: &[&str]) {
        for text in texts {
            assert_eq!(check(name, text), Err(Fault::Attribute(name)), "{name} {text:?}");
        }
    }

    #[test]
    fn attributes_are_what_the_specification_has() {
        holds(
            "source",
            &["/shop", "https://shop.example/a?b#c", "urn:uuid:6e8bc430", "1-555-123-4567", "%C3%A4"],
        );
        fails("source", &["a b", "/ä", "<x>", "a\nb", "\"", "a\\b", "{}"]);
        holds("dataschema", &["https://shop.example/order.json", "urn:x"]);
        fails("dataschema", &["/order.json", "order", "1a:b", ":x", "a:"]);
        holds(
            "time",
            &["2026-11-24T12:00:00Z", "2026-11-24t12:00:00.123456789z", "2026-11-24T12:00:00+05:30"],
        );
        fails(
            "time",
            &[
                "2026-11-24",
                "2026-11-24 12:00:00Z",
                "2026-11-24T12:00:00",
                "2026-11-24T12:00:00,5Z",
                "2026-11-24T12:00Z",
                "2026-13-24T12:00:00Z",
                "2026-11-24T12:00:00+0530",
                "2026-11-24T12:00:00Z[UTC]",
                "2026-11-24T12:00:00.1234567890Z",
                "+002026-11-24T12:00:00Z",
                "now",
            ],
        );
        holds("datacontenttype", &["application/json", "text/plain; charset=utf-8", "image/svg+xml"]);
        fails("datacontenttype", &["json", "a/b/c", "/json", "text/", "text/plä"]);
        holds("subject", &["orders/42", "Ä 🦀", " "]);
        fails("subject", &["a\u{0}", "\u{7f}", "\u{85}", "\u{fdd0}", "\u{1ffff}"]);
        assert_eq!(check("specversion", "0.3"), Err(Fault::Version));
        assert_eq!(check("id", ""), Err(Fault::Empty("id")));
        assert_eq!(check("tenant", ""), Ok(()));
        assert_eq!(check("tenant", "a\nb"), Err(Fault::Extension));
        for name in ["Tenant", "my_tenant", "tenant-id", "", "mandant\u{e4}"] {
            assert_eq!(check(name, "x"), Err(Fault::Name), "{name}");
        }
    }

    #[test]
    fn data_are_json_where_their_media_type_says_so_or_nothing_does() {
        for media in [None, Some("application/json"), Some("Application/CloudEvents+JSON; charset=utf-8")] {
            assert!(is_json(media), "{media:?}");
        }
        for media in ["text/plain", "application/jsonlines", "application/xml", "json"] {
            assert!(!is_json(Some(media)), "{media}");
        }
    }
}
