use std::num::NonZeroU64;
use std::time::Duration;

use doorward_model::Fault;

use crate::checked::{Door, OpenapiAccess, UnknownEvents, Updates};
use crate::duration::DAY;
use crate::fronts;
use crate::names;
use crate::reader::Value;
use crate::report::{Reported, quote};
use crate::{size, targets};

/// What was decided is kept for looking back, not as an archive.
const LONGEST_RECORD: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// An item of so many calls stays far below the 400 KB that DynamoDB takes.
const MOST_IN_BATCH: u64 = 1000;
/// What REST APIs can be set to (API Gateway quotas: 50 ms to 29 s, and more for accounts that asked for it), and as long as
/// a function runs.
const INTEGRATION: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(50)..=Duration::from_secs(15 * 60);
const OPENAPI: &[(&str, OpenapiAccess)] = &[
    ("public", OpenapiAccess::Public),
    ("authenticated", OpenapiAccess::Authenticated),
    ("off", OpenapiAccess::Off),
];
const UNKNOWN_EVENTS: &[(&str, UnknownEvents)] =
    &[("quarantine", UnknownEvents::Quarantine), ("fail", UnknownEvents::Fail)];
const UPDATES: &[(&str, Updates)] = &[("none", Updates::None), ("table", Updates::Table)];

/// Reads `[door]`; a `fronts` that stands in it is handed out unread.
pub(crate) fn read<'t>(value: Value<'t>, pinned: &mut Option<Value<'t>>) -> Result<Door, Reported> {
    let default_screen_rate = const { NonZeroU64::new(100).unwrap() };
    value.section("`[door]`", |section| {
        let name = section.required("name", |value| value.parse(plain));
        let table = section.required("table", |value| value.parse(table));
        let refresh = section.or("refresh", Duration::from_secs(30), |value| {
            value.duration(Duration::from_secs(1)..=Duration::from_secs(60 * 60))
        });
        let updates = section.or("updates", Updates::None, |value| value.choice(UPDATES));
        let purposes = section.or("purposes", Vec::new(), |value| value.set(|item| item.parse(plain)));
        let max_body = section.or("max_body", size::DEFAULT_MAX_BODY, size::read);
        let retention = section.or("retention", 90 * DAY, |value| value.duration(DAY..=3650 * DAY));
        let screen_rate = section.or("screen_rate", default_screen_rate, |value| value.positive(1_000_000));
        let record_decisions =
            section.optional("record_decisions", |value| value.duration(DAY..=LONGEST_RECORD));
        let integration_timeout =
            section.or("integration_timeout", Duration::from_secs(29), |value| value.duration(INTEGRATION));
        let batch = section.or("batch", 100, |value| value.integer(1..=MOST_IN_BATCH));
        let openapi = section.or("openapi", OpenapiAccess::default(), |value| value.choice(OPENAPI));
        let streamed_fronts =
            section.or("streamed_fronts", Vec::new(), |value| value.set(|item| item.parse(fronts::streamed)));
        let quarantine_queue =
            section.optional("quarantine_queue", |value| value.parse(targets::queue_place));
        let unknown_events =
            section.or("unknown_events", UnknownEvents::default(), |value| value.choice(UNKNOWN_EVENTS));
        *pinned = section.optional("fronts", Ok)?;
        Ok(Door {
            name: name?,
            table: table?,
            refresh: refresh?,
            updates: updates?,
            purposes: purposes?,
            max_body: max_body?,
            retention: retention?,
            screen_rate: screen_rate?,
            record_decisions: record_decisions?,
            integration_timeout: integration_timeout?,
            batch: usize::try_from(batch?).unwrap_or(usize::MAX),
            openapi: openapi?,
            streamed_fronts: streamed_fronts?,
            quarantine_queue: quarantine_queue?,
            unknown_events: unknown_events?,
        })
    })
}

fn plain(text: &str) -> Result<String, Fault> {
    names::plain(text).map(|()| text.to_owned())
}

/// A prefix of table names: DynamoDB takes letters, digits, `-`, `_` and `.`, 255 bytes with `-ledger` behind it.
fn table(text: &str) -> Result<String, Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (1..=255 - "-ledger".len()).contains(&text.len()) && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    let fault = Fault::new(format!("{} cannot begin the name of a DynamoDB table", quote(text)));
    Err(fault.hint("use 1 to 248 letters, digits, `-`, `_` and `.`"))
}
