//! `*.test.toml`: what the policies are expected to say of sample calls.

mod checked;
mod event;
mod expected;
mod question;
mod request;
mod sample;

pub use checked::{EventSample, Expected, PolicyTest, QuestionSample, RequestSample, Sample, SampleCall};

use doorward_model::{Fault, Faults};

use crate::names::Names;
use crate::read_document;
use crate::report::quote;

/// Reads a file of policy tests: `text`, the content of `file`, which is only used to name places.
///
/// # Errors
/// Every fault of the file, in the order of the file.
pub fn parse_policy_tests(file: &str, text: &str) -> Result<Vec<PolicyTest>, Faults> {
    read_document(file, text, |document| {
        let mut names = Names::new("test");
        document.sections("tests", "`[[tests]]`", |section| {
            let place = section.place();
            let name = section.required("name", |value| names.declare(value, one_line));
            let sample = sample::read(section);
            let whole = sample.as_ref().ok().map(|sample| sample.call.is_whole());
            let expected = expected::read(section, whole);
            Ok(PolicyTest { name: name?, place, sample: sample?, expected: expected? })
        })
    })
}

/// Reads a sample call alone: what a test holds beside its name and its expectations.
///
/// # Errors
/// Every fault of the file, in the order of the file.
pub fn parse_policy_sample(file: &str, text: &str) -> Result<Sample, Faults> {
    read_document(file, text, sample::read)
}

/// Names stand in reports, a line each.
fn one_line(name: &str) -> Result<(), Fault> {
    if !name.trim().is_empty() && name.chars().count() <= 200 && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Fault::new(format!("{} cannot name a test", quote(name)))
        .hint("use one line of at most 200 characters"))
}
