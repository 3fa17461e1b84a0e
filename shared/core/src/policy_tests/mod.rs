//! Policy tests: sample calls, rehearsed, and held against what is expected of them.

mod files;
mod judge;
mod question;
mod stage;

use std::collections::BTreeSet;

use doorward_config::{PolicyTest, Sample};
use doorward_model::{Fault, Faults, Inbound, Refusal};

pub use files::PolicyTestFiles;
pub use judge::Difference;

use crate::rehearsal::Rehearsed;
use crate::rules::Rules;
use stage::Staged;

/// Makes what comes in of a sample event, whose forms are the platform's, not this crate's. It is called for samples
/// that are an event or an envelope.
pub type Entrance<'f> = dyn Fn(&Sample) -> Result<Inbound, Fault> + 'f;

/// What came of all tests.
#[derive(Debug, Clone)]
pub struct TestReport {
    /// One a test, in their order.
    pub results: Vec<TestResult>,
    /// The policies that determined no test's decision, in the order of files and lines.
    pub uncovered: Vec<Uncovered>,
}

/// What came of one test.
#[derive(Debug, Clone)]
pub struct TestResult {
    /// Where it is not as expected; empty where the test passed.
    pub differences: Vec<Difference>,
    /// What came of its sample, explained where the test failed.
    pub rehearsed: Rehearsed,
}

/// A policy that determined no test's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncovered {
    /// Its id.
    pub id: String,
    /// Whether its scope applied in one of them.
    pub applied: bool,
}

impl Rules {
    /// Runs `tests` in memory.
    ///
    /// # Errors
    /// Every fault of the tests, at its place: names that this project does not have, and members and types that its
    /// policies cannot read.
    pub fn test_policies(&self, tests: &[PolicyTest], entrance: &Entrance<'_>) -> Result<TestReport, Faults> {
        let mut faults = Faults::default();
        let mut staged = Vec::with_capacity(tests.len());
        for test in tests {
            faults.0.extend(judge::faults(self, &test.expected));
            match Staged::new(self, &test.sample, entrance) {
                Ok(sample) => staged.push((test, sample)),
                Err(more) => faults.0.extend(more.0),
            }
        }
        in_order(faults).or(())?;
        let run = |(test, staged): &(&PolicyTest, Staged)| {
            let rehearsed = staged.play(self, &mut |question| self.policies().decide(question));
            let differences = judge::differences(&test.expected, &rehearsed);
            if differences.is_empty() {
                return TestResult { differences, rehearsed };
            }
            TestResult { differences, rehearsed: staged.explain(self) }
        };
        let results: Vec<TestResult> = staged.iter().map(run).collect();
        let uncovered = self.uncovered(&staged, &results);
        Ok(TestReport { results, uncovered })
    }

    /// What would become of `sample`, explained.
    ///
    /// # Errors
    /// Every fault of the sample, as [`Rules::test_policies`] finds them.
    pub fn rehearse(&self, sample: &Sample, entrance: &Entrance<'_>) -> Result<Rehearsed, Faults> {
        Staged::new(self, sample, entrance).map(|staged| staged.explain(self)).map_err(in_order)
    }

    fn uncovered(&self, staged: &[(&PolicyTest, Staged)], results: &[TestResult]) -> Vec<Uncovered> {
        // Where a fault of the payload is held, permits that read it were not evaluated.
        let evaluated = |rehearsed: &&Rehearsed| matches!(rehearsed.refusal, None | Some(Refusal::Denied(_)));
        let rehearsed = results.iter().map(|result| &result.rehearsed).filter(evaluated);
        let decisions = rehearsed.filter_map(|rehearsed| rehearsed.decision.as_ref());
        let covered: BTreeSet<&str> =
            decisions.flat_map(|decision| &decision.note.policies).map(String::as_str).collect();
        let mut ids = self.policies().ids();
        ids.retain(|id| !covered.contains(id));
        if ids.is_empty() {
            return Vec::new();
        }
        let mut applied = BTreeSet::new();
        for (_, sample) in staged {
            sample.play(self, &mut |question| {
                applied.extend(self.policies().applicable(question));
                self.policies().decide(question)
            });
        }
        let uncovered = |id: &str| Uncovered { id: id.to_owned(), applied: applied.contains(id) };
        ids.into_iter().map(uncovered).collect()
    }
}

/// As a reader of the files meets them.
fn in_order(mut faults: Faults) -> Faults {
    let key = |fault: &Fault| fault.place.as_ref().map(|place| (place.file.clone(), place.span.start));
    faults.0.sort_by_cached_key(key);
    faults
}
