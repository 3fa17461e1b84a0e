//! The property, tried on many requests by all processors.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fastrand::Rng;

use super::callers::Callers;
use super::compare::{BothRules, Stand};
use super::configured::Way;
use super::counts::Counts;
use super::lock::Lock;
use super::mutations::{Kit, Mutation, all};
use super::requests::{ROUTES, Request, good};

/// Mutated requests that share a gateway's caches and a clock, with others between them.
const EPISODE: usize = 150;

/// Cases without which a run shows nothing.
const ENOUGH: usize = 100_000;

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name)
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// A request, and what it was made of.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) route: &'static str,
    pub(crate) request: Request,
    mutations: Vec<usize>,
}

/// The mutated request of number `at`: each mutation comes to each route in turn, some with another one.
pub(crate) fn mutated(at: usize, kit: &Kit, mutations: &[Mutation], rng: &mut Rng) -> Made {
    let route = ROUTES[at % ROUTES.len()];
    let mut chosen = vec![at / ROUTES.len() % mutations.len()];
    if rng.u8(0..5) == 0 {
        chosen.push(rng.usize(0..mutations.len()));
    }
    let mut request = good(route, &kit.callers, &kit.tokens, rng);
    for mutation in &chosen {
        (mutations[*mutation].apply)(&mut request, kit, rng);
    }
    Made { route, request, mutations: chosen }
}

fn episode(seed: usize, number: usize, stand: &mut Stand, kit: &Kit, mutations: &[Mutation]) {
    let mut rng = Rng::with_seed((seed as u64) << 32 | number as u64);
    let (mut earlier, mut fresh): (Vec<Made>, usize) = (Vec::new(), 0);
    stand.begin();
    while fresh < EPISODE {
        let made = match rng.u8(0..8) {
            0 => {
                let route = ROUTES[rng.usize(0..ROUTES.len())];
                let request = good(route, &kit.callers, &kit.tokens, &mut rng);
                Made { route, request, mutations: Vec::new() }
            }
            // What was asked before may be kept.
            1 | 2 if !earlier.is_empty() => {
                earlier[rng.usize(earlier.len().saturating_sub(20)..earlier.len())].clone()
            }
            _ => {
                fresh += 1;
                mutated(number * EPISODE + fresh - 1, kit, mutations, &mut rng)
            }
        };
        stand.counts.tried.extend(made.mutations.iter().map(|mutation| (made.route, *mutation)));
        let tried = AssertUnwindSafe(|| stand.try_all(&made.request, made.route, &mut rng));
        if let Err(panic) = catch_unwind(tried) {
            let names: Vec<&str> = made.mutations.iter().map(|at| mutations[*at].name.as_str()).collect();
            eprintln!("SEED={seed} EPISODE={number}: a request of `{}`, mutated by {names:?}", made.route);
            resume_unwind(panic);
        }
        earlier.push(made);
        let wait = if rng.u8(0..16) == 0 { 10_000..40_000 } else { 0..300 };
        stand.wait(Duration::from_millis(rng.u64(wait)));
    }
}

#[test]
fn authorizer_cached_or_not_and_dispatcher_agree_on_every_request() {
    let (cases, seed) = (number("CASES", ENOUGH), number("SEED", 1));
    let only = std::env::var("EPISODE").is_ok().then(|| number("EPISODE", 0));
    let kit = Kit::new(Callers::new("2026-11-24T12:00:00Z".parse().unwrap()));
    let lock = Lock::new(&kit.callers);
    let rules = BothRules::compile(&lock);
    let mutations = all();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut stand = Stand::new(&rules, &kit.callers);
        if let Some(only) = only {
            episode(seed, only, &mut stand, &kit, &mutations);
            return stand.counts;
        }
        while done.load(Ordering::SeqCst) < cases {
            let before = stand.counts.cases();
            episode(seed, next.fetch_add(1, Ordering::SeqCst), &mut stand, &kit, &mutations);
            done.fetch_add(stand.counts.cases() - before, Ordering::SeqCst);
        }
        stand.counts
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
    if only.is_none() && cases >= ENOUGH {
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
    for way in Way::ALL {
        let (alike, kept) = counts.kept.get(&way).copied().unwrap_or_default();
        assert!(
            alike * 40 >= counts.cases() && kept * 500 >= counts.cases(),
            "{way:?}: {alike}, {kept} of them kept"
        );
    }
}
