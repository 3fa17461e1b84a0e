use std::io::Write;

use doorward_core::ports::{BundleNews, CallBlock, Journal, StoreError};
use doorward_model::{Call, Outcome, UnreadEvent};
use jiff::Timestamp;
use serde::Serialize;

use crate::journal_line::JournalLine;

/// The lines that Lambda takes from standard output into the function's log: one JSON object per call.
#[derive(Debug, Clone, Copy, Default)]
pub struct StdoutJournal;

impl Journal for StdoutJournal {
    fn write(&self, call: &Call) {
        print(&call_line(call));
    }

    fn keep(&self, call: &Call, expires: Timestamp) -> Result<(), StoreError> {
        keep(JournalLine::for_call(call, expires)?)
    }

    fn keep_block(&self, block: &CallBlock<'_>) -> Result<(), StoreError> {
        keep(JournalLine::for_block(block)?)
    }

    fn complain(&self, call: &Call, cause: &str) {
        print(&complaint_line(call, cause));
    }

    fn unread(&self, event: &UnreadEvent, kept: bool) {
        print(&unread_line(event, kept));
    }

    fn report(&self, news: &BundleNews) {
        print(&news_line(news));
    }
}

#[derive(Serialize)]
struct UnreadLine<'a> {
    event: &'static str,
    level: &'static str,
    #[serde(flatten)]
    unread: &'a UnreadEvent,
    outcome: Outcome,
    quarantined: bool,
}

fn unread_line(unread: &UnreadEvent, quarantined: bool) -> Vec<u8> {
    let said = UnreadLine { event: "unread", level: "error", unread, outcome: Outcome::Invalid, quarantined };
    line(&said).unwrap_or_default()
}

#[derive(Serialize)]
struct CallLine<'a> {
    event: &'static str,
    #[serde(flatten)]
    call: &'a Call,
}

#[derive(Serialize)]
struct ComplaintLine<'a> {
    event: &'static str,
    level: &'static str,
    call_id: &'a str,
    request_id: &'a str,
    cause: &'a str,
}

/// What became of a look for a newer bundle. `bundle` is the one that is in force.
#[derive(Serialize)]
struct NewsLine<'a> {
    event: &'static str,
    level: &'static str,
    bundle: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    /// The digest of what was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<&'a str>,
    /// The digest of what was in force before.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

fn news_line(news: &BundleNews) -> Vec<u8> {
    let of = |event, level, bundle| NewsLine {
        event,
        level,
        bundle,
        sequence: None,
        published: None,
        before: None,
        cause: None,
    };
    let said = match news {
        BundleNews::Taken { publication, before } => NewsLine {
            sequence: Some(publication.sequence),
            before: Some(before),
            ..of("bundle-taken", "info", &publication.digest)
        },
        BundleNews::Refused { publication, held, cause } => NewsLine {
            sequence: Some(publication.sequence),
            published: Some(&publication.digest),
            cause: Some(cause),
            ..of("bundle-refused", "error", held)
        },
        BundleNews::Away { held, cause } => {
            NewsLine { cause: Some(cause), ..of("bundle-unknown", "warn", held) }
        }
    };
    line(&said).unwrap_or_default()
}

fn call_line(call: &Call) -> Vec<u8> {
    line(&CallLine { event: "call", call }).unwrap_or_else(|error| complaint_line(call, &error.to_string()))
}

fn complaint_line(call: &Call, cause: &str) -> Vec<u8> {
    let complaint = ComplaintLine {
        event: "complaint",
        level: "error",
        call_id: call.id.as_str(),
        request_id: &call.invocation,
        cause,
    };
    line(&complaint).unwrap_or_default()
}

fn line(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// As [`print`], of what must not be lost.
fn keep(mut line: String) -> Result<(), StoreError> {
    line.push('\n');
    let mut out = std::io::stdout().lock();
    let written = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| StoreError(format!("the log takes nothing: {error}")))
}

/// One write under one lock, so that lines of concurrent calls never mix. A closed output is nobody's to report to.
fn print(line: &[u8]) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(line).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use doorward_model::Violation;
    use serde_json::Value;

    #[track_caller]
    fn parse(line: &[u8]) -> Value {
        let text = std::str::from_utf8(line).unwrap();
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        assert!(text.ends_with('\n'));
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_call_is_one_line() {
        let mut call = sample::call("c-1");
        call.cause = Some("two\nlines".to_owned());
        let line = parse(&call_line(&call));
        assert_eq!(line["event"], "call");
        assert_eq!(line["call_id"], "c-1");
        assert_eq!(line["outcome"], "unresolved");
        assert_eq!(line["cause"], "two\nlines");
    }

    #[test]
    fn a_complaint_names_the_call_and_the_cause() {
        let line = parse(&complaint_line(&sample::call("c-1"), "the store is away: timed out"));
        assert_eq!(line["level"], "error");
        assert_eq!(line["call_id"], "c-1");
        assert_eq!(line["cause"], "the store is away: timed out");
    }

    #[test]
    fn a_bundle_that_is_refused_is_named_with_the_cause_and_the_one_that_stays() {
        let publication = doorward_core::Publication::of(7, &"a".repeat(64), b"", sample::now());
        let held = "b".repeat(64);
        let cause = "its archive cannot be read: it is cut off".to_owned();
        let line = parse(&news_line(&BundleNews::Refused { publication, held: held.clone(), cause }));
        assert_eq!((&line["event"], &line["level"]), (&"bundle-refused".into(), &"error".into()));
        assert_eq!(
            (line["sequence"].as_u64(), line["published"].as_str()),
            (Some(7), Some(&*"a".repeat(64)))
        );
        assert_eq!(
            (&line["bundle"], &line["cause"]),
            (&held.into(), &"its archive cannot be read: it is cut off".into())
        );
    }

    #[test]
    fn an_event_that_nobody_reads_is_a_line_without_its_payload() {
        let unread = UnreadEvent {
            id: doorward_model::CallId::new("unknown-1"),
            invocation: "r-1".to_owned(),
            deadline: sample::now(),
            reason: doorward_model::UnreadReason::Source,
            cause: "it is a test event".to_owned(),
            bytes: 7,
            digest: "sha256:0a".to_owned(),
            payload: "\"hidden\"".to_owned(),
        };
        let told = unread_line(&unread, true);
        assert!(!String::from_utf8_lossy(&told).contains("hidden"));
        let line = parse(&told);
        assert_eq!((&line["event"], &line["code"]), (&"unread".into(), &"unknown-front".into()));
        assert_eq!((&line["call_id"], &line["request_id"]), (&"unknown-1".into(), &"r-1".into()));
        assert_eq!((&line["outcome"], &line["quarantined"]), (&"invalid".into(), &true.into()));
    }

    #[test]
    fn no_part_of_a_request_reaches_a_line() {
        let mut call = sample::call("c-1");
        let violation = Violation {
            pointer: "/card".into(),
            part: "body".into(),
            rule: "expected a string".into(),
            names: Vec::new(),
        };
        call.violations.push(violation);
        let line = String::from_utf8(call_line(&call)).unwrap();
        assert!(line.contains("/card"));
        assert!(!line.contains(sample::SECRET), "{line}");
    }
}
