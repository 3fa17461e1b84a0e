//! Policies as the core meets them: what is decided, what is refused at the start, and that the engine stays stock.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy knows test functions, but not the functions that they share"
)]

mod decisions;
mod explained;
mod faults;
mod inputs;
mod misfits;
mod shop;
mod stated;
mod stock;
