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
    /// What the door's log has of it; `None` where that is not at hand, or the event has no end yet.
    pub(super) followed: Option<Followed>,
}

/// What a local door's log has of an event that was handled.
pub(super) struct Followed {
    /// The lines of its calls.
    calls: Vec<Value>,
    /// What the platform says of a function that failed, or was stopped: `Status: timeout`.
    failure: Option<String>,
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
    /// The function failed, or did not end in its time: nothing else is known of the event, or of the rest of it.
    Failed,
    Unknown,
}

impl End {
    fn word(self) -> &'static str {
        match self {
            Self::CarriedOut => "carried-out",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl Told {
    fn end(&self) -> End {
        let answered = |is: fn(&Answer) -> bool| self.answer.as_ref().is_some_and(is);
        let calls = self.followed.as_ref().map(|followed| followed.calls.as_slice());
        match calls {
            _ if answered(Answer::is_refusal) => End::Refused,
            Some(calls) if !calls.iter().all(is_carried_out) => End::Refused,
            _ if answered(|answer| answer.failed) || self.failure().is_some() => End::Failed,
            Some(_) => End::CarriedOut,
            None => End::Unknown,
        }
    }

    fn failure(&self) -> Option<&str> {
        self.followed.as_ref()?.failure.as_deref()
    }

    /// Says it; the exit code says how it ended.
    pub(super) fn say(&self, format: Format) -> Exit {
        let end = self.end();
        let answer = self.answer.as_ref().map(|answer| &answer.value);
        match format {
            Format::Json => {
                let calls = self.followed.as_ref().map(|followed| followed.calls.as_slice());
                say!(
                    "{}",
                    json!({
                        "request_id": self.request_id,
                        "answer": answer,
                        "calls": calls.unwrap_or_default(),
                        "failure": self.failure(),
                        "end": end.word(),
                    })
                );
            }
            Format::Human => {
                say!("sent: request {}", self.request_id);
                if let Some(answer) = answer {
                    say!("answered: {answer}");
                }
                for call in self.followed.iter().flat_map(|followed| &followed.calls) {
                    say!("{}", call_words(call));
                }
                match (end, self.failure()) {
                    (End::Unknown, _) => say!("sent; outcome not known from here"),
                    (End::Failed, None) => say!("the function failed"),
                    (_, Some(failure)) => say!("the function failed: {failure}"),
                    _ => {}
                }
            }
        }
        match end {
            End::CarriedOut | End::Unknown => Exit::Ok,
            End::Refused | End::Failed => Exit::Different,
        }
    }
}

impl Answer {
    /// Whether it says that something was not carried out: to a queue or a stream, to a request, or to whoever reads it.
    fn is_refusal(&self) -> bool {
        let failures = self.value.get("batchItemFailures").and_then(Value::as_array);
        let status = self.value.get("statusCode").and_then(Value::as_u64);
        failures.is_some_and(|failures| !failures.is_empty())
            || status.is_some_and(|status| status >= 400)
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
pub(super) async fn follow(endpoint: &str, request_id: &str) -> Option<Followed> {
    let caller = Caller::new();
    for _ in 0..ATTEMPTS {
        let request = asking_for_lines(endpoint, request_id).ok()?;
        let answer = caller.call(request).await.ok().filter(|answer| answer.status == 200)?;
        let lines: Vec<Value> = serde_json::from_slice(&answer.body).ok()?;
        let texts: Vec<&str> = lines.iter().filter_map(|line| line.get("text")?.as_str()).collect();
        if let Some(followed) = Followed::of(&texts) {
            return Some(followed);
        }
        tokio::time::sleep(PAUSE).await;
    }
    None
}

impl Followed {
    /// What these lines of a request say, once it has an end.
    fn of(texts: &[&str]) -> Option<Self> {
        // The platform's last line of an attempt: every record of the event has had its own by then.
        let report = texts.iter().find(|text| text.starts_with("REPORT RequestId"))?;
        let is_end =
            |call: &Value| call.get("event").is_some_and(|event| event == "call" || event == "unread");
        let calls = texts.iter().filter_map(|text| serde_json::from_str(text).ok()).filter(is_end);
        // `Status` is there for what went wrong alone: `error` or `timeout` ("Understanding log formats", AWS Lambda guide).
        let failure = report.split_once("Status: ").map(|(_, failure)| failure.trim().replace('\t', ", "));
        Some(Self { calls: calls.collect(), failure })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: Option<(Value, bool)>, calls: Option<Value>, expected: End) {
        let told = Told {
            request_id: String::new(),
            answer: answer.map(|(value, failed)| Answer { value, failed }),
            followed: calls
                .and_then(|calls| Some(Followed { calls: calls.as_array()?.clone(), failure: None })),
        };
        assert_eq!(told.end(), expected);
    }

    #[test]
    fn what_is_known_of_an_event_is_its_end() {
        let call = |outcome: &str| json!({ "event": "call", "outcome": outcome });
        let all = || json!({ "batchItemFailures": [] });
        check(None, None, End::Unknown);
        check(Some((all(), false)), None, End::Unknown);
        check(Some((all(), true)), None, End::Failed);
        check(Some((all(), true)), Some(json!([call("admitted")])), End::Failed);
        check(Some((all(), true)), Some(json!([call("denied")])), End::Refused);
        for (status, end) in
            [(200, End::CarriedOut), (302, End::CarriedOut), (403, End::Refused), (503, End::Refused)]
        {
            check(Some((json!({ "statusCode": status }), false)), Some(json!([])), end);
        }
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
    #[test]
    fn a_function_that_fails_carries_nothing_out() {
        let end = |texts: &[&str]| {
            let followed = Followed::of(texts);
            let told = Told { request_id: String::new(), answer: None, followed };
            (told.end(), told.failure().map(str::to_owned))
        };
        let report = "REPORT RequestId: 1\tDuration: 3.00 ms";
        let failed = |failure: &str| format!("{report}\tStatus: {failure}");
        let admitted = r#"{"event":"call","outcome":"admitted"}"#;
        let denied = r#"{"event":"call","outcome":"denied"}"#;
        assert_eq!(end(&["START RequestId: 1"]), (End::Unknown, None));
        assert_eq!(end(&["START RequestId: 1", report]), (End::CarriedOut, None));
        assert_eq!(end(&[admitted, report]), (End::CarriedOut, None));
        let (error, timeout) = (failed("error\tError: exit status: 1"), failed("timeout"));
        assert_eq!(end(&[&error]), (End::Failed, Some("error, Error: exit status: 1".to_owned())));
        assert_eq!(end(&[admitted, &timeout]), (End::Failed, Some("timeout".to_owned())));
        assert_eq!(end(&[denied, &error]).0, End::Refused);
    }
}
