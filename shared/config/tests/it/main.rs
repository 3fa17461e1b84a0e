//! What `parse` makes of whole files.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy knows test functions, but not the functions that they share"
)]

mod accepted;
mod api_keys;
mod broken;
mod claims;
mod cloudevents;
mod context;
mod cors;
mod document;
mod domains;
mod door;
mod endpoints;
mod environment;
mod events;
mod front_callers;
mod garbage;
mod http_targets;
mod idempotency;
mod inflated;
mod invoke;
mod issuers;
mod limits;
mod load;
mod mappings;
mod message_targets;
mod metering;
mod plans;
mod policy_tests;
mod prices;
mod rewrites;
mod routes;
mod shop;
mod sockets;
mod streaming;
mod targets;
mod tokens;
mod webhooks;
