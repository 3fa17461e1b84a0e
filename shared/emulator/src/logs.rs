//! What functions print and what the fronts answered, kept in memory so that a call can be explained.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// Most lines kept.
const MAX_LINES: usize = 20_000;
/// Most bytes of text kept: a function that prints without end must not exhaust the machine.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// One line of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// When it was read.
    #[serde(serialize_with = "as_text")]
    pub time: Timestamp,
    /// A function's name, or `rest-api`, `http-api`, `websocket-api`, `function-url` or `alb` for their access logs.
    pub source: String,
    /// Invocation that the process served or was started for, or request that the front answered; none for a
    /// process that was started in advance.
    pub request_id: Option<String>,
    /// The line without its line break. Access log lines are JSON objects.
    pub text: String,
}

/// The most recent lines of all functions and fronts; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Logs {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<LogLine>,
    bytes: usize,
}

impl Logs {
    /// Lines that belong to the request `id` or mention it, oldest first; all lines for an empty `id`.
    pub fn find(&self, id: &str) -> Vec<LogLine> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let concerns = |line: &&LogLine| line.request_id.as_deref() == Some(id) || line.text.contains(id);
        kept.lines.iter().filter(concerns).cloned().collect()
    }

    pub(crate) fn record(&self, source: &str, request_id: Option<&str>, text: String) {
        let line = LogLine {
            time: Timestamp::now(),
            source: source.to_owned(),
            request_id: request_id.map(str::to_owned),
            text,
        };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

impl Kept {
    fn push(&mut self, line: LogLine) {
        self.bytes += line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > MAX_LINES || self.bytes > MAX_BYTES {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.text.len();
        }
    }
}

fn as_text<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: Vec<LogLine>) -> Vec<String> {
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn finds_what_belongs_to_a_request_and_what_mentions_it() {
        let logs = Logs::default();
        logs.record("orders", Some("r-1"), "first".into());
        logs.record("orders", Some("r-2"), "second".into());
        logs.record("http-api", Some("g-1"), r#"{"integrationRequestId":"r-1"}"#.into());
        logs.record("orders", None, "start".into());
        assert_eq!(texts(logs.find("r-1")), ["first", r#"{"integrationRequestId":"r-1"}"#]);
        assert!(logs.find("r-3").is_empty());
    }

    #[test]
    fn forgets_the_oldest_lines_by_count_and_by_size() {
        let mut kept = Kept::default();
        let line = |text: String| LogLine {
            time: Timestamp::UNIX_EPOCH,
            source: "orders".into(),
            request_id: None,
            text,
        };
        for number in 0..=MAX_LINES {
            kept.push(line(number.to_string()));
        }
        assert_eq!(kept.lines.len(), MAX_LINES);
        assert_eq!(kept.lines[0].text, "1");
        kept.push(line("x".repeat(MAX_BYTES)));
        assert_eq!((kept.lines.len(), kept.bytes), (1, MAX_BYTES));
    }
}
