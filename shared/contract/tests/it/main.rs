//! The contract crate from outside: documents, requests, answers, the type tree, and what never shows.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod conformance;
mod cost;
mod discriminators;
mod documents;
mod dynamic;
mod faults;
mod forms;
mod generated;
mod hostile;
mod identifiers;
mod merged;
mod multipart;
mod one_way;
mod parameters;
mod requests;
mod responses;
mod schemas;
mod shop;
mod styles;
mod tree;
