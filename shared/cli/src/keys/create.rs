use std::path::PathBuf;

use aws_lc_rs::rand;
use doorward_aws::KeyKeeper;
use doorward_config::{Config, parse_duration, suggest};
use doorward_core::ports::StoreError;
use doorward_core::{ApiKey, ApiKeyRecord, RANDOM_BYTES};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{as_json, shown};
use crate::endpoint::Dynamodb;
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// Makes an API key and prints it: once, since only its hash is kept.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward keys create --owner warehouse --group buyers --plan partner --expires 90d --note 'the scanner in hall 3'
  doorward keys create --owner warehouse > warehouse.key     the key alone is written to standard output
  doorward keys create --owner warehouse --dynamodb-url https://dynamodb.eu-central-1.amazonaws.com

An owner may have several keys: to change one, make the next, hand it out, and revoke the first when nobody shows it any
more. A local door's DynamoDB is at http://127.0.0.1:3003, which is the default.
Exit codes: 0 made, 1 could not run, 3 invalid input")]
pub(crate) struct Arguments {
    /// Whose it is: the principal `Client::\"OWNER\"`.
    #[arg(long)]
    owner: String,
    /// The plan that its calls are on, which the configuration declares; `default` unless given.
    #[arg(long)]
    plan: Option<String>,
    /// A group that its owner is in when calling with it; may be given several times.
    #[arg(long = "group")]
    groups: Vec<String>,
    /// When it ends: in so long (`90d`), on a day (`2027-01-31`, at its beginning in UTC), or at a point in time
    /// (`2027-01-31T08:00:00Z`). Never unless given.
    #[arg(long)]
    expires: Option<String>,
    /// What it is for; people who list keys read it.
    #[arg(long)]
    note: Option<String>,
    /// The project's folder, its doorward.toml, or an archive: its configuration names the table, the prefix and the plans.
    #[arg(long, default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    dynamodb: Dynamodb,
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let config = project::configuration(&arguments.path)?;
    let wanted = Wanted {
        owner: arguments.owner.clone(),
        plan: arguments.plan.clone(),
        groups: arguments.groups.clone(),
        expires: arguments.expires.clone(),
        note: arguments.note.clone(),
    };
    let now = Timestamp::now();
    let record = wanted.check(&config, now)?;
    let keeper = KeyKeeper::new(&arguments.dynamodb.clients()?, &config.door.table);
    let away = |error| arguments.dynamodb.failed(&format!("{}-state", config.door.table), &error);
    let Made { key, record } = make(&keeper, &config.api_keys.prefix, record).await.map_err(away)?;
    match format {
        Format::Json => say!("{}", as_json(&record, now, [("key", json!(key.expose()))])),
        Format::Human => {
            say!("{}", key.expose());
            eprintln!("the key `{}` of Client::\"{}\"; it is not shown again", record.id, record.owner);
            if let Some(at) = record.expires {
                eprintln!("it ends at {}", shown(at));
            }
        }
    }
    if !config.routes.iter().any(doorward_config::Route::accepts_api_keys) {
        eprintln!("hint: no route takes it yet: write \"api-key\" into the `auth` of one");
    }
    Ok(Exit::Ok)
}

/// What a key is to be, as the user says it.
struct Wanted {
    owner: String,
    plan: Option<String>,
    groups: Vec<String>,
    expires: Option<String>,
    note: Option<String>,
}

/// What a key is to be.
pub(crate) struct Terms {
    pub(crate) owner: String,
    pub(crate) plan: Option<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) created: Timestamp,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) note: Option<String>,
}

impl Wanted {
    fn check(self, config: &Config, now: Timestamp) -> Result<Terms, Failure> {
        let Self { owner, plan, mut groups, expires, note } = self;
        if let Some(plan) = plan.as_deref().filter(|plan| config.plan(plan).is_none()) {
            let failure = Failure::usage(format!("no plan is named `{plan}`"));
            let next = suggest(plan, config.plans.iter().map(|plan| plan.name.as_str()));
            return Err(failure.hint(next.unwrap_or_else(|| "no plan is declared".to_owned())));
        }
        groups.sort();
        groups.dedup();
        let expires = expires.map(|text| end(&text, now)).transpose()?;
        let terms = Terms { owner, plan, groups, created: now, expires, note };
        // Whatever the key is: what it may say of itself is known now.
        terms
            .of(&ApiKey::generate("", &[0; RANDOM_BYTES]))
            .check()
            .map_err(|cause| Failure::usage(cause.to_string()))?;
        Ok(terms)
    }
}

impl Terms {
    fn of(&self, key: &ApiKey) -> ApiKeyRecord {
        let Self { owner, plan, groups, created, expires, note } = self;
        ApiKeyRecord {
            hash: key.hash(),
            id: key.hash().id(),
            owner: owner.clone(),
            plan: plan.clone(),
            groups: groups.clone(),
            created: *created,
            expires: *expires,
            revoked: None,
            note: note.clone(),
        }
    }
}

/// When a key ends that is made `now`; it lies ahead.
fn end(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let in_so_long = || {
        let duration = SignedDuration::try_from(parse_duration(text).ok()?).ok()?;
        now.checked_add(duration).ok()
    };
    let on_a_day = || text.parse::<Date>().ok().filter(|_| text.len() == "2027-01-31".len());
    let at_a_day = || TimeZone::UTC.to_timestamp(on_a_day()?.at(0, 0, 0, 0)).ok();
    let at = in_so_long().or_else(at_a_day).or_else(|| text.parse().ok());
    match at {
        None => Err(Failure::usage(format!("`{text}` is no time at which a key could end"))
            .hint("write `90d`, `2027-01-31` or `2027-01-31T08:00:00Z`")),
        Some(at) if at <= now => {
            Err(Failure::usage(format!("`{text}` does not lie ahead, so the key would never be good")))
        }
        Some(at) => Ok(at),
    }
}

/// A new key, and what is kept of it.
pub(crate) struct Made {
    pub(crate) key: ApiKey,
    pub(crate) record: ApiKeyRecord,
}

/// How often another key is made where the id of one is taken: once in millions of keys.
const ATTEMPTS: usize = 3;

/// Makes a key on these terms and keeps its record.
pub(crate) async fn make(keeper: &KeyKeeper, prefix: &str, terms: Terms) -> Result<Made, StoreError> {
    for _ in 0..ATTEMPTS {
        let mut random = [0; RANDOM_BYTES];
        rand::fill(&mut random).map_err(|_| StoreError("there is no randomness".to_owned()))?;
        let key = ApiKey::generate(prefix, &random);
        let record = terms.of(&key);
        if keeper.create(&record).await? {
            return Ok(Made { key, record });
        }
    }
    Err(StoreError("each id that was tried is taken".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        let at = end(text, now).ok().map(|at| at.to_string());
        assert_eq!(at.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_key_ends_in_so_long_on_a_day_or_at_a_time() {
        check("90d", Some("2027-02-22T12:00:00Z"));
        check("1h", Some("2026-11-24T13:00:00Z"));
        check("2027-01-31", Some("2027-01-31T00:00:00Z"));
        check("2027-01-31T08:00:00Z", Some("2027-01-31T08:00:00Z"));
        check("2027-01-31T08:00:00+01:00", Some("2027-01-31T07:00:00Z"));
    }

    #[test]
    fn what_is_past_or_in_doubt_is_no_end() {
        for text in [
            "",
            "0s",
            "90",
            "soon",
            "2026-11-24",
            "2026-11-24T12:00:00Z",
            "2027-01-31T08:00:00",
            "2027-02-30",
            "31.01.2027",
            "999999999d",
        ] {
            check(text, None);
        }
    }
}
