use doorward_contract::{RequestFault, RequestParts};
use doorward_model::{Call, MalformedFault, Principal, QueryPairs, Refusal, Stage};
use doorward_policy::Input;
use serde_json::Value;

use crate::door::Door;
use crate::find::{Found, HttpCall, Subject};
use crate::identify::Identified;

/// A call whose payload was held against its contract. A fault is held back: a caller whom no policy would let in
/// does not learn of it.
pub(crate) struct Checked<'d> {
    pub(crate) found: Found<'d>,
    pub(crate) principal: Principal,
    pub(crate) payload: Payload,
}

/// What the contract said.
pub(crate) enum Payload {
    /// It keeps the contract; the JSON body, where there is one.
    Checked(Option<Value>),
    /// It does not.
    Faulty(Refusal),
    /// There is no payload to look at: an authorizer's call.
    Absent,
}

impl Payload {
    pub(crate) fn input(&self) -> Input<'_> {
        match self {
            Self::Checked(value) => Input::Checked(value.as_ref()),
            Self::Faulty(_) => Input::Faulty,
            Self::Absent => Input::Absent,
        }
    }
}

impl<'d> Identified<'d> {
    /// The call as an authorizer has it.
    pub(crate) fn without_body(self) -> Checked<'d> {
        Checked { found: self.found, principal: self.principal, payload: Payload::Absent }
    }
}

impl Door {
    /// Does the payload keep its contract? It is read before the decision, since policies read it as typed input.
    pub(crate) fn check_request<'d>(
        &self,
        identified: Identified<'d>,
        call: &mut Call,
    ) -> Result<Checked<'d>, Refusal> {
        self.enter(call, Stage::CheckRequest);
        let Identified { found, principal } = identified;
        let payload = match &found.subject {
            Subject::Http(http) => check(http, call),
            Subject::Event { .. } => Payload::Checked(None),
        };
        Ok(Checked { found, principal, payload })
    }
}

fn check(http: &HttpCall<'_>, call: &mut Call) -> Payload {
    let Some(operation) = http.operation else { return Payload::Checked(None) };
    let query = QueryPairs::parse(&http.request.query);
    let parts = RequestParts {
        path: &http.parameters,
        query: &query,
        headers: &http.request.headers,
        body: &http.request.body,
    };
    match operation.check_request(&parts) {
        Ok(value) => Payload::Checked(value),
        Err(RequestFault::UnsupportedMediaType) => Payload::Faulty(Refusal::UnsupportedMediaType),
        Err(RequestFault::Malformed(fault)) => {
            Payload::Faulty(Refusal::Malformed(MalformedFault::Json(fault)))
        }
        Err(RequestFault::Violations(violations)) => {
            call.violations.clone_from(&violations);
            Payload::Faulty(Refusal::Contract(violations))
        }
    }
}
