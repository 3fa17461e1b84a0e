use std::collections::BTreeSet;

use doorward_config::{Expected, Placed, suggest};
use doorward_model::{Effect, Fault, Refusal};

use super::question::with_hint;
use crate::rehearsal::Rehearsed;
use crate::rules::Rules;

/// Where a test's outcome is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of what: `decision`, `policies`, ….
    pub what: &'static str,
    /// As the test states it.
    pub expected: String,
    /// As it is.
    pub found: String,
}

/// The refusals by which a rehearsal can end.
const CODES: [&str; 16] = [
    "ambiguous-path",
    "contract-violation",
    "duplicate-key",
    "forbidden",
    "invalid-identity",
    "invalid-token",
    "malformed-header",
    "malformed-json",
    "malformed-query",
    "malformed-request",
    "method-not-allowed",
    "missing-credentials",
    "not-found",
    "payload-too-large",
    "unknown-front",
    "unsupported-media-type",
];

/// The names in `expected` that this project does not have.
pub(super) fn faults(rules: &Rules, expected: &Expected) -> Vec<Fault> {
    let ids = rules.policies().ids();
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    let listed = expected.policies.iter().chain(&expected.errors).flatten();
    let unknown = listed.filter(|id| !known.contains(id.value.as_str())).map(|Placed { value, place }| {
        let fault = Fault::new(format!("no policy has the id `{value}`")).at(place.clone());
        // All of them are too many to list.
        let near = suggest(value, ids.iter().copied()).filter(|hint| hint.starts_with("did"));
        with_hint(fault, near)
    });
    let code = expected.code.iter().filter(|code| !CODES.contains(&code.value.as_str()));
    let code = code.map(|Placed { value, place }| {
        let fault = Fault::new(format!("no call is refused as `{value}` before or by the decision"));
        with_hint(fault.at(place.clone()), suggest(value, CODES))
    });
    unknown.chain(code).collect()
}

/// Where `found` is not as expected.
pub(super) fn differences(expected: &Expected, found: &Rehearsed) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut compare = |what, expected: String, found: String| {
        if expected != found {
            differences.push(Difference { what, expected, found });
        }
    };
    let decision = found.decision.as_ref();
    let refused = found.refusal.as_ref().map_or_else(|| "none".to_owned(), describe);
    if let Some(effect) = expected.decision {
        let effects = |effect: Option<Effect>| effect.map_or("none", Effect::word).to_owned();
        compare("decision", effects(Some(effect)), effects(decision.map(|decision| decision.note.effect)));
    }
    match (&expected.code, &found.refusal) {
        (Some(code), refusal) => {
            let same = refusal.as_ref().is_some_and(|refusal| refusal.code() == code.value);
            compare("refusal", code.value.clone(), if same { code.value.clone() } else { refused });
        }
        (None, Some(Refusal::Denied(_)) | None) => {}
        (None, Some(_)) => compare("refusal", "none".to_owned(), refused),
    }
    if let Some(reason) = expected.reason {
        let found = decision.and_then(|decision| decision.deny.as_ref());
        compare("reason", reason.to_owned(), found.map_or("none", |reason| reason.word()).to_owned());
    }
    let note = decision.map(|decision| &decision.note);
    for (what, expected, found) in [
        ("policies", &expected.policies, note.map(|note| &note.policies)),
        ("errors", &expected.errors, note.map(|note| &note.errors)),
    ] {
        if let Some(ids) = expected {
            let found = found.into_iter().flatten().map(String::as_str);
            compare(what, set(ids.iter().map(|id| id.value.as_str())), set(found));
        }
    }
    differences
}

fn set<'i>(ids: impl Iterator<Item = &'i str>) -> String {
    let ids: BTreeSet<&str> = ids.collect();
    if ids.is_empty() { "none".to_owned() } else { ids.into_iter().collect::<Vec<_>>().join(", ") }
}

/// The refusal's code, and what of a contract it names.
fn describe(refusal: &Refusal) -> String {
    let Refusal::Contract(violations) = refusal else { return refusal.code().to_owned() };
    let places = violations.iter().map(|violation| {
        let at = if violation.pointer.is_empty() { String::new() } else { format!(" {}", violation.pointer) };
        format!("{}{at}: {}", violation.part, violation.rule)
    });
    format!("{} ({})", refusal.code(), places.collect::<Vec<_>>().join("; "))
}
