//! What the end-to-end tests drive: this workspace's own binaries, and the outside tools, how they get here and small
//! wrappers to start them.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

pub mod binaries;
pub mod cargo_lambda;
mod error;
pub mod http;
pub mod local_door;
pub mod ministack;
mod server;
pub mod tools;
pub mod workspace;

pub use error::ToolError;
pub use server::free_address;
