//! The ports against a DynamoDB in memory and a small Invoke API, over HTTP on loopback.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod api_keys;
mod assignments;
mod blocks;
mod call_cost;
mod decisions;
mod entities;
mod faults;
mod fetch;
mod forget;
mod http;
mod idempotency;
mod lambda;
mod lambda_stream;
mod leases;
mod ledger;
mod limits;
mod loopback;
mod plan_versions;
mod publications;
mod quarantine;
mod quarantine_queue;
mod rollup;
mod sample;
mod scripted;
mod secrets;
mod services;
mod store;
mod switches;
mod usage_reader;
