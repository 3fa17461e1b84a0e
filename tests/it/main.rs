//! End-to-end tests over the real binaries.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy knows test functions, but not the functions that they share"
)]

mod any_and_greedy;
mod api_keys;
mod arrows;
mod authoring;
mod bad_input;
mod blackout;
mod bundle;
mod cached_answers;
mod can;
mod check;
mod cloudevents;
mod cloudevents_sdk;
mod contract_diff;
mod cost;
mod declared_claims;
mod demo;
mod durability;
mod emit;
mod emit_sources;
mod event_payloads;
mod every_front;
mod examples;
mod explain;
mod fleet;
mod forms;
mod http_targets;
mod idempotency;
mod import;
mod invoices;
mod invoke;
mod issuer;
mod kill_points;
mod kinds_of_tokens;
mod large_batch;
mod loaded;
mod local_sources;
mod many_processes;
mod merged_contract;
mod message_attributes;
mod ministack;
mod packages;
mod policy_tests;
mod quarantine;
mod readme;
mod recorded_once;
mod regions;
mod replay;
mod same_everywhere;
mod sandbox_ends;
mod sdk_queues;
mod services;
mod start;
mod store_away;
mod streaming;
mod tools;
mod unknown_events;
mod usage;
mod usage_forget;
mod watch;
mod webhooks;
mod websocket;
mod work;
