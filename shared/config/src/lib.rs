//! `doorward.toml`: the file's shape, checked into what the door trusts.
//!
//! [`parse`] reads a file and reports everything that is wrong with it at once, each fault with its place. What comes
//! out is a [`Config`] in which every name that is used is declared and every value is in bounds. No I/O happens here.
//!
//! `fronts` is accepted at the top level and inside `[door]`, in one of the two: TOML gives a key that follows a table's
//! header to that table, and the natural place to write it is after `[door]`.

mod api_keys;
mod auth;
mod authorizer;
mod certificates;
mod checked;
mod claims;
mod cloudevents;
mod cors;
mod decimal;
mod document;
mod domains;
mod door;
mod duration;
mod entity_type;
mod environment;
mod events;
mod fronts;
mod iam;
mod idempotency;
mod identity_source;
mod invoke;
mod issuers;
mod lambda_name;
mod limits;
mod load;
mod location;
mod mappings;
mod message_attributes;
mod metering;
mod names;
mod path_template;
mod pattern;
mod plan_version;
mod plans;
mod policy_tests;
mod price;
mod rate;
mod reader;
mod report;
mod request_context;
mod rewrite;
mod routes;
mod secret_ref;
mod shadow;
mod size;
mod sockets;
mod stated;
mod streaming;
mod suggestion;
mod targets;
mod units;
mod webhooks;

pub use checked::{
    Algorithm, ApiKeys, Authorizer, AuthorizerAnswer, Balance, CertificateId, Certificates, CheckAnswers,
    ClientAuth, CloudEventsRule, Config, ContractRef, Cors, Credential, Credentials, Currency, Dimension,
    Domain, Door, Durability, Endpoint, EventBridgeTarget, EventRoute, EventRule, FieldRules, FunctionPlace,
    Health, HttpTarget, Iam, IdempotencyRule, IdentityKey, Invocation, InvokeRule, Issuer, JwksLocation,
    LambdaTarget, Limit, LimitMode, LimitRule, Mapping, MappingKind, MessageGroup, OnDeny, OnStoreFailure,
    OnTargetFailure, OpenapiAccess, Override, ParentRule, PayloadForm, Plan, Price, PrincipalRule, Protocol,
    PublicFunction, PurposeRule, QueuePlace, QueueRule, Repeated, ResourceRule, Retry, Rewrite, Route,
    RouteMatch, RouteMethod, SchemaRef, Scopes, Shadow, SnsTarget, SocketRule, SqsTarget, StartingPosition,
    StepFunctionsTarget, StreamRule, Target, TargetKind, Template, TemplatePart, Tier, TokenKind,
    UnitsFormula, UnitsInput, UnitsOperator, UnitsRule, UnitsTerm, UnknownEvents, Updates, Webhook,
    WebhookScheme, Window,
};
pub use duration::parse as parse_duration;
pub use environment::{ENVIRONMENT, EnvironmentVariable, jwks_url_variable, target_variable};
pub use identity_source::IdentitySource;
pub use load::{EntityTable, KeyType, LoadRule};
pub use pattern::Pattern;
pub use plan_version::{PlanDefinition, PlanDefinitionError};
pub use policy_tests::{
    EventSample, Expected, PolicyTest, QuestionSample, RequestSample, Sample, SampleCall,
    parse_policy_sample, parse_policy_tests,
};
pub use request_context::RequestContext;
pub use secret_ref::SecretRef;
pub use stated::{Placed, Stated};
pub use suggestion::suggest;

use doorward_model::{Fault, Faults};
use toml::de::DeTable;

use crate::reader::Section;
use crate::report::{Report, Reported};

/// The folder that `[shadow]` names, in a file that may have faults: without it, the candidates among the policies could
/// not be told from those in force.
#[must_use]
pub fn shadow_folder(text: &str) -> Option<String> {
    let (document, _) = DeTable::parse_recoverable(text);
    let shadow = document.get_ref().get("shadow")?.get_ref().as_table()?;
    shadow.get("policies")?.get_ref().as_str().map(str::to_owned)
}

/// Reads `text`, the content of `file`; `file` is only used to name places.
///
/// # Errors
/// Every fault of the file, in the order of the file. A file that is not TOML has one: the first place where it is not.
pub fn parse(file: &str, text: &str) -> Result<Config, Faults> {
    read_document(file, text, document::read)
}

/// What `read` makes of a whole TOML document.
fn read_document<T>(
    file: &str,
    text: &str,
    read: impl FnOnce(&mut Section<'_>) -> Result<T, Reported>,
) -> Result<T, Faults> {
    let report = Report::new(file, text);
    let read = match DeTable::parse(text) {
        // The document has no header to point at: what it lacks is reported at its beginning.
        Ok(document) => Section::read(&report, document.get_ref(), 0..0, "the file", read),
        Err(error) => {
            // A message of several lines states what was wrong first and what was expected after it.
            let message = error.message().lines().map(str::trim).collect::<Vec<_>>().join(", ");
            Err(report.fault(error.span().unwrap_or(0..0), Fault::new(format!("not valid TOML: {message}"))))
        }
    };
    report.conclude(read)
}
