use std::borrow::Cow;
use std::num::NonZeroU64;

use doorward_contract::{RequestFault, RequestParts, Schema};
use doorward_model::{
    Call, EventRecord, MalformedFault, Principal, Refusal, Stage, UnitsFault, parse_json, parse_json_located,
};
use doorward_policy::Input;
use serde_json::Value;

use crate::door::Door;
use crate::event_payload::{self, PayloadFault};
use crate::find::{Found, HttpCall, Subject};
use crate::identify::Identified;
use crate::invoke;
use crate::rules::EventRules;

/// A call whose payload was held against its contract. A fault is held back: a caller whom no policy would let in
/// does not learn of it.
pub(crate) struct Checked<'c> {
    pub(crate) found: Found<'c>,
    pub(crate) principal: Principal,
    pub(crate) payload: Payload,
    /// What the call counts for. A fault is held back as well.
    pub(crate) units: Result<NonZeroU64, UnitsFault>,
}

/// What the contract said.
pub(crate) enum Payload {
    /// It keeps the contract; the JSON body, where there is one.
    Kept(Option<Value>),
    /// It does not.
    Faulty(Refusal),
}

impl Payload {
    pub(crate) fn input(&self) -> Input<'_> {
        match self {
            Self::Kept(value) => Input::Checked(value.as_ref()),
            Self::Faulty(_) => Input::Faulty,
        }
    }

    /// The held fault, now that the caller may hear of it.
    pub(crate) fn release(self) -> Result<(), Refusal> {
        match self {
            Self::Kept(_) => Ok(()),
            Self::Faulty(refusal) => Err(refusal),
        }
    }
}

impl Door {
    /// Does the payload keep its contract? It is read before the decision, since policies read it as typed input.
    pub(crate) fn check_request<'c>(
        &self,
        identified: Identified<'c>,
        call: &mut Call,
    ) -> Result<Checked<'c>, Refusal> {
        self.enter(call, Stage::CheckRequest);
        let (found, principal) = identified.into_parts();
        let payload = payload(&found);
        let units = units(&found, &payload);
        Ok(Checked { found, principal, payload, units })
    }
}

/// What the contract says of the payload.
pub(crate) fn payload(found: &Found<'_>) -> Payload {
    match found.subject() {
        Subject::Http(http) => check(http),
        Subject::Event { rules, record } => check_event(rules, record),
    }
}

/// Events without a contract have no payload that policies could read.
fn check_event(rules: &EventRules, record: &EventRecord) -> Payload {
    check_payload(rules.contract.as_ref(), || event_payload::of(record))
}

fn check_payload<'p>(
    schema: Option<&Schema>,
    payload: impl FnOnce() -> Result<Cow<'p, Value>, PayloadFault>,
) -> Payload {
    let Some(schema) = schema else { return Payload::Kept(None) };
    let payload = match payload() {
        Ok(payload) => payload,
        Err(PayloadFault::NotJson(fault)) => {
            let json = schema.malformed(fault);
            return Payload::Faulty(Refusal::Malformed(MalformedFault::Json(json)));
        }
        Err(fault @ (PayloadFault::Absent | PayloadFault::Binary)) => {
            return Payload::Faulty(Refusal::Malformed(MalformedFault::Envelope(fault.to_string())));
        }
    };
    let violations = schema.violations(&payload);
    if violations.is_empty() {
        Payload::Kept(Some(payload.into_owned()))
    } else {
        Payload::Faulty(Refusal::Contract(violations))
    }
}

/// What the call counts for. A payload that breaks its contract is not counted: it goes no further.
fn units(found: &Found<'_>, payload: &Payload) -> Result<NonZeroU64, UnitsFault> {
    match (found.subject(), payload) {
        (Subject::Http(http), Payload::Kept(input)) => {
            http.rules.units.to_reserve(input.as_ref(), http.request.body.len())
        }
        (Subject::Http(_), Payload::Faulty(_)) | (Subject::Event { .. }, _) => Ok(NonZeroU64::MIN),
    }
}

fn check(http: &HttpCall<'_>) -> Payload {
    if http.invocation.is_some() {
        return match invoke::check(http.request, http.rules.schema.as_ref()) {
            Ok(value) => Payload::Kept(value),
            Err(refusal) => Payload::Faulty(refusal),
        };
    }
    if let Some(event) = http.event {
        return check_payload(http.rules.schema.as_ref(), || event_payload::read(&event.data, None));
    }
    if http.request.socket.is_some() {
        return check_message(&http.request.body, http.rules.schema.as_ref());
    }
    let Some(operation) = &http.rules.operation else { return Payload::Kept(None) };
    let parts = RequestParts {
        path: &http.parameters,
        query: &http.request.query,
        headers: &http.request.headers,
        body: &http.request.body,
    };
    match operation.check_request(&parts) {
        Ok(value) => Payload::Kept(value),
        Err(RequestFault::UnsupportedMediaType) => Payload::Faulty(Refusal::UnsupportedMediaType),
        Err(RequestFault::Malformed(fault)) => {
            Payload::Faulty(Refusal::Malformed(MalformedFault::Json(fault)))
        }
        Err(RequestFault::Violations(violations)) => Payload::Faulty(Refusal::Contract(violations)),
    }
}

/// The deepest JSON text of a message that is taken.
const DEEPEST: usize = 64;

/// A message has no header fields that could call it anything: where it has a contract, it is one JSON text. One that begins as an
/// object has one reading whatever it has: its target may go by a member of it, as the gateway did.
fn check_message(body: &[u8], schema: Option<&Schema>) -> Payload {
    let Some(schema) = schema else {
        let is_object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        return match is_object.then(|| parse_json(body, DEEPEST)) {
            Some(Err(fault)) => Payload::Faulty(Refusal::Malformed(MalformedFault::Json(fault.into()))),
            Some(Ok(_)) | None => Payload::Kept(None),
        };
    };
    let value = match parse_json_located(body, DEEPEST) {
        Ok(value) => value,
        Err(fault) => {
            return Payload::Faulty(Refusal::Malformed(MalformedFault::Json(schema.malformed(fault))));
        }
    };
    let violations = schema.violations(&value);
    if violations.is_empty() {
        Payload::Kept(Some(value))
    } else {
        Payload::Faulty(Refusal::Contract(violations))
    }
}
