use std::collections::HashMap;

use cedar_policy::{ActionConstraint, EntityUid, PolicySet};
use doorward_model::Reads;

use crate::reads::policy_reads;
use crate::schema::actions::Action;

/// What the policies of `sets` read together of a call, by action: of each, the policies count whose scope has a place
/// for it.
pub(crate) fn by_action<'s>(
    sets: impl IntoIterator<Item = &'s PolicySet>,
    actions: &HashMap<String, Action>,
) -> HashMap<String, Reads> {
    let mut any = Reads::default();
    let mut equal: HashMap<EntityUid, Reads> = HashMap::new();
    let mut within: HashMap<EntityUid, Reads> = HashMap::new();
    for policy in sets.into_iter().flat_map(PolicySet::policies) {
        let reads = policy_reads::reads(policy);
        match policy.action_constraint() {
            ActionConstraint::Any => any.merge(&reads),
            ActionConstraint::Eq(action) => equal.entry(action).or_default().merge(&reads),
            ActionConstraint::In(listed) => {
                for action in listed {
                    within.entry(action).or_default().merge(&reads);
                }
            }
        }
    }
    let of = |action: &Action| {
        let (_, _, groups) = action.entity.clone().into_inner();
        let mut reads = any.clone();
        let own = equal.get(&action.uid).into_iter().chain(within.get(&action.uid));
        for more in own.chain(groups.iter().filter_map(|group| within.get(group))) {
            reads.merge(more);
        }
        reads
    };
    actions.iter().map(|(name, action)| (name.clone(), of(action))).collect()
}

/// As [`by_action`], with what is known of every record: when a call came in, whose word it is that it is its caller's, and what it is for.
pub(crate) fn recorded<'s>(
    sets: impl IntoIterator<Item = &'s PolicySet>,
    actions: &HashMap<String, Action>,
) -> HashMap<String, Reads> {
    let mut found = by_action(sets, actions);
    for reads in found.values_mut() {
        for name in ["now", "trust", "purpose"] {
            reads.context.member(name).whole = true;
        }
    }
    found
}
