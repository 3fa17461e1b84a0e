//! What a Lambda target receives and answers: payload format 2.0, whatever the front.

mod answer;
mod event;

pub use answer::decode;
pub use event::{TargetRequest, encode};
