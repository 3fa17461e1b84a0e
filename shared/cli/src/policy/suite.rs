use std::path::Path;

use doorward_config::{PolicyTest, parse_policy_tests};
use doorward_core::TestReport;
use doorward_model::{Fault, Faults};

use super::entrance::enter;
use super::showing;
use crate::output::Failure;
use crate::project::{Files, Project};

/// A project and its policy tests, none of them faulty.
pub(crate) struct Suite {
    pub(crate) project: Project,
    pub(crate) tests: Vec<PolicyTest>,
}

impl Suite {
    /// Reads and checks the project at `path` together with its policy tests, so that all faults are told at once.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let mut files = Files::read(path)?;
        files.read_beside()?;
        let mut faults = Faults::default();
        let mut tests = Vec::new();
        for (name, text) in files.sources.beside.tests() {
            match parse_policy_tests(name, text) {
                Ok(read) => tests.extend(read),
                Err(more) => faults.0.extend(more.0),
            }
        }
        match files.compile() {
            Ok(rules) if faults.0.is_empty() => Ok(Self { project: files.with(rules), tests }),
            Ok(_) => Err(files.invalid(faults)),
            Err(mut more) => {
                more.0.extend(faults.0);
                Err(files.invalid(more))
            }
        }
    }

    /// Runs the tests.
    pub(crate) fn run(self) -> Result<Ran, Failure> {
        let Self { project, tests } = self;
        let beside = &project.sources.beside;
        match project.rules.test_policies(&tests, &|sample| enter(beside, project.rules.openings(), sample)) {
            Ok(report) => Ok(Ran { project, tests, report }),
            Err(faults) => Err(project.invalid(faults)),
        }
    }
}

/// What came of a suite.
pub(crate) struct Ran {
    pub(crate) project: Project,
    pub(crate) tests: Vec<PolicyTest>,
    pub(crate) report: TestReport,
}

impl Ran {
    /// A project whose tests pass; those that fail are faults.
    pub(crate) fn passed(self) -> Result<Self, Failure> {
        let failures = self.failures();
        if failures.0.is_empty() { Ok(self) } else { Err(self.project.invalid(failures)) }
    }

    /// The tests that failed, as faults at their places.
    pub(crate) fn failures(&self) -> Faults {
        let failed = self.tests.iter().zip(&self.report.results);
        let failed = failed.filter(|(_, result)| !result.differences.is_empty());
        let fault = |(test, result): (&PolicyTest, &doorward_core::TestResult)| {
            let told = result.differences.iter().map(|difference| {
                format!("{} is {}, not {}", difference.what, difference.found, difference.expected)
            });
            let why = showing::refused_before(&test.sample, &result.rehearsed);
            let told: Vec<String> = told.chain(why.map(|why| format!("refused as {why}"))).collect();
            let told = told.join("; ");
            Fault::new(format!("the policy test `{}` fails: {told}", test.name))
                .at(test.place.clone())
                .hint("`doorward policy test` says which policies had a part in it")
        };
        Faults(failed.map(fault).collect())
    }
}
