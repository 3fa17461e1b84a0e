use doorward_model::{EntityName, Fault, Item, ItemValue, ParseEntityError};
use jiff::Timestamp;

use super::checked::{Sample, SampleCall};
use super::{event, question, request};
use crate::location;
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};
use crate::stated::{Placed, Stated};

/// When a sample comes in that does not say: tests say the same on every day. 2026-01-01T00:00:00Z.
const DEFAULT_TIME: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// What event files end in: the bundle leaves them out, as it does the tests.
const ENVELOPE: &str = ".sample.json";

/// The keys of which a sample has exactly one.
const FORMS: [&str; 4] = ["action", "request", "event", "event_file"];

/// Reads the call of a test.
pub(super) fn read(section: &mut Section<'_>) -> Result<Sample, Reported> {
    let form = form(section);
    let is = |wanted| form.is_ok_and(|form| form == wanted);
    let principal = section.optional("principal", |value| {
        if is("event") {
            let fault = Fault::new("an event comes from its source, which is its principal");
            return Err(value.fault(fault.hint("leave `principal` out")));
        }
        entity(value)
    });
    // A question without a principal is faulty anyway.
    let stated = section.has("principal") || is("action");
    let groups = section.or("groups", Vec::new(), |value| of_principal(value, stated)?.set(Value::word));
    let parents = section.or("in", Vec::new(), |value| of_principal(value, stated)?.nonempty_set(entity));
    let claims = section.optional("claims", |value| table(of_principal(value, stated)?));
    let attributes = section.optional("attributes", |value| table(of_principal(value, stated)?));
    let now = section.optional("now", |value| {
        if is("action") {
            let fault = Fault::new("the time of a question stands in its `context`");
            return Err(value.fault(fault.hint("write `context = { now = … }`")));
        }
        value.instant()
    });
    let item = section.optional("item", item);
    let whole = form.ok().and_then(|form| whole(section, form));
    let question = question::read(section, form.is_ok_and(|form| form != "action"));
    let call = match (form?, whole, question?) {
        (_, Some(call), _) => (call?, None),
        (_, None, Some((question, now))) => (SampleCall::Question(Box::new(question)), now),
        (form, None, None) => return Err(section.fault(Fault::new(format!("missing key `{form}`")))),
    };
    let (now, principal, (call, stated)) = (now?, principal?, call);
    if matches!(call, SampleCall::Question(_)) && principal.is_none() {
        let fault = Fault::new("a question needs a `principal`");
        return Err(section.fault(fault.hint("write it as Cedar does: `'User::\"alice\"'`")));
    }
    let at = now.or(stated).unwrap_or(DEFAULT_TIME);
    Ok(Sample {
        principal,
        groups: groups?,
        parents: parents?,
        claims: claims?,
        attributes: attributes?,
        item: item?,
        at,
        call,
    })
}

/// The one key that says what the sample is about.
fn form(section: &mut Section<'_>) -> Result<&'static str, Reported> {
    let there: Vec<&str> = FORMS.into_iter().filter(|form| section.has(form)).collect();
    match there.as_slice() {
        [form] => Ok(form),
        [] => {
            let fault = Fault::new("nothing is called");
            Err(section.fault(fault.hint(
                "name an `action` to ask the policies alone, or give a whole `request`, `event` or `event_file`",
            )))
        }
        [first, second, ..] => {
            let fault = Fault::new(format!("both `{first}` and `{second}` are given"));
            Err(section.fault(fault.hint(
                "a sample is one call: a question by its `action`, a `request`, an `event` or an `event_file`",
            )))
        }
    }
}

/// The call of a sample that goes the whole way; `None` for a question.
fn whole(section: &mut Section<'_>, form: &str) -> Option<Result<SampleCall, Reported>> {
    match form {
        "request" => Some(section.required("request", request::read).map(SampleCall::Request)),
        "event" => Some(section.required("event", event::read).map(SampleCall::Event)),
        "event_file" => Some(section.required("event_file", envelope).map(SampleCall::Envelope)),
        _ => None,
    }
}

fn of_principal(value: Value<'_>, stated: bool) -> Result<Value<'_>, Reported> {
    if stated {
        return Ok(value);
    }
    Err(value.fault(Fault::new("this is of a `principal`, and none is given")))
}

/// An entity as Cedar writes it.
pub(super) fn entity(value: Value<'_>) -> Result<Placed<EntityName>, Reported> {
    let name = value.parse(|text| {
        text.parse::<EntityName>().map_err(|ParseEntityError(text)| {
            Fault::new(format!("{} is not an entity", quote(&text)))
                .hint("write it as Cedar does: `'User::\"alice\"'`")
        })
    })?;
    Ok(Placed { value: name, place: value.place() })
}

/// A table, as JSON.
fn table(value: Value<'_>) -> Result<Stated, Reported> {
    let stated = value.stated()?;
    if stated.value.is_object() { Ok(stated) } else { Err(value.fault(Fault::new("expected a table"))) }
}

/// An item of a table, by attribute.
fn item(value: Value<'_>) -> Result<Placed<Item>, Reported> {
    match attribute(value.stated()?.value) {
        ItemValue::Record(item) => Ok(Placed { value: item, place: value.place() }),
        _ => Err(value.fault(Fault::new("expected a table"))),
    }
}

fn attribute(value: serde_json::Value) -> ItemValue {
    match value {
        serde_json::Value::Null => ItemValue::Null,
        serde_json::Value::Bool(value) => ItemValue::Bool(value),
        serde_json::Value::Number(number) => ItemValue::Number(number.to_string()),
        serde_json::Value::String(text) => ItemValue::Text(text),
        serde_json::Value::Array(items) => ItemValue::List(items.into_iter().map(attribute).collect()),
        serde_json::Value::Object(members) => {
            ItemValue::Record(members.into_iter().map(|(name, value)| (name, attribute(value))).collect())
        }
    }
}

fn envelope(value: Value<'_>) -> Result<Placed<String>, Reported> {
    let path = value.parse(|text| {
        let path = location::parse_file(text)?;
        if path.ends_with(ENVELOPE) {
            return Ok(path);
        }
        let fault = Fault::new(format!("{} would become part of the bundle", quote(text)));
        Err(fault.hint(format!("name the file `…{ENVELOPE}`")))
    })?;
    Ok(Placed { value: path, place: value.place() })
}
