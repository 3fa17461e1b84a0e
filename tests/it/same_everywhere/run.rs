//! The property, tried on many requests by all processors.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fastrand::Rng;

use super::callers::Callers;
use super::compare::{BothRules, Stand};
use super::counts::Counts;
use super::forms::Form;
use super::lock::Lock;
use super::mutations::{Kit, Mutation, all};
use super::requests::{ROUTES, Request, good};

/// Requests that share a gateway's caches and a clock.
const EPISODE: usize = 200;

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name)
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// The request of number `at`: each mutation comes to each route in turn, some with others, some requests without any.
pub(crate) fn request(
    at: usize,
    kit: &Kit,
    mutations: &[Mutation],
    rng: &mut Rng,
) -> (&'static str, Request, Vec<usize>) {
    let route = ROUTES[at % ROUTES.len()];
    let mut request = good(route, &kit.callers, &kit.tokens, rng);
    let mut chosen = match rng.u8(0..8) {
        0 => Vec::new(),
        _ => vec![at / ROUTES.len() % mutations.len()],
    };
    if rng.u8(0..5) == 0 {
        chosen.push(rng.usize(0..mutations.len()));
    }
    for mutation in &chosen {
        (mutations[*mutation].apply)(&mut request, kit, rng);
    }
    (route, request, chosen)
}

fn episode(seed: usize, number: usize, stand: &mut Stand, kit: &Kit, mutations: &[Mutation]) {
    let mut rng = Rng::with_seed((seed as u64) << 32 | number as u64);
    stand.begin();
    for step in 0..EPISODE {
        let (route, request, chosen) = request(number * EPISODE + step, kit, mutations, &mut rng);
        stand.counts.tried.extend(chosen.iter().map(|mutation| (route, *mutation)));
        let tried = catch_unwind(AssertUnwindSafe(|| stand.try_all(&request, route, &mut rng)));
        if let Err(panic) = tried {
            let names: Vec<&str> = chosen.iter().map(|mutation| mutations[*mutation].name.as_str()).collect();
            eprintln!("SEED={seed} EPISODE={number}, request {step} of `{route}`, mutated by {names:?}");
            if std::env::var("GO_ON").is_err() {
                resume_unwind(panic);
            }
        }
        stand.wait(Duration::from_millis(rng.u64(0..2_000)));
    }
}

#[test]
fn authorizer_cached_or_not_and_dispatcher_agree_on_every_request() {
    let (cases, seed) = (number("CASES", 100_000), number("SEED", 1));
    let only = std::env::var("EPISODE").is_ok().then(|| number("EPISODE", 0));
    let kit = Kit::new(Callers::new("2026-11-24T12:00:00Z".parse().unwrap()));
    let lock = Lock::new(&kit.callers);
    let rules = BothRules::compile(&lock);
    let mutations = all();
    let episodes = cases.div_ceil(Form::ALL.len()).div_ceil(EPISODE);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut stand = Stand::new(&lock, &rules, &kit.callers);
        if let Some(only) = only {
            episode(seed, only, &mut stand, &kit, &mutations);
            return stand.counts;
        }
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            if number >= episodes {
                return stand.counts;
            }
            episode(seed, number, &mut stand, &kit, &mutations);
        }
    };
    let threads =
        if only.is_some() { 1 } else { std::thread::available_parallelism().map_or(1, usize::from) };
    let mut counts = Counts::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            counts.add(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
    });
    counts.print();
    if only.is_none() {
        check(&counts, cases, mutations.len());
    }
}

/// That enough was tried for the agreement to mean something.
fn check(counts: &Counts, cases: usize, mutations: usize) {
    assert!(counts.cases() >= cases);
    assert!(counts.routed * 2 >= counts.cases(), "half of the cases find a route: {}", counts.routed);
    assert!(mutations >= 200, "{mutations} mutations");
    assert_eq!(counts.mutations_per_route(), (mutations, ROUTES.len()), "every mutation on every route");
    assert!(counts.allowed * 10 >= counts.cases(), "{} are allowed", counts.allowed);
    assert!(counts.exact_hits * 100 >= counts.cases(), "{} answers are kept", counts.exact_hits);
    assert!(counts.shared_hits * 10 >= counts.cases(), "{} answers are kept for others", counts.shared_hits);
    assert!(counts.stopped_behind > 0 && counts.outlived > 0);
}
