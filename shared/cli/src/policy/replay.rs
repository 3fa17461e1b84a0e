use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use doorward_aws::{DecisionRange, DynamoDecisions, RecordedDecisions};
use doorward_config::Config;
use doorward_model::{DecisionNote, DecisionRecord, Effect};
use doorward_policy::{Redecider, Redecision};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::other;
use crate::endpoint::{self, Dynamodb};
use crate::moment::moment;
use crate::output::{Exit, Failure, Format, say};
use crate::project::configuration;

/// Decides recorded calls again with other policies, and prints what would be decided otherwise.
#[derive(clap::Args)]
#[command(mut_arg("dynamodb_url", endpoint::earlier_name))]
#[command(after_help = "\
Decisions are recorded where `[door]` has `record_decisions`. A call is asked again as it was asked then; entities stand
as the other project's entities.json gives them. Where the other policies read what was not recorded, the decision cannot
be told, which counts as a difference.

Examples:
  doorward policy replay --policies policies/candidate
  doorward policy replay --policies ../shop-next --since 7d --action createOrder --format json

A local door answers at http://127.0.0.1:3003, which is the default; credentials and region come from the environment.
Exit codes: 0 no difference, 1 could not run, 2 different, 3 invalid input")]
pub(crate) struct Arguments {
    /// The project whose calls were recorded: its folder, or its doorward.toml.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Another project, or a folder of `.cedar` files in the place of this project's.
    #[arg(long, value_name = "PATH")]
    policies: PathBuf,
    /// From when on: how long ago, such as `1h` or `7d`, or a time such as `2026-11-24T12:00:00Z`.
    #[arg(long, default_value = "1h", value_parser = moment)]
    since: Timestamp,
    /// Until when, in the same forms; now by default.
    #[arg(long, value_parser = moment)]
    until: Option<Timestamp>,
    /// Only calls of this action.
    #[arg(long, value_name = "ID")]
    action: Option<String>,
    /// At most so many calls, the newest.
    #[arg(long, value_name = "N", default_value = "10000")]
    limit: NonZeroUsize,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let config = configuration(&arguments.path)?;
    let others = other::open(&arguments.policies, &arguments.path)?;
    if let Some(action) = &arguments.action {
        check_action(action, &config, &others.policies().actions())?;
    }
    let door = config.door;
    let clients = arguments.dynamodb.clients()?;
    let range = DecisionRange {
        since: arguments.since,
        until: arguments.until.unwrap_or_else(Timestamp::now),
        action: arguments.action.clone(),
        most: arguments.limit.get(),
    };
    if range.since > range.until {
        return Err(Failure::usage(format!("`{}` lies after `{}`", range.since, range.until)));
    }
    let recorded = DynamoDecisions::new(&clients, &door.table).read(&range).await;
    let recorded =
        recorded.map_err(|error| arguments.dynamodb.failed(&format!("{}-state", door.table), &error))?;
    let replay = Replay::new(&recorded, &Redecider::new(others.policies()));
    match format {
        Format::Json => say!("{}", replay.as_json(&range)),
        Format::Human => replay.tell(&range, arguments, door.record_decisions.is_some()),
    }
    Ok(if replay.differences.is_empty() { Exit::Ok } else { Exit::Different })
}

/// An action that neither project has was misspelt: that nothing is recorded of it would be no answer.
fn check_action(action: &str, config: &Config, others: &[&str]) -> Result<(), Failure> {
    let routes = config.routes.iter().map(|route| route.id.as_str());
    let events = config.events.iter().map(|event| event.id.as_str());
    let known: BTreeSet<&str> = routes.chain(events).chain(others.iter().copied()).collect();
    if known.contains(action) {
        return Ok(());
    }
    let failure = Failure::usage(format!("no route and no event is named `{action}`"));
    Err(match doorward_config::suggest(action, known) {
        Some(hint) => failure.hint(hint),
        None => failure,
    })
}

/// What came of deciding again.
struct Replay {
    differences: Vec<Difference>,
    /// How many decisions would be the same.
    same: usize,
    /// Whether there are older ones in the range, which were not looked at.
    more: bool,
}

/// A decision that would be another, or that cannot be told.
#[derive(Serialize)]
struct Difference {
    call: String,
    at: Option<Timestamp>,
    action: Option<String>,
    principal: Option<String>,
    resource: Option<String>,
    was: Option<Answer>,
    would_be: Option<Answer>,
    /// What the other policies read and was not recorded.
    untold: Vec<String>,
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    note: DecisionNote,
    /// Why it is denied.
    cause: Option<String>,
}

impl Replay {
    fn new(recorded: &RecordedDecisions, redecider: &Redecider<'_>) -> Self {
        let unreadable = |call: &String| Difference {
            call: call.clone(),
            at: None,
            action: None,
            principal: None,
            resource: None,
            was: None,
            would_be: None,
            untold: vec![UNREADABLE.to_owned()],
        };
        let mut differences: Vec<Difference> = recorded.unreadable.iter().map(unreadable).collect();
        differences.extend(recorded.records.iter().filter_map(|record| difference(record, redecider)));
        let all = recorded.records.len() + recorded.unreadable.len();
        Self { same: all - differences.len(), differences, more: recorded.more }
    }

    fn untold(&self) -> usize {
        self.differences.iter().filter(|difference| !difference.untold.is_empty()).count()
    }

    fn as_json(&self, range: &DecisionRange) -> serde_json::Value {
        json!({
            "since": range.since,
            "until": range.until,
            "decisions": self.same + self.differences.len(),
            "same": self.same,
            "more": self.more,
            "differences": self.differences,
        })
    }

    fn tell(&self, range: &DecisionRange, arguments: &Arguments, recording: bool) {
        if self.same + self.differences.len() == 0 {
            say!("no decision is recorded between {} and {}", range.since, range.until);
            if !recording {
                eprintln!("hint: set `record_decisions = \"7d\"` in `[door]` to have decisions recorded");
            }
            return;
        }
        if !self.differences.is_empty() {
            say!("{}\n", self.table());
        }
        let untold = self.untold();
        say!(
            "{} recorded decisions made again with `{}`: {} would differ, {untold} cannot be told, {} would be the same",
            self.same + self.differences.len(),
            arguments.policies.display(),
            self.differences.len() - untold,
            self.same,
        );
        if self.more {
            eprintln!(
                "note: these are the newest {}; `--until` and `--limit` reach older ones",
                arguments.limit
            );
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY).set_header([
            "call",
            "action",
            "principal",
            "resource",
            "was",
            "would be",
        ]);
        for difference in &self.differences {
            let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            let would_be = match &difference.would_be {
                Some(answer) => answer.words(),
                None => format!("cannot be told: {}", difference.untold.join(", ")),
            };
            table.add_row([
                difference.call.clone(),
                or_none(&difference.action),
                or_none(&difference.principal),
                or_none(&difference.resource),
                difference.was.as_ref().map_or_else(|| "-".to_owned(), Answer::words),
                would_be,
            ]);
        }
        table
    }
}

const UNREADABLE: &str = "the record is none that this version reads";

/// `None` where the other policies have the same effect.
fn difference(record: &DecisionRecord, redecider: &Redecider<'_>) -> Option<Difference> {
    let (would_be, untold) = match redecider.redecide(&record.facts) {
        Redecision::Told(decision) if decision.note.effect == record.decision.effect => return None,
        Redecision::Told(decision) => {
            let cause = decision.deny.map(|reason| reason.to_string());
            (Some(Answer { note: decision.note, cause }), Vec::new())
        }
        Redecision::Untold(paths) => (None, paths),
        Redecision::Unreadable => (None, vec![UNREADABLE.to_owned()]),
    };
    Some(Difference {
        call: record.call.to_string(),
        at: Some(record.at),
        action: Some(record.facts.action.clone()),
        principal: Some(record.facts.principal.to_string()),
        resource: Some(record.facts.resource.to_string()),
        was: Some(Answer { note: record.decision.clone(), cause: record.cause.clone() }),
        would_be,
        untold,
    })
}

impl Answer {
    /// `allow by a, b`, or why not.
    fn words(&self) -> String {
        let effect = match self.note.effect {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        };
        let by = if self.note.policies.is_empty() {
            self.cause.as_ref().map_or_else(String::new, |cause| format!(": {cause}"))
        } else {
            format!(" by {}", self.note.policies.join(", "))
        };
        let errors = if self.note.errors.is_empty() {
            String::new()
        } else {
            format!("; not evaluated: {}", self.note.errors.join(", "))
        };
        format!("{effect}{by}{errors}")
    }
}
