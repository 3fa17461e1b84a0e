use std::num::NonZeroU32;
use std::time::Duration;

use doorward_model::EntityName;
use http::{HeaderName, HeaderValue, StatusCode};
use ipnet::IpNet;

use crate::secret_ref::SecretRef;

/// What calls are forwarded to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name in `target = "…"`; the Cedar resource `Function::"name"`.
    pub name: String,
    /// How it is called.
    pub kind: TargetKind,
    /// Where it is: at least one place, several for canaries, regions and servers that share the load.
    pub endpoints: Vec<Endpoint>,
    /// Which of the endpoints a call goes to.
    pub balance: Balance,
    /// When an endpoint is left alone; `None` where it never is.
    pub health: Option<Health>,
    /// How a call is tried again; `None` where it never is.
    pub retry: Option<Retry>,
    /// How long the door waits for it, all tries together.
    pub timeout: Duration,
}

impl Target {
    /// A target at one place, waited for 5 seconds, as the configuration has it where it says no more.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: TargetKind, address: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind,
            endpoints: vec![Endpoint::new(address)],
            balance: Balance::default(),
            health: None,
            retry: Some(Retry::default()),
            timeout: Duration::from_secs(5),
        }
    }
}

/// How a target is called.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one value per target, never moved about")]
pub enum TargetKind {
    /// A Lambda function, through the Invoke API.
    Lambda(LambdaTarget),
    /// A server that speaks HTTP.
    Http(HttpTarget),
    /// A queue of SQS: the payload becomes a message.
    Sqs(SqsTarget),
    /// A topic of SNS: the payload becomes a message.
    Sns(SnsTarget),
    /// A bus of EventBridge: the payload becomes the `detail` of an event.
    EventBridge(EventBridgeTarget),
    /// A state machine of Step Functions: the payload becomes the input of an execution.
    StepFunctions(StepFunctionsTarget),
}

impl TargetKind {
    /// As the configuration names it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Lambda(_) => "lambda",
            Self::Http(_) => "http",
            Self::Sqs(_) => "sqs",
            Self::Sns(_) => "sns",
            Self::EventBridge(_) => "eventbridge",
            Self::StepFunctions(_) => "stepfunctions",
        }
    }

    /// Whether it only takes on what it is sent: every answer is 202 then, with a receipt in JSON.
    #[must_use]
    pub fn only_takes_on(&self) -> bool {
        match self {
            Self::Sqs(_) | Self::Sns(_) | Self::EventBridge(_) => true,
            Self::Lambda(LambdaTarget { invocation, .. })
            | Self::StepFunctions(StepFunctionsTarget { invocation }) => *invocation == Invocation::Async,
            Self::Http(_) => false,
        }
    }
}

/// One place where a target is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// What the target's kind calls by it: a function (`orders:live`, an ARN), a base URL without a last slash, the URL of a
    /// queue, the ARN of a topic or of a state machine, the name or ARN of a bus. Unlike that of any other endpoint of the
    /// target.
    pub address: String,
    /// The region that it is in; `None` for the door's own.
    pub region: Option<String>,
    /// Its share of the calls beside those of the others; zero where it is for the named `callers` only.
    pub weight: u32,
    /// Whether it is called only while no other can be.
    pub backup: bool,
    /// Callers, or what they are members of, whose calls go to it ahead of all others: a canary's first users.
    pub callers: Vec<EntityName>,
}

impl Endpoint {
    /// An endpoint of weight 1 in the door's own region.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), region: None, weight: 1, backup: false, callers: Vec::new() }
    }
}

/// Which endpoint a call goes to, of those that are not left alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Balance {
    /// By chance, each as often as its weight says.
    #[default]
    Weighted,
    /// One after the other, each as often in a round as its weight says.
    RoundRobin,
    /// The one of two, drawn by chance, that has fewer calls under way in this process for its weight.
    LeastOutstanding,
    /// By the caller: the same one for as long as it is there, each as often as its weight says. Where an endpoint comes or
    /// goes, only the callers of that one move.
    Sticky,
}

/// When an endpoint is left alone: each process that runs the door sees its own calls only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// As many faults in a row.
    pub faults: NonZeroU32,
    /// For how long the first time; each time that a trial fails twice as long.
    pub pause: Duration,
    /// At most so long.
    pub longest_pause: Duration,
}

/// How a call is tried again, where that is safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Tries of one call, the first included.
    pub attempts: NonZeroU32,
    /// Retries for each hundred calls of one process.
    pub budget: u32,
    /// How long a try may take that another one may follow; `None` where it may take all the time that there is.
    pub attempt_timeout: Option<Duration>,
    /// Answers that are no answer: another try is made.
    pub statuses: Vec<StatusCode>,
}

/// What is called of Lambda.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LambdaTarget {
    /// Whether the function's answer is waited for.
    pub invocation: Invocation,
    /// The form of what it is sent of an HTTP request.
    pub payload: PayloadForm,
    /// Whether it answers requests by a stream, which a route may pass on while it comes in.
    pub stream: bool,
}

/// Whether a function's answer is waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Invocation {
    /// The caller is answered what the function answers.
    #[default]
    Sync,
    /// The caller is answered 202 as soon as Lambda holds the event.
    Async,
}

/// The payload format version of what a function is sent and answers (API Gateway guide, "Lambda proxy integrations for HTTP
/// APIs").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PayloadForm {
    /// 2.0.
    #[default]
    V2,
    /// 1.0.
    V1,
}

impl HttpTarget {
    /// What it is shown, and what is signed with for it.
    pub(crate) fn secrets(&self) -> [Option<&SecretRef>; 2] {
        let shown = self.credentials.as_ref().and_then(|credentials| match credentials {
            Credentials::Header { secret, .. }
            | Credentials::Basic { secret, .. }
            | Credentials::ClientCredentials { secret, .. } => Some(secret),
            Credentials::SigV4 { .. } => None,
        });
        [shown, self.identity.as_ref().map(|identity| &identity.secret)]
    }
}

impl Default for HttpTarget {
    /// A server as the configuration has it where it says no more.
    fn default() -> Self {
        Self {
            protocol: Protocol::default(),
            networks: Vec::new(),
            credentials: None,
            identity: None,
            headers: FieldRules::default(),
            answer_headers: FieldRules::default(),
            preserve_host: false,
            max_answer: None,
        }
    }
}

/// What is spoken with a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpTarget {
    /// The version of HTTP.
    pub protocol: Protocol,
    /// Networks that are not public, and that its names may resolve into all the same.
    pub networks: Vec<IpNet>,
    /// What the door proves itself with to a third party; the caller's own credentials and cookies stay behind then.
    pub credentials: Option<Credentials>,
    /// What the caller's identity is signed with; without it the server is told nothing of the caller.
    pub identity: Option<IdentityKey>,
    /// What becomes of the fields of a request.
    pub headers: FieldRules,
    /// What becomes of the fields of an answer.
    pub answer_headers: FieldRules,
    /// Whether the server is told the host that the caller asked for, in the place of its own.
    pub preserve_host: bool,
    /// The most bytes of an answer's body that are read; `None` where it may be as long as a function's.
    pub max_answer: Option<usize>,
}

/// The version of HTTP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/2 where TLS agrees on it (RFC 9113 section 3.3), else HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, over `http` with prior knowledge.
    Http2,
}

/// What the door proves itself with to a third party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A header field.
    Header {
        /// Its name.
        name: HeaderName,
        /// What stands before the secret: `Bearer `; may be empty.
        prefix: String,
        /// What it holds.
        secret: SecretRef,
    },
    /// RFC 7617.
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        secret: SecretRef,
    },
    /// An access token by client credentials (RFC 6749 section 4.4), kept until shortly before it expires.
    ClientCredentials {
        /// The token endpoint.
        token_url: String,
        /// The client's id.
        client_id: String,
        /// The client's secret.
        secret: SecretRef,
        /// How the client shows its secret.
        client_auth: ClientAuth,
        /// What is asked for.
        scopes: Vec<String>,
        /// `audience` or `resource` parameter, as issuers ask for it; each a name and a value.
        parameters: Vec<(String, String)>,
    },
    /// Signature Version 4 with the credentials of the door's own role.
    SigV4 {
        /// The service's name in signatures: `execute-api`.
        service: String,
        /// The region; `None` for the door's own.
        region: Option<String>,
    },
}

/// How a client proves itself to a token endpoint (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// By `Basic`, which every issuer takes that knows passwords: `client_secret_basic`.
    #[default]
    Basic,
    /// In the request's body, for those that take nothing else: `client_secret_post`.
    Post,
}

/// What identity is signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityKey {
    /// The key of HMAC-SHA256 that the server shares.
    pub secret: SecretRef,
    /// How the server knows it: `keyid` of RFC 9421.
    pub key_id: String,
}

/// Changes to header fields: first some are taken off, then others are set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldRules {
    /// Set to this value, whatever it was.
    pub set: Vec<(HeaderName, HeaderValue)>,
    /// Taken off.
    pub remove: Vec<HeaderName>,
}

/// How a message is put into a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqsTarget {
    /// What groups the messages of a FIFO queue; `None` for a standard queue.
    pub group: Option<MessageGroup>,
}

/// How a message is put on a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnsTarget {
    /// What groups the messages of a FIFO topic; `None` for a standard topic.
    pub group: Option<MessageGroup>,
    /// `Subject` of the message, which e-mail shows.
    pub subject: Option<String>,
}

/// What of a call its messages are in order by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageGroup {
    /// Those of one caller.
    Caller,
    /// All of them: the group's name.
    Named(String),
}

/// How an event is put on a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBridgeTarget {
    /// `source` of the event.
    pub source: String,
    /// `detail-type`; `None` for the name of the action.
    pub detail_type: Option<String>,
}

/// How an execution is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepFunctionsTarget {
    /// Whether the caller is answered the output of the execution (`StartSyncExecution`, for express workflows).
    pub invocation: Invocation,
}
