use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ConnectionNote, DecisionRecord, EntityName, Front, IdempotencyRecord, InvocationNote, InvocationType,
    Outcome, Socket, TrustLevel, Violation,
};

/// The deterministic identity of a call: the ledger's key. The same event delivered twice has the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(String);

impl CallId {
    /// Takes an id that a front's parser derived; never one that a caller chose.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The stages of the one pipeline, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Which route or event is it?
    Find,
    /// Sizes and floods, before any cryptography.
    Screen,
    /// Who calls?
    Identify,
    /// Does the payload keep its contract?
    CheckRequest,
    /// May this caller do this?
    Permit,
    /// Was this call here before?
    Claim,
    /// Is there rate and quota left?
    Reserve,
    /// The target.
    Send,
    /// Does the answer keep its contract?
    CheckResponse,
    /// An answer that passes on while it comes in.
    Stream,
}

/// What is known of one call: it grows as the call passes the stages, and is recorded whatever the outcome.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// The ledger's key.
    #[serde(rename = "call_id")]
    pub id: CallId,
    /// Lambda's id of the invocation.
    #[serde(rename = "request_id")]
    pub invocation: String,
    /// The gateway's request id.
    pub gateway_request_id: Option<String>,
    /// Where it came in.
    pub front: Front,
    /// When it came in.
    pub at: Timestamp,
    /// The beginning of the digest of the bundle that it goes by.
    pub bundle: Option<String>,
    /// Who called, once proven.
    pub caller: Option<EntityName>,
    /// Whose word that is.
    pub trust: Option<TrustLevel>,
    /// The public name of the API key that was shown, whether it was good or not; never the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The plan that the caller is on.
    pub plan: Option<String>,
    /// Which version of it.
    pub plan_version: Option<String>,
    /// The route's or event's id: the Cedar action.
    pub action: Option<String>,
    /// The Cedar resource.
    pub resource: Option<EntityName>,
    /// The target's name.
    pub target: Option<String>,
    /// How it was sent to the target; `None` where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<TargetNote>,
    /// What was asked for through the invoke door; `None` for any other call.
    #[serde(rename = "invocation", skip_serializing_if = "Option::is_none")]
    pub invoked: Option<InvocationNote>,
    /// The connection of a WebSocket API that it came by; `None` for any other call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionNote>,
    /// The declared purpose.
    pub purpose: Option<String>,
    /// What it counts for, in the plan's units.
    pub units: u64,
    /// Why the most is counted that was reserved, where the target was to say the units: its field is `missing`,
    /// `repeated`, `unreadable` or `too-large`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<&'static str>,
    /// Payload bytes in.
    pub bytes_in: u64,
    /// Payload bytes out; zero for an answer that is passed on as it comes.
    pub bytes_out: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// The refusal's stable word.
    pub code: Option<&'static str>,
    /// Status of the HTTP answer.
    pub status: Option<u16>,
    /// The stage that refused.
    pub refused_at: Option<Stage>,
    /// Why, for operators.
    pub cause: Option<String>,
    /// The policies' part.
    pub decision: Option<DecisionNote>,
    /// What the candidate set would have said, where its effect is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<DecisionNote>,
    /// Why the decision is not among the recorded ones, where decisions are recorded: `too-large`, `store-away` or
    /// `unwritable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unrecorded: Option<&'static str>,
    /// What was left of each limit.
    pub limits: Vec<LimitNote>,
    /// Name of the limit that bound.
    pub bound: Option<String>,
    /// Where a payload broke its contract.
    pub violations: Vec<Violation>,
    /// How long each stage took.
    pub stages: Vec<StageTime>,
    /// From coming in to the answer, in microseconds.
    pub duration_us: u64,
    /// Whether the event is kept in quarantine: it is not tried again but by being released.
    pub quarantined: bool,
    /// Whether the event went back to its source, which delivers it again: it never ran, and is decided anew then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sent_back: bool,
    /// By what quarantine keeps the event, where that is not the call's own id: an event that is refused again is another
    /// call, and one item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_as: Option<CallId>,
    /// The deterministic id of a delivery whose sender is proven, by which it is claimed: until then, a call goes by
    /// its invocation's, so that a refusal before the claim neither blocks a later delivery nor lets a stranger write
    /// under its key.
    #[serde(skip)]
    pub delivery: Option<CallId>,
    /// The call that was made first with its idempotency key, where this one did not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<CallId>,
    /// The idempotency key that this call alone holds.
    #[serde(skip)]
    pub key: Option<Box<IdempotencyRecord>>,
    /// Whether what the ledger would hold of it stands in the log instead, since the ledger was away.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub journaled: bool,
    /// Whether this invocation holds the call's claim.
    #[serde(skip)]
    pub claimed: bool,
    /// Whether a claim was tried: the ledger may hold one of which nothing was heard.
    #[serde(skip)]
    pub claim_tried: bool,
    /// Whether its record may wait for those of other calls.
    #[serde(skip)]
    pub batched: bool,
    /// Whether it goes on while limits and ledger are away.
    #[serde(skip)]
    pub goes_on: bool,
    /// The decision as it is recorded, where decisions are.
    #[serde(skip)]
    pub record: Option<Box<DecisionRecord>>,
    /// When the front took it, by its own clock, where it says so.
    #[serde(skip)]
    pub received: Option<Timestamp>,
    /// When the platform ends the invocation; `None` where it sets no end.
    #[serde(skip)]
    pub deadline: Option<Timestamp>,
    #[serde(skip)]
    entered: Option<(Stage, Timestamp)>,
}

impl Call {
    /// A call of which only the envelope is known.
    #[must_use]
    pub fn begin(inbound: &crate::Inbound, at: Timestamp) -> Self {
        let (bytes_in, socket) = match &inbound.message {
            crate::Message::Http(request) => (request.body.len(), request.socket.as_deref()),
            crate::Message::Event(record) => (record.payload.len_hint(), None),
        };
        Self {
            id: inbound.call.clone(),
            invocation: inbound.invocation.clone(),
            gateway_request_id: inbound.gateway_request.clone(),
            front: inbound.front.clone(),
            at,
            bundle: None,
            caller: None,
            trust: None,
            key_id: None,
            plan: None,
            plan_version: None,
            action: None,
            resource: None,
            target: None,
            sent: None,
            invoked: None,
            connection: socket.map(Socket::note),
            purpose: None,
            units: 1,
            unsettled: None,
            bytes_in: bytes_in as u64,
            bytes_out: 0,
            outcome: Outcome::Unresolved,
            code: None,
            status: None,
            refused_at: None,
            cause: None,
            decision: None,
            shadow: None,
            unrecorded: None,
            limits: Vec::new(),
            bound: None,
            violations: Vec::new(),
            stages: Vec::with_capacity(9),
            duration_us: 0,
            quarantined: false,
            sent_back: false,
            kept_as: None,
            delivery: None,
            repeats: None,
            key: None,
            journaled: false,
            claimed: false,
            claim_tried: false,
            batched: false,
            goes_on: false,
            record: None,
            received: inbound.received,
            // A platform that keeps deadlines starts no call after them; one that has none (`cargo lambda watch`)
            // gives a time in the past.
            deadline: (inbound.deadline > at).then_some(inbound.deadline),
            entered: None,
        }
    }

    /// Whether its caller only asks whether it may: nothing is called, and nothing of it is usage.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.invoked.as_ref().is_some_and(|invoked| invoked.kind == InvocationType::DryRun)
    }

    /// Whether a later delivery of the same event may take the call over, as the ledger keeps it: what is kept in quarantine
    /// runs only when it is released.
    #[must_use]
    pub fn may_be_tried_again(&self) -> bool {
        !self.quarantined && (self.sent_back || self.outcome.may_be_tried_again())
    }

    /// Notes who calls, and whose word that is.
    pub fn is_by(&mut self, caller: EntityName, trust: TrustLevel) {
        self.caller = Some(caller);
        self.trust = Some(trust);
    }

    /// From now on the call goes by `id`, and so does what is recorded of it.
    pub fn go_by(&mut self, id: CallId) {
        if let Some(record) = &mut self.record {
            record.call = id.clone();
        }
        self.id = id;
    }

    /// Notes that `stage` begins at `now`, which ends the one before it.
    pub fn enter(&mut self, stage: Stage, now: Timestamp) {
        self.leave(now);
        self.entered = Some((stage, now));
    }

    /// Notes that the stage under way ends at `now`, and names it.
    pub fn leave(&mut self, now: Timestamp) -> Option<Stage> {
        let (stage, since) = self.entered.take()?;
        self.stages.push(StageTime { stage, us: microseconds(since, now) });
        Some(stage)
    }

    /// What the platform leaves of this invocation at `now`, less `reserve`; `None` where it sets no end.
    #[must_use]
    pub fn time_left(&self, now: Timestamp, reserve: Duration) -> Option<Duration> {
        let left = self.deadline?.duration_since(now);
        Some(Duration::try_from(left).unwrap_or_default().saturating_sub(reserve))
    }

    /// Notes that the answer is ready at `now`.
    pub fn finish(&mut self, now: Timestamp) {
        self.duration_us = microseconds(self.at, now);
    }
}

/// Zero when the clock was set back in between.
fn microseconds(since: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.as_microsecond() - since.as_microsecond()).unwrap_or(0)
}

/// How a call was sent to its target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TargetNote {
    /// How often it was tried; zero where all endpoints were left alone, or no time was left.
    pub tries: u32,
    /// The endpoint of the last try, as the configuration writes it.
    pub endpoint: String,
    /// Why a try that found nobody, or no answer, was not followed by another: `not-idempotent`, `attempts`, `time`, `budget`
    /// or `retry-after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_retried: Option<&'static str>,
    /// Whether the target may have begun, by any of the tries.
    #[serde(skip)]
    pub touched: bool,
}

/// What the policies said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionNote {
    /// The door's answer, with its closed layer applied.
    pub effect: Effect,
    /// Ids of the policies that determined it.
    pub policies: Vec<String>,
    /// Ids of policies that could not be evaluated.
    pub errors: Vec<String>,
}

/// Allow or deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// A permit holds and no forbid does.
    Allow,
    /// Anything else.
    Deny,
}

impl Effect {
    /// The word in ledgers, logs and policy tests.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// The state of one limit after this call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LimitNote {
    /// Its name in the `RateLimit` header field: `default-rate-per-second`.
    pub name: String,
    /// Rate or quota.
    pub kind: LimitKind,
    /// Units per window.
    pub limit: u64,
    /// The window, in seconds.
    pub window: u64,
    /// Units left.
    pub remaining: u64,
    /// Until one more (rate) or all (quota) come back.
    #[serde(serialize_with = "as_seconds")]
    pub reset: Duration,
}

/// How a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitKind {
    /// GCRA.
    Rate,
    /// Calendar window, UTC.
    Quota,
}

/// One stage's duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StageTime {
    /// The stage.
    pub stage: Stage,
    /// Microseconds.
    pub us: u64,
}

fn as_seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}
