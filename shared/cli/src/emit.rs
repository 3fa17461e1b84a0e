use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::calling::Caller;
use crate::endpoint::Lambda;
use crate::explanation::asking_for_lines;
use crate::output::{Exit, Failure, Format, say};

mod cloudevents;
mod sources;

pub(crate) use sources::s3_event;
use sources::{
    BusArguments, S3Arguments, ScheduleArguments, SnsArguments, SqsArguments, StreamArguments, TableArguments,
};

/// Sends a realistic event into a door, as its source would: through the Lambda Invoke API, and
/// asynchronously, but for queues and streams, of which the answer is shown.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward emit s3 --bucket receipts --key inbox/a.pdf --size 1000
  doorward emit sqs --queue payments --body '{\"amount\": 12}'
  doorward emit eventbridge --source shop.orders --type OrderPlaced --detail '{\"id\": \"1001\"}'
  doorward emit schedule --name nightly
  doorward emit cloudevents --url http://127.0.0.1:3000/events --mode batch --count 3 --type com.example.order.placed
  doorward emit file event.json --function shop-dispatcher --lambda-url https://lambda.eu-central-1.amazonaws.com

A local door answers at http://127.0.0.1:3002, which is the default; credentials and region come from the environment.
Exit codes: 0 sent, 1 could not be sent, 3 invalid input")]
pub(crate) struct Arguments {
    #[command(flatten)]
    lambda: Lambda,
    /// The dispatcher function: name or ARN.
    #[arg(long, global = true, default_value = "dispatcher")]
    function: String,
    #[command(subcommand)]
    source: Source,
}

#[derive(Subcommand)]
enum Source {
    /// An S3 event notification.
    S3(S3Arguments),
    /// A message of an SQS queue, as an event source mapping hands it over.
    Sqs(SqsArguments),
    /// A notification of an SNS topic.
    Sns(SnsArguments),
    /// An event of an EventBridge bus.
    Eventbridge(BusArguments),
    /// A schedule of EventBridge.
    Schedule(ScheduleArguments),
    /// A change of a DynamoDB table, as its stream has it.
    Dynamodb(TableArguments),
    /// A record of a Kinesis stream.
    Kinesis(StreamArguments),
    /// CloudEvents, in a request to a door's address.
    Cloudevents(cloudevents::Arguments),
    /// An event from a file, as it is.
    File {
        /// A JSON document.
        path: PathBuf,
    },
}

pub(crate) async fn run(arguments: Arguments, format: Format) -> Result<Exit, Failure> {
    if let Source::Cloudevents(events) = &arguments.source {
        return cloudevents::run(events, &arguments.lambda.clients()?, format).await;
    }
    let payload = match arguments.source {
        Source::File { path } => read_event(&path)?,
        source => source.event()?.to_string().into_bytes(),
    };
    let clients = arguments.lambda.clients()?;
    // Mappings of queues and streams wait for the answer, everybody else hands events over.
    let sent = match is_polled(&payload) {
        true => clients.invoke_and_wait(&arguments.function, payload).await.map(|invoked| {
            let answer = serde_json::from_slice(&invoked.payload).unwrap_or(Value::Null);
            (invoked.request_id, Some(answer))
        }),
        false => clients.invoke_event(&arguments.function, payload).await.map(|id| (id, None)),
    };
    let (request_id, answer) = sent.map_err(|error| {
        Failure::new(error).hint("is the door running? `doorward dev` starts a local one")
    })?;
    let outcome = follow(arguments.lambda.url(), &request_id).await;
    match format {
        Format::Json => {
            say!("{}", json!({ "request_id": request_id, "answer": answer, "calls": outcome }));
        }
        Format::Human => {
            say!("sent: request {request_id}");
            if let Some(answer) = answer {
                say!("answered: {answer}");
            }
            for call in outcome {
                let text = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
                say!("{}: {} ({}) {}", text("call_id"), text("outcome"), text("action"), text("cause"));
            }
        }
    }
    Ok(Exit::Ok)
}

/// Whether the event is of a source that Lambda reads from itself, and that is told which records failed.
fn is_polled(event: &[u8]) -> bool {
    let event: Value = serde_json::from_slice(event).unwrap_or_default();
    let records = event.get("Records").unwrap_or(&event);
    let source = records.get(0).and_then(|record| record.get("eventSource")).and_then(Value::as_str);
    source.is_some_and(|source| ["aws:sqs", "aws:kinesis", "aws:dynamodb"].contains(&source))
}

/// The largest event that Lambda takes asynchronously, in bytes.
const LARGEST_EVENT: u64 = 1024 * 1024;

/// The file's bytes, so that the door is sent exactly what stands there.
pub(crate) fn read_event(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |cause: String| Failure::new(format!("cannot read `{}`: {cause}", path.display()));
    let mut event = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    file.take(LARGEST_EVENT + 1).read_to_end(&mut event).map_err(|error| failed(error.to_string()))?;
    if event.len() as u64 > LARGEST_EVENT {
        return Err(failed("it is larger than the 1 MiB that Lambda takes".to_owned()));
    }
    Ok(event)
}

/// Asks a local door what became of the request; a deployed one says so in its logs.
async fn follow(endpoint: &str, request_id: &str) -> Vec<Value> {
    const ATTEMPTS: usize = 50;
    let caller = Caller::new();
    for _ in 0..ATTEMPTS {
        let Ok(request) = asking_for_lines(endpoint, request_id) else { return Vec::new() };
        let Ok(answer) = caller.call(request).await else { return Vec::new() };
        if answer.status != 200 {
            return Vec::new();
        }
        let lines: Vec<Value> = serde_json::from_slice(&answer.body).unwrap_or_default();
        let calls: Vec<Value> = lines
            .iter()
            .filter_map(|line| serde_json::from_str(line.get("text")?.as_str()?).ok())
            .filter(|call: &Value| {
                call.get("event").is_some_and(|event| event == "call" || event == "unread")
            })
            .collect();
        // The platform's last line of an attempt: every record of the event has had its own by then.
        let text = |line: &Value| line.get("text").and_then(Value::as_str).map(str::to_owned);
        if lines.iter().filter_map(text).any(|text| text.starts_with("REPORT RequestId")) {
            return calls;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Vec::new()
}
