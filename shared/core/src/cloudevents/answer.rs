//! What the sender of a batch is told. The binding knows no partial success, so the status says whether sending it again can
//! help, and the body what became of each event.

use std::time::Duration;

use doorward_config::Repeated;
use doorward_model::{Body, Outcome, Refusal, Reply};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::event::CloudEvent;
use crate::check_response::Answered;
use crate::respond::told;

/// What became of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) status: StatusCode,
    /// The stable word; `None` where it is done.
    code: Option<&'static str>,
    /// Whether another try may end better.
    again: bool,
    /// How long to wait before it.
    wait: Option<Duration>,
}

/// What a failure without a time of its own waits.
const A_SECOND: Duration = Duration::from_secs(1);

impl Told {
    /// What the outcome means for the sender of the event.
    pub(super) fn of(outcome: &Result<Answered, Refusal>, repeated: Repeated) -> Self {
        match outcome {
            Ok(answered) => Self::of_target(answered.status()),
            Err(refusal) => Self::of_refusal(refusal, repeated),
        }
    }

    /// What is no end of a request tells nothing of the event.
    fn of_target(status: StatusCode) -> Self {
        let is_end = status.is_success() || status.is_client_error() || status.is_server_error();
        let status = if is_end { status } else { StatusCode::BAD_GATEWAY };
        let code = (!status.is_success()).then_some("target-failed");
        Self { status, code, again: may_help(status), wait: None }
    }

    fn of_refusal(refusal: &Refusal, repeated: Repeated) -> Self {
        if is_done(refusal, repeated) {
            return Self { status: StatusCode::NO_CONTENT, code: None, again: false, wait: None };
        }
        let status = refusal.status();
        let again = match refusal {
            Refusal::Repetition { first, lost } => *first == Outcome::Unresolved && !lost,
            _ => may_help(status),
        };
        Self { status, code: Some(refusal.code()), again, wait: wait(refusal) }
    }
}

/// Whether the event was here before, and need not come again: it was taken, or its rule skips whatever has ended.
pub(super) fn is_done(refusal: &Refusal, repeated: Repeated) -> bool {
    match refusal {
        Refusal::Repetition { first: Outcome::Unresolved, .. } => false,
        Refusal::Repetition { first, .. } => {
            matches!(first, Outcome::Admitted | Outcome::Passed) || repeated == Repeated::Skip
        }
        _ => false,
    }
}

/// RFC 9110 sections 15.5.9 and 15.6, RFC 8470 section 5.2, RFC 6585 section 4.
fn may_help(status: StatusCode) -> bool {
    status.is_server_error()
        || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS]
            .contains(&status)
}

/// As the refusal's own answer says it.
fn wait(refusal: &Refusal) -> Option<Duration> {
    let headers = told(refusal, "", "").headers;
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The answer where everything is done.
pub(super) fn done() -> Answered {
    Answered::of(Reply { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: Body::Empty })
}

/// The answer to a batch:
/// - 204 where all events are done;
/// - where another try can help: 429 if limits alone stand in the way, else 503, with the longest time to wait. What is done is
///   known by its id, and not done again;
/// - the one status of all events, where no other try helps and none is done;
/// - 207 where some are done and the others never will be.
pub(super) fn of_batch(events: &[(&CloudEvent, Told)], request_id: &str) -> Reply {
    let all: Vec<Told> = events.iter().map(|(_, told)| *told).collect();
    if all.iter().all(|told| told.status.is_success()) {
        return done().into_reply();
    }
    let status = status_of(&all);
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if all.iter().any(|told| told.again) {
        let longest = all.iter().filter_map(|told| told.wait).max().unwrap_or(A_SECOND);
        headers.insert(RETRY_AFTER, HeaderValue::from(longest.as_secs()));
    }
    let listed: Vec<Value> = events.iter().map(|(event, told)| describe(event, told)).collect();
    let (media, mut body) = match status.is_success() {
        true => ("application/json", json!({})),
        false => (
            "application/problem+json",
            json!({
                "type": "urn:doorward:problem:events-not-taken",
                "title": "Not all events were taken",
                "status": status.as_u16(),
                "code": "events-not-taken",
            }),
        ),
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    if let Value::Object(members) = &mut body {
        members.insert("request_id".to_owned(), request_id.into());
        members.insert("events".to_owned(), listed.into());
    }
    Reply { status, headers, body: Body::from(body.to_string().into_bytes()) }
}

fn status_of(all: &[Told]) -> StatusCode {
    let mut again = all.iter().filter(|told| told.again).peekable();
    if again.peek().is_some() {
        return match again.all(|told| told.status == StatusCode::TOO_MANY_REQUESTS) {
            true => StatusCode::TOO_MANY_REQUESTS,
            false => StatusCode::SERVICE_UNAVAILABLE,
        };
    }
    match all.first() {
        Some(first) if all.iter().all(|told| told.status == first.status) => first.status,
        _ => StatusCode::MULTI_STATUS,
    }
}

/// What is said of an event, by what its sender calls it.
fn describe(event: &CloudEvent, told: &Told) -> Value {
    let said = |name: &str| event.attributes.get(name);
    json!({
        "id": said("id"),
        "source": said("source"),
        "status": told.status.as_u16(),
        "code": told.code,
    })
}
