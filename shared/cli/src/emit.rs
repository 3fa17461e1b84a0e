//! `doorward emit`: made-up events, as their sources send them.

use std::path::PathBuf;

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::Value;

use crate::endpoint::Lambda;
use crate::output::{Exit, Failure, Format};

mod cloudevents;
mod draft;
mod messages;
mod outcome;
mod sending;
mod sources;
mod streams;
mod way;

use messages::{SnsArguments, SqsArguments};
use outcome::{Told, follow};
use sending::Sending;
pub(crate) use sending::read_event;
pub(crate) use sources::s3_event;
use sources::{BusArguments, S3Arguments, ScheduleArguments};
use streams::{StreamArguments, TableArguments};

/// Sends a realistic event into a door, as its source would: through the Lambda Invoke API, and
/// asynchronously, but for queues and streams, of which the answer is shown.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward emit s3 --bucket receipts --key inbox/a.pdf --size 1000
  doorward emit s3 --bucket receipts --key inbox/a.pdf --through sns:uploads --through sqs:uploads
  doorward emit sqs --queue payments --body '{\"amount\": 12}' --body '{\"amount\": 7}'
  doorward emit sqs --queue orders.fifo --group 1001 --body '{}' --attribute tenant=gold --sender AIDAEXAMPLE
  doorward emit sns --topic news --message hello --through sqs:inbox
  doorward emit eventbridge --source shop.orders --type OrderPlaced --detail '{\"id\": \"1001\"}'
  doorward emit schedule --name nightly
  doorward emit schedule --name default/nightly
  doorward emit dynamodb --table carts --keys '{\"id\": \"7\"}' --old '{\"items\": 2}' --ttl
  doorward emit kinesis --stream clicks --data '{}' --count 10 --pipe
  doorward emit cloudevents --url http://127.0.0.1:3000/events --mode batch --count 3 --type com.example.order.placed
  doorward emit file event.json --function shop-dispatcher --lambda-url https://lambda.eu-central-1.amazonaws.com

Queues and streams hand over batches (`--count`, several `--body` or `--data`), and so do EventBridge Pipes (`--pipe`), without
`Records` around them. S3, SNS, EventBridge and schedules hand over one event a call.

A local door answers at http://127.0.0.1:3002, which is the default; credentials and region come from the environment.
What became of an event, a local door says, and the answer to a queue or stream. A deployed door writes it to its log: where no
refusal is known, it is then 0.

Exit codes: 0 carried out, or sent and its outcome not known from here, 1 could not be sent, 2 a record was refused, kept in
quarantine or failed, 3 invalid input")]
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
    let Arguments { lambda, function, source } = arguments;
    if let Source::Cloudevents(events) = &source {
        return cloudevents::run(events, &lambda.clients()?, format).await;
    }
    let Sending { payload, is_awaited } = Sending::new(source.payload()?)?;
    let clients = lambda.clients()?;
    let sent = match is_awaited {
        true => clients.invoke_and_wait(&function, payload).await.map(|invoked| {
            let answer = (&invoked).into();
            (invoked.request_id, Some(answer))
        }),
        false => clients.invoke_event(&function, payload).await.map(|id| (id, None)),
    };
    let (request_id, answer) = sent.map_err(|error| {
        Failure::new(error).hint("is the door running? `doorward dev` starts a local one")
    })?;
    let followed = follow(lambda.url(), &request_id).await;
    Ok(Told { request_id, answer, followed }.say(format))
}

impl Source {
    /// The event, as its source sends it now.
    fn payload(&self) -> Result<Vec<u8>, Failure> {
        let now = Timestamp::now();
        let event: Value = match self {
            Self::S3(s3) => s3.event(now)?,
            Self::Sqs(sqs) => sqs.event(now)?,
            Self::Sns(sns) => sns.event(now)?,
            Self::Eventbridge(bus) => bus.event(now)?,
            Self::Schedule(schedule) => schedule.event(now)?,
            Self::Dynamodb(table) => table.event(now)?,
            Self::Kinesis(stream) => stream.event(now),
            Self::File { path } => return read_event(path),
            Self::Cloudevents(_) => Value::Null,
        };
        Ok(event.to_string().into_bytes())
    }
}
