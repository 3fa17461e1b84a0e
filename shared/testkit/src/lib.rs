//! Stand-ins for the pipeline's ports, a clock that tests move, real keys and tokens, a model of API Gateway's cache of
//! authorizer answers, a proxy that does to a store what networks do, and builders. A dev-dependency only: nothing that ships stands on it.

mod clock;
mod connections;
pub mod fault_proxy;
mod gateway_cache;
pub mod http1;
mod idempotency;
mod issuer;
mod plans;
mod publications;
mod secrets;
mod signing_key;
mod stores;
mod targets;
pub mod unruly_server;
mod webhooks;
mod world;

pub use clock::ManualClock;
pub use connections::socket;
pub use gateway_cache::{
    CacheKey, Effect, FunctionResult, Gate, GatewayApi, GatewayCache, GatewayRequest, IdentitySource, Look,
};
pub use idempotency::MemoryIdempotency;
pub use issuer::{TestIssuer, numeric_date};
pub use plans::MemoryPlans;
pub use publications::MemoryPublications;
pub use secrets::MemorySecrets;
pub use signing_key::{SigningKey, hmac_token};
pub use stores::{
    MemoryAggregates, MemoryApiKeys, MemoryDecisions, MemoryEntities, MemoryLedger, MemoryLimits,
    MemoryQuarantine, MemorySwitches, Row,
};
pub use targets::{BoundedFront, ScriptedTargets};
pub use webhooks::{github_signature, standard_signature, stripe_signature};
pub use world::{Lines, MAX_ANSWER, StaticDocuments, World, http, s3};
