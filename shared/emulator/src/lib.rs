//! API Gateway, Lambda, DynamoDB, SQS and Kinesis on one machine, for functions that run there as real processes.
//!
//! ```text
//!  REST, HTTP and WebSocket API ──┬── authorizer ─┐
//!                                 └───────────────┤
//!  Function URL, load balancer ───────────────────┼──▶ Lambda: Invoke API ──▶ sandboxes: one process each, Runtime API
//!  Invoke API ────────────────────────────────────┘                               │
//!       event source mappings ◀── streams, queues ── DynamoDB, SQS, Kinesis, issuers' key sets ◀┘
//! ```
//!
//! Everything listens on 127.0.0.1. What AWS documents about status codes, events, limits and life cycle holds
//! here as well; what is deliberately absent: memory and CPU limits, freezing between invocations, IAM on any
//! endpoint but the fronts that ask for it (whoever signs there may call), TLS (a client certificate is given, not
//! shown), CORS, versions and aliases, response streaming to the caller.

mod backends;
mod checksum;
mod clock;
mod dynamodb;
mod emulator;
mod error;
mod event_source;
mod gateway;
mod issuer;
mod kinesis;
mod lambda;
mod logs;
mod options;
mod servers;
mod sqs;
mod token_query;

pub use dynamodb::{TableDefinition, TableError, table_definitions};
pub use emulator::Emulator;
pub use error::EmulatorError;
pub use issuer::TokenRequest;
pub use logs::{LogLine, Logs};
pub use options::{
    Access, Alb, Authorizer, AuthorizerForm, DeadLetters, FunctionSpec, FunctionUrl, Functions, HttpApi,
    IamIdentity, InvokeMode, IssuerSpec, KinesisStream, Options, Payload, Ports, Queue, QueueMapping,
    RestApi, RestAuthorizer, RestAuthorizerKind, RestMethod, Route, SigningAlgorithm, StartingPosition,
    StreamMapping, StreamSource, TokenShape, UrlAuth, WebSocketApi, WebSocketAuthorizer, WebSocketRoute,
};
