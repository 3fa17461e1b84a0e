//! What an emulator is started with. Nothing here knows `doorward.toml`: whoever starts the emulator maps
//! its own configuration to these plain values.

mod event_source;
mod fronts;
mod iam;
mod issuer;
mod queues;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use self::event_source::{QueueMapping, StartingPosition, StreamMapping, StreamSource};
pub use self::fronts::{
    Access, Alb, Authorizer, AuthorizerForm, FunctionUrl, HttpApi, InvokeMode, Payload, RestApi,
    RestAuthorizer, RestAuthorizerKind, RestMethod, Route, UrlAuth, WebSocketApi, WebSocketAuthorizer,
    WebSocketRoute,
};
pub use self::iam::IamIdentity;
pub use self::issuer::{IssuerSpec, SigningAlgorithm, TokenShape};
pub use self::queues::{DeadLetters, KinesisStream, Queue};

/// Everything that [`Emulator::start`](crate::Emulator::start) needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// AWS region that ARNs, domain names and the functions' environment carry, such as `eu-central-1`.
    pub region: String,
    /// Twelve-digit account id that ARNs and `requestContext.accountId` carry.
    pub account: String,
    /// JSON text of the table definitions, as [`table_definitions`](crate::table_definitions) reads it.
    pub tables: String,
    /// What `${table}` in a table's name stands for.
    pub table_prefix: String,
    /// Where functions run.
    pub functions: Functions,
    /// Which functions get the records of which streams.
    pub event_sources: Vec<StreamMapping>,
    /// Local SQS queues. Where there is one, SQS listens.
    pub queues: Vec<Queue>,
    /// Which functions get the messages of which queues.
    pub queue_mappings: Vec<QueueMapping>,
    /// Local Kinesis streams. Where there is one, Kinesis listens.
    pub kinesis_streams: Vec<KinesisStream>,
    /// The REST API, if one is to listen.
    pub rest_api: Option<RestApi>,
    /// The HTTP API, if one is to listen.
    pub http_api: Option<HttpApi>,
    /// The WebSocket API, if one is to listen.
    pub websocket_api: Option<WebSocketApi>,
    /// The Function URL, if one is to listen.
    pub function_url: Option<FunctionUrl>,
    /// Another Function URL, if one is to listen: one that verifies signatures where the first does not.
    pub signed_function_url: Option<FunctionUrl>,
    /// The Application Load Balancer, if one is to listen.
    pub alb: Option<Alb>,
    /// Who may sign requests where a front asks for AWS credentials.
    pub identities: Vec<IamIdentity>,
    /// Token issuers, each with a key of its own made at start.
    pub issuers: Vec<IssuerSpec>,
    /// Ports of the listeners, all on 127.0.0.1.
    pub ports: Ports,
}

/// Where functions run.
#[derive(Debug, Clone)]
pub enum Functions {
    /// As child processes of the emulator, over the Lambda Runtime API.
    Host(Vec<FunctionSpec>),
    /// Behind another Invoke API, `http://host:port` without a path, such as that of `cargo lambda watch`.
    Remote(String),
}

/// One function that the emulator runs as child processes.
#[derive(Debug, Clone)]
pub struct FunctionSpec {
    /// Name by which it is invoked.
    pub name: String,
    /// Executable that speaks the Lambda Runtime API (what a deployment package calls `bootstrap`).
    pub binary: PathBuf,
    /// Environment variables. They win over those that the emulator sets.
    pub env: BTreeMap<String, String>,
    /// Time one invocation may take before its process is killed.
    pub timeout: Duration,
    /// Most processes, hence most concurrent invocations; 0 throttles every call, as reserved concurrency 0 does.
    pub max_sandboxes: usize,
    /// Directory the process starts in and finds as `LAMBDA_TASK_ROOT`; the binary's own where `None`.
    pub working_dir: Option<PathBuf>,
}

/// TCP ports on 127.0.0.1; 0 takes a free one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// The REST API.
    pub rest_api: u16,
    /// The HTTP API.
    pub http_api: u16,
    /// The WebSocket API.
    pub websocket_api: u16,
    /// The Function URL.
    pub function_url: u16,
    /// The other Function URL.
    pub signed_function_url: u16,
    /// The Application Load Balancer.
    pub alb: u16,
    /// The Lambda Invoke API.
    pub lambda: u16,
    /// DynamoDB.
    pub dynamodb: u16,
    /// SQS.
    pub sqs: u16,
    /// Kinesis.
    pub kinesis: u16,
    /// Key sets and discovery documents of the issuers.
    pub issuers: u16,
}
