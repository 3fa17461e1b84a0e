mod authorizer;
mod callers;
mod cloudevents;
mod cors;
mod door;
mod event;
mod idempotency;
mod invoke;
mod issuer;
mod limit;
mod mapping;
mod metering;
mod plan;
mod price;
mod rewrite;
mod route;
mod route_method;
mod scopes;
mod target;

use std::collections::BTreeMap;

use doorward_model::Front;

use crate::secret_ref::SecretRef;

pub use authorizer::{Authorizer, AuthorizerAnswer};
pub use callers::{ApiKeys, CertificateId, Certificates, Iam, Webhook, WebhookScheme};
pub use cloudevents::{CloudEventsRule, EventRoute};
pub use cors::Cors;
pub use door::{Domain, Door, OpenapiAccess, QueuePlace, Shadow, UnknownEvents, Updates};
pub use event::{EventRule, OnDeny, Repeated, SchemaRef};
pub use idempotency::{IdempotencyRule, OnTargetFailure};
pub use invoke::{FunctionPlace, InvokeRule, PublicFunction};
pub use issuer::{Algorithm, Issuer, JwksLocation, PrincipalRule, TokenKind};
pub use limit::{Dimension, Limit, LimitMode, LimitRule, Override, Window};
pub use mapping::{Mapping, MappingKind, QueueRule, StartingPosition, StreamRule};
pub use metering::{
    Durability, OnStoreFailure, PurposeRule, UnitsFormula, UnitsInput, UnitsOperator, UnitsRule, UnitsTerm,
};
pub use plan::Plan;
pub use price::{Currency, Price, Tier};
pub use rewrite::{Rewrite, Template, TemplatePart};
pub use route::{
    CheckAnswers, ContractRef, Credential, ParentRule, ResourceRule, Route, RouteMatch, SocketRule,
};
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
