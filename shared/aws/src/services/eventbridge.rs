use std::time::Duration;

use doorward_config::{Endpoint, EventBridgeTarget};
use doorward_core::ports::{Forward, ForwardMessage};
use doorward_model::{Reply, TargetFault};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{LARGEST_RECEIPT, attributes, fault, payload};
use crate::accepted::accepted;
use crate::api::{Place, Question, Service, ServiceApi, word};

/// The largest entry, in bytes ("PutEvents", EventBridge API reference; 1 MB).
const LARGEST: usize = 1024 * 1024;
/// As many bytes count for the time ("Calculating PutEvents event entry size", EventBridge guide).
const TIME: usize = 14;
/// The longest `detail-type` (the same).
const LONGEST_TYPE: usize = 128;

/// "PutEvents", EventBridge API reference.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Event<'a> {
    event_bus_name: &'a str,
    source: &'a str,
    detail_type: &'a str,
    detail: &'a str,
    resources: Vec<String>,
    /// Seconds, the same at every try.
    time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_header: Option<&'a str>,
}

/// The same. An entry that failed has a code in the place of an id.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receipt {
    failed_entry_count: u64,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    event_id: Option<String>,
    error_code: Option<String>,
}

/// Puts an event on the bus. Its `detail` is the payload and nothing else: what goes along is in `resources`, each as
/// `name=value`. `source` is the target's own whatever a CloudEvent says of itself: rules of the bus go by it.
pub(super) async fn send(
    api: &ServiceApi,
    kind: &EventBridgeTarget,
    endpoint: &Endpoint,
    forward: &Forward<'_>,
    within: Duration,
) -> Result<Reply, TargetFault> {
    let (detail, value) = payload::json(forward)?;
    if !value.is_object() {
        return Err(TargetFault::Unfit("it is no JSON object"));
    }
    let detail_type = detail_type(kind, forward)?;
    let resources: Vec<String> =
        attributes::of(forward).iter().map(|(name, value)| format!("{name}={value}")).collect();
    let along: usize = resources.iter().map(String::len).sum();
    if detail.len() + kind.source.len() + detail_type.len() + along + TIME > LARGEST {
        return Err(TargetFault::Unfit("it is larger than the 1 MiB that a bus takes"));
    }
    let entry = Event {
        event_bus_name: &endpoint.address,
        source: &kind.source,
        detail_type,
        detail: &detail,
        resources,
        time: forward.call.at.as_second(),
        trace_header: attributes::xray(forward),
    };
    let answer = api
        .ask(Question {
            service: Service::EventBridge,
            region: endpoint.region.as_deref(),
            place: Place::Region(""),
            operation: "PutEvents",
            body: &json!({ "Entries": [entry] }).to_string(),
            trace: None,
            within,
            largest: LARGEST_RECEIPT,
        })
        .await?;
    Ok(accepted(&json!({ "eventId": event_id(&answer)? })))
}

fn detail_type<'a>(kind: &'a EventBridgeTarget, forward: &Forward<'a>) -> Result<&'a str, TargetFault> {
    let own = match forward.message {
        ForwardMessage::CloudEvent { event_type, .. } => Some(event_type),
        ForwardMessage::Http { .. } | ForwardMessage::Invoke { .. } | ForwardMessage::Event { .. } => {
            forward.call.action.as_deref()
        }
    };
    let named = kind.detail_type.as_deref().or(own);
    named
        .filter(|name| (1..=LONGEST_TYPE).contains(&name.len()))
        .ok_or(TargetFault::Unfit("its action or its own type is no `detail-type`"))
}

/// The id of the one event. That it was not put is said with status 200, by its error's code.
fn event_id(answer: &[u8]) -> Result<String, TargetFault> {
    let receipt: Receipt = serde_json::from_slice(answer).map_err(|_| fault::unreadable())?;
    match (receipt.failed_entry_count, receipt.entries.as_slice()) {
        (0, [Entry { event_id: Some(id), error_code: None }]) => Ok(id.clone()),
        (1, [Entry { event_id: None, error_code: Some(code) }]) => Err(failed(code)),
        _ => Err(fault::unreadable()),
    }
}

fn failed(code: &str) -> TargetFault {
    match word(code) {
        // Its own faults may come after the event was put.
        Some(code) if code.starts_with("Internal") => TargetFault::Reset(code),
        Some(code) => fault::refused(code),
        None => fault::unreadable(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[track_caller]
    fn check(answer: &Value, expected: Result<&str, &str>) {
        let read = event_id(answer.to_string().as_bytes());
        let read = read.as_deref().map_err(TargetFault::code);
        assert_eq!(read, expected, "{answer}");
    }

    #[test]
    fn a_failed_entry_is_a_failure_whatever_the_status() {
        let entry = |entry: Value, failed: u64| json!({ "FailedEntryCount": failed, "Entries": [entry] });
        check(&entry(json!({ "EventId": "e-1" }), 0), Ok("e-1"));
        check(&entry(json!({ "ErrorCode": "ThrottlingException" }), 1), Err("target-unavailable"));
        check(&entry(json!({ "ErrorCode": "AccessDeniedException" }), 1), Err("target-unavailable"));
        check(&entry(json!({ "ErrorCode": "InternalFailure" }), 1), Err("target-reset"));
        check(&entry(json!({ "ErrorCode": "InternalException" }), 1), Err("target-reset"));
        check(&entry(json!({ "ErrorCode": "MalformedDetail" }), 1), Err("unfit-payload"));
        check(&entry(json!({ "ErrorCode": "a b" }), 1), Err("target-unreadable"));
        check(&entry(json!({ "EventId": "e-1" }), 1), Err("target-unreadable"));
        check(&entry(json!({ "EventId": "e-1", "ErrorCode": "x" }), 0), Err("target-unreadable"));
        check(&json!({ "FailedEntryCount": 0, "Entries": [] }), Err("target-unreadable"));
        check(&json!({}), Err("target-unreadable"));
    }
}
