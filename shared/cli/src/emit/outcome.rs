//! What became of an event: what its source is answered, and what a local door's log says of each of its calls.

use std::time::Duration;

use doorward_aws::Invoked;
use doorward_model::{Outcome, Refusal};
use serde_json::{Value, json};

use crate::calling::Caller;
use crate::explanation::asking_for_lines;
use crate::output::{Exit, Format, say};

/// What is known of an event that was taken.
pub(super) struct Told {
    pub(super) request_id: String,
    /// What its source is answered, where it waits for that.
    pub(super) answer: Option<Answer>,
    /// The lines of its calls; `None` where the door's log is not at hand, or the event has no end yet.
    pub(super) calls: Option<Vec<Value>>,
}

/// What a function answers.
pub(super) struct Answer {
    value: Value,
    failed: bool,
}

impl From<&Invoked> for Answer {
    fn from(invoked: &Invoked) -> Self {
        Self { value: serde_json::from_slice(&invoked.payload).unwrap_or_default(), failed: invoked.failed }
    }
}

/// How it ended, as far as that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All of it was carried out, now or before.
    CarriedOut,
    /// A record of it was refused, kept or failed.
    Refused,
    Unknown,
}

impl End {
    fn word(self) -> &'static str {
        match self {
            Self::CarriedOut => "carried-out",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

impl Told {
    fn end(&self) -> End {
        if self.answer.as_ref().is_some_and(Answer::is_refusal) {
            return End::Refused;
        }
        match &self.calls {
            Some(calls) if calls.iter().all(is_carried_out) => End::CarriedOut,
            Some(_) => End::Refused,
            None => End::Unknown,
        }
    }

    /// Says it; the exit code says how it ended.
    pub(super) fn say(&self, format: Format) -> Exit {
        let end = self.end();
        let answer = self.answer.as_ref().map(|answer| &answer.value);
        match format {
            Format::Json => {
                let calls = self.calls.as_deref().unwrap_or_default();
                let request_id = &self.request_id;
                say!(
                    "{}",
                    json!({ "request_id": request_id, "answer": answer, "calls": calls, "end": end.word() })
                );
            }
            Format::Human => {
                say!("sent: request {}", self.request_id);
                if let Some(answer) = answer {
                    say!("answered: {answer}");
                }
                for call in self.calls.iter().flatten() {
                    say!("{}", call_words(call));
                }
                if end == End::Unknown {
                    say!("sent; outcome not known from here");
                }
            }
        }
        match end {
            End::CarriedOut | End::Unknown => Exit::Ok,
            End::Refused => Exit::Different,
        }
    }
}

impl Answer {
    /// Whether it says that something was not carried out.
    fn is_refusal(&self) -> bool {
        let failures = self.value.get("batchItemFailures").and_then(Value::as_array);
        self.failed
            || failures.is_some_and(|failures| !failures.is_empty())
            || self.value.get("quarantined").is_some()
    }
}

fn is_carried_out(call: &Value) -> bool {
    let outcome = call.get("outcome").cloned().unwrap_or_default();
    match serde_json::from_value(outcome) {
        Ok(Outcome::Admitted) => true,
        // What was refused for good is refused when it comes again.
        Ok(Outcome::Repeated) => {
            let carried_out = Refusal::Repetition { first: Outcome::Admitted, lost: false };
            call.get("cause").and_then(Value::as_str) == carried_out.cause().as_deref()
        }
        _ => false,
    }
}

fn call_words(call: &Value) -> String {
    let text = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or("-");
    match text("event") {
        // Nobody could read it: it is no call.
        "unread" => format!("{}: unread ({}) {}", text("id"), text("code"), text("cause")),
        _ => format!("{}: {} ({}) {}", text("call_id"), text("outcome"), text("action"), text("cause")),
    }
}

/// How often a local door is asked what became of an event, and how long it is left alone in between: half a minute.
const ATTEMPTS: usize = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// Asks a local door what became of the request; a deployed one says so in its logs.
pub(super) async fn follow(endpoint: &str, request_id: &str) -> Option<Vec<Value>> {
    let caller = Caller::new();
    for _ in 0..ATTEMPTS {
        let request = asking_for_lines(endpoint, request_id).ok()?;
        let answer = caller.call(request).await.ok().filter(|answer| answer.status == 200)?;
        let lines: Vec<Value> = serde_json::from_slice(&answer.body).ok()?;
        let texts = || lines.iter().filter_map(|line| line.get("text")?.as_str());
        // The platform's last line of an attempt: every record of the event has had its own by then.
        if texts().any(|text| text.starts_with("REPORT RequestId")) {
            let calls = texts().filter_map(|text| serde_json::from_str::<Value>(text).ok());
            let is_end =
                |call: &Value| call.get("event").is_some_and(|event| event == "call" || event == "unread");
            return Some(calls.filter(is_end).collect());
        }
        tokio::time::sleep(PAUSE).await;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: Option<(Value, bool)>, calls: Option<Value>, expected: End) {
        let told = Told {
            request_id: String::new(),
            answer: answer.map(|(value, failed)| Answer { value, failed }),
            calls: calls.and_then(|calls| calls.as_array().cloned()),
        };
        assert_eq!(told.end(), expected);
    }

    #[test]
    fn what_is_known_of_an_event_is_its_end() {
        let call = |outcome: &str| json!({ "event": "call", "outcome": outcome });
        let all = || json!({ "batchItemFailures": [] });
        check(None, None, End::Unknown);
        check(Some((all(), false)), None, End::Unknown);
        check(Some((all(), true)), None, End::Refused);
        check(Some((json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] }), false)), None, End::Refused);
        check(Some((json!({ "quarantined": "unknown-1" }), false)), None, End::Refused);
        let again = |first: &str| json!({ "event": "call", "outcome": "repeated", "cause": format!("the first one ended as `{first}`") });
        check(Some((all(), false)), Some(json!([call("admitted"), again("admitted")])), End::CarriedOut);
        check(Some((all(), false)), Some(json!([call("admitted"), again("denied")])), End::Refused);
        check(None, Some(json!([])), End::CarriedOut);
        for outcome in ["denied", "invalid", "throttled", "over-quota", "target-failed", "unavailable", "odd"]
        {
            check(Some((all(), false)), Some(json!([call("admitted"), call(outcome)])), End::Refused);
        }
        check(None, Some(json!([{ "event": "unread", "code": "unknown-event" }])), End::Refused);
    }
}
