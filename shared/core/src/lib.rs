//! The one pipeline of a call, and its ports. It knows neither AWS's nor Lambda's
//! forms.
//!
//! ```text
//! inbound ─ find ▶ screen ▶ identify ▶ check_request ▶ permit ▶ claim ▶ reserve ▶ send ▶ check_response ─ respond
//!                                                                                                  └▶ record (always)
//! ```
//!
//! [`Door::serve`] runs all of it, [`Door::admit`] runs it up to `permit` for an authorizer. [`Rules::rehearse`] and
//! [`Rules::test_policies`] take the same steps up to the decision without any port, for sample calls. A [`Door`] never
//! changes; [`LiveDoor`] hands each call the one that is in force.

mod api_key;
mod authorizer_cache;
mod balance;
mod base_path;
mod batch;
mod batch_time;
mod bundle;
mod check_request;
mod check_response;
mod claim;
mod closing;
mod cloudevents;
mod contracts;
mod cors;
mod deadline;
mod door;
mod entity_cache;
mod event_payload;
mod fate;
mod find;
mod fresh;
mod health;
mod idempotency;
mod identify;
mod inflation;
mod invoke;
mod item_failures;
mod keys;
mod known_keys;
pub mod limit;
mod live;
mod load;
mod merged_contract;
mod named;
mod openapi;
mod own_answer;
mod own_usage;
mod permit;
mod pipeline;
mod policy_tests;
pub mod ports;
mod publication;
mod purpose;
mod recent;
mod record;
mod record_batched;
mod rehearsal;
mod reserve;
mod respond;
mod retry_after;
mod router;
mod rules;
mod screen;
mod secrets;
mod send;
mod serve_batch;
mod settle;
mod stream;
mod switches;
mod token;
mod token_claims;
mod token_shape;
mod tries;
mod try_time;
mod turns;
mod units;
mod unread;
pub mod usage;
mod verdict;

pub use api_key::{ApiKey, ApiKeyRecord, KeyHash, KeyTextFault, RANDOM_BYTES, UnsoundRecord};
pub use authorizer_cache::{Misfit, Reuse, Revocation, Shared, StaticRoute, revocations};
pub use bundle::{Archive, ArchiveError, Bundle, BundleError, Source};
pub use cloudevents::Released;
pub use door::{Admission, Answer, Door, EventAnswer, Ports};
pub use fresh::{Fresh, Rhythm};
pub use live::LiveDoor;
pub use policy_tests::{Difference, Entrance, PolicyTestFiles, TestReport, TestResult, Uncovered};
pub use publication::{Publication, PublicationFault};
pub use rehearsal::Rehearsed;
pub use respond::problem;
pub use rules::Rules;
pub use unread::NotKept;
