mod cloudevents;
mod cors;
mod event;
mod idempotency;
mod invoke;
mod issuer;
mod limit;
mod mapping;
mod metering;
mod price;
mod rewrite;
mod route_method;
mod scopes;
mod target;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use doorward_model::{Front, Outcome, Place};
use http::HeaderName;

use crate::identity_source::IdentitySource;
use crate::load::LoadRule;
use crate::plan_version::PlanDefinition;
use crate::request_context::RequestContext;
use crate::secret_ref::SecretRef;

pub use cloudevents::{CloudEventsRule, EventRoute};
pub use cors::Cors;
pub use event::{EventRule, OnDeny, Repeated, SchemaRef};
pub use idempotency::{IdempotencyRule, OnTargetFailure};
pub use invoke::{FunctionPlace, InvokeRule, PublicFunction};
pub use issuer::{Algorithm, Issuer, JwksLocation, PrincipalRule, TokenKind};
pub use limit::{Dimension, Limit, LimitMode, LimitRule, Override, Window};
pub use mapping::{Mapping, MappingKind, QueueRule, StartingPosition, StreamRule};
pub use metering::{
    Durability, OnStoreFailure, PurposeRule, UnitsFormula, UnitsInput, UnitsOperator, UnitsRule, UnitsTerm,
};
pub use price::{Currency, Price, Tier};
pub use rewrite::{Rewrite, Template, TemplatePart};
pub use route_method::RouteMethod;
pub use scopes::Scopes;
pub use target::{
    Balance, ClientAuth, Credentials, Endpoint, EventBridgeTarget, FieldRules, Health, HttpTarget,
    IdentityKey, Invocation, LambdaTarget, MessageGroup, PayloadForm, Protocol, Retry, SnsTarget, SqsTarget,
    StepFunctionsTarget, Target, TargetKind,
};

/// `doorward.toml` as the program trusts it: every name that is used is declared, every value is in bounds.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[door]`.
    pub door: Door,
    /// The fronts that may send anything; all others are refused.
    pub fronts: Vec<Front>,
    /// The ARNs of those fronts that are pinned by ARN: no other of their name may send.
    pub front_arns: BTreeMap<Front, Vec<String>>,
    /// `[[mappings]]`: how the pinned queues, streams and tables are read; those that are not there as Lambda usually does.
    pub mappings: Vec<Mapping>,
    /// `[[domains]]`.
    pub domains: Vec<Domain>,
    /// `[iam]`, or what holds without it; `None` where no route accepts IAM callers either.
    pub iam: Option<Iam>,
    /// `[certificates]`; it is there where a route accepts client certificates.
    pub certificates: Option<Certificates>,
    /// `[authorizer]`.
    pub authorizer: Authorizer,
    /// `[api_keys]`.
    pub api_keys: ApiKeys,
    /// `[cors]`; without it the door says nothing to browsers of other origins.
    pub cors: Option<Cors>,
    /// `[shadow]`.
    pub shadow: Option<Shadow>,
    /// `[[issuers]]`.
    pub issuers: Vec<Issuer>,
    /// `[[webhooks]]`.
    pub webhooks: Vec<Webhook>,
    /// `[[targets]]`.
    pub targets: Vec<Target>,
    /// `[[routes]]`.
    pub routes: Vec<Route>,
    /// `[[events]]`, in the order of the file: the first that matches is the one.
    pub events: Vec<EventRule>,
    /// `[[plans]]`.
    pub plans: Vec<Plan>,
    /// `[[limits]]`: those that hold for every call, whatever plan its caller is on.
    pub limits: Vec<Limit>,
}

/// A custom domain of API Gateway's, and what it puts before the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// The host name, in lower case, without a last dot.
    pub name: String,
    /// What its mapping puts before the path: `/shop`; `/` where it puts nothing.
    pub base_path: String,
}

/// What holds for the whole door.
#[derive(Debug, Clone)]
pub struct Door {
    /// Name of the deployment; the realm in `WWW-Authenticate`.
    pub name: String,
    /// Prefix of the two DynamoDB tables: `<table>-ledger` and `<table>-state`.
    pub table: String,
    /// How old keys, and what is known of publications, may be before a call looks again.
    pub refresh: Duration,
    /// Where newer bundles are looked for. What the deployed package says holds, whatever a newer bundle says.
    pub updates: Updates,
    /// The declared purposes; empty when the deployment declares none.
    pub purposes: Vec<String>,
    /// The largest payload, in bytes, that is read.
    pub max_body: usize,
    /// How long ledger items are kept.
    pub retention: Duration,
    /// Calls per second and address (IPv6: per /64) that are looked at before the caller is known, per sandbox.
    pub screen_rate: NonZeroU64,
    /// For how long each decision of the dispatcher is kept with what policies read to make it; `None` where none is.
    /// It costs one write a call, of a unit for each KB: about one.
    pub record_decisions: Option<Duration>,
    /// How long REST APIs wait for the door: their integration timeout.
    pub integration_timeout: Duration,
    /// How many calls of [`Durability::Batched`] one item of the ledger holds: a sandbox that is killed loses fewer
    /// answered calls than that.
    pub batch: usize,
    /// Who may read the merged contract, `GET /.doorward/openapi.json`.
    pub openapi: OpenapiAccess,
    /// The fronts that pass an answer on while it comes in: function URLs and REST APIs that are set to. Their events do not
    /// say so.
    pub streamed_fronts: Vec<Front>,
    /// The queue of SQS that hears of each event that is put into quarantine.
    pub quarantine_queue: Option<QueuePlace>,
    /// What becomes of events that nobody can read, or whose source is not pinned.
    pub unknown_events: UnknownEvents,
}

/// What becomes of an event that nobody can read, or whose source is not pinned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownEvents {
    /// It is kept with the reason, and its source is done with it.
    #[default]
    Quarantine,
    /// It fails, and whoever sent it sends it again as often as it is set to.
    Fail,
}

/// Where a queue of SQS is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePlace {
    /// Its URL.
    pub url: String,
    /// The region that the URL names.
    pub region: Option<String>,
}

/// Who may read the merged contract of all routes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OpenapiAccess {
    /// Anybody.
    Public,
    /// Whoever shows credentials that some route takes.
    #[default]
    Authenticated,
    /// Nobody: it is not there.
    Off,
}

/// `[shadow]`: policies that are decided beside those in force, and never enforced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// The folder that holds them, below the folder that governs.
    pub folder: String,
    /// Where the configuration says so.
    pub place: Place,
}

/// Where a running door looks for a newer bundle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Updates {
    /// Nowhere: a door serves what it was deployed with.
    #[default]
    None,
    /// In `<table>-state`, where `doorward bundle publish` puts it.
    Table,
}

/// How the authorizer answers an API, and how the API reuses its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorizer {
    /// The form of its answers; it must be the one that the API's authorizer is set to.
    pub answer: AuthorizerAnswer,
    /// For how long the gateway may reuse an answer; zero turns its cache off.
    pub cache: Duration,
    /// Whether a REST API is told the API key that was shown, as its `usageIdentifierKey`, so that it counts the call for
    /// its own usage plan. The gateway then knows the key, and may log it.
    pub usage_identifier: bool,
    /// What the gateway tells callers apart by. An answer is reused for requests that are alike in all of them.
    pub identity_sources: Vec<IdentitySource>,
    /// Whether no dispatcher stands behind it: whom it admits reaches the target.
    pub alone: bool,
    /// The WebSocket APIs that ask it before a connection is opened, and no other authorizer: whom it proved then, the
    /// connection's messages come from.
    pub connections: Vec<Front>,
    /// Where the configuration says so; `None` where it says nothing.
    pub place: Option<Place>,
}

impl Authorizer {
    /// Whether APIs that are deployed for this one are deployed for `other` as well.
    #[must_use]
    pub fn is_deployed_as(&self, other: &Self) -> bool {
        let Self { answer, cache, usage_identifier: _, identity_sources, alone, connections: _, place: _ } =
            self;
        (answer, cache, alone) == (&other.answer, &other.cache, &other.alone)
            && identity_sources.len() == other.identity_sources.len()
            && identity_sources.iter().all(|source| other.identity_sources.contains(source))
    }
}

/// How callers show API keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeys {
    /// What every key begins with, before `_`: letters and digits.
    pub prefix: String,
    /// The header field that holds one, beside `authorization`.
    pub header: HeaderName,
}

/// The two answer forms of HTTP API Lambda authorizers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorizerAnswer {
    /// `{"isAuthorized": …}`.
    Simple,
    /// An IAM policy document.
    IamPolicy,
}

/// `[iam]`: callers whose AWS signature a front verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Iam {
    /// The accounts whose callers are let in; empty where those of all are.
    pub accounts: Vec<String>,
    /// The organisations whose callers are let in; empty where those of all, and of none, are.
    pub organizations: Vec<String>,
    /// Cedar entity type of callers who are no role: IAM users, federated users and roots.
    pub user_type: String,
    /// The function URLs that verify signatures (`AuthType` `AWS_IAM`), as a local door stands them up. What a caller is
    /// goes by the front's own envelope all the same.
    pub fronts: Vec<Front>,
}

/// `[certificates]`: callers who show a client certificate to a front that checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates {
    /// The fronts that check client certificates; what others say of one is not believed.
    pub fronts: Vec<Front>,
    /// What of a certificate names its caller.
    pub id: CertificateId,
}

/// What of a client certificate is the id of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateId {
    /// Its subject, as RFC 4514 writes it: the same for a certificate that is renewed.
    Subject,
    /// `sha256:` and the hash of the whole certificate.
    Fingerprint,
}

/// A sender that signs each request over its body; policies know it as `Sender::"name"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name in `auth = […]`.
    pub name: String,
    /// How it signs.
    pub scheme: WebhookScheme,
    /// What it signs with: at least one, several while they rotate.
    pub secrets: Vec<SecretRef>,
    /// How far the time of signing may lie from now; `None` where the scheme signs none.
    pub tolerance: Option<Duration>,
}

/// How a webhook is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookScheme {
    /// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>, symmetric.
    StandardWebhooks,
    /// <https://docs.stripe.com/webhooks#verify-manually>.
    Stripe,
    /// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>, SHA-256 only.
    GitHub,
}

/// An HTTP route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The Cedar action.
    pub id: String,
    /// The requests that it takes.
    pub matched: RouteMatch,
    /// Name of a declared target; of a route of CloudEvents that of its first event, each event naming its own.
    pub target: String,
    /// How its requests bring CloudEvents; `None` for any other route.
    pub cloudevents: Option<CloudEventsRule>,
    /// How callers may prove who they are, in the order of the file: the first kind of credentials that a caller shows
    /// is the one that counts, and must hold.
    pub auth: Vec<Credential>,
    /// The scopes that a token must have. They bind callers who show a token.
    pub scopes: Scopes,
    /// The contract's file below the configuration's folder, and the operation in it.
    pub contract: Option<ContractRef>,
    /// What becomes of answers that break the contract.
    pub check_answers: CheckAnswers,
    /// What its target is sent in the place of path and query, where that is a server that speaks HTTP.
    pub rewrite: Option<Rewrite>,
    /// Whether APIs ask the authorizer before they take a request to it; the dispatcher decides either way.
    pub authorizer: bool,
    /// The Cedar resource where it is more than the target.
    pub resource: Option<ResourceRule>,
    /// What policies read of the request beside its method, path and address.
    pub context: RequestContext,
    /// What a call counts for.
    pub units: UnitsRule,
    /// The purpose that calls of this route have.
    pub purpose: Option<PurposeRule>,
    /// When its calls are recorded; [`Durability::Intent`] where it takes webhooks.
    pub durability: Durability,
    /// What becomes of its calls while limits or ledger are away.
    pub on_store_failure: OnStoreFailure,
    /// How its calls take an idempotency key; `None` where it is the target's own matter.
    pub idempotency: Option<IdempotencyRule>,
    /// Whether an answer passes on while it comes in, where its front does so: then its calls are of [`Durability::Intent`].
    pub stream: bool,
}

/// The requests that a route takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteMatch {
    /// `GET /orders/{id}`, `ANY /files/{path+}`.
    Http {
        /// One method, or any.
        method: RouteMethod,
        /// `/orders/{id}`: literal segments and parameters, of which the last one may take all that is left (`{path+}`);
        /// canonical.
        path: String,
    },
    /// Those of a WebSocket API that its gateway gives a route key.
    Socket(SocketRule),
    /// Those of the Lambda Invoke API that name a function.
    Invoke(InvokeRule),
}

impl fmt::Display for RouteMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { method, path } => write!(f, "{method} {path}"),
            Self::Socket(rule) => f.write_str(&rule.key),
            Self::Invoke(rule) => rule.fmt(f),
        }
    }
}

/// What a route of a WebSocket API takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketRule {
    /// The route key: `$connect`, `$disconnect`, `$default`, or one of the API's own, which a message is found to name.
    pub key: String,
    /// The schema of the messages.
    pub contract: Option<SchemaRef>,
}

impl SocketRule {
    /// Whether it is the opening of a connection, which comes as a request with header fields and a query.
    #[must_use]
    pub fn is_opening(&self) -> bool {
        self.key == "$connect"
    }
}

/// A kind of credentials, as `auth` of a route names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A token of the declared issuer with this name.
    Token(String),
    /// An API key of the door's own: the caller is `Client`.
    ApiKey,
    /// A signature of the declared webhook with this name, over the body.
    Webhook(String),
    /// An AWS signature that the front verified: the caller is a `Role`, or a user of IAM.
    Iam,
    /// A client certificate that the front verified: the caller is a `Certificate`.
    Certificate,
    /// None: the caller is `Anonymous`. It counts last, wherever it stands.
    Anonymous,
}

impl Route {
    /// Names of the issuers whose tokens are accepted.
    pub fn issuers(&self) -> impl Iterator<Item = &str> {
        self.auth.iter().filter_map(|credential| match credential {
            Credential::Token(issuer) => Some(issuer.as_str()),
            _ => None,
        })
    }

    /// Names of the webhooks whose signatures are accepted.
    pub fn webhooks(&self) -> impl Iterator<Item = &str> {
        self.auth.iter().filter_map(|credential| match credential {
            Credential::Webhook(webhook) => Some(webhook.as_str()),
            _ => None,
        })
    }

    /// Whether signatures are accepted that cover the body, which an authorizer is not given.
    #[must_use]
    pub fn takes_webhooks(&self) -> bool {
        self.webhooks().next().is_some()
    }

    /// Whether a caller without credentials may come as `Anonymous`.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.auth.contains(&Credential::Anonymous)
    }

    /// Whether a caller may show an API key.
    #[must_use]
    pub fn accepts_api_keys(&self) -> bool {
        self.auth.contains(&Credential::ApiKey)
    }

    /// Whether a caller may be one whose AWS signature the front verified.
    #[must_use]
    pub fn accepts_iam(&self) -> bool {
        self.auth.contains(&Credential::Iam)
    }

    /// Whether a caller may show a client certificate.
    #[must_use]
    pub fn accepts_certificates(&self) -> bool {
        self.auth.contains(&Credential::Certificate)
    }

    /// Whether it takes any method (`ANY`).
    #[must_use]
    pub fn takes_any_method(&self) -> bool {
        matches!(self.matched, RouteMatch::Http { method: RouteMethod::Any, .. })
    }

    /// What it is to the invoke door; `None` for any other route.
    #[must_use]
    pub fn invoke(&self) -> Option<&InvokeRule> {
        match &self.matched {
            RouteMatch::Invoke(rule) => Some(rule),
            RouteMatch::Http { .. } | RouteMatch::Socket(_) => None,
        }
    }

    /// What it is to a WebSocket API; `None` for any other route.
    #[must_use]
    pub fn socket(&self) -> Option<&SocketRule> {
        match &self.matched {
            RouteMatch::Socket(rule) => Some(rule),
            RouteMatch::Http { .. } | RouteMatch::Invoke(_) => None,
        }
    }

    /// The schema of what comes without a method and a path: the payload of an invocation, or a message.
    #[must_use]
    pub fn payload_contract(&self) -> Option<&SchemaRef> {
        match &self.matched {
            RouteMatch::Invoke(rule) => rule.contract.as_ref(),
            RouteMatch::Socket(rule) => rule.contract.as_ref(),
            RouteMatch::Http { .. } => None,
        }
    }

    /// Whether every caller shows a token.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        self.auth.iter().all(|credential| matches!(credential, Credential::Token(_)))
    }
}

/// `contract = "contracts/shop.yaml#createOrder"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractRef {
    /// File, relative to the configuration's folder.
    pub file: String,
    /// `operationId`.
    pub operation: String,
    /// Where the configuration says so.
    pub place: Place,
}

/// What becomes of a target's answer that breaks its contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckAnswers {
    /// The caller gets 502.
    Enforce,
    /// The answer passes, the fault is recorded.
    Report,
    /// Answers are not looked at.
    Off,
}

/// `resource = { type = "Order", id = "path.id" }`: the entity `Order::"42"`, a child of `Function::"orders"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRule {
    /// Cedar entity type.
    pub type_name: String,
    /// The path parameter that is its id.
    pub parameter: String,
    /// What it is in, beside the target.
    pub parents: Vec<ParentRule>,
    /// Where its attributes are read from; `None` where only `entities.json` gives it any.
    pub load: Option<LoadRule>,
}

/// `{ type = "Tenant", id = "path.tenant" }`: the entity `Tenant::"7"`, which the resource is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentRule {
    /// Cedar entity type.
    pub type_name: String,
    /// The path parameter that is its id.
    pub parameter: String,
}

/// Limits that a caller is on. The plan named `default` holds for every caller of a route whose API key names no other;
/// an event's source is on the plan that its rule names.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// All of them must hold.
    pub limits: Vec<Limit>,
    /// How calls may end that give back what they took of quotas.
    pub refund: Vec<Outcome>,
    /// How calls may end that are refused and take from the limits all the same.
    pub charge: Vec<Outcome>,
    /// What its units cost; `None` where they cost nothing and stand on no invoice.
    pub price: Option<Price>,
    /// Which version of it this is: what its calls are priced by, whatever the plan says later.
    pub version: String,
    /// What the version is made of.
    pub definition: PlanDefinition,
}

impl Config {
    /// The target with this name; every name that a checked route or event holds is there.
    #[must_use]
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name == name)
    }

    /// Whether what is called `front`, and has this ARN as far as its service says it, may send anything.
    #[must_use]
    pub fn pins(&self, front: &Front, arn: Option<&str>) -> bool {
        let by_arn = self.front_arns.get(front);
        self.fronts.contains(front)
            && by_arn.is_none_or(|arns| arn.is_some_and(|arn| arns.iter().any(|pinned| pinned == arn)))
    }

    /// How `front` is read, where the configuration says so.
    #[must_use]
    pub fn mapping(&self, front: &Front) -> Option<&Mapping> {
        self.mappings.iter().find(|mapping| mapping.front == *front)
    }

    /// Whether `front` passes an answer on while it comes in.
    #[must_use]
    pub fn streams(&self, front: &Front) -> bool {
        self.door.streamed_fronts.contains(front)
    }

    /// Whose messages are opened to the events that they carry, and how many may be within each other.
    #[must_use]
    pub fn openings(&self) -> BTreeMap<Front, usize> {
        let mut openings = BTreeMap::new();
        for through in self.events.iter().map(|event| &event.through) {
            if let Some(outermost) = through.first() {
                let depth: &mut usize = openings.entry(outermost.clone()).or_default();
                *depth = through.len().max(*depth);
            }
        }
        openings
    }

    /// The secrets that the door shows to targets, or signs with for them.
    pub fn target_secrets(&self) -> impl Iterator<Item = &SecretRef> {
        self.targets
            .iter()
            .flat_map(|target| match &target.kind {
                TargetKind::Http(http) => http.secrets(),
                _ => [None, None],
            })
            .flatten()
    }

    /// The plan with this name.
    #[must_use]
    pub fn plan(&self, name: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.name == name)
    }

    /// The issuer with this name.
    #[must_use]
    pub fn issuer(&self, name: &str) -> Option<&Issuer> {
        self.issuers.iter().find(|issuer| issuer.name == name)
    }

    /// The webhook with this name.
    #[must_use]
    pub fn webhook(&self, name: &str) -> Option<&Webhook> {
        self.webhooks.iter().find(|webhook| webhook.name == name)
    }
}
