//! What a function came to, in the three things that must be the same everywhere.

use doorward_core::Admission;
use doorward_model::Call;
use doorward_testkit::{FunctionResult, Gate};
use serde_json::Value;

/// The error about an API whose authorizer is not the one that the configuration states.
const OTHER_AUTHORIZER: &str = "the API's authorizer is not the one that is configured";

/// Route, principal and decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The route's id, and what the call is about; `None` where no route was found.
    pub(crate) route: Option<(String, String)>,
    /// The principal, where one is proven.
    pub(crate) principal: Option<String>,
    pub(crate) decision: Decision,
    /// Whether a call came of it, of which there is a line: an event without a reading is none.
    pub(crate) has_line: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    Allow,
    /// With the refusal's stable word.
    Refuse(String),
}

impl Outcome {
    pub(crate) fn is_allowed(&self) -> bool {
        self.decision == Decision::Allow
    }

    pub(crate) fn code(&self) -> &str {
        self.refused().unwrap_or_default()
    }

    /// The refusal's word, where it is one.
    pub(crate) fn refused(&self) -> Option<&str> {
        match &self.decision {
            Decision::Allow => None,
            Decision::Refuse(code) => Some(code),
        }
    }

    fn new(line: Option<&Call>, decision: Decision) -> Self {
        let route = line.and_then(|call| {
            Some((call.action.clone()?, call.resource.as_ref().map(ToString::to_string).unwrap_or_default()))
        });
        let principal = line.and_then(|call| call.caller.as_ref()).map(ToString::to_string);
        Self { route, principal, decision, has_line: line.is_some() }
    }

    /// An event that has no reading as a request.
    pub(crate) fn unread() -> Self {
        Self::new(None, Decision::Refuse("malformed-request".to_owned()))
    }

    pub(crate) fn of_dispatcher(said: Result<Value, String>, line: Option<&Call>) -> Self {
        let reply = said.unwrap_or_else(|failure| panic!("the dispatcher failed: {failure}"));
        let decision = match line.map(|call| call.outcome) {
            Some(doorward_model::Outcome::Admitted) => {
                assert_eq!(reply["statusCode"], 200, "{reply}");
                Decision::Allow
            }
            _ => {
                let problem: Value = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap();
                let code = problem["code"].as_str().unwrap().to_owned();
                assert!(reply["statusCode"].as_u64().unwrap() >= 400, "{reply}");
                assert!(line.is_none_or(|call| call.code == Some(&code)), "{line:?} {reply}");
                Decision::Refuse(code)
            }
        };
        Self::new(line, decision)
    }

    pub(crate) fn of_authorizer(result: &FunctionResult, line: Option<&Call>) -> Self {
        let decision = match result {
            FunctionResult::Failed(message) if message == OTHER_AUTHORIZER => {
                assert!(line.is_none(), "{line:?}");
                Decision::Refuse("other-authorizer".to_owned())
            }
            FunctionResult::Failed(message) => {
                assert_eq!(message, "Unauthorized");
                Decision::Refuse(line.and_then(|call| call.code).unwrap().to_owned())
            }
            FunctionResult::Returned(answer) => match &answer["context"]["code"] {
                Value::String(code) => Decision::Refuse(code.clone()),
                _ => Decision::Allow,
            },
        };
        let outcome = Self::new(line, decision);
        if let FunctionResult::Returned(answer) = result {
            outcome.check_answer(answer);
        }
        outcome
    }

    /// The answer itself says what its context does.
    fn check_answer(&self, answer: &Value) {
        let said = match answer.get("isAuthorized") {
            Some(flag) => flag.as_bool().unwrap(),
            None => answer["policyDocument"]["Statement"][0]["Effect"] == "Allow",
        };
        assert_eq!(said, self.is_allowed(), "{answer}");
        if said {
            let context = answer["context"].as_object().unwrap();
            assert_eq!(principal_of(context), self.principal, "{answer}");
        }
    }

    pub(crate) fn of_admission(admission: &Admission) -> Self {
        let decision = match &admission.refusal {
            None => Decision::Allow,
            Some(refusal) => Decision::Refuse(refusal.code().to_owned()),
        };
        Self::new(Some(&admission.call), decision)
    }
}

/// Who the context that a gateway hands on says calls.
pub(crate) fn principal_of(context: &serde_json::Map<String, Value>) -> Option<String> {
    let name = |member: &str| context.get(member).and_then(Value::as_str);
    let (kind, id) = (name("callerType")?, name("callerId")?);
    Some(doorward_model::EntityName::new(kind, id).to_string())
}

/// Who a gateway lets pass, and as whom.
pub(crate) fn passed_as(gate: &Gate) -> Option<Option<String>> {
    match gate {
        Gate::Passed(context) => Some(principal_of(context)),
        Gate::Refused { .. } => None,
    }
}
