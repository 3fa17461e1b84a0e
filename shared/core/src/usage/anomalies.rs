use std::collections::{BTreeMap, BTreeSet};

use doorward_model::Outcome;

use super::{Group, Sums};

/// Outcomes whose share of an action's calls is watched.
const WATCHED: [Outcome; 3] = [Outcome::TargetFailed, Outcome::Unavailable, Outcome::Denied];
/// Fewer calls that ended so are no surge.
const FEWEST: i64 = 10;

/// What stands out in a period.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Anomalies {
    /// Callers and the actions that they had not called in the 30 days before.
    pub new_pairs: Vec<(String, String)>,
    /// Actions whose calls ended badly more often than in the time before.
    pub surges: Vec<Surge>,
    /// Calls of which no end is known, by caller and action: cut off half-way, or still under way.
    pub unresolved: Vec<(String, Option<String>, i64)>,
}

/// An action whose calls ended in one way more often than before.
#[derive(Debug, Clone, PartialEq)]
pub struct Surge {
    /// The action.
    pub action: String,
    /// How its calls ended.
    pub outcome: Outcome,
    /// How many of its calls did, and how many there were.
    pub now: (i64, i64),
    /// The same in the time before, which was as long.
    pub before: (i64, i64),
}

/// What stands out in `now` against `before`, the period before it that was as long, and against `known`, the 30 days
/// before it.
///
/// A surge is where at least 10 calls ended so, and their share is more than `factor` times that of the period before;
/// an action that was not called then has nothing to be held against.
#[must_use]
pub fn anomalies(
    now: &BTreeMap<Group, Sums>,
    before: &BTreeMap<Group, Sums>,
    known: &BTreeMap<Group, Sums>,
    factor: f64,
) -> Anomalies {
    let known: BTreeSet<_> = known.iter().filter(|(_, sums)| sums.calls > 0).filter_map(pair).collect();
    let pairs: BTreeSet<_> = now.iter().filter(|(_, sums)| sums.calls > 0).filter_map(pair).collect();
    let new_pairs = pairs.difference(&known).map(|(caller, action)| ((*caller).into(), (*action).into()));
    let mut unresolved: BTreeMap<_, i64> = BTreeMap::new();
    for (group, sums) in now.iter().filter(|(group, _)| group.outcome == Outcome::Unresolved) {
        *unresolved.entry((group.caller.clone(), group.action.clone())).or_default() += sums.calls;
    }
    let unresolved = unresolved.into_iter().filter(|(_, calls)| *calls > 0);
    Anomalies {
        new_pairs: new_pairs.collect(),
        surges: surges(&by_action(now), &by_action(before), factor),
        unresolved: unresolved.map(|((caller, action), calls)| (caller, action, calls)).collect(),
    }
}

fn pair<'g>((group, _): (&'g Group, &Sums)) -> Option<(&'g str, &'g str)> {
    Some((&group.caller, group.action.as_deref()?))
}

/// Calls of each action, all and by outcome.
#[derive(Default)]
struct Calls {
    all: i64,
    by_outcome: BTreeMap<Outcome, i64>,
}

fn by_action(usage: &BTreeMap<Group, Sums>) -> BTreeMap<&str, Calls> {
    let mut actions: BTreeMap<&str, Calls> = BTreeMap::new();
    for (group, sums) in usage {
        let Some(action) = group.action.as_deref() else { continue };
        let calls = actions.entry(action).or_default();
        calls.all += sums.calls;
        *calls.by_outcome.entry(group.outcome).or_default() += sums.calls;
    }
    actions
}

fn surges(now: &BTreeMap<&str, Calls>, before: &BTreeMap<&str, Calls>, factor: f64) -> Vec<Surge> {
    let mut surges = Vec::new();
    for (action, calls) in now {
        let Some(earlier) = before.get(action).filter(|earlier| earlier.all > 0) else { continue };
        for outcome in WATCHED {
            let count = |calls: &Calls| (calls.by_outcome.get(&outcome).copied().unwrap_or(0), calls.all);
            let (now, before) = (count(calls), count(earlier));
            if now.0 >= FEWEST && share(now) > factor * share(before) {
                surges.push(Surge { action: (*action).to_owned(), outcome, now, before });
            }
        }
    }
    surges
}

#[expect(clippy::cast_precision_loss, reason = "a share of so many calls needs no more digits")]
fn share((some, all): (i64, i64)) -> f64 {
    some as f64 / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(rows: &[(&str, &str, Outcome, i64)]) -> BTreeMap<Group, Sums> {
        let row = |(caller, action, outcome, calls): &(&str, &str, Outcome, i64)| {
            let group = Group {
                caller: (*caller).into(),
                action: Some((*action).into()),
                target: None,
                purpose: None,
                outcome: *outcome,
                plan: None,
                plan_version: None,
            };
            (group, Sums { calls: *calls, ..Sums::default() })
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn pairs_are_new_that_were_not_seen_before() {
        let known = usage(&[("a", "x", Outcome::Denied, 1), ("b", "x", Outcome::Admitted, 0)]);
        let now = usage(&[
            ("a", "x", Outcome::Admitted, 1),
            ("a", "y", Outcome::Denied, 1),
            ("b", "x", Outcome::Admitted, 1),
        ]);
        let found = anomalies(&now, &BTreeMap::new(), &known, 2.0);
        assert_eq!(found.new_pairs, [("a".into(), "y".into()), ("b".into(), "x".into())]);
        assert_eq!((found.surges, found.unresolved), (vec![], vec![]));
    }

    #[test]
    fn a_surge_is_a_share_that_grew_by_more_than_the_factor() {
        use Outcome::{Admitted, TargetFailed};
        let surges = |now: &[i64; 2], before: &[i64; 2]| {
            let of = |[good, bad]: &[i64; 2]| {
                usage(&[("a", "x", Admitted, *good), ("a", "x", TargetFailed, *bad)])
            };
            anomalies(&of(now), &of(before), &BTreeMap::new(), 2.0).surges.len()
        };
        assert_eq!(surges(&[80, 20], &[90, 10]), 0, "twice is not more than twice");
        assert_eq!(surges(&[79, 21], &[90, 10]), 1);
        assert_eq!(surges(&[0, 9], &[90, 1]), 0, "too few");
        assert_eq!(surges(&[100, 10], &[90, 0]), 1, "there were none before");
        assert_eq!(surges(&[100, 10], &[0, 0]), 0, "nothing to be held against");
    }

    #[test]
    fn calls_without_a_known_end_are_pointed_out() {
        let now = usage(&[("a", "x", Outcome::Unresolved, 2), ("b", "x", Outcome::Unresolved, 0)]);
        assert_eq!(
            anomalies(&now, &BTreeMap::new(), &now, 2.0).unresolved,
            [("a".into(), Some("x".into()), 2)]
        );
    }
}
