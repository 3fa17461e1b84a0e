//! What a target says of each event of a batch that it was sent. The binding has no answer for a part of a batch, so there are two
//! that are read: the list by which this door answers batches itself, and a function's item failures.

use std::collections::HashSet;

use doorward_model::{Body, Refusal, Reply, TargetFault};
use http::StatusCode;
use serde_json::Value;

use super::event::CloudEvent;
use crate::item_failures::{self, Failures};

/// How each of `events` ended, in their order:
/// - by the list of the answer, whatever its status, where that names these events and no others;
/// - as failed, of a success, where its item failures name the event's `id`;
/// - as failed, where the answer is 207 and says nothing that can be read;
/// - else by the status of the answer, which is that of all.
pub(super) fn read(reply: &Reply, events: &[&CloudEvent]) -> Vec<Result<StatusCode, Refusal>> {
    let body: &[u8] = match &reply.body {
        Body::Full(bytes) => bytes,
        Body::Empty | Body::Stream(_) => &[],
    };
    if let Some(listed) = listed(body, events) {
        return listed.into_iter().map(Ok).collect();
    }
    let all = |fault: TargetFault| vec![Err(Refusal::Target(fault)); events.len()];
    if reply.status == StatusCode::MULTI_STATUS {
        return all(TargetFault::Unreadable("it answers 207 without a list of the events".to_owned()));
    }
    let failed = match reply.status.is_success() {
        true => item_failures::read(body, &ids(events)),
        false => Failures::At(HashSet::new()),
    };
    match failed {
        Failures::All(why) => all(TargetFault::Unreadable(why.to_owned())),
        Failures::At(places) => {
            let fault = || Refusal::Target(TargetFault::Failed("it reports the event as failed".to_owned()));
            let end = |place: usize| if places.contains(&place) { Err(fault()) } else { Ok(reply.status) };
            (0..events.len()).map(end).collect()
        }
    }
}

fn ids<'e>(events: &[&'e CloudEvent]) -> Vec<Option<&'e str>> {
    events.iter().map(|event| Some(event.attribute("id"))).collect()
}

/// The statuses of `{"events": [{"id": …, "source": …, "status": …}, …]}`, where it lists `events` in their order.
fn listed(body: &[u8], events: &[&CloudEvent]) -> Option<Vec<StatusCode>> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let list = answer.get("events")?.as_array().filter(|list| list.len() == events.len())?;
    list.iter().zip(events).map(|(told, event)| status_of(told, event)).collect()
}

fn status_of(told: &Value, event: &CloudEvent) -> Option<StatusCode> {
    let is_of = |name: &str| told.get(name).and_then(Value::as_str) == Some(event.attribute(name));
    let status = u16::try_from(told.get("status")?.as_u64()?).ok()?;
    // What is said of one event is no word on several.
    let status = StatusCode::from_u16(status).ok().filter(|status| *status != StatusCode::MULTI_STATUS)?;
    (is_of("id") && is_of("source")).then_some(status)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;

    use super::super::json_format;
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, expected: [u16; 2]) {
        let text =
            |id: &str| json!({ "specversion": "1.0", "id": id, "source": "/s", "type": "t" }).to_string();
        let events = ["1", "2"].map(|id| json_format::event(text(id).into()));
        let (status, headers) = (StatusCode::from_u16(status).unwrap(), HeaderMap::new());
        let reply = Reply { status, headers, body: Body::from(body.as_bytes().to_vec()) };
        let read = read(&reply, &events.each_ref());
        let told = read.into_iter().map(|end| end.unwrap_or_else(|refusal| refusal.status()).as_u16());
        assert_eq!(told.collect::<Vec<_>>(), expected, "{status} {body}");
    }

    #[test]
    fn a_list_of_these_events_says_how_each_ended() {
        let list = r#"{"events":[{"id":"1","source":"/s","status":204,"code":null},{"id":"2","source":"/s","status":403}]}"#;
        for status in [207, 200, 503] {
            check(status, list, [204, 403]);
        }
        for (from, to) in [
            (r#""id":"2""#, r#""id":"3""#),
            (r#""source":"/s","status":204"#, r#""source":"/t","status":204"#),
            ("403", "207"),
            ("403", "1000"),
            ("403", "\"403\""),
            (r#",{"id":"2","source":"/s","status":403}"#, ""),
        ] {
            check(207, &list.replace(from, to), [502, 502]);
            check(503, &list.replace(from, to), [503, 503]);
            check(200, &list.replace(from, to), [200, 200]);
        }
    }

    #[test]
    fn a_part_of_a_batch_is_never_taken_for_the_whole() {
        check(207, "", [502, 502]);
        check(207, "<multistatus/>", [502, 502]);
        check(202, "", [202, 202]);
        check(200, "events", [200, 200]);
        check(500, r#"{"batchItemFailures":[]}"#, [500, 500]);
    }

    #[test]
    fn a_function_may_report_item_failures() {
        check(200, r#"{"batchItemFailures":[{"itemIdentifier":"2"}]}"#, [200, 502]);
        check(200, r#"{"batchItemFailures":[]}"#, [200, 200]);
        check(200, r#"{"batchItemFailures":[{"itemIdentifier":"3"}]}"#, [502, 502]);
        check(200, r#"{"batchItemFailures":7}"#, [502, 502]);
        check(207, r#"{"batchItemFailures":[]}"#, [502, 502]);
    }
}
