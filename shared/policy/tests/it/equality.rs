//! The engine's answer is stock Cedar's over the whole set, whatever the policies, the entities and the request.
//!
//! `CASES=1000000 cargo test --release -p doorward-policy --test it equality` compares a million.

use std::collections::BTreeSet;

use cedar_policy::{AuthorizationError, Authorizer, Decision, Effect, Entities, PolicySet, Request};
use fastrand::Rng;

use crate::engine::{Engine, While};
use crate::generated::{World, request};

/// How many requests each set of policies is asked.
const REQUESTS: u64 = 20;

/// Decision, determining policies, erring policies.
type Answer = (bool, BTreeSet<String>, BTreeSet<String>);

fn stock(policies: &PolicySet, request: &Request, entities: &Entities) -> Answer {
    let response = Authorizer::new().is_authorized(request, policies, entities);
    let errors = response.diagnostics().errors().map(|error| {
        let AuthorizationError::PolicyEvaluationError(error) = error;
        error.policy_id().to_string()
    });
    let reason = response.diagnostics().reason().map(ToString::to_string).collect();
    (response.decision() == Decision::Allow, reason, errors.collect())
}

fn indexed(policies: &PolicySet, request: &Request, entities: &Entities) -> Answer {
    let engine = Engine::new(policies, |_| false);
    assert_eq!(engine.count(), policies.policies().count());
    answer(&engine, request, entities)
}

fn answer(engine: &Engine, request: &Request, entities: &Entities) -> Answer {
    let answer = engine.decide(request, entities, While::Known);
    let reason: BTreeSet<String> = answer.reason.iter().map(ToString::to_string).collect();
    let errors: BTreeSet<String> = answer.errors.iter().map(|erring| erring.id.to_string()).collect();
    assert_eq!(
        (reason.len(), errors.len()),
        (answer.reason.len(), answer.errors.len()),
        "each is named once"
    );
    (answer.allow, reason, errors)
}

#[test]
fn equality_over_generated_worlds() {
    let cases: u64 = std::env::var("CASES").map_or(20_000, |count| count.parse().unwrap());
    let (mut allowed, mut forbidden, mut erring) = (0_u64, 0_u64, 0_u64);
    for seed in 0..cases.div_ceil(REQUESTS) {
        let mut rng = Rng::with_seed(seed);
        let world = World::generate(&mut rng);
        let policies = world.policies();
        let engine = Engine::new(&policies, |_| false);
        for _ in 0..REQUESTS {
            let request = request(&mut rng);
            let expected = stock(&policies, &request, &world.entities);
            if answer(&engine, &request, &world.entities) != expected {
                report(seed, world, &request);
            }
            let (allow, reason, errors) = expected;
            allowed += u64::from(allow);
            forbidden += u64::from(!allow && !reason.is_empty());
            erring += u64::from(!errors.is_empty());
        }
    }
    let asked = cases.div_ceil(REQUESTS) * REQUESTS;
    println!("{asked} cases are equal: {allowed} allow, {forbidden} deny by a forbid, {erring} have errors");
    for (count, what) in [(allowed, "allow"), (forbidden, "deny by a forbid"), (erring, "have errors")] {
        assert!(count >= asked / 5, "only {count} of {asked} cases {what}");
    }
}

/// Leaves out what the difference does not need, and shows the rest.
fn report(seed: u64, mut world: World, request: &Request) -> ! {
    let differs = |world: &World| {
        let policies = world.policies();
        stock(&policies, request, &world.entities) != indexed(&policies, request, &world.entities)
    };
    let mut nth = 0;
    while nth < world.statements.len() {
        let mut less = world.clone();
        less.statements.remove(nth);
        if differs(&less) { world = less } else { nth += 1 }
    }
    let policies = world.policies();
    panic!(
        "seed {seed}: stock says {:?}, the engine {:?}\n{request:?}\n{world:#?}",
        stock(&policies, request, &world.entities),
        indexed(&policies, request, &world.entities)
    );
}

/// What is undecided counts by its effect, within its scope only, and what is decided is not touched.
#[test]
fn undecided_policies_are_left_open() {
    let mut open_differs = 0;
    for seed in 0..200 {
        let mut rng = Rng::with_seed(seed);
        let world = World::generate(&mut rng);
        let policies = world.policies();
        let engine = Engine::new(&policies, |id| id.to_string().ends_with(['1', '3', '5']));
        // The same said in stock Cedar: an undecided permit without conditions, no undecided forbid.
        let mut reduced = PolicySet::new();
        for policy in policies.policies() {
            if !policy.id().to_string().ends_with(['1', '3', '5']) {
                let mut text = policy.to_json().unwrap();
                text.as_object_mut().unwrap().remove("templateId");
                reduced
                    .add(cedar_policy::Policy::from_json(Some(policy.id().clone()), text).unwrap())
                    .unwrap();
            } else if policy.effect() == Effect::Permit {
                let mut text = policy.to_json().unwrap();
                text["conditions"] = serde_json::json!([]);
                reduced
                    .add(cedar_policy::Policy::from_json(Some(policy.id().clone()), text).unwrap())
                    .unwrap();
            }
        }
        for _ in 0..REQUESTS {
            let request = request(&mut rng);
            let open = engine.decide(&request, &world.entities, While::Unknown);
            let reason: BTreeSet<String> = open.reason.iter().map(ToString::to_string).collect();
            let errors: BTreeSet<String> = open.errors.iter().map(|erring| erring.id.to_string()).collect();
            let expected = stock(&reduced, &request, &world.entities);
            assert_eq!((open.allow, reason, errors), expected, "seed {seed}");
            open_differs += u64::from(expected != stock(&policies, &request, &world.entities));
        }
    }
    assert!(open_differs > 100, "{open_differs}");
}
