use doorward_model::{EventKind, Fault, Front, FrontKind};

use crate::checked::{EventRule, OnDeny, SchemaRef};
use crate::document::Declared;
use crate::pattern::Pattern;
use crate::reader::{Key, Section, Value, with_hint};
use crate::report::{Reported, quote};
use crate::suggestion::suggest;
use crate::{location, metering, names};

/// The key of `match` that tests the source's own event type; all others test its attributes.
const EVENT_TYPE: &str = "event";

/// Reads `[[events]]` and declares their ids; `fronts` are absent while they are faulty.
pub(crate) fn read(
    document: &mut Section<'_>,
    names: &mut Declared<'_>,
    fronts: Option<&[Front]>,
) -> Result<Vec<EventRule>, Reported> {
    document.sections("events", "`[[events]]`", |section| {
        let id = section.required("id", |value| names.actions.declare(value, names::action));
        let source =
            section.required("source", |value| value.choice(&EventKind::ALL.map(|kind| (kind.word(), kind))));
        let matches = section.required("match", |value| read_match(value, source.ok(), fronts));
        let target = section.required("target", |value| names.targets.used(value));
        let on_deny = section.or("on_deny", OnDeny::Quarantine, |value| {
            value.choice(&[
                ("discard", OnDeny::Discard),
                ("quarantine", OnDeny::Quarantine),
                ("fail", OnDeny::Fail),
            ])
        });
        let purpose = section.optional("purpose", |value| names.purpose(value));
        let plan = section.optional("plan", |value| names.plan(value));
        let contract = section.optional("contract", read_contract);
        let durability = metering::event_durability(section);

        durability?;
        let (types, matches): (Vec<_>, Vec<_>) = matches?.into_iter().partition(|(key, _)| key == EVENT_TYPE);
        Ok(EventRule {
            id: id?,
            source: source?,
            event_type: types.into_iter().next().map(|(_, pattern)| pattern),
            matches,
            target: target?,
            on_deny: on_deny?,
            plan: plan?,
            purpose: purpose?,
            contract: contract?,
        })
    })
}

/// Reads `{ bucket = "receipts", event = "ObjectCreated:*" }`; without a known source only the patterns are checked.
fn read_match(
    value: Value<'_>,
    source: Option<EventKind>,
    fronts: Option<&[Front]>,
) -> Result<Vec<(String, Pattern)>, Reported> {
    value.entries(|key, value| {
        let known = source.map_or(Ok(()), |source| check_key(&key, source));
        let pattern = value.parse(Pattern::parse);
        known?;
        let pattern = pattern?;
        match source {
            Some(source) if key.text == EVENT_TYPE => check_type(value, source, &pattern)?,
            Some(EventKind::S3) if key.text == "bucket" => check_pinned(value, &pattern, fronts)?,
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

fn check_key(key: &Key<'_>, source: EventKind) -> Result<(), Reported> {
    let attributes = source.attributes();
    if key.text == EVENT_TYPE || attributes.contains_key(key.text) {
        return Ok(());
    }
    let known = attributes.keys().map(String::as_str).chain([EVENT_TYPE]);
    let fault = Fault::new(format!("events of `{}` have no {}", source.word(), quote(key.text)));
    Err(key.fault(with_hint(fault, suggest(key.text, known))))
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

/// A bucket that no front pins is refused before any event is looked at.
fn check_pinned(value: Value<'_>, pattern: &Pattern, fronts: Option<&[Front]>) -> Result<(), Reported> {
    let (Some(bucket), Some(fronts)) = (pattern.literal(), fronts) else {
        return Ok(());
    };
    if fronts.iter().any(|front| front.kind == FrontKind::Bucket && front.id == bucket) {
        return Ok(());
    }
    let fault = Fault::new(format!("the bucket {} may not send anything", quote(bucket)));
    Err(value.fault(fault.hint(format!("add {} to `fronts`", quote(&format!("bucket:{bucket}"))))))
}
