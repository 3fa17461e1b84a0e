//! Policies as the core meets them: what is decided, what is refused at the start, and that the engine stays stock.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy knows test functions, but not the functions that they share"
)]

mod brought;
mod can;
mod comparisons;
mod decisions;
#[path = "../../src/engine/mod.rs"]
#[expect(dead_code, reason = "the decision reads more of an answer than the comparison does")]
mod engine;
mod equality;
mod explained;
mod faults;
mod generated;
mod hostile;
mod inputs;
mod links;
mod loaded;
mod misfits;
mod recorded;
mod requests;
mod shadow;
mod shop;
mod stated;
mod stock;
mod tokens;
mod undeclared;
mod validated;
mod whole;
