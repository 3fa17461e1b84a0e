use std::fmt;

use doorward_model::Place;
use http::Method;

use super::cloudevents::CloudEventsRule;
use super::event::SchemaRef;
use super::idempotency::IdempotencyRule;
use super::invoke::InvokeRule;
use super::metering::{Durability, OnStoreFailure, PurposeRule, UnitsRule};
use super::rewrite::Rewrite;
use super::route_method::RouteMethod;
use super::scopes::Scopes;
use crate::load::LoadRule;
use crate::path_template::shape;
use crate::request_context::RequestContext;

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
    /// The most bytes that a compressed request or answer may inflate to; `None` where what is usual holds.
    pub max_inflated: Option<u64>,
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

impl RouteMatch {
    /// Whether it takes `method` on a path that is written like `template`, whatever their parameters are called.
    #[must_use]
    pub fn is_written(&self, method: &Method, template: &str) -> bool {
        matches!(self, Self::Http { method: own, path }
            if own.only().is_none_or(|own| own == method) && shape(path) == shape(template))
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
