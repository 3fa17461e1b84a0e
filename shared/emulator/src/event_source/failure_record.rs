//! What an on-failure destination is told of a stream's records that are given up.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>

use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::{Map, Value, json};

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
    let mut context = Map::new();
    context.extend(last.map(|last| ("requestId".to_owned(), json!(last.request_id))));
    context.insert("functionArn".to_owned(), json!(function_arn));
    context.insert("condition".to_owned(), json!("RetryAttemptsExhausted"));
    context.insert("approximateInvokeCount".to_owned(), json!(invocations));
    let function_error = match last.map(|last| &last.outcome) {
        Some(Outcome::Answered(_)) => Some(Value::Null),
        Some(Outcome::Failed(_)) => Some(json!("Unhandled")),
        // It did not run, and answered nothing.
        Some(Outcome::Refused(_)) | None => None,
    };
    let response = function_error.map(|function_error| {
        json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": function_error })
    });
    let mut record = Map::from_iter([("requestContext".to_owned(), context.into())]);
    record.extend(response.map(|response| ("responseContext".to_owned(), response)));
    record.insert("version".to_owned(), json!("1.0"));
    record.insert("timestamp".to_owned(), json!(Timestamp::now().round(Unit::Millisecond).ok()));
    record.insert(shard.batch_info().to_owned(), batch_info(shard, records));
    record.into()
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
