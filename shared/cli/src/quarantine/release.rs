use doorward_aws::{AwsClients, DynamoLedger, DynamoQuarantine, Invoked, LedgerReader, QuarantineItem};
use doorward_core::ports::StoreError;
use doorward_model::Outcome;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Place, unknown};
use crate::endpoint::Lambda;
use crate::output::{Exit, Failure, Format, say};
use crate::project;

/// Sends events from quarantine through the whole door again, as their source would: they are decided by the policies of now,
/// checked, limited and recorded. What is refused once more stays in quarantine, with its new reason.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward quarantine release s3-0f47b1c06ab5a02c9d3ac8e4a1c52b7e
  doorward quarantine release sqs-0f47b1c06ab5a02c9d3ac8e4a1c52b7e --function shop-dispatcher --lambda-url https://lambda.eu-central-1.amazonaws.com

Exit codes: 0 taken by their targets, 1 could not run, 2 one was refused again, 3 invalid input")]
pub(crate) struct Arguments {
    /// The calls' ids.
    #[arg(required = true)]
    calls: Vec<String>,
    /// The dispatcher function: name or ARN.
    #[arg(long, default_value = "dispatcher")]
    function: String,
    #[command(flatten)]
    lambda: Lambda,
    #[command(flatten)]
    place: Place,
}

/// What came of a release.
enum Released {
    /// Its target took it.
    Done,
    /// It was refused again: it is in quarantine, unless its rule discards it now.
    Back,
    /// Nobody could read it before, and the door can now: each of its records had an end of its own.
    Read,
    /// Nobody can read it yet: it is in quarantine, for this cause.
    Unread(String),
    /// The door could not carry it through, and it stayed.
    Stayed(String),
}

pub(crate) async fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let Arguments { calls, function, lambda, place } = arguments;
    let table = project::configuration(&place.path)?.door.table;
    let state_table = format!("{table}-state");
    let stores = place.dynamodb.clients()?;
    let door = Door {
        lambda: lambda.clients()?,
        function,
        quarantine: DynamoQuarantine::new(&stores, &table),
        ledger: DynamoLedger::new(&stores, &table),
        rows: LedgerReader::new(&stores, &table),
    };
    let mut exit = Exit::Ok;
    for call in calls {
        let now = Timestamp::now();
        let failed = |error: StoreError| place.dynamodb.failed(&state_table, &error);
        let item = door.quarantine.begin_release(call, now).await.map_err(failed)?;
        let item = item.ok_or_else(|| unknown(call, &state_table))?;
        let Some(event) = item.event() else {
            door.quarantine.undo_release(call, now).await.map_err(failed)?;
            let bytes = item.record_bytes;
            return Err(Failure::new(format!("the record of `{call}` is not kept: it has {bytes} bytes"))
                .hint(match item.is_unread() {
                    true => "whoever sent it may have it still: `reference` of `doorward quarantine show` is its digest",
                    false => "its source may have it still: `reference` of `doorward quarantine show` is its id there",
                }));
        };
        let released = door.release(&item, event, now).await?;
        let (word, told) = match &released {
            Released::Done => ("taken", "went through the door and is out of quarantine".to_owned()),
            Released::Back => (
                "refused",
                "was refused again; `doorward quarantine list` shows what is kept of it".to_owned(),
            ),
            Released::Unread(cause) => ("unknown", format!("is still unknown and stays: {cause}")),
            Released::Read => (
                "read",
                "is read now, each of its records as a call of its own, and out of quarantine".to_owned(),
            ),
            Released::Stayed(why) => ("failed", format!("could not be carried through and stays: {why}")),
        };
        match format {
            Format::Json => say!("{}", json!({ "call": call, "released": word, "cause": told })),
            Format::Human => say!("the event of the call `{call}` {told}"),
        }
        exit = match (released, exit) {
            (Released::Done | Released::Read, exit) => exit,
            (Released::Back | Released::Unread(_), Exit::Ok) => Exit::Different,
            (Released::Back | Released::Unread(_), exit) => exit,
            (Released::Stayed(_), _) => Exit::CouldNotRun,
        };
    }
    Ok(exit)
}

struct Door<'a> {
    lambda: AwsClients,
    function: &'a str,
    quarantine: DynamoQuarantine,
    ledger: DynamoLedger,
    rows: LedgerReader,
}

impl Door<'_> {
    /// What is cut off on the way leaves the event in quarantine, from where it can be released again.
    async fn release(
        &self,
        item: &QuarantineItem,
        event: String,
        at: Timestamp,
    ) -> Result<Released, Failure> {
        let call = item.call.as_str();
        self.ledger.release(call, at).await.map_err(Failure::new)?;
        let invoked = self.lambda.invoke_and_wait(self.function, event.into_bytes()).await;
        let why = match invoked {
            Ok(invoked) => match trouble(&invoked) {
                None => {
                    if let Some((own, end)) = ended(&invoked) {
                        return self.end_cloud_event(call, &own, at, end).await;
                    }
                    let is_out = self.quarantine.end_release(call, at).await.map_err(Failure::new)?;
                    if item.is_unread() {
                        // What is kept anew is not taken out.
                        let now = self.quarantine.get(call).await.map_err(Failure::new)?;
                        let cause = now.filter(|_| !is_out).and_then(|now| now.cause);
                        return Ok(cause.map_or(Released::Read, Released::Unread));
                    }
                    let row = self.rows.get(call).await.map_err(Failure::new)?;
                    let taken = row.is_some_and(|row| row.outcome == Outcome::Admitted);
                    return Ok(if taken { Released::Done } else { Released::Back });
                }
                Some(why) => why,
            },
            Err(error) => error.to_string(),
        };
        self.quarantine.undo_release(call, at).await.map_err(Failure::new)?;
        Ok(Released::Stayed(why))
    }

    /// What the door says of a CloudEvent, whose call is another one, `own`, once it is claimed. Only what its target took is out
    /// of quarantine: whatever else became of it, nobody sends it again.
    async fn end_cloud_event(
        &self,
        call: &str,
        own: &str,
        at: Timestamp,
        end: Outcome,
    ) -> Result<Released, Failure> {
        // Where it was here before, its first one's end is its own.
        let end = match end {
            Outcome::Repeated => {
                let first = self.rows.get(own).await.map_err(Failure::new)?;
                first.map_or(Outcome::Unresolved, |row| row.outcome)
            }
            end => end,
        };
        if end == Outcome::Admitted {
            self.quarantine.end_release(call, at).await.map_err(Failure::new)?;
            return Ok(Released::Done);
        }
        // What was kept anew is not touched by it.
        self.quarantine.undo_release(call, at).await.map_err(Failure::new)?;
        Ok(match end.may_be_tried_again() || end == Outcome::Unresolved {
            true => Released::Stayed(format!("it ended as `{end}`")),
            false => Released::Back,
        })
    }
}

/// The call of a CloudEvent and how it ended, which the door alone says.
fn ended(Invoked { payload, .. }: &Invoked) -> Option<(String, Outcome)> {
    let answer: Value = serde_json::from_slice(payload).ok()?;
    let outcome = serde_json::from_value(answer.get("outcome")?.clone()).ok()?;
    Some((answer.get("call")?.as_str()?.to_owned(), outcome))
}

/// Why the record would come again, where it would.
fn trouble(Invoked { payload, failed, .. }: &Invoked) -> Option<String> {
    let answer: Value = serde_json::from_slice(payload).unwrap_or_default();
    if *failed {
        let told = answer.get("errorMessage").and_then(Value::as_str);
        return Some(told.unwrap_or("the function failed").to_owned());
    }
    let failures = answer.get("batchItemFailures").and_then(Value::as_array);
    failures
        .is_some_and(|failures| !failures.is_empty())
        .then(|| "its target failed, or a store is away".to_owned())
}
