//! The ledger summed up: reads its stream, and answers which records are to come again.

use std::sync::Arc;
use std::time::Duration;

use doorward_aws::RollUp;
use doorward_events::dynamodb::{batch_failures, read_stream};
use jiff::Timestamp;
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, run_concurrent, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;

/// What is kept of the invocation's time: a transaction that is under way then comes to its end, and the answer is handed
/// over.
const RESERVE: Duration = Duration::from_secs(5);

fn main() -> Result<(), Error> {
    doorward_aws::block_on(count_all)?
}

async fn count_all() -> Result<(), Error> {
    doorward_aws::init_log();
    let roll_up = Arc::new(doorward_aws::open_rollup()?);
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let roll_up = Arc::clone(&roll_up);
        async move { count(&roll_up, &event.payload, &event.context).await }
    });
    run_concurrent(handler).await
}

async fn count(roll_up: &RollUp, payload: &RawValue, context: &Context) -> Result<Value, Diagnostic> {
    let records = read_stream(payload.get().as_bytes()).map_err(|error| {
        tracing::error!(request_id = context.request_id, cause = %error, "the event is no stream's");
        Diagnostic { error_type: "Doorward.UnknownEvent".to_owned(), error_message: error.to_string() }
    })?;
    let (now, count) = (Timestamp::now(), records.len());
    let left = Duration::from_millis(context.deadline)
        .saturating_sub(Duration::from_millis(u64::try_from(now.as_millisecond()).unwrap_or_default()));
    let done = roll_up.roll_up(records, now, left.saturating_sub(RESERVE)).await;
    tracing::info!(
        request_id = context.request_id,
        records = count,
        markers = done.moved,
        again = done.again.len(),
        uncountable = done.uncountable.len(),
        "rolled up"
    );
    Ok(batch_failures(done.again.iter().map(String::as_str)))
}
