use doorward_model::{EventKind, Fault, Shape};
use serde_json::{Map, Value as Json};

use super::checked::EventSample;
use crate::reader::{Key, Value, with_hint};
use crate::report::{Reported, quote};
use crate::suggestion::suggest;

/// The keys that every source has, beside its attributes.
const SOURCE: &str = "source";
const TYPE: &str = "type";
const REGION: &str = "region";
const ACCOUNT: &str = "account";
/// What an event of a bus says of its source.
const EVENT_SOURCE: &str = "event_source";
const PAYLOAD: &str = "payload";
/// Those of a message, by name: all of them texts.
const ATTRIBUTES: &str = "attributes";

/// Reads `event = { source = "s3", bucket = "receipts", key = "inbox/a.pdf" }`: what policies read as `context.event`.
pub(super) fn read(value: Value<'_>) -> Result<EventSample, Reported> {
    let source = source(value)?;
    let mut attributes = source.attributes();
    // AWS's own services are known by their names.
    attributes.remove("by_aws");
    let mut claims = source.claims();
    // Here `source` is the kind of source, and `type` the type of the event whoever says it.
    claims.remove(TYPE);
    if let Some(field) = claims.remove(SOURCE) {
        claims.insert(EVENT_SOURCE.to_owned(), field);
    }
    let known = || {
        attributes
            .keys()
            .chain(claims.keys())
            .map(String::as_str)
            .chain([SOURCE, TYPE, REGION, ACCOUNT, PAYLOAD])
            .chain(source.has_message_attributes().then_some(ATTRIBUTES))
    };
    let mut payload = None;
    let read = value.entries(|key: Key<'_>, value| {
        let stated = match key.text {
            SOURCE => None,
            TYPE | REGION | ACCOUNT => Some(Json::from(value.word()?)),
            PAYLOAD => {
                payload = Some(value.stated()?.value);
                None
            }
            ATTRIBUTES if source.has_message_attributes() => {
                let named =
                    value.entries(|key, value| Ok((key.text.to_owned(), Json::from(value.text()?))))?;
                Some(named.into_iter().collect())
            }
            name => match attributes.get(name).or_else(|| claims.get(name)) {
                Some(field) => Some(attribute(value, &field.shape)?),
                None => {
                    let fault = Fault::new(format!("events of `{}` have no {}", source.word(), quote(name)));
                    return Err(key.fault(with_hint(fault, suggest(name, known()))));
                }
            },
        };
        Ok(stated.map(|stated| (key.text.to_owned(), stated)))
    });
    let mut stated: Map<String, Json> = read?.into_iter().flatten().collect();
    let missing = attributes.iter().find(|(name, field)| field.required && !stated.contains_key(*name));
    if let Some((name, _)) = missing {
        return Err(value.fault(Fault::new(format!("missing key `{name}` in `event`"))));
    }
    if let Some(told) = stated.remove(EVENT_SOURCE) {
        stated.insert(SOURCE.to_owned(), told);
    }
    let mut text = |name| stated.remove(name).and_then(|value| value.as_str().map(str::to_owned));
    let (event_type, region, account) = (text(TYPE), text(REGION), text(ACCOUNT));
    Ok(EventSample { source, event_type, region, account, attributes: stated, payload, place: value.place() })
}

fn source(value: Value<'_>) -> Result<EventKind, Reported> {
    let mut found = None;
    value.entries(|key, value| {
        if key.text == SOURCE {
            let kind = value.choice(&EventKind::ALL.map(|kind| (kind.word(), kind)))?;
            if kind == EventKind::CloudEvents {
                let fault = Fault::new("a CloudEvent comes as a request");
                return Err(value.fault(fault.hint("state it as one: `request = { method = \"POST\", … }`")));
            }
            found = Some(kind);
        }
        Ok(())
    })?;
    found.ok_or_else(|| value.fault(Fault::new("missing key `source` in `event`")))
}

fn attribute(value: Value<'_>, shape: &Shape) -> Result<Json, Reported> {
    match shape {
        Shape::Text { .. } => value.text().map(Json::from),
        Shape::Long => value.integer(0..=i64::MAX.unsigned_abs()).map(Json::from),
        Shape::Bool | Shape::Decimal | Shape::List(_) | Shape::Record(_) | Shape::Opaque { .. } => {
            value.stated().map(|stated| stated.value)
        }
    }
}
