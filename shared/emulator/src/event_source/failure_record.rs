//! What an on-failure destination is told of a stream's records that are given up.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>

use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::{Value, json};

use super::batch::Record;
use super::shard::Shard;
use super::target::{Invoked, Outcome};

/// `last` is the invocation after which they were given up, one of `invocations`.
pub(super) fn failure_record(
    shard: &Shard,
    function_arn: &str,
    last: Option<&Invoked>,
    records: &[Record],
    invocations: u32,
) -> Value {
    let mut context = json!({
        "functionArn": function_arn,
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": invocations,
    });
    let mut record = json!({ "version": "1.0", "timestamp": Timestamp::now().round(Unit::Millisecond).ok() });
    if let Some(Invoked { request_id, outcome }) = last {
        context["requestId"] = json!(request_id);
        let function_error = match outcome {
            Outcome::Answered(_) => Some(Value::Null),
            Outcome::Failed(_) => Some(json!("Unhandled")),
            // It did not run, and answered nothing.
            Outcome::Refused(_) => None,
        };
        if let Some(function_error) = function_error {
            record["responseContext"] = json!({
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": function_error,
            });
        }
    }
    record["requestContext"] = context;
    record[shard.batch_info()] = batch_info(shard, records);
    record
}

pub(super) fn batch_info(shard: &Shard, records: &[Record]) -> Value {
    let id = |record: Option<&Record>| record.map(|record| record.id.clone());
    let arrival = |record: Option<&Record>| {
        let seconds = record?.value.pointer(shard.arrival())?.as_f64()?;
        let since = SignedDuration::try_from_secs_f64(seconds).ok()?;
        Timestamp::from_duration(since).ok()?.round(Unit::Millisecond).ok()
    };
    json!({
        "shardId": shard.id(),
        "startSequenceNumber": id(records.first()),
        "endSequenceNumber": id(records.last()),
        "approximateArrivalOfFirstRecord": arrival(records.first()).map(|at| at.to_string()),
        "approximateArrivalOfLastRecord": arrival(records.last()).map(|at| at.to_string()),
        "batchSize": records.len(),
        "streamArn": shard.stream_arn(),
    })
}
