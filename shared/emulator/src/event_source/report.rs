//! What a function answers where item failures are reported.

use serde::Deserialize;

#[derive(Deserialize)]
struct Report {
    #[serde(rename = "batchItemFailures")]
    failures: Option<Vec<Failure>>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(rename = "itemIdentifier")]
    id: Option<String>,
}

/// The identifiers of the items that failed, empty where one is absent, which is no item's; `None` where the answer is no
/// report. `null`, an object without a list and an empty list report nothing.
pub(super) fn failures(answer: &[u8]) -> Option<Vec<String>> {
    let report: Option<Report> = serde_json::from_slice(answer).ok()?;
    let failures = report.and_then(|report| report.failures).unwrap_or_default();
    Some(failures.into_iter().map(|failure| failure.id.unwrap_or_default()).collect())
}
