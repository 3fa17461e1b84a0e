use std::num::NonZeroU32;
use std::time::Duration;

use doorward_model::Fault;
use http::StatusCode;

use crate::checked::{Balance, Health, Retry};
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};

const DEFAULT_FAULTS: u32 = 5;
const DEFAULT_PAUSE: Duration = Duration::from_secs(10);
const DEFAULT_LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
const DEFAULT_ATTEMPTS: u32 = 2;
const DEFAULT_BUDGET: u32 = 20;
/// The answers of a gateway that got none itself (RFC 9110 sections 15.6.3 to 15.6.5).
const DEFAULT_STATUSES: [StatusCode; 3] =
    [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];

const MOST_FAULTS: u64 = 1000;
const MOST_ATTEMPTS: u64 = 10;
const MOST_BUDGET: u64 = 100;
const PAUSES: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60 * 60);
const ATTEMPTS: std::ops::RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(15 * 60);

/// Reads `balance`, which only several endpoints have a use for.
pub(super) fn read(section: &mut Section<'_>, several: bool) -> Result<Balance, Reported> {
    section.or("balance", Balance::default(), |value| {
        let balance = value.choice(&[
            ("weighted", Balance::Weighted),
            ("round-robin", Balance::RoundRobin),
            ("least-outstanding", Balance::LeastOutstanding),
            ("sticky", Balance::Sticky),
        ])?;
        match several {
            true => Ok(balance),
            false => Err(value.fault(
                Fault::new("there is nothing to balance")
                    .hint("list several endpoints, or leave `balance` out"),
            )),
        }
    })
}

/// Reads `health`: where nothing is said, one of several endpoints is left alone when it is faulty, and a single one is
/// called whatever it does.
pub(super) fn read_health(section: &mut Section<'_>, several: bool) -> Result<Option<Health>, Reported> {
    let health = section.optional("health", |value| match value.is_table() {
        true => value.section("`health`", read_ejection).map(Some),
        false => off(value).map(|()| None),
    })?;
    Ok(health.unwrap_or_else(|| several.then(Health::default)))
}

fn read_ejection(section: &mut Section<'_>) -> Result<Health, Reported> {
    let default = Health::default();
    let faults = section.or("faults", default.faults, |value| count(value, MOST_FAULTS));
    let pause = section.or("pause", default.pause, |value| value.duration(PAUSES));
    let longest = section.optional("longest_pause", |value| Ok((value.duration(PAUSES)?, value)));
    let (faults, pause) = (faults?, pause?);
    let longest_pause = match longest? {
        Some((longest, value)) if longest < pause => {
            return Err(value.fault(Fault::new("the longest pause is shorter than the first one")));
        }
        Some((longest, _)) => longest,
        None => default.longest_pause.max(pause),
    };
    Ok(Health { faults, pause, longest_pause })
}

/// Reads `retry`, which holds where nothing is said: what never reached an endpoint is tried at another one. All tries
/// together take no longer than `timeout`, so none may take longer by itself.
pub(super) fn read_retry(
    section: &mut Section<'_>,
    timeout: Option<Duration>,
) -> Result<Option<Retry>, Reported> {
    let retry = section.optional("retry", |value| match value.is_table() {
        true => value.section("`retry`", |section| read_attempts(section, timeout)).map(Some),
        false => off(value).map(|()| None),
    })?;
    Ok(retry.unwrap_or_else(|| Some(Retry::default())))
}

fn read_attempts(section: &mut Section<'_>, timeout: Option<Duration>) -> Result<Retry, Reported> {
    let default = Retry::default();
    let attempts = section.or("attempts", default.attempts, |value| count(value, MOST_ATTEMPTS));
    let budget = section.or("budget", default.budget, |value| value.parse(percent));
    let attempt_timeout = section.optional("attempt_timeout", |value| {
        let attempt = value.duration(ATTEMPTS)?;
        match timeout {
            Some(timeout) if attempt > timeout => {
                let fault = Fault::new(
                    "a try may not take longer than the whole call, which has the target's `timeout`",
                );
                Err(value
                    .fault(fault.hint("make it shorter, or `timeout` longer (`5s` where it is not set)")))
            }
            _ => Ok(attempt),
        }
    });
    let statuses = section.or("statuses", default.statuses, |value| {
        value.set(|item| {
            let code = item.integer(500..=599)?;
            let status = u16::try_from(code).ok().and_then(|code| StatusCode::from_u16(code).ok());
            status.ok_or_else(|| item.fault(Fault::new("not a status")))
        })
    });
    Ok(Retry { attempts: attempts?, budget: budget?, attempt_timeout: attempt_timeout?, statuses: statuses? })
}

fn count(value: Value<'_>, most: u64) -> Result<NonZeroU32, Reported> {
    let count = value.positive(most)?;
    NonZeroU32::try_from(count).map_err(|_| value.fault(Fault::new("the number is too large")))
}

/// `false` turns off what a table would set.
fn off(value: Value<'_>) -> Result<(), Reported> {
    match value.flag()? {
        false => Ok(()),
        true => Err(value.fault(Fault::new("expected a table, or `false`"))),
    }
}

fn percent(text: &str) -> Result<u32, Fault> {
    let number = text.strip_suffix('%').and_then(|number| number.parse().ok());
    number.filter(|percent| u64::from(*percent) <= MOST_BUDGET).ok_or_else(|| {
        let fault = Fault::new(format!("{} is no share of the calls", quote(text)));
        fault.hint(format!("write whole percents from `0%` to `{MOST_BUDGET}%`: `20%`"))
    })
}

impl Default for Health {
    fn default() -> Self {
        Self {
            faults: NonZeroU32::MIN.saturating_add(DEFAULT_FAULTS - 1),
            pause: DEFAULT_PAUSE,
            longest_pause: DEFAULT_LONGEST_PAUSE,
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: NonZeroU32::MIN.saturating_add(DEFAULT_ATTEMPTS - 1),
            budget: DEFAULT_BUDGET,
            attempt_timeout: None,
            statuses: DEFAULT_STATUSES.to_vec(),
        }
    }
}
