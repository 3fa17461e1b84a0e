//! What a set of policies takes of the heap, beside what stock Cedar takes: `cargo bench -p doorward-policy --bench memory`.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

use std::str::FromStr;

use cedar_policy::PolicySet;

#[path = "../src/engine/mod.rs"]
#[expect(dead_code, reason = "the decision reads more of an answer than the bench does")]
mod engine;
mod sets;

#[global_allocator]
static HEAP: dhat::Alloc = dhat::Alloc;

const COUNT: usize = 10_000;

fn main() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let text = sets::sparse(COUNT);
    let before = dhat::HeapStats::get().curr_bytes;
    let policies = PolicySet::from_str(&text).unwrap();
    let parsed = dhat::HeapStats::get().curr_bytes;
    let engine = engine::Engine::new(&policies, |_| false);
    let indexed = dhat::HeapStats::get().curr_bytes;
    println!(
        "{} policies, bytes a policy: stock {}, the engine {} more",
        engine.count(),
        (parsed - before) / COUNT,
        (indexed - parsed) / COUNT
    );
}
