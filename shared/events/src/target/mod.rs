//! What targets receive and answer: functions payload format 2.0, whatever the front, and servers header fields.

mod answer;
mod event;
pub mod http;

pub use answer::decode;
pub use event::{TargetRequest, encode};
