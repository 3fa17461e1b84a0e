//! The fronts that a request may come in by.

use std::time::Duration;

/// What stands before a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Nothing.
    #[default]
    Open,
    /// The API's Lambda authorizer.
    Authorizer,
    /// A signature (AWS Signature Version 4) of one of [`Options::identities`](super::Options::identities).
    AwsIam,
}

/// The payload format version of an integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Payload {
    /// That of REST APIs: several values of a name apart.
    V1,
    /// That of HTTP APIs: several values of a name joined.
    #[default]
    V2,
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
    /// PEM of the certificate that every caller is taken to have shown, as behind a domain name with mutual TLS.
    pub client_certificate: Option<String>,
}

/// A route of an HTTP API with its Lambda proxy integration.
#[derive(Debug, Clone)]
pub struct Route {
    /// Route key: `POST /orders`, `ANY /orders/{id}`, `GET /files/{path+}` or `$default`.
    pub key: String,
    /// Name of the function that answers.
    pub function: String,
    /// What stands before it.
    pub access: Access,
    /// The form of the function's event and answer.
    pub payload: Payload,
}

/// A Lambda authorizer of an HTTP API, of type REQUEST.
#[derive(Debug, Clone)]
pub struct Authorizer {
    /// Name of the authorizer function.
    pub function: String,
    /// `$request.header.NAME`, `$request.querystring.NAME`, `$context.httpMethod`, `$context.path`, `$context.routeKey`,
    /// `$context.identity.sourceIp` or `$context.domainName`: all must be there, and together they are the cache key.
    pub identity_sources: Vec<String>,
    /// How long an answer is reused; zero switches the cache off.
    pub ttl: Duration,
    /// The form of its event and of its answer.
    pub form: AuthorizerForm,
}

/// The forms that an HTTP API's authorizer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorizerForm {
    /// Payload format 1.0, answered with an IAM policy.
    PolicyV1,
    /// Payload format 2.0, answered with an IAM policy.
    PolicyV2,
    /// Payload format 2.0, answered with `{isAuthorized, context}`.
    SimpleV2,
}

/// An API Gateway REST API with one stage.
#[derive(Debug, Clone)]
pub struct RestApi {
    /// API id, the first label of the domain name.
    pub id: String,
    /// The stage's name, the first segment of every URL.
    pub stage: String,
    /// Its methods, in any order: the most specific match wins.
    pub methods: Vec<RestMethod>,
    /// Lambda authorizer in front of the methods that ask for it.
    pub authorizer: Option<RestAuthorizer>,
    /// Media types, such as `image/png` or `*/*`, whose bodies reach functions in base64, and answers in which are
    /// taken out of it where the caller accepts them first.
    pub binary_media_types: Vec<String>,
    /// Body of the gateway response `ACCESS_DENIED`, in which `$context.error.messageString`,
    /// `$context.error.message`, `$context.requestId` and `$context.authorizer.NAME` are replaced; AWS's own where
    /// `None`.
    pub access_denied: Option<String>,
    /// PEM of the certificate that every caller is taken to have shown, as behind a domain name with mutual TLS.
    pub client_certificate: Option<String>,
    /// The response transfer mode of its integrations.
    pub transfer_mode: InvokeMode,
}

/// A method of a REST API's resource with its Lambda proxy integration.
#[derive(Debug, Clone)]
pub struct RestMethod {
    /// Method and path of the resource: `POST /orders`, `ANY /orders/{id}` or `GET /files/{path+}`.
    pub key: String,
    /// Name of the function that answers.
    pub function: String,
    /// What stands before it.
    pub access: Access,
}

/// A Lambda authorizer of a REST API.
#[derive(Debug, Clone)]
pub struct RestAuthorizer {
    /// Name of the authorizer function.
    pub function: String,
    /// What it is asked with.
    pub kind: RestAuthorizerKind,
    /// How long a policy is reused for the same identity, whatever the method; zero switches the cache off.
    pub ttl: Duration,
}

/// What a REST API's authorizer is asked with.
#[derive(Debug, Clone)]
pub enum RestAuthorizerKind {
    /// One header's value.
    Token {
        /// The header's name.
        header: String,
        /// Regular expression that the whole value must match; the function is not asked about any other.
        validation: Option<String>,
    },
    /// The request.
    Request {
        /// `method.request.header.NAME`, `method.request.querystring.NAME`, `context.httpMethod`, `context.path`,
        /// `context.resourcePath`, `context.stage`, `context.identity.sourceIp` or `context.domainName`: all must be there, and together they are the cache key.
        identity_sources: Vec<String>,
    },
}

/// An API Gateway WebSocket API with one stage.
#[derive(Debug, Clone)]
pub struct WebSocketApi {
    /// API id, the first label of the domain name.
    pub id: String,
    /// The stage's name, the path of its URL.
    pub stage: String,
    /// What it does with connections and messages.
    pub routes: Vec<WebSocketRoute>,
    /// Where a message says which route it is for: `$request.body.action`.
    pub route_selection: String,
    /// Lambda authorizer in front of `$connect`.
    pub authorizer: Option<WebSocketAuthorizer>,
}

/// A route of a WebSocket API with its Lambda proxy integration.
#[derive(Debug, Clone)]
pub struct WebSocketRoute {
    /// `$connect`, `$disconnect`, `$default`, or what the route selection expression finds. Any answer to `$connect` but one
    /// with a status of success refuses the connection.
    pub key: String,
    /// Name of the function that answers.
    pub function: String,
    /// Whether the route has a route response, so that the body of the answer to a message is written to its connection.
    pub answers: bool,
}

/// A Lambda authorizer of a WebSocket API. Its answers are never reused.
#[derive(Debug, Clone)]
pub struct WebSocketAuthorizer {
    /// Name of the authorizer function.
    pub function: String,
    /// `route.request.header.NAME`, `route.request.querystring.NAME`, `context.stage`, `context.identity.sourceIp` or
    /// `context.domainName`: all must be there.
    pub identity_sources: Vec<String>,
}

/// A Lambda Function URL.
#[derive(Debug, Clone)]
pub struct FunctionUrl {
    /// URL id, the first label of the domain name.
    pub id: String,
    /// Name of the function that answers.
    pub function: String,
    /// Who may call it.
    pub auth: UrlAuth,
    /// How it takes the function's answer.
    pub invoke_mode: InvokeMode,
}

/// How a front takes a function's answer: the invoke mode of a Function URL, the response transfer mode of a REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InvokeMode {
    /// `BUFFERED`: whole.
    #[default]
    Buffered,
    /// `RESPONSE_STREAM` and `STREAM`: while it comes in.
    Streamed,
}

/// Auth type of a Function URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UrlAuth {
    /// `NONE`: everybody.
    #[default]
    None,
    /// `AWS_IAM`: who signs as one of [`Options::identities`](super::Options::identities).
    AwsIam,
}

/// An Application Load Balancer whose only target is a function.
#[derive(Debug, Clone)]
pub struct Alb {
    /// Name and id of the target group, as its ARN ends: `orders/49e9d65c45c6791a`.
    pub target_group: String,
    /// Name of the function that answers.
    pub function: String,
    /// The target group's `lambda.multi_value_headers.enabled`.
    pub multi_value_headers: bool,
    /// PEM of the certificate that every caller is taken to have shown to a listener whose mutual TLS verifies.
    pub client_certificate: Option<String>,
}
