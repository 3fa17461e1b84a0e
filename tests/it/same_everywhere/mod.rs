//! Section "same everywhere": whatever looks at a request decides the same about it.
//!
//! Requests of every route of a lock are mutated in path, method, query, header fields and token, and each is handed over in
//! every form in which AWS's fronts hand requests over, rendered from AWS's documentation. The code of the shipped functions
//! then decides: the dispatcher alone; the authorizer without a cache; the authorizer behind API Gateway's cache, of which
//! `doorward_testkit` has a model, again from the documentation. Route, principal and decision must agree, and the whole
//! chain lets nothing through that the dispatcher alone refuses.
//!
//! The authorizer is also tried as the configuration has its answers kept, where `doorward check` takes it: an answer of its
//! own for each method and path, simple or a policy, and one policy for all routes. There it must open by itself exactly
//! where the dispatcher does; what stands elsewhere than in an identity source, and what a front tells of repeated names,
//! is counted and told.
//!
//! A case is one request in one form. `cargo test` tries 100,000, and 2,400 more through the real processes; a million:
//!
//! ```console
//! CASES=1000000 cargo test --workspace --test it same_everywhere::run -- --nocapture
//! ```
//!
//! Every run is the same run: `SEED=7` chooses another one, and `EPISODE=12` tries one episode alone, as a failure names it.
//! Only keys and signatures are new each time.

mod callers;
mod compare;
mod configured;
mod counts;
mod door;
mod forms;
mod kept_answers;
mod lock;
mod mutations;
mod outcome;
mod processes;
mod requests;
mod run;
