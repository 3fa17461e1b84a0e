//! The pipeline over stand-ins: every refusal, every record, and the counted work of a call.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy knows test functions, but not the functions that they share"
)]

mod admission;
mod any_and_greedy;
mod api_keys;
mod archive;
mod authorizer_cache;
mod batch_of_ten;
mod batch_time;
mod batches;
mod broken_records;
mod certificates;
mod cloudevents;
mod compressed;
mod connections;
mod contracts;
mod cors;
mod durability;
mod event_contracts;
mod events;
mod failing_over;
mod forwarding;
mod fronts;
mod iam;
mod idempotency;
mod invoke;
mod keys;
mod limits;
mod live;
mod loaded;
mod message_attributes;
mod misplaced;
mod negative_tokens;
mod openapi;
mod own_usage;
mod policy_tests;
mod prices;
mod purposes;
mod refusals;
mod rehearsal;
mod shadow;
mod shop;
mod stores_away;
mod streaming;
mod token_kinds;
mod tokens;
mod units;
mod unread;
mod vocabulary;
mod webhooks;
mod work;
