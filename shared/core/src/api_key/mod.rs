//! API keys: their text, and what is kept of them.

mod record;
mod text;

pub use record::{ApiKeyRecord, UnsoundRecord};
pub use text::{ApiKey, KeyHash, KeyTextFault, RANDOM_BYTES};
