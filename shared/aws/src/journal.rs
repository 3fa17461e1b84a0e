use std::io::Write;

use doorward_core::ports::Journal;
use doorward_model::Call;
use serde::Serialize;

/// The lines that Lambda takes from standard output into the function's log: one JSON object per call.
#[derive(Debug, Clone, Copy, Default)]
pub struct StdoutJournal;

impl Journal for StdoutJournal {
    fn write(&self, call: &Call) {
        print(&call_line(call));
    }

    fn complain(&self, call: &Call, cause: &str) {
        print(&complaint_line(call, cause));
    }
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
