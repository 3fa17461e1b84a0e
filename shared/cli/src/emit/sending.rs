//! Events as they are handed over: which wait for an answer, and how large they may be.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::output::Failure;

/// The largest events that Lambda takes, in bytes (AWS Lambda quotas page): of a caller who waits for the answer, and of one who
/// only hands it over.
const LARGEST_AWAITED: usize = 6 * 1024 * 1024;
const LARGEST_HANDED_OVER: usize = 1024 * 1024;

/// Sources that Lambda reads from itself, and that are told which records failed.
const POLLED: [&str; 3] = ["aws:sqs", "aws:kinesis", "aws:dynamodb"];

/// The others whose records come in lists.
const PUSHED: [&str; 2] = ["aws:s3", "aws:sns"];

/// An event that Lambda takes.
pub(super) struct Sending {
    pub(super) payload: Vec<u8>,
    /// Whether its source waits for the answer: mappings of queues and streams do, EventBridge Pipes by default, and fronts of requests;
    /// everybody else hands events over.
    pub(super) is_awaited: bool,
}

impl Sending {
    pub(super) fn new(payload: Vec<u8>) -> Result<Self, Failure> {
        // All that Lambda asks of it, too: an event may be deeper than it is read here.
        serde_json::from_slice::<IgnoredAny>(&payload)
            .map_err(|error| Failure::usage(format!("the event is no JSON: {error}")))?;
        let is_awaited = is_awaited(&serde_json::from_slice(&payload).unwrap_or_default());
        let bytes = payload.len();
        let refused = match is_awaited {
            true if bytes > LARGEST_AWAITED => {
                "the 6 MiB that Lambda takes of sources that wait for the answer"
            }
            false if bytes > LARGEST_HANDED_OVER => {
                "the 1 MiB that Lambda takes asynchronously, as this source hands it over"
            }
            _ => return Ok(Self { payload, is_awaited }),
        };
        Err(Failure::usage(format!("the event has {bytes} bytes, which is more than {refused}"))
            .hint("asynchronous are S3, SNS, EventBridge and schedules; queues, streams and pipes wait for the answer"))
    }
}

/// Records of one event are of one source: the first that says where it comes from says so of all, as for the door, whatever is
/// broken before it.
fn is_awaited(event: &Value) -> bool {
    let records = event.get("Records").unwrap_or(event).as_array();
    let source = records.into_iter().flatten().find_map(source);
    source.is_some_and(|source| POLLED.contains(&source)) || event.get("requestContext").is_some()
}

/// SNS alone writes its name so.
fn source(record: &Value) -> Option<&str> {
    let said = record.get("eventSource").or_else(|| record.get("EventSource"))?.as_str()?;
    (POLLED.contains(&said) || PUSHED.contains(&said)).then_some(said)
}

/// The file's bytes, so that the door is sent exactly what stands there.
pub(crate) fn read_event(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |cause: std::io::Error| Failure::new(format!("cannot read `{}`: {cause}", path.display()));
    let mut event = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LARGEST_AWAITED as u64 + 1).read_to_end(&mut event).map_err(failed)?;
    if event.len() > LARGEST_AWAITED {
        let path = path.display();
        return Err(Failure::usage(format!("`{path}` is larger than the 6 MiB that Lambda takes at most")));
    }
    Ok(event)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(event: &Value, room: usize, awaited: bool, expected: Option<&str>) {
        let own = event.to_string();
        let text = format!("{own}{}", " ".repeat(room.saturating_sub(own.len())));
        match Sending::new(text.into_bytes()) {
            Ok(sending) => assert_eq!((sending.is_awaited, None), (awaited, expected)),
            Err(Failure::Usage { message, .. }) => {
                assert!(expected.is_some_and(|words| message.contains(words)), "{message}");
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_who_waits_for_the_answer_may_send_more() {
        let record = |source: &str| json!({ "eventSource": source });
        for source in POLLED {
            for event in [json!({ "Records": [record(source)] }), json!([record(source)])] {
                check(&event, LARGEST_AWAITED, true, None);
                check(
                    &event,
                    LARGEST_AWAITED + 1,
                    true,
                    Some("6 MiB that Lambda takes of sources that wait"),
                );
            }
        }
        check(&json!({ "requestContext": {} }), LARGEST_AWAITED, true, None);
        for broken in [json!({}), json!(1), json!({ "eventSource": 7 }), record("aws:odd")] {
            check(&json!({ "Records": [broken, record("aws:sqs")] }), 0, true, None);
            check(&json!([broken, { "EventSource": "aws:sns" }, record("aws:sqs")]), 0, false, None);
        }
        for event in [json!({ "Records": [record("aws:s3")] }), json!({ "detail-type": "x" }), json!([])] {
            check(&event, LARGEST_HANDED_OVER, false, None);
            check(&event, LARGEST_HANDED_OVER + 1, false, Some("1 MiB that Lambda takes asynchronously"));
        }
    }

    #[test]
    fn what_is_no_json_is_no_event() {
        assert!(matches!(Sending::new(b"{".to_vec()), Err(Failure::Usage { .. })));
    }
}
