//! `doorward emit`: made-up events, as their sources send them.

use std::path::PathBuf;

use clap::Subcommand;
use jiff::Timestamp;

use crate::endpoint::Lambda;
use crate::output::{Exit, Failure, Format};

mod cloudevents;
mod draft;
mod exact;
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
quarantine or failed, or the function failed, 3 invalid input")]
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
        let event = match self {
            Self::S3(s3) => s3.event(now)?,
            Self::Sqs(sqs) => sqs.event(now)?,
            Self::Sns(sns) => sns.event(now)?,
            Self::Eventbridge(bus) => bus.event(now)?,
            Self::Schedule(schedule) => schedule.event(now)?,
            Self::Dynamodb(table) => table.event(now)?,
            Self::Kinesis(stream) => stream.event(now),
            Self::File { path } => return read_event(path),
            Self::Cloudevents(_) => String::new(),
        };
        Ok(event.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    /// What is sent of a line, or why nothing is.
    fn text(line: &[&str]) -> Result<String, String> {
        let line = Line::try_parse_from([&["emit"], line].concat()).map_err(|error| error.to_string())?;
        match line.arguments.source.payload() {
            Ok(payload) => Ok(String::from_utf8(payload).unwrap()),
            Err(Failure::Usage { message, .. }) => Err(message),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn event(line: &[&str]) -> Value {
        serde_json::from_str(&text(line).unwrap()).unwrap()
    }

    #[track_caller]
    fn refused(line: &[&str], words: &str) {
        let message = text(line).unwrap_err();
        assert!(message.contains(words), "{line:?}: {message}");
    }

    #[test]
    fn what_is_written_is_what_is_sent() {
        const DETAIL: &str = r#"{"n": 12345678901234567890.10, "a": 1, "a": 2}"#;
        let bus = ["eventbridge", "--source", "a", "--type", "b", "--detail", DETAIL];
        assert!(text(&bus).unwrap().ends_with(&format!(r#","detail":{DETAIL}}}"#)));
        let queued = event(&[&bus[..], &["--through", "sqs:q"]].concat());
        assert!(queued["Records"][0]["body"].as_str().unwrap().contains(DETAIL));
        let strikes = |name| text(&["schedule", "--name", name, "--detail", DETAIL]).unwrap();
        assert!(strikes("nightly").contains(&format!(r#""detail":{DETAIL}"#)));
        assert!(strikes("default/nightly").contains(&format!(r#""detail":{}"#, json!(DETAIL))));
        let (number, pair) = ("12345678901234567890123456789012345678", ["--pipe", "--count=2"]);
        let (keys, new) = (format!(r#"{{"id":{number}}}"#), format!(r#"{{"n":[0.10,{number}]}}"#));
        let table = ["dynamodb", "--table", "t", "--keys", &keys, "--new", &new];
        let typed = json!({ "id": { "N": number }, "n": { "L": [{ "N": "0.10" }, { "N": number }] } });
        let (one, two) = (event(&table), event(&[&table[..], &pair].concat()));
        for change in [&one["Records"][0], &two[0], &two[1]].map(|record| &record["dynamodb"]) {
            assert_eq!((&change["NewImage"], &change["Keys"]["id"]["N"]), (&typed, &json!(number)));
            assert_eq!(change["StreamViewType"], "NEW_AND_OLD_IMAGES");
        }
    }

    #[test]
    fn what_no_service_sends_is_refused() {
        let sqs = |more: &[&'static str]| [&["sqs", "--body", "a", "--queue"], more].concat();
        refused(&sqs(&["a.fifo", "--count", "11"]), "10 at a time");
        refused(&sqs(&["a.fifo", "--count", "11", "--pipe"]), "10 at a time");
        refused(
            &sqs(&["a.fifo", "--count", "2", "--deduplication", "d"]),
            "one message of each deduplication",
        );
        refused(&sqs(&["a", "--deduplication", "d"]), "no deduplication id");
        refused(&sqs(&["a", "--receives", "0"]), "0");
        refused(&sqs(&["a", "--account", "12345678901"]), "twelve digits");
        refused(&sqs(&["a", "--region", ""]), "write a region");
        for good in
            [&["a.fifo", "--count", "10"][..], &["a.fifo", "--deduplication", "d"], &["a", "--group", "g"]]
        {
            assert!(text(&sqs(good)).is_ok(), "{good:?}");
        }
        let sns = |topic, queue| text(&["sns", "--message", "a", "--topic", topic, "--through", queue]);
        assert!(sns("t", "sqs:q.fifo").unwrap_err().contains("a standard topic sends to no FIFO queue"));
        assert!(
            sns("t.fifo", "sqs:q.fifo").is_ok()
                && sns("t.fifo", "sqs:q").is_ok()
                && sns("t", "sqs:q").is_ok()
        );
        let bus =
            ["eventbridge", "--source", "a", "--type", "b", "--through", "sns:t", "--through", "sqs:q.fifo"];
        refused(&bus, "a standard topic sends to no FIFO queue");
        for keys in ["{}", r#"{"id":true}"#, r#"{"id":[1]}"#, r#"{"id":""}"#, r#"{"a":1,"b":2,"c":3}"#] {
            refused(&["dynamodb", "--table", "t", "--keys", keys], "no key of a table");
        }
        let long = "k".repeat(257);
        for key in ["", &long] {
            refused(&["kinesis", "--stream", "s", "--data", "a", "--partition-key", key], "1 to 256");
        }
        refused(&["s3", "--bucket", "b", "--key", ""], "1 to 1024");
        for name in ["", "a/b/c", "/a", "a/", "a b"] {
            refused(&["schedule", "--name", name], "GROUP/NAME");
        }
    }

    #[test]
    fn arns_are_of_the_partition_of_their_region() {
        let arn = |region| {
            let event = event(&["sqs", "--queue", "q", "--body", "a", "--region", region]);
            event["Records"][0]["eventSourceARN"].as_str().unwrap().to_owned()
        };
        assert_eq!(arn("cn-north-1"), "arn:aws-cn:sqs:cn-north-1:123456789012:q");
        assert_eq!(arn("us-gov-west-1"), "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:q");
        assert_eq!(arn("eu-west-1"), "arn:aws:sqs:eu-west-1:123456789012:q");
        let bucket = event(&["s3", "--bucket", "b", "--key", "k", "--region", "cn-north-1"]);
        assert_eq!(bucket["Records"][0]["s3"]["bucket"]["arn"], "arn:aws-cn:s3:::b");
    }
}
