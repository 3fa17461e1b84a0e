use doorward_model::{EntityName, Fault};

use crate::checked::Endpoint;
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};

use super::address::Address;

/// Endpoints of one target: more are a fleet, which has a balancer of its own.
const MOST_ENDPOINTS: usize = 32;
const MOST_WEIGHT: u64 = 10_000;
const MOST_CALLERS: usize = 100;

/// Reads one address, or a list of tables that have it at `key` beside the weight and what else an endpoint has.
pub(super) fn list(
    value: Value<'_>,
    key: &'static str,
    address: impl Fn(Value<'_>) -> Result<Address, Reported>,
) -> Result<Vec<Endpoint>, Reported> {
    if value.is_text() {
        return Ok(vec![only(address(value)?)]);
    }
    let mut endpoints: Vec<Endpoint> = Vec::new();
    value.each(|item| {
        let endpoint = match item.is_text() {
            true => only(address(item)?),
            false => item.section("an endpoint", |section| read(section, key, &address))?,
        };
        if endpoints
            .iter()
            .any(|other| (&other.address, &other.region) == (&endpoint.address, &endpoint.region))
        {
            return Err(item.fault(Fault::new(format!("a second endpoint is {}", quote(&endpoint.address)))));
        }
        endpoints.push(endpoint);
        Ok(())
    })?;
    if endpoints.iter().all(|endpoint| endpoint.backup || endpoint.weight == 0) {
        let fault = Fault::new("expected at least one endpoint for all callers that is no backup");
        return Err(value.fault(fault));
    }
    if endpoints.len() > MOST_ENDPOINTS {
        let fault = Fault::new(format!("{} endpoints are more than {MOST_ENDPOINTS}", endpoints.len()));
        return Err(value.fault(fault.hint("put a load balancer before them")));
    }
    Ok(endpoints)
}

/// The one endpoint of a target that has one.
pub(super) fn only(address: Address) -> Endpoint {
    let Address { text, region } = address;
    Endpoint { region, ..Endpoint::new(text) }
}

fn read(
    section: &mut Section<'_>,
    key: &'static str,
    address: &impl Fn(Value<'_>) -> Result<Address, Reported>,
) -> Result<Endpoint, Reported> {
    let found = section.required(key, address);
    let weight = section.optional("weight", |value| {
        let weight = value.integer(0..=MOST_WEIGHT)?;
        Ok((u32::try_from(weight).unwrap_or(u32::MAX), value))
    });
    let backup = section.or("backup", false, Value::flag);
    let callers = section.or("callers", Vec::new(), read_callers);
    let (callers, backup) = (callers?, backup?);
    let weight = match weight? {
        Some((0, value)) if callers.is_empty() || backup => {
            let fault = Fault::new("an endpoint of no weight is called by nobody");
            return Err(value.fault(fault.hint("name its `callers`, or leave the endpoint out")));
        }
        weight => weight.map_or(1, |(weight, _)| weight),
    };
    Ok(Endpoint { weight, backup, callers, ..only(found?) })
}

fn read_callers(value: Value<'_>) -> Result<Vec<EntityName>, Reported> {
    let callers = value.nonempty_set(|item| {
        item.parse(|text| {
            let hint = "write the entity as policies do: `Group::\"beta\"`, `User::\"alice\"`";
            text.parse().map_err(|_| Fault::new(format!("{} is no caller", quote(text))).hint(hint))
        })
    })?;
    if callers.len() > MOST_CALLERS {
        let fault = Fault::new(format!("{} callers are more than {MOST_CALLERS}", callers.len()));
        return Err(value.fault(fault.hint("name a group that they are in")));
    }
    Ok(callers)
}
