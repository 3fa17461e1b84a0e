use std::time::Duration;

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    CertificateFault, CloudEventFault, IamFault, IdempotencyFault, InvocationFault, JsonFault, LimitKind,
    LimitNote, Outcome, PathFault, PurposeFault, TargetFault, UnitsFault, WebhookFault,
};

/// Every way in which the door says no. Closed: the reply to each is one exhaustive `match` in the core.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The envelope names a front that the configuration does not pin.
    UnknownFront,
    /// The request has no reading, or more than one.
    Malformed(MalformedFault),
    /// No route or event matches.
    NotFound,
    /// The path exists for other methods.
    MethodNotAllowed {
        /// The methods that the path knows.
        allow: Vec<Method>,
    },
    /// The payload is over the bound.
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// The payload is compressed, and would become too large: why, lowercase.
    Inflates(String),
    /// This address sends more than the door looks at before it knows the caller.
    Flooded {
        /// When the next call is looked at.
        retry_after: Duration,
    },
    /// The caller is not known or not proven.
    Unauthenticated(AuthFault),
    /// What credentials are held against cannot be had, so nobody can be proven: an issuer's keys, the record of an API
    /// key.
    KeysAway,
    /// The secret that would prove the sender cannot be read.
    SecretsAway,
    /// An authorizer is asked about what it cannot decide without a body: a webhook's signature, or an invocation.
    NeedsBody,
    /// The contract does not model this media type.
    UnsupportedMediaType,
    /// The request breaks its contract.
    Contract(Vec<Violation>),
    /// The caller's token is good, and lacks a scope that the route requires.
    InsufficientScope {
        /// All that the route names.
        scopes: Vec<String>,
        /// Whether one of them is enough.
        any: bool,
    },
    /// The decision is deny.
    Denied(DenyReason),
    /// The call states no purpose, or one that is not declared.
    Purpose(PurposeFault),
    /// The payload says that the call counts for more or less than a call may.
    Uncountable(UnitsFault),
    /// The call was here before; its target is not called again.
    Repetition {
        /// How the first one ended.
        first: Outcome,
        /// Whether the first one can no longer end: its invocation is over and it left no outcome.
        lost: bool,
    },
    /// The call does not run under its idempotency key.
    Idempotency(IdempotencyFault),
    /// A rate or a quota binds.
    Limited(LimitNote),
    /// The store of limits, usage or entities is away.
    StoreAway,
    /// The target gave no usable answer.
    Target(TargetFault),
    /// The target's answer breaks the contract.
    BrokenAnswer(Vec<Violation>),
}

/// Why a request has no single reading.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedFault {
    /// The path.
    #[error("{0}")]
    Path(#[from] PathFault),
    /// The JSON body.
    #[error("{0}")]
    Json(#[from] MalformedJson),
    /// What the front handed over is no request.
    #[error("{0}")]
    Envelope(String),
    /// A header that must stand at most once stands twice, or holds bytes that are no text.
    #[error("the header `{0}` is repeated or not text")]
    Header(String),
    /// An API key stands in two places, so that it cannot be said which one is meant.
    #[error("an API key stands both in the header `{0}` and in `authorization`")]
    TwoKeys(String),
    /// A query parameter that must stand at most once stands twice, or cannot be decoded.
    #[error("the query parameter `{0}` is repeated or cannot be decoded")]
    Query(String),
    /// It asks for a function in a way that the door does not.
    #[error("{0}")]
    Invocation(#[from] InvocationFault),
    /// It brings no CloudEvents, or one that is none.
    #[error("{0}")]
    CloudEvent(#[from] CloudEventFault),
}

/// A text that is not the one JSON value that every reader would understand alike.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct MalformedJson {
    /// What is wrong.
    pub fault: JsonFault,
    /// Where that is, if it is the fault of one value.
    pub violations: Vec<Violation>,
}

impl From<JsonFault> for MalformedFault {
    fn from(fault: JsonFault) -> Self {
        Self::Json(fault.into())
    }
}

impl From<JsonFault> for MalformedJson {
    fn from(fault: JsonFault) -> Self {
        Self { fault, violations: Vec::new() }
    }
}

/// Why a caller is not proven. Callers see only whether a token was there; operators see the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthFault {
    /// No credentials.
    #[error("no credentials")]
    Missing,
    /// Not a compact JWS of three base64url parts (RFC 7515).
    #[error("the token is not a compact JWS")]
    NotAToken,
    /// Larger than a token may be.
    #[error("the token is larger than {0} bytes")]
    TooLarge(usize),
    /// The header or the claims are not one unambiguous JSON object.
    #[error("the token's {0} is not one unambiguous JSON object")]
    NotJson(&'static str),
    /// `alg` is `none`, unknown, or not allowed for this issuer.
    #[error("the token's algorithm is not allowed")]
    Algorithm,
    /// `typ` says that it is no access token: RFC 8725 section 3.11.
    #[error("the token is of another type than this issuer's access tokens")]
    Type,
    /// `kid` is no text, or an endless one.
    #[error("the token's `kid` is not a short text")]
    KeyId,
    /// A critical header that is not understood (RFC 7515 section 4.1.11), or `b64: false`.
    #[error("the token has a critical header that is not understood")]
    Critical,
    /// `iss` is not a configured issuer.
    #[error("the token's issuer is not configured for this route")]
    Issuer,
    /// No key of the issuer's has this `kid`.
    #[error("the issuer has no key with the token's `kid`")]
    UnknownKey,
    /// The signature does not verify.
    #[error("the token's signature does not verify")]
    Signature,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` lies ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `aud` names nobody of ours.
    #[error("the token is for another audience")]
    Audience,
    /// A claim that must be there is missing or has the wrong type.
    #[error("the claim `{0}` is missing or has the wrong type")]
    Claim(String),
    /// What was shown as an API key does not hold.
    #[error("{0}")]
    ApiKey(#[from] ApiKeyFault),
    /// A webhook's signature does not hold.
    #[error("{0}")]
    Webhook(#[from] WebhookFault),
    /// Whose AWS signature the front verified is nobody here.
    #[error("{0}")]
    Iam(#[from] IamFault),
    /// The client certificate is nobody's here.
    #[error("{0}")]
    Certificate(#[from] CertificateFault),
    /// What is kept with a connection of its caller is not what this door's authorizer said of that connection.
    #[error("what is kept with the connection of its caller is not of this door, or of another connection")]
    Connection,
}

/// Why an API key proves nobody. Callers see only that it does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyFault {
    /// It is no key of this door, and was looked for nowhere. The text says what is wrong with it, not what it is.
    #[error("what was shown as an API key is none: {0}")]
    Malformed(String),
    /// It has the form of a key, and no such key was made.
    #[error("the API key is not known")]
    Unknown,
    /// It was good until it was revoked.
    #[error("the API key was revoked at {0}")]
    Revoked(Timestamp),
    /// It was good until its end.
    #[error("the API key expired at {0}")]
    Expired(Timestamp),
    /// The configuration declares no plan of this name, so its limits are not known.
    #[error("the API key is on the plan `{0}`, which the configuration does not declare")]
    Plan(String),
}

/// Why the decision is deny. For operators only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DenyReason {
    /// No policy permits it.
    #[error("no policy permits it")]
    NoPermit,
    /// The caller is `Anonymous`, and no policy that permits it names `Anonymous` in its scope.
    #[error("no policy that permits it names `Anonymous` in its scope")]
    Unnamed,
    /// A policy forbids it.
    #[error("a policy forbids it")]
    Forbidden,
    /// A `forbid` could not be evaluated, so it counts as satisfied.
    #[error("a forbidding policy could not be evaluated")]
    ForbidErrored,
    /// Only policies that could not be evaluated might permit it.
    #[error("no policy permits it, and a permitting policy could not be evaluated")]
    PermitErrored,
    /// A policy that decides could not be evaluated, because it reads an entity that nothing describes.
    #[error("a policy could not be evaluated: it reads an entity that nothing describes")]
    MissingEntity,
    /// No route and no event has this action.
    #[error("the action is unknown")]
    UnknownAction,
    /// The request does not fit the schema, or its entities cannot be built.
    #[error("the request does not fit the policy schema")]
    Unfit,
    /// Policies read a member of the payload that holds more than Cedar can. The text is its JSON Pointer (RFC 6901).
    #[error("policies read `{0}` of the payload, which holds more than Cedar can")]
    InputUnfit(String),
    /// The resource is read from a table, and no item of it is there.
    #[error("the resource is not there")]
    NoEntity,
    /// The resource's item makes no entity of its type. The text names the attribute and what it must be, never the
    /// value.
    #[error("the resource's item does not fit the policy schema: {0}")]
    EntityUnfit(String),
}

impl DenyReason {
    /// Every word.
    pub const WORDS: [&str; 11] = [
        "no-permit",
        "unnamed",
        "forbid",
        "forbid-errored",
        "permit-errored",
        "missing-entity",
        "unknown-action",
        "unfit",
        "input-unfit",
        "no-entity",
        "entity-unfit",
    ];

    /// The word in policy tests.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoPermit => "no-permit",
            Self::Unnamed => "unnamed",
            Self::Forbidden => "forbid",
            Self::ForbidErrored => "forbid-errored",
            Self::PermitErrored => "permit-errored",
            Self::MissingEntity => "missing-entity",
            Self::UnknownAction => "unknown-action",
            Self::Unfit => "unfit",
            Self::InputUnfit(_) => "input-unfit",
            Self::NoEntity => "no-entity",
            Self::EntityUnfit(_) => "entity-unfit",
        }
    }
}

/// One place where a payload breaks its contract: the place and the rule, never the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Violation {
    /// JSON Pointer (RFC 6901) into the part: `/items/0/quantity`; empty for the whole.
    pub pointer: String,
    /// The part: `body`, `query`, `path`, `header`.
    #[serde(rename = "in")]
    pub part: String,
    /// What was expected, without the value that was found.
    pub rule: String,
    /// Names of members that the contract does not know. The caller chose them, so only the caller is told of them:
    /// they stand in no log and no ledger.
    #[serde(skip)]
    pub names: Vec<String>,
}

impl Refusal {
    /// Where the payload, or the target's answer, breaks its contract, or is not the one JSON value that it must be.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::Contract(violations)
            | Self::BrokenAnswer(violations)
            | Self::Malformed(MalformedFault::Json(MalformedJson { violations, .. })) => violations,
            _ => &[],
        }
    }

    /// The status for an HTTP caller.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(MalformedFault::CloudEvent(CloudEventFault::TooMany(_))) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::UnknownFront | Self::InsufficientScope { .. } | Self::Denied(_) | Self::NeedsBody => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Repetition { .. } => StatusCode::CONFLICT,
            Self::Idempotency(fault) => fault.status(),
            Self::TooLarge { .. } | Self::Inflates(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Contract(_) | Self::Uncountable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Purpose(fault) if fault.is_of_request() => StatusCode::BAD_REQUEST,
            Self::Purpose(_) => StatusCode::FORBIDDEN,
            Self::Flooded { .. } | Self::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::KeysAway | Self::SecretsAway | Self::StoreAway => StatusCode::SERVICE_UNAVAILABLE,
            Self::BrokenAnswer(_) => StatusCode::BAD_GATEWAY,
            Self::Target(fault) => fault.status(),
        }
    }

    /// The stable word that programs compare.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownFront => "unknown-front",
            Self::Malformed(MalformedFault::Path(_)) => "ambiguous-path",
            Self::Malformed(MalformedFault::Json(MalformedJson {
                fault: JsonFault::DuplicateKey, ..
            })) => "duplicate-key",
            Self::Malformed(MalformedFault::Json(_)) => "malformed-json",
            Self::Malformed(MalformedFault::Header(_) | MalformedFault::TwoKeys(_)) => "malformed-header",
            Self::Malformed(MalformedFault::Query(_)) => "malformed-query",
            Self::Malformed(MalformedFault::Envelope(_)) => "malformed-request",
            Self::Malformed(MalformedFault::Invocation(_)) => "invalid-invocation",
            Self::Malformed(MalformedFault::CloudEvent(CloudEventFault::TooMany(_))) => "too-many-events",
            Self::Malformed(MalformedFault::CloudEvent(_)) => "malformed-event",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed { .. } => "method-not-allowed",
            Self::TooLarge { .. } | Self::Inflates(_) => "payload-too-large",
            Self::Flooded { .. } => "too-many-requests",
            Self::Unauthenticated(AuthFault::Missing) => "missing-credentials",
            Self::Unauthenticated(AuthFault::ApiKey(_)) => "invalid-key",
            Self::Unauthenticated(AuthFault::Webhook(_)) => "invalid-signature",
            Self::Unauthenticated(AuthFault::Iam(_)) => "invalid-identity",
            Self::Unauthenticated(AuthFault::Certificate(_)) => "invalid-certificate",
            Self::Unauthenticated(_) => "invalid-token",
            Self::KeysAway => "keys-unavailable",
            Self::SecretsAway => "secrets-unavailable",
            Self::NeedsBody => "needs-body",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::Contract(_) => "contract-violation",
            Self::InsufficientScope { .. } => "insufficient-scope",
            Self::Denied(_) => "forbidden",
            Self::Purpose(fault) if fault.is_missing() => "missing-purpose",
            Self::Purpose(_) => "unknown-purpose",
            Self::Uncountable(_) => "uncountable",
            Self::Repetition { .. } => "repeated-call",
            Self::Idempotency(fault) => fault.code(),
            Self::Limited(LimitNote { kind: LimitKind::Rate, .. }) => "rate-limited",
            Self::Limited(LimitNote { kind: LimitKind::Quota, .. }) => "quota-exceeded",
            Self::StoreAway => "store-unavailable",
            Self::Target(fault) => fault.code(),
            Self::BrokenAnswer(_) => "broken-answer",
        }
    }

    /// How the ledger counts it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Malformed(_)
            | Self::NotFound
            | Self::MethodNotAllowed { .. }
            | Self::TooLarge { .. }
            | Self::Inflates(_)
            | Self::UnsupportedMediaType
            | Self::Contract(_)
            | Self::Uncountable(_)
            | Self::Target(TargetFault::Unfit(_)) => Outcome::Invalid,
            Self::Purpose(fault) if fault.is_of_request() => Outcome::Invalid,
            Self::Purpose(_) => Outcome::Denied,
            Self::Unauthenticated(_) | Self::NeedsBody => Outcome::Unauthenticated,
            Self::UnknownFront | Self::InsufficientScope { .. } | Self::Denied(_) => Outcome::Denied,
            Self::Repetition { .. } => Outcome::Repeated,
            Self::Idempotency(fault) if fault.is_of_request() => Outcome::Invalid,
            Self::Idempotency(_) => Outcome::Repeated,
            Self::Flooded { .. } | Self::Limited(LimitNote { kind: LimitKind::Rate, .. }) => {
                Outcome::Throttled
            }
            Self::Limited(LimitNote { kind: LimitKind::Quota, .. }) => Outcome::OverQuota,
            Self::KeysAway | Self::SecretsAway | Self::StoreAway => Outcome::Unavailable,
            Self::Target(_) | Self::BrokenAnswer(_) => Outcome::TargetFailed,
        }
    }

    /// What the operator's log says of the cause; the caller never sees it.
    #[must_use]
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Malformed(fault) => Some(fault.to_string()),
            Self::Unauthenticated(fault) => Some(fault.to_string()),
            Self::InsufficientScope { scopes, any } => {
                let lacks = if *any { "has none" } else { "lacks one" };
                Some(format!("the token {lacks} of the scopes `{}`", scopes.join(" ")))
            }
            Self::Denied(reason) => Some(reason.to_string()),
            Self::Purpose(fault) => Some(fault.to_string()),
            Self::Uncountable(fault) => Some(fault.to_string()),
            Self::Target(fault) => Some(fault.to_string()),
            Self::Idempotency(fault) => Some(fault.to_string()),
            Self::Repetition { lost: true, .. } => Some("the first one was cut off half-way".to_owned()),
            Self::Repetition { first, .. } => Some(format!("the first one ended as `{first}`")),
            Self::KeysAway => Some("what the credentials are held against cannot be had".to_owned()),
            Self::SecretsAway => Some("the webhook's secret cannot be read".to_owned()),
            Self::NeedsBody => Some(
                "a webhook's signature covers the body, which an authorizer is not given, and neither is an invocation \
                 decided without it; leave this route without an authorizer"
                    .to_owned(),
            ),
            Self::Inflates(cause) => Some(cause.clone()),
            Self::UnknownFront => Some("the front is not pinned in the configuration".to_owned()),
            Self::Contract(_)
            | Self::BrokenAnswer(_)
            | Self::Limited(_)
            | Self::NotFound
            | Self::MethodNotAllowed { .. }
            | Self::TooLarge { .. }
            | Self::Flooded { .. }
            | Self::UnsupportedMediaType
            | Self::StoreAway => None,
        }
    }
}
