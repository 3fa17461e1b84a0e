//! API Gateway, Lambda and DynamoDB on one machine, for functions that run there as real processes.
//!
//! ```text
//!  HTTP API ──┬── authorizer ─┐
//!             └───────────────┤
//!  Function URL ──────────────┼──▶ Lambda: Invoke API ──▶ sandboxes: one process each, Runtime API
//!  Invoke API ────────────────┘                               │
//!                            DynamoDB, issuers' key sets ◀────┘
//! ```
//!
//! Everything listens on 127.0.0.1. What AWS documents about status codes, events, limits and life cycle holds
//! here as well; what is deliberately absent: memory and CPU limits, freezing between invocations, IAM on any
//! endpoint, CORS, versions and aliases, response streaming to the caller.

mod dynamodb;
mod emulator;
mod error;
mod gateway;
mod issuer;
mod lambda;
mod logs;
mod options;
mod token_query;

pub use dynamodb::{TableDefinition, TableError, table_definitions};
pub use emulator::Emulator;
pub use error::EmulatorError;
pub use issuer::TokenRequest;
pub use logs::{LogLine, Logs};
pub use options::{
    Authorizer, FunctionSpec, FunctionUrl, Functions, HttpApi, IssuerSpec, Options, Ports, Route, TokenShape,
};
