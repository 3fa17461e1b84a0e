use std::path::PathBuf;

use doorward_config::PolicyTest;
use doorward_core::{TestResult, Uncovered};
use serde_json::{Value, json};

use super::showing;
use super::suite::{Ran, Suite};
use crate::output::{Exit, Failure, Format, say};
use crate::project::Project;

/// Runs the policy tests: every `*.test.toml` beside the policies. Says what failed and why, and which policies no test
/// covers.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  doorward policy test\n  doorward policy test --filter suspended\n  doorward policy test --deny-uncovered --format json\n\npolicies/README.md teaches how tests are written.\n\nExit codes: 0 all passed, 1 could not run, 2 a test failed, 3 invalid input"
)]
pub(crate) struct Arguments {
    /// The project's folder, or its doorward.toml.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Run only tests whose names hold this text; policies that they do not cover are not listed then.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Fail as well when a policy determines no test's decision.
    #[arg(long, conflicts_with = "filter")]
    deny_uncovered: bool,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> Result<Exit, Failure> {
    let mut suite = Suite::open(&arguments.path)?;
    let all = suite.tests.len();
    if let Some(text) = &arguments.filter {
        suite.tests.retain(|test| test.name.contains(text.as_str()));
    }
    let left_out = all - suite.tests.len();
    let mut ran = suite.run()?;
    if arguments.filter.is_some() {
        ran.report.uncovered.clear();
    }
    let failed = ran.report.results.iter().filter(|result| !result.differences.is_empty()).count();
    match format {
        Format::Json => say!("{}", as_json(&ran, left_out)),
        Format::Human => show(&ran, failed, left_out),
    }
    let denied = arguments.deny_uncovered && !ran.report.uncovered.is_empty();
    Ok(if failed > 0 || denied { Exit::Different } else { Exit::Ok })
}

fn show(ran: &Ran, failed: usize, left_out: usize) {
    let Ran { project, tests, report } = ran;
    for (test, result) in
        tests.iter().zip(&report.results).filter(|(_, result)| !result.differences.is_empty())
    {
        show_failure(project, test, result);
    }
    for policy in &report.uncovered {
        say!("{}", uncovered_line(project, policy));
    }
    if !report.uncovered.is_empty() {
        say!("");
    }
    let policies = project.rules.policies().count();
    let mut summary =
        format!("{}: {} passed, {failed} failed", counted(tests.len(), "test"), tests.len() - failed);
    if left_out > 0 {
        summary.push_str(&format!(", {left_out} left out"));
    } else {
        let covered = policies - report.uncovered.len();
        summary.push_str(&format!("; {covered} of {} covered", counted(policies, "policy")));
    }
    say!("{summary}");
}

fn show_failure(project: &Project, test: &PolicyTest, result: &TestResult) {
    say!("FAILED {} ({})", test.name, showing::at(project, &test.place));
    for difference in &result.differences {
        say!("  {}: expected {}, found {}", difference.what, difference.expected, difference.found);
    }
    if let Some(why) = showing::refused_before(&test.sample, &result.rehearsed) {
        say!("  refused before the policies are asked: {why}");
    }
    if let Some(explanation) = &result.rehearsed.explanation {
        let lines = showing::applied(project, explanation);
        if lines.is_empty() {
            say!("  no policy's scope applies");
        }
        lines.iter().for_each(|line| say!("  {line}"));
    }
    say!("");
}

fn uncovered_line(project: &Project, policy: &Uncovered) -> String {
    let place = showing::place(project, &policy.id).unwrap_or_default();
    let why = if policy.applied { "determines no test's decision" } else { "applies in no test" };
    format!("not covered: {} ({place}) {why}", policy.id)
}

fn counted(count: usize, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {what}s"),
    }
}

fn as_json(ran: &Ran, left_out: usize) -> Value {
    let Ran { project, tests, report } = ran;
    let test = |(test, result): (&PolicyTest, &TestResult)| {
        let decision = result.rehearsed.decision.as_ref();
        let difference = |difference: &doorward_core::Difference| json!({ "what": difference.what, "expected": difference.expected, "found": difference.found });
        json!({
            "name": test.name,
            "file": project.sources.path(&test.place.file),
            "line": test.place.line,
            "passed": result.differences.is_empty(),
            "differences": result.differences.iter().map(difference).collect::<Vec<_>>(),
            "decision": decision.map(|decision| &decision.note),
            "reason": decision.and_then(|decision| decision.deny.as_ref()).map(|reason| reason.word()),
            "refused": showing::refused_before(&test.sample, &result.rehearsed),
            "code": result.rehearsed.refusal.as_ref().map(doorward_model::Refusal::code),
            "applicable": result.rehearsed.explanation.as_ref().map(|it| showing::applied_as_json(project, it)),
        })
    };
    let uncovered = |policy: &Uncovered| {
        let mut uncovered = showing::text_as_json(project, &policy.id);
        if let Value::Object(members) = &mut uncovered {
            members.remove("text");
            members.insert("applied".to_owned(), json!(policy.applied));
        }
        uncovered
    };
    json!({
        "tests": tests.iter().zip(&report.results).map(test).collect::<Vec<_>>(),
        "left_out": left_out,
        "policies": project.rules.policies().count(),
        "uncovered": report.uncovered.iter().map(uncovered).collect::<Vec<_>>(),
    })
}
