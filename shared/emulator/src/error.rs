//! Why an emulator cannot start, or cannot do what it was asked.

use crate::dynamodb::TableError;

/// Why an emulator cannot start, or cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// A port is taken, or may not be used.
    #[error("cannot listen on 127.0.0.1:{port}: {cause}")]
    Listen {
        /// Port that was asked for; 0 for any.
        port: u16,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A table definition is malformed, or the store refuses it.
    #[error(transparent)]
    Tables(#[from] TableError),
    /// A route key is not one of the forms that API Gateway knows.
    #[error("route key `{0}` is neither `$default` nor a method and a path such as `GET /orders/{{id}}`")]
    RouteKey(String),
    /// Two routes of an HTTP API have the same key.
    #[error("route key `{0}` is there twice")]
    RouteTwice(String),
    /// A route key of a WebSocket API is none, is there twice, or begins with `$` and is not the gateway's own.
    #[error("route key `{0}` of the WebSocket API is there twice, or is none")]
    SocketRoute(String),
    /// A route selection expression is not one of the form that the emulator knows.
    #[error("route selection expression `{0}` is not known; write `$request.body.NAME`")]
    RouteSelection(String),
    /// An identity source is not one of the forms that the emulator knows.
    #[error(
        "identity source `{0}` is not known; write `$request.header.NAME`, `$request.querystring.NAME`, \
             `$context.httpMethod`, `$context.path` or `$context.routeKey` for an HTTP API, and for a REST API \
             `method.request.header.NAME` and so on"
    )]
    IdentitySource(String),
    /// A REST API's authorizer keeps policies, yet nothing tells its callers apart.
    #[error("an authorizer that caches needs an identity source")]
    NoIdentitySource,
    /// The expression that a TOKEN authorizer's tokens must match is none, or its header is none.
    #[error("`{0}` is no {1}")]
    TokenSource(String, &'static str),
    /// A client certificate is not the PEM of an X.509 certificate.
    #[error("the client certificate is not the PEM of an X.509 certificate")]
    ClientCertificate,
    /// A route asks for an authorizer that its API does not have.
    #[error("`{0}` asks for an authorizer, but its API has none")]
    NoAuthorizer(String),
    /// A stage's name is not one of API Gateway's.
    #[error("stage `{0}` is not a name of letters, digits, `-` and `_`")]
    Stage(String),
    /// A route, an authorizer or a Function URL names a function that is not among those hosted.
    #[error("no function is named `{0}`")]
    UnknownFunction(String),
    /// An event source mapping names a table that is not there, or that has no stream.
    #[error("no table `{0}` with a stream is there to be mapped to a function")]
    NoStream(String),
    /// An event source mapping names a Kinesis stream that is not there.
    #[error("no Kinesis stream `{0}` is there to be mapped to a function")]
    NoKinesisStream(String),
    /// An event source mapping names a queue that is not there, or an on-failure destination that is no standard queue.
    #[error("no queue `{0}` is there for an event source mapping")]
    NoQueue(String),
    /// A queue's event source mapping is one that Lambda refuses.
    #[error("the event source mapping of queue `{queue}` cannot be: {reason}")]
    QueueMapping {
        /// The queue's name.
        queue: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A queue is one that SQS refuses.
    #[error("queue `{queue}` cannot be made: {reason}")]
    Queue {
        /// The queue's name.
        queue: String,
        /// What SQS answers.
        reason: String,
    },
    /// A Kinesis stream's name or number of shards is none, or it is there twice.
    #[error("Kinesis stream `{0}` is there twice, or its name or number of shards (1 to 1,000) is none")]
    KinesisStream(String),
    /// The address of a remote Invoke API is not an absolute `http` URL.
    #[error("`{0}` is not an address such as `http://127.0.0.1:9000`")]
    RemoteAddress(String),
    /// A function's first process did not come to ask for work.
    #[error("function `{function}` did not start: {reason}")]
    FunctionStart {
        /// The function's name.
        function: String,
        /// What Lambda would have answered to its invocation.
        reason: String,
    },
    /// A token is asked of an issuer that is not there.
    #[error("no issuer is named `{0}`")]
    UnknownIssuer(String),
    /// The cryptographic library could not make a key or a signature.
    #[error("cannot make a key or a signature for issuer `{0}`")]
    Signing(String),
}
