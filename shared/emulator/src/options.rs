//! What an emulator is started with. Nothing here knows `doorward.toml`: whoever starts the emulator maps
//! its own configuration to these plain values.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

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
    /// The HTTP API, if one is to listen.
    pub http_api: Option<HttpApi>,
    /// The Function URL, if one is to listen.
    pub function_url: Option<FunctionUrl>,
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

/// An API Gateway HTTP API with its `$default` stage.
#[derive(Debug, Clone)]
pub struct HttpApi {
    /// API id, the first label of the domain name.
    pub id: String,
    /// Its routes, in any order: the most specific match wins.
    pub routes: Vec<Route>,
    /// Lambda authorizer in front of the routes that ask for it.
    pub authorizer: Option<Authorizer>,
}

/// A route of an HTTP API with its Lambda proxy integration.
#[derive(Debug, Clone)]
pub struct Route {
    /// Route key: `POST /orders`, `ANY /orders/{id}`, `GET /files/{path+}` or `$default`.
    pub key: String,
    /// Name of the function that answers.
    pub function: String,
    /// Whether the API's authorizer stands before it.
    pub authorized: bool,
}

/// A Lambda authorizer of type REQUEST, payload format 2.0.
#[derive(Debug, Clone)]
pub struct Authorizer {
    /// Name of the authorizer function.
    pub function: String,
    /// `$request.header.NAME`, `$request.querystring.NAME`, `$context.httpMethod`, `$context.path` or
    /// `$context.routeKey`: all must be there, and together they are the cache key.
    pub identity_sources: Vec<String>,
    /// How long an answer is reused; zero switches the cache off.
    pub ttl: Duration,
    /// `true`: the function answers `{isAuthorized, context}`. `false`: an IAM policy.
    pub simple_responses: bool,
}

/// A Lambda Function URL of auth type NONE.
#[derive(Debug, Clone)]
pub struct FunctionUrl {
    /// URL id, the first label of the domain name.
    pub id: String,
    /// Name of the function that answers.
    pub function: String,
}

/// A token issuer.
#[derive(Debug, Clone)]
pub struct IssuerSpec {
    /// Name in the key set's URL.
    pub name: String,
    /// Environment variable in which functions find the URL of the key set.
    pub variable: String,
    /// Exact `iss` claim of its tokens.
    pub issuer: String,
    /// `aud` claim of its tokens unless a request asks for another.
    pub audience: String,
    /// The claim that lists groups, into which the token endpoint puts them; `None` where tokens list none.
    pub groups: Option<String>,
    /// The shape of its tokens.
    pub tokens: TokenShape,
}

/// Which of the world's issuers an issuer's tokens look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenShape {
    /// `iss`, `aud`, `sub`, signed with ES256.
    #[default]
    Standard,
    /// Access tokens of an Amazon Cognito user pool: no `aud`, the audience as `client_id`, `token_use`, `scope` and
    /// `cognito:groups`, signed with RS256.
    Cognito,
}

/// TCP ports on 127.0.0.1; 0 takes a free one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// The HTTP API.
    pub http_api: u16,
    /// The Function URL.
    pub function_url: u16,
    /// The Lambda Invoke API.
    pub lambda: u16,
    /// DynamoDB.
    pub dynamodb: u16,
    /// Key sets and discovery documents of the issuers.
    pub issuers: u16,
}
