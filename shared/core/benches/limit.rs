//! The limiter beside `governor`'s keyed one, in one run: `cargo bench -p doorward-core --features bench --bench limit`.
//!
//! `doorward` is all that happens to a call while this sandbox holds a block of its caller's limits: from what is known of
//! the call to the item that its limits stand in, the clock, the block, and what the caller is told of each limit. The
//! clock is read, and stands still for the blocks, which so are large: the store has no part in it. `governor` checks as
//! many limiters, each keyed by the same caller's name, by its own clock.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

use std::hint::black_box;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use doorward_config::{Limit, LimitMode, LimitRule, Window};
use doorward_core::limit::Bench;
use doorward_model::EntityName;
use doorward_testkit::MemoryLimits;
use futures_util::FutureExt;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;

const CALLERS: usize = 1_000;
/// No limit binds: what is timed is the way in.
const A_SECOND: u32 = 1_000_000_000;

fn limits(count: usize) -> Vec<Limit> {
    let burst = NonZeroU64::from(NonZeroU32::new(A_SECOND).unwrap());
    let rate = LimitRule::Rate { units: A_SECOND.into(), period: Duration::from_secs(1), burst };
    let quota = LimitRule::Quota { units: u64::MAX / 2, window: Window::Month };
    let leased = |(name, rule)| Limit { mode: LimitMode::Leased, ..Limit::hard(name, rule) };
    [("default-rate-per-second", rate), ("default-quota-per-month", quota)]
        .into_iter()
        .take(count)
        .map(leased)
        .collect()
}

fn limit(c: &mut Criterion) {
    let callers: Vec<EntityName> =
        (0..CALLERS).map(|n| EntityName::new("User", format!("https://issuer.example/{n:06}"))).collect();
    let mut group = c.benchmark_group("limit");
    for count in [1, 2] {
        let (bench, store) = (Bench::new(limits(count), &callers), MemoryLimits::default());
        let (mut at, begun) = (0, Timestamp::now());
        group.bench_function(BenchmarkId::new("doorward", count), |b| {
            b.iter(|| {
                at = (at + 1) % CALLERS;
                let now = black_box(Timestamp::now()).min(begun);
                let taken = bench.take(&store, at, now).now_or_never().unwrap().unwrap();
                assert_eq!(taken, count);
            });
        });
        let quota = Quota::per_second(NonZeroU32::new(A_SECOND).unwrap());
        let limiters: Vec<DefaultKeyedRateLimiter<String>> =
            (0..count).map(|_| RateLimiter::keyed(quota)).collect();
        let mut next = callers.iter().cycle();
        group.bench_function(BenchmarkId::new("governor", count), |b| {
            b.iter(|| {
                let key = next.next().unwrap().to_string();
                for limiter in &limiters {
                    black_box(limiter.check_key(&key)).unwrap();
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, limit);
criterion_main!(benches);
