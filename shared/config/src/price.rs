use std::collections::BTreeMap;

use doorward_model::Fault;
use rust_decimal::Decimal;

use crate::checked::{Currency, Price, Tier};
use crate::decimal;
use crate::names;
use crate::rate::MOST_QUOTA;
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};

/// Reads `price = { currency, included, tiers, actions }`; `declared` are the ids of the file's routes and events.
pub(crate) fn read(value: Value<'_>, declared: &[&str]) -> Result<Price, Reported> {
    value.section("`price`", |section| {
        let currency = section.required("currency", |value| value.parse(currency));
        let included = section.or("included", 0, |value| value.integer(0..=MOST_QUOTA));
        let within = included.as_ref().ok().copied();
        let tiers = section.required("tiers", |value| read_tiers(value, within));
        let actions = section.or("actions", BTreeMap::new(), |value| read_actions(value, declared));
        Ok(Price { currency: currency?, included: included?, tiers: tiers?, actions: actions? })
    })
}

fn currency(code: &str) -> Result<Currency, Fault> {
    Currency::new(code).ok_or_else(|| {
        let fault = Fault::new(format!("{} is not a currency", quote(code)));
        fault.hint("write the three capital letters of ISO 4217, such as `EUR`")
    })
}

/// Tiers rise, and whatever is used has one: all but the last end, the last does not.
fn read_tiers(value: Value<'_>, included: Option<u64>) -> Result<Vec<Tier>, Reported> {
    let mut below = included;
    let mut open = false;
    let tiers = value.each(|item| {
        if open {
            let fault = Fault::new("no unit reaches this tier: the one before it has no end");
            return Err(item.fault(fault.hint("give the one before it an `up_to`")));
        }
        item.section("a tier", |section| {
            let up_to = section.optional("up_to", |value| read_bound(value, &mut below));
            open = matches!(up_to, Ok(None));
            let unit = section.required("unit", read_unit);
            Ok(Tier { up_to: up_to?, unit: unit? })
        })
    })?;
    if !open {
        let fault = Fault::new("the last tier ends, and what is used beyond it has no price");
        return Err(
            value.fault(fault.hint("end with a tier without `up_to`, such as `{ unit = \"0.0005\" }`"))
        );
    }
    Ok(tiers)
}

/// A tier's last unit, which must be above `below`, and is `below` for the next.
fn read_bound(value: Value<'_>, below: &mut Option<u64>) -> Result<u64, Reported> {
    let bound = value.integer(1..=MOST_QUOTA)?;
    match below.replace(bound) {
        Some(before) if bound <= before => {
            let fault = Fault::new(format!("no unit falls into the tier: {before} are priced before it"));
            Err(value.fault(fault.hint("`up_to` counts from the month's first unit, included ones too")))
        }
        _ => Ok(bound),
    }
}

fn read_actions(value: Value<'_>, declared: &[&str]) -> Result<BTreeMap<String, Decimal>, Reported> {
    let actions = value.entries(|key, value| {
        names::declared_key(&key, "route or event", || declared.iter().copied())?;
        Ok((key.text.to_owned(), read_unit(value)?))
    })?;
    Ok(actions.into_iter().collect())
}

/// A unit's price, in quotes: TOML's floats are binary.
fn read_unit(value: Value<'_>) -> Result<Decimal, Reported> {
    if !value.is_text() {
        let fault = Fault::new("a price is written as a text");
        return Err(value.fault(fault.hint("write it in quotes, such as `\"0.0008\"`: a float is not exact")));
    }
    value.parse(decimal::parse)
}

/// The ids that the document gives its routes and events, faulty ones too: plans are read before them.
pub(crate) fn actions<'t>(document: &Section<'t>) -> Vec<&'t str> {
    ["routes", "events"].into_iter().flat_map(|key| document.texts(key, "id")).collect()
}
