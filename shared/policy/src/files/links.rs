use std::collections::HashMap;
use std::ops::Range;

use cedar_policy::{EntityUid, SlotId};
use doorward_model::Fault;
use serde_json::{Map, Value};

use crate::files::diagnostics;
use crate::files::json_list;
use crate::vocabulary::SourceFile;

/// A template filled with entities.
pub(crate) struct Link {
    pub(crate) template: String,
    /// The id of the policy that it makes.
    pub(crate) id: String,
    pub(crate) values: HashMap<SlotId, EntityUid>,
    pub(crate) span: Range<usize>,
}

const FORM: &str = "write `[{\"template_id\": \"readers\", \"link_id\": \"ann-reads\", \"args\": {\"?principal\": \"User::\\\"ann\\\"\"}}]`";

/// Reads `links.json`: a list of links in the form that Cedar's own command line reads. Every link without a fault is
/// there, beside the faults of the others.
pub(crate) fn read(file: &SourceFile) -> (Vec<Link>, Vec<Fault>) {
    let elements = match json_list::read(file, "links", FORM) {
        Ok(elements) => elements,
        Err(fault) => return (Vec::new(), vec![fault]),
    };
    let (mut links, mut faults) = (Vec::new(), Vec::new());
    for (value, span) in elements {
        match link(&value, span.clone()) {
            Ok(link) => links.push(link),
            Err(fault) => faults.push(diagnostics::at(file, span, fault.message, fault.hint.as_deref())),
        }
    }
    (links, faults)
}

fn link(value: &Value, span: Range<usize>) -> Result<Link, Fault> {
    let members = value.as_object().ok_or_else(|| Fault::new("a link is an object").hint(FORM))?;
    if let Some(unknown) =
        members.keys().find(|name| !["template_id", "link_id", "args"].contains(&name.as_str()))
    {
        return Err(Fault::new(format!("unknown member `{unknown}` of a link")).hint(FORM));
    }
    let values = members.get("args").and_then(Value::as_object);
    let values = values.ok_or_else(|| Fault::new("a link needs `args`, an object").hint(FORM))?;
    let values = values.iter().map(|(slot, entity)| Ok((slot_id(slot)?, entity_uid(slot, entity)?)));
    Ok(Link {
        template: text(members, "template_id")?,
        id: text(members, "link_id")?,
        values: values.collect::<Result<_, Fault>>()?,
        span,
    })
}

fn text(members: &Map<String, Value>, name: &str) -> Result<String, Fault> {
    let found = members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.map(str::to_owned).ok_or_else(|| Fault::new(format!("a link needs `{name}`, a text")).hint(FORM))
}

fn slot_id(name: &str) -> Result<SlotId, Fault> {
    let slots = [SlotId::principal(), SlotId::resource()];
    let found = slots.into_iter().find(|slot| slot.to_string() == name);
    found.ok_or_else(|| {
        Fault::new(format!("unknown slot `{name}`")).hint("slots are `?principal` and `?resource`")
    })
}

fn entity_uid(slot: &str, value: &Value) -> Result<EntityUid, Fault> {
    let found = value.as_str().and_then(|text| text.parse().ok());
    found.ok_or_else(|| {
        let fault = Fault::new(format!("the value of `{slot}` is not an entity"));
        fault.hint("write it as in policies: `User::\"ann\"`")
    })
}
