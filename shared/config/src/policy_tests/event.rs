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

/// Reads `event = { source = "s3", bucket = "receipts", key = "inbox/a.pdf" }`: what policies read as `context.event`.
pub(super) fn read(value: Value<'_>) -> Result<EventSample, Reported> {
    let source = source(value)?;
    let attributes = source.attributes();
    let known = || attributes.keys().map(String::as_str).chain([SOURCE, TYPE, REGION]);
    let read = value.entries(|key: Key<'_>, value| {
        let stated = match key.text {
            SOURCE => None,
            TYPE | REGION => Some(Json::from(value.word()?)),
            name => match attributes.get(name) {
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
    let mut text = |name| stated.remove(name).and_then(|value| value.as_str().map(str::to_owned));
    let (event_type, region) = (text(TYPE), text(REGION));
    Ok(EventSample { source, event_type, region, attributes: stated, place: value.place() })
}

fn source(value: Value<'_>) -> Result<EventKind, Reported> {
    let mut found = None;
    value.entries(|key, value| {
        if key.text == SOURCE {
            found = Some(value.choice(&EventKind::ALL.map(|kind| (kind.word(), kind)))?);
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
