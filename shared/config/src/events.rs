use std::collections::BTreeSet;

use doorward_model::{EventKind, Fault, Front, FrontKind, Shape};

use crate::checked::{EventRule, OnDeny, Repeated, Route, SchemaRef};
use crate::document::Declared;
use crate::pattern::Pattern;
use crate::reader::{Key, Section, Value, with_hint};
use crate::report::{Reported, quote};
use crate::suggestion::suggest;
use crate::{cloudevents, location, message_attributes, metering, names};

mod through;

/// The key of `match` that tests the source's own event type; all others test its attributes.
const EVENT_TYPE: &str = "event";

/// Reads `[[events]]` and declares their ids; `fronts` are absent while they are faulty.
pub(crate) fn read(
    document: &mut Section<'_>,
    names: &mut Declared<'_>,
    fronts: Option<&[Front]>,
    routes: Option<&[Route]>,
) -> Result<Vec<EventRule>, Reported> {
    document.sections("events", "`[[events]]`", |section| {
        let id = section.required("id", |value| names.actions.declare(value, names::action));
        let source =
            section.required("source", |value| value.choice(&EventKind::ALL.map(|kind| (kind.word(), kind))));
        let through = section.or("through", Vec::new(), |value| through::read(value, fronts));
        let is_cloud = source.as_ref().is_ok_and(|source| *source == EventKind::CloudEvents);
        let carries = section.optional("through", |value| -> Result<(), Reported> {
            let fault = Fault::new("CloudEvents are read of requests, not of messages");
            if is_cloud { Err(value.fault(fault.hint("leave `through` out"))) } else { Ok(()) }
        });
        let is_carried = through.as_ref().is_ok_and(|through| !through.is_empty());
        let pinned = if is_carried { None } else { fronts };
        let matches = section.required("match", |value| {
            let source = if is_cloud { None } else { source.ok() };
            read_match(value, source, is_carried, pinned)
        });
        let route = match (&matches, is_cloud) {
            (Ok(matches), true) => cloudevents::route_of(section, matches, routes).map(Some),
            _ => Ok(None),
        };
        let fits = match (&route, routes) {
            (Ok(Some(route)), Some(_)) => {
                section.required("match", |value| cloudevents::check_match(value, route))
            }
            _ => Ok(()),
        };
        let attributes = section.or("attributes", Vec::new(), |value| {
            message_attributes::read(value, source.as_ref().ok().copied())
        });
        let target = section.required("target", |value| names.targets.used(value));
        let otherwise = if is_cloud { OnDeny::Fail } else { OnDeny::Quarantine };
        let on_deny = section.or("on_deny", otherwise, |value| read_on_deny(value, is_cloud));
        let repeated = section.or("repeated", Repeated::Skip, |value| {
            value.choice(&[("skip", Repeated::Skip), ("answer", Repeated::Answer)])
        });
        let purpose = section.optional("purpose", |value| names.purpose(value));
        let plan = section.optional("plan", |value| names.plan(value));
        let contract = section.optional("contract", read_contract);
        let durability = metering::event_durability(section);

        durability?;
        fits?;
        carries?;
        let (types, matches): (Vec<_>, Vec<_>) = matches?.into_iter().partition(|(key, _)| key == EVENT_TYPE);
        Ok(EventRule {
            id: id?,
            source: source?,
            through: through?,
            route: route?,
            event_type: types.into_iter().next().map(|(_, pattern)| pattern),
            matches,
            attributes: attributes?,
            target: target?,
            on_deny: on_deny?,
            repeated: repeated?,
            plan: plan?,
            purpose: purpose?,
            contract: contract?,
        })
    })
}

/// What is denied of a request, its sender hears: that is `fail`.
fn read_on_deny(value: Value<'_>, is_cloud: bool) -> Result<OnDeny, Reported> {
    let read = value.choice(&[
        ("discard", OnDeny::Discard),
        ("quarantine", OnDeny::Quarantine),
        ("fail", OnDeny::Fail),
    ])?;
    if is_cloud && read == OnDeny::Discard {
        let fault = Fault::new("who sends an event by a request is told what became of it");
        return Err(value.fault(fault.hint("write `fail`, or `quarantine` to keep it as well")));
    }
    Ok(read)
}

/// Reads `{ bucket = "receipts", event = "ObjectCreated:*" }`; without a known source only the patterns are checked.
fn read_match(
    value: Value<'_>,
    source: Option<EventKind>,
    is_carried: bool,
    fronts: Option<&[Front]>,
) -> Result<Vec<(String, Pattern)>, Reported> {
    value.entries(|key, value| {
        let known = source.map_or(Ok(()), |source| check_key(&key, source, is_carried));
        let pattern = value.parse(Pattern::parse);
        known?;
        let pattern = pattern?;
        match source {
            Some(source) if key.text == EVENT_TYPE => check_type(value, source, &pattern)?,
            Some(source) if key.text == source.front_attribute() => {
                source.front().map_or(Ok(()), |kind| check_pinned(value, kind, &pattern, fronts))?;
            }
            _ => {}
        }
        Ok((key.text.to_owned(), pattern))
    })
}

/// Reads `contracts/receipt.schema.json`, or the same with the schema's place after `#`.
pub(crate) fn read_contract(value: Value<'_>) -> Result<SchemaRef, Reported> {
    value.parse(|text| {
        let (file, schema) = text.split_once('#').unwrap_or((text, ""));
        let file = location::parse_file(file)?;
        Ok(SchemaRef { file, schema: schema.to_owned(), place: value.place() })
    })
}

fn check_key(key: &Key<'_>, source: EventKind, is_carried: bool) -> Result<(), Reported> {
    let fields = match is_carried {
        true => source.carried(),
        false => source.attributes().into_iter().chain(source.claims()).collect(),
    };
    let told = fields.into_iter().filter(|(_, field)| !matches!(field.shape, Shape::List(_)));
    let mut known: BTreeSet<String> = told.map(|(name, _)| name).collect();
    known.extend([EVENT_TYPE, "region", "account"].map(str::to_owned));
    // It is what `event` tests.
    known.remove("type");
    if known.contains(key.text) {
        return Ok(());
    }
    let fault = Fault::new(format!("events of `{}` have no {}", source.word(), quote(key.text)));
    Err(key.fault(with_hint(fault, suggest(key.text, known.iter().map(String::as_str)))))
}

/// Notification filters write `s3:ObjectCreated:*`, the records themselves `ObjectCreated:Put`.
fn check_type(value: Value<'_>, source: EventKind, pattern: &Pattern) -> Result<(), Reported> {
    let prefix = format!("{}:", source.word());
    match pattern.as_str().strip_prefix(&prefix) {
        None => Ok(()),
        Some(rest) => {
            let fault =
                Fault::new(format!("{} never matches: records have no `{prefix}`", quote(pattern.as_str())));
            Err(value.fault(fault.hint(format!("write {}", quote(rest)))))
        }
    }
}

/// A source that no front pins is refused before any event is looked at.
fn check_pinned(
    value: Value<'_>,
    kind: FrontKind,
    pattern: &Pattern,
    fronts: Option<&[Front]>,
) -> Result<(), Reported> {
    let (Some(id), Some(fronts)) = (pattern.literal(), fronts) else {
        return Ok(());
    };
    if fronts.iter().any(|front| front.kind == kind && front.id == id) {
        return Ok(());
    }
    let fault = Fault::new(format!("the {} {} may not send anything", kind.word(), quote(id)));
    Err(value.fault(fault.hint(format!("add {} to `fronts`", quote(&format!("{}:{id}", kind.word()))))))
}
