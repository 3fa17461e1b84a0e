use std::collections::HashSet;

use serde_json::Value;

/// Which of the records that it was sent a target reports as failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failures {
    /// Those at these places.
    At(HashSet<usize>),
    /// All of them: the report is none that can be read.
    All(&'static str),
}

/// Reads a target's answer to what it knows as `items` as Lambda reads that of a function that reports item failures: no list, an empty one and `null` are
/// a success of all; an identifier that is missing, empty, or of no record makes all of them fail
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>). An answer that is no report, such as a
/// text, is the success that it is without item failures.
pub(crate) fn read(answer: &[u8], items: &[Option<&str>]) -> Failures {
    let report = match serde_json::from_slice(answer) {
        Ok(Value::Object(mut answer)) => answer.remove("batchItemFailures"),
        _ => None,
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
