use std::collections::HashSet;

use serde_json::{Map, Value};

/// Which of the records that it was sent a target reports as failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failures {
    /// Those at these places.
    At(HashSet<usize>),
    /// All of them: the report is none that can be read.
    All(&'static str),
}

/// The member of a report, by which an answer that holds one is known.
const REPORT: &str = "batchItemFailures";

/// Reads a target's answer to what it knows as `items` as Lambda reads that of a function that reports item failures: no list, an empty one and `null` are
/// a success of all; an identifier that is missing, empty, or of no record makes all of them fail, and so does an answer that is
/// no valid JSON (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>).
///
/// A function that reports nothing, such as one whose mapping had no `ReportBatchItemFailures`, may answer whatever it likes: a
/// text, a number or a list is the success that it was. Only where it speaks of a report, as one that is encoded twice or lies in
/// the body of an HTTP answer, or is a JSON text that was cut, all fail: some of them did, and nobody can say which.
pub(crate) fn read(answer: &[u8], items: &[Option<&str>]) -> Failures {
    let report = match serde_json::from_slice(answer) {
        Ok(Value::Object(mut said)) if said.contains_key(REPORT) || !speaks_of_report(&said) => {
            said.remove(REPORT)
        }
        Ok(Value::Object(_)) => return Failures::All("its report of item failures is not at the top"),
        Ok(Value::String(text)) if text.contains(REPORT) => {
            return Failures::All("its report of item failures is encoded twice");
        }
        Ok(Value::Array(_)) if mentions(answer) => return Failures::All("its report lies in a list"),
        Ok(_) => None,
        Err(_) if mentions(answer) || is_json_begun(answer) => {
            return Failures::All("its answer is no valid JSON");
        }
        Err(_) => None,
    };
    let failures = match report {
        None | Some(Value::Null) => return Failures::At(HashSet::new()),
        Some(Value::Array(failures)) => failures,
        Some(_) => return Failures::All("it reports item failures that are no list"),
    };
    let mut found = HashSet::new();
    for failure in &failures {
        let item = failure.get("itemIdentifier").and_then(Value::as_str).filter(|item| !item.is_empty());
        let Some(item) = item else { return Failures::All("it reports a failed item without an identifier") };
        let before = found.len();
        // A message that carries several events has a call for each.
        let of_item = items.iter().enumerate().filter(|(_, known)| **known == Some(item));
        found.extend(of_item.map(|(place, _)| place));
        if found.len() == before && !items.contains(&Some(item)) {
            return Failures::All("it reports an item that it was not sent");
        }
    }
    Failures::At(found)
}

/// Whether an answer in the form of an HTTP answer, or one that wraps another, has a report in it.
fn speaks_of_report(said: &Map<String, Value>) -> bool {
    said.values().any(|value| match value {
        Value::String(text) => text.contains(REPORT),
        Value::Object(inner) => inner.contains_key(REPORT),
        _ => false,
    })
}

fn mentions(answer: &[u8]) -> bool {
    answer.windows(REPORT.len()).any(|part| part == REPORT.as_bytes())
}

/// Whether it begins as a JSON object or list.
fn is_json_begun(answer: &[u8]) -> bool {
    matches!(answer.trim_ascii_start().first(), Some(b'{' | b'['))
}
