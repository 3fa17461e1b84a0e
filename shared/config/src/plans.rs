use std::num::NonZeroU64;
use std::time::Duration;

use doorward_model::Fault;

use crate::checked::{Limit, LimitRule, Plan};
use crate::names::{self, Names};
use crate::plan_version::PlanDefinition;
use crate::price;
use crate::rate::{self, Quota, Rate};
use crate::reader::{Section, Value};
use crate::report::Reported;

/// For how long a burst may take to come back. What takes longer is a quota.
const LONGEST_BURST: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// What the largest rate, a million per second, brings back in that time.
const MOST_BURST: u64 = LONGEST_BURST.as_secs() * 1_000_000;

/// Reads `[[plans]]`.
pub(crate) fn read(document: &mut Section<'_>, names: &mut Names) -> Result<Vec<Plan>, Reported> {
    let actions = price::actions(document);
    document.sections("plans", "`[[plans]]`", |section| {
        let name = section.required("name", |value| names.declare(value, names::plain));
        let limits = section.required("limits", |value| {
            // A faulty plan's limits are read all the same; their names are then of no interest.
            read_limits(value, name.as_deref().unwrap_or("plan"))
        });
        let price = section.optional("price", |value| price::read(value, &actions));
        let (name, limits, price) = (name?, limits?, price?);
        let definition = PlanDefinition::new(section.members(&["name"])?, price.as_ref());
        Ok(Plan { name, limits, price, version: definition.version(), definition })
    })
}

fn read_limits(value: Value<'_>, plan: &str) -> Result<Vec<Limit>, Reported> {
    let mut taken: Vec<String> = Vec::new();
    let limits = value.each(|item| {
        let limit = item.section("a limit", |section| read_limit(section, plan))?;
        if taken.contains(&limit.name) {
            let fault = Fault::new(format!("two limits of the plan would be named `{}`", limit.name));
            return Err(item.fault(fault.hint("keep the stricter one")));
        }
        taken.push(limit.name.clone());
        Ok(limit)
    })?;
    if limits.is_empty() {
        return Err(value.fault(Fault::new("a plan without limits holds nobody to anything")));
    }
    Ok(limits)
}

fn read_limit(section: &mut Section<'_>, plan: &str) -> Result<Limit, Reported> {
    let rate = section.optional("rate", |value| value.parse(rate::parse_rate));
    let burst = section.optional("burst", |value| Ok((value.positive(MOST_BURST)?, value)));
    let quota = section.optional("quota", |value| value.parse(rate::parse_quota));
    let mode = section.optional("mode", |value| value.choice(&[("hard", ())]));
    let by = section.optional("by", |value| value.choice(&[("caller", ())]));
    let (rate, burst, quota) = (rate?, burst?, quota?);
    mode?;
    by?;
    match (rate, quota, burst) {
        (Some(_), Some(_), _) => {
            let fault = Fault::new("a limit has a `rate` or a `quota`, not both");
            Err(section.fault(fault.hint("write two limits: all limits of a plan hold")))
        }
        (None, None, _) => Err(section.fault(Fault::new("a limit has a `rate` or a `quota`"))),
        (None, Some(_), Some((_, value))) => Err(value.fault(Fault::new("only a `rate` has a `burst`"))),
        (None, Some(Quota { units, window, word }), None) => {
            Ok(Limit { name: limit_name(plan, "quota", word), rule: LimitRule::Quota { units, window } })
        }
        (Some(rate), None, burst) => {
            let rule =
                LimitRule::Rate { units: rate.units, period: rate.period, burst: burst_of(rate, burst)? };
            Ok(Limit { name: limit_name(plan, "rate", rate.word), rule })
        }
    }
}

/// The burst that was set, else the units of one period.
fn burst_of(rate: Rate, set: Option<(NonZeroU64, Value<'_>)>) -> Result<NonZeroU64, Reported> {
    let Some((burst, value)) = set else {
        return Ok(NonZeroU64::new(rate.units).unwrap_or(NonZeroU64::MIN));
    };
    let refill = u128::from(burst.get()) * u128::from(rate.period.as_secs());
    if refill > u128::from(LONGEST_BURST.as_secs()) * u128::from(rate.units.max(1)) {
        let fault = Fault::new(format!("a burst of {burst} takes more than 31 days to come back"));
        return Err(value.fault(fault.hint("lower `burst`, or use a `quota`")));
    }
    Ok(burst)
}

/// The amount is left out: a plan that changes within a window goes on counting where it was.
fn limit_name(plan: &str, kind: &str, word: &str) -> String {
    format!("{plan}-{kind}-per-{word}")
}
