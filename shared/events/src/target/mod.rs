//! What targets receive and answer: functions payload format 2.0, or 1.0 where the target is declared so, whatever the front but a
//! WebSocket API, whose own form is passed on; servers header fields.

mod answer;
mod answer_stream;
mod answer_v1;
mod event;
mod event_socket;
mod event_v1;
pub mod http;

pub use answer::{decode, is_status};
pub use answer_stream::{Split, decode_stream_head, split_stream};
pub use answer_v1::decode_v1;
pub use event::{TargetRequest, encode};
pub use event_socket::{decode_socket, encode_socket};
pub use event_v1::encode_v1;
