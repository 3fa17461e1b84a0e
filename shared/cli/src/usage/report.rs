use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use doorward_aws::UsageReader;
use doorward_core::ports::StoreError;
use doorward_core::usage::{Anomalies, Bucket, Grain, Group, Sums, anomalies, cover};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{csv, findings};
use crate::endpoint::Dynamodb;
use crate::moment::moment;
use crate::output::{Exit, Failure, Shape, say};
use crate::project;

/// More buckets than this are not read: each is 16 queries.
const MOST_BUCKETS: usize = 1000;

/// Sums up who used what, how often and for what purpose, from the aggregates, and points out what stands out.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward usage report
  doorward usage report --period 2026-11 --by caller,plan
  doorward usage report --by purpose,action --since 7d
  doorward usage report --by hour,outcome --period 2026-11-24 --format csv

Usage is summed up by the hour: times are taken to the hour in which they lie.
Pointed out: callers of an action that they had not called in the 30 days before; actions of which more calls were denied,
failed or met something away, by more than `--surge` times the share of the period before; calls whose end is not known.
Exit codes: 0 reported, 1 could not run, 3 invalid input")]
pub(crate) struct Arguments {
    /// What to sum up by, in this order.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "caller,action")]
    by: Vec<By>,
    /// A month, day or hour: `2026-11`, `2026-11-24` or `2026-11-24T12`. This month unless times are given.
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["since", "until"])]
    period: Option<Bucket>,
    /// From then on: how long ago, such as `7d`, or a time such as `2026-11-01T00:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Before then; up to now, the hour under way included, unless given.
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "since")]
    until: Option<Timestamp>,
    /// By how much the share of bad ends must grow to be pointed out.
    #[arg(long, value_name = "FACTOR", default_value = "2")]
    surge: f64,
    /// Points nothing out, and does not read the 30 days before.
    #[arg(long)]
    sums_only: bool,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

/// What usage is summed up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Caller,
    Action,
    Target,
    Purpose,
    Outcome,
    Plan,
    Hour,
    Day,
    Month,
}

impl By {
    fn word(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Action => "action",
            Self::Target => "target",
            Self::Purpose => "purpose",
            Self::Outcome => "outcome",
            Self::Plan => "plan",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    fn value(self, bucket: Bucket, group: &Group) -> Option<String> {
        let within = |grain| Some(Bucket::holding(grain, bucket.starts()).to_string());
        match self {
            Self::Caller => Some(group.caller.clone()),
            Self::Action => group.action.clone(),
            Self::Target => group.target.clone(),
            Self::Purpose => group.purpose.clone(),
            Self::Outcome => Some(group.outcome.to_string()),
            Self::Plan => group.plan.clone(),
            Self::Hour => within(Grain::Hour),
            Self::Day => within(Grain::Day),
            Self::Month => within(Grain::Month),
        }
    }
}

/// From the first to before the second.
type Span = (Timestamp, Timestamp);

type Rows = BTreeMap<Vec<Option<String>>, Sums>;

pub(crate) async fn run(arguments: &Arguments, shape: Shape) -> Result<Exit, Failure> {
    if !(arguments.surge.is_finite() && arguments.surge >= 1.0) {
        return Err(Failure::usage("`--surge` is a factor of at least 1"));
    }
    let table = project::configuration(&arguments.path)?.door.table;
    let (since, until) = arguments.span();
    if since >= until {
        return Err(Failure::usage("what is asked for ends before it begins, or has not begun"));
    }
    let buckets = cover(since, until, arguments.coarsest());
    if buckets.len() > MOST_BUCKETS {
        let failure = Failure::usage(format!("the report would read {} hours or days", buckets.len()));
        return Err(failure.hint("ask for less time, or sum up by `day` or `month`"));
    }
    let reader = UsageReader::new(&arguments.dynamodb.clients()?, &table);
    let away = |error| arguments.dynamodb.failed(&format!("{table}-state"), &error);
    let mut rows = Rows::new();
    let mut now: BTreeMap<Group, Sums> = BTreeMap::new();
    for bucket in buckets {
        for (group, sums) in reader.bucket(bucket).await.map_err(away)? {
            let key = arguments.by.iter().map(|by| by.value(bucket, &group)).collect();
            *rows.entry(key).or_default() += sums;
            *now.entry(group).or_default() += sums;
        }
    }
    let found = if arguments.sums_only {
        None
    } else {
        Some(find(&reader, &now, (since, until), arguments.surge).await.map_err(away)?)
    };
    tell(arguments, (since, until), &rows, found.as_ref(), shape);
    Ok(Exit::Ok)
}

impl Arguments {
    /// The hours that are asked for.
    fn span(&self) -> Span {
        let (since, until) = match (self.period, self.since) {
            (Some(period), _) => return (period.starts(), period.ends()),
            (None, Some(since)) => (since, self.until),
            (None, None) => (Bucket::holding(Grain::Month, Timestamp::now()).starts(), None),
        };
        let hour = |at| Bucket::holding(Grain::Hour, at);
        let until = until.map_or_else(|| hour(Timestamp::now()).ends(), |until| hour(until).starts());
        (hour(since).starts(), until)
    }

    fn coarsest(&self) -> Grain {
        let by = |by| self.by.contains(&by);
        if by(By::Hour) {
            Grain::Hour
        } else if by(By::Day) {
            Grain::Day
        } else {
            Grain::Month
        }
    }
}

async fn find(
    reader: &UsageReader,
    now: &BTreeMap<Group, Sums>,
    (since, until): Span,
    factor: f64,
) -> Result<Anomalies, StoreError> {
    let earlier = |by: SignedDuration| since.checked_sub(by).unwrap_or(Timestamp::MIN);
    let known = read(reader, (earlier(SignedDuration::from_hours(24 * 30)), since)).await?;
    let before = read(reader, (earlier(until.duration_since(since)), since)).await?;
    Ok(anomalies(now, &before, &known, factor))
}

async fn read(reader: &UsageReader, (since, until): Span) -> Result<BTreeMap<Group, Sums>, StoreError> {
    let mut usage: BTreeMap<Group, Sums> = BTreeMap::new();
    for bucket in cover(since, until, Grain::Month) {
        for (group, sums) in reader.bucket(bucket).await? {
            *usage.entry(group).or_default() += sums;
        }
    }
    Ok(usage)
}

fn tell(arguments: &Arguments, (since, until): Span, rows: &Rows, found: Option<&Anomalies>, shape: Shape) {
    let by: Vec<&str> = arguments.by.iter().map(|by| by.word()).collect();
    match shape {
        Shape::Json => {
            let rows: Vec<Value> = rows.iter().map(|(key, sums)| row_json(&by, key, sums)).collect();
            let found = found.map(findings::as_json);
            say!("{}", json!({ "since": since, "until": until, "by": by, "rows": rows, "anomalies": found }));
        }
        Shape::Csv => {
            let sums = Sums::default().named().map(|(name, _)| name);
            say!("{}", csv::line(by.iter().copied().chain(sums)));
            for (key, sums) in rows {
                let key = key.iter().map(|value| value.clone().unwrap_or_default());
                say!("{}", csv::line(key.chain(sums.named().map(|(_, value)| value.to_string()))));
            }
        }
        _ => {
            say!("from {since} to {until}");
            say!("{}", draw(&by, rows));
            found.map(findings::lines).into_iter().flatten().for_each(|line| say!("{line}"));
        }
    }
}

fn row_json(by: &[&str], key: &[Option<String>], sums: &Sums) -> Value {
    let key = by.iter().zip(key).map(|(name, value)| ((*name).to_owned(), json!(value)));
    let sums = sums.named().map(|(name, value)| (name.to_owned(), json!(value)));
    Value::Object(key.chain(sums).collect::<Map<_, _>>())
}

fn draw(by: &[&str], rows: &Rows) -> Table {
    let mut table = Table::new();
    let sums = ["calls", "units", "bytes in", "bytes out", "mean ms"];
    table.load_style(UTF8_HORIZONTAL_ONLY).set_header(by.iter().copied().chain(sums));
    let mut total = Sums::default();
    for (key, sums) in rows {
        total += *sums;
        let key = key.iter().map(|value| value.clone().unwrap_or_else(|| "-".to_owned()));
        table.add_row(key.chain(shown(sums)));
    }
    let key = by.iter().enumerate().map(|(nth, _)| if nth == 0 { "all".to_owned() } else { String::new() });
    table.add_row(key.chain(shown(&total)));
    for column in by.len()..by.len() + sums.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn shown(sums: &Sums) -> [String; 5] {
    let mean = sums.duration_us.checked_div(sums.calls).unwrap_or(0);
    let mean = format!("{}.{}", mean / 1000, mean % 1000 / 100);
    let Sums { calls, units, bytes_in, bytes_out, .. } = sums;
    [calls.to_string(), units.to_string(), bytes_in.to_string(), bytes_out.to_string(), mean]
}
