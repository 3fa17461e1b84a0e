use doorward_model::{Call, DecisionNote, Effect, Outcome, Violation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// More entries than this are left out of lists: an item has 400 KB, and a write unit 1 KB.
const MOST_ENTRIES: usize = 20;
/// Longer texts that a caller or a target can stretch are cut, in bytes.
const LONGEST_TEXT: usize = 512;

/// A call as the ledger keeps it, an attribute per member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerItem {
    /// The call's id, the table's key.
    pub call: String,
    /// How often the row was written: what is newer of two images of it.
    #[serde(default = "first_version")]
    pub version: u64,
    /// When it came in.
    pub at: Timestamp,
    /// The beginning of the digest of the bundle that it went by.
    pub bundle: Option<String>,
    /// Who called: `User::"alice"`.
    pub caller: Option<String>,
    /// Whose word that is: `verified`, `attested` or `unproven`; rows of before this was kept have none.
    pub trust: Option<String>,
    /// The public name of the API key that the caller showed.
    pub key_id: Option<String>,
    /// The plan that the caller was on.
    pub plan: Option<String>,
    /// Which version of it: what the call is priced by.
    pub plan_version: Option<String>,
    /// The route's or event's id.
    pub action: Option<String>,
    /// The Cedar resource: `Function::"orders"`.
    pub resource: Option<String>,
    /// The target's name.
    pub target: Option<String>,
    /// The declared purpose.
    pub purpose: Option<String>,
    /// How it ended; [`Outcome::Unresolved`] while no end is known.
    pub outcome: Outcome,
    /// The refusal's stable word.
    pub code: Option<String>,
    /// Status of the HTTP answer.
    pub status: Option<u16>,
    /// What it counts for, in the plan's units.
    pub units: u64,
    /// Payload bytes in.
    pub bytes_in: u64,
    /// Payload bytes out.
    pub bytes_out: u64,
    /// From coming in to the answer, in microseconds.
    pub duration_us: u64,
    /// What the policies said, once they were asked.
    pub effect: Option<Effect>,
    /// Ids of the policies that determined it, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// Ids of policies that could not be evaluated, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// What the candidate set would have said, where its effect is another; ids are bounded as above.
    pub shadow: Option<DecisionNote>,
    /// Name of the limit that bound.
    pub bound: Option<String>,
    /// Where the payload broke its contract, at most 20 places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// The stage that refused.
    pub stage: Option<String>,
    /// Why, for operators.
    pub cause: Option<String>,
    /// Where it came in: `http-api:a1b2c3`.
    pub front: String,
    /// Lambda's id of the invocation.
    pub request_id: String,
    /// The gateway's request id.
    pub gateway_request_id: Option<String>,
    /// Whether the event is kept in quarantine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quarantined: bool,
    /// Whether the event went back to its source as it was refused: it is decided anew when it comes again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sent_back: bool,
    /// Whether the event was released from quarantine: it may be tried again, whatever became of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
    /// When the table may forget it, in seconds since the epoch.
    pub expires: Option<i64>,
    /// The try that claimed it, where it was claimed.
    pub holder: Option<String>,
    /// When the platform ends the try that claimed it, in milliseconds since the epoch.
    pub until: Option<i64>,
    /// How often it was claimed.
    pub attempt: Option<u64>,
}

impl LedgerItem {
    /// What the ledger keeps of `call`, as it is known now.
    pub(crate) fn of(call: &Call) -> Self {
        let decision = call.decision.as_ref();
        let ids =
            |ids: &[String]| -> Vec<String> { ids.iter().take(MOST_ENTRIES).map(|id| cut(id)).collect() };
        let listed =
            |of: fn(&DecisionNote) -> &Vec<String>| decision.map(|note| ids(of(note))).unwrap_or_default();
        let shadow = call.shadow.as_ref().map(|note| DecisionNote {
            effect: note.effect,
            policies: ids(&note.policies),
            errors: ids(&note.errors),
        });
        Self {
            call: call.id.to_string(),
            version: first_version(),
            at: call.at,
            bundle: call.bundle.clone(),
            caller: call.caller.as_ref().map(ToString::to_string),
            trust: call.trust.map(|level| level.word().to_owned()),
            key_id: call.key_id.clone(),
            plan: call.plan.clone(),
            plan_version: call.plan_version.clone(),
            action: call.action.clone(),
            resource: call.resource.as_ref().map(ToString::to_string),
            target: call.target.clone(),
            purpose: call.purpose.clone(),
            outcome: call.outcome,
            code: call.code.map(str::to_owned),
            status: call.status,
            units: call.units,
            bytes_in: call.bytes_in,
            bytes_out: call.bytes_out,
            duration_us: call.duration_us,
            effect: decision.map(|note| note.effect),
            policies: listed(|note| &note.policies),
            errors: listed(|note| &note.errors),
            shadow,
            bound: call.bound.clone(),
            violations: call.violations.iter().take(MOST_ENTRIES).map(bounded).collect(),
            stage: call.refused_at.and_then(|stage| word(&stage)),
            cause: call.cause.as_deref().map(cut),
            front: call.front.to_string(),
            request_id: call.invocation.clone(),
            gateway_request_id: call.gateway_request_id.as_deref().map(cut),
            quarantined: call.quarantined,
            sent_back: call.sent_back,
            released: false,
            expires: None,
            holder: None,
            until: None,
            attempt: None,
        }
    }
}

fn first_version() -> u64 {
    1
}

fn bounded(violation: &Violation) -> Violation {
    Violation {
        pointer: cut(&violation.pointer),
        part: violation.part.clone(),
        rule: cut(&violation.rule),
        names: Vec::new(),
    }
}

/// The word that a unit variant serializes as.
fn word(value: &impl Serialize) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}

/// `text`, cut to the longest that is kept.
pub(crate) fn cut(text: &str) -> String {
    if text.len() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let end = (0..=LONGEST_TEXT - '…'.len_utf8()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{attributes, sample};
    use doorward_model::{EntityName, Stage, TrustLevel};

    fn typical() -> Call {
        let mut call = sample::call("0a8c5f3e-2a75-4d6c-9d3a-1f2e3d4c5b6a");
        call.bundle = Some("dd60cf27be04".into());
        call.is_by(EntityName::new("User", "b7c0c1a2-5a57-4d51-8f4e-7a8f6c2b9d11"), TrustLevel::Verified);
        call.key_id = Some("0123456789ab".into());
        call.plan = Some("default".into());
        call.plan_version = Some("3a5f0c77e1b2".into());
        call.action = Some("createOrder".into());
        call.resource = Some(EntityName::new("Function", "orders"));
        call.target = Some("orders".into());
        call.purpose = Some("checkout".into());
        call.outcome = Outcome::Admitted;
        call.status = Some(201);
        call.decision = Some(DecisionNote {
            effect: Effect::Allow,
            policies: vec!["orders.customers".into()],
            errors: vec![],
        });
        call
    }

    #[test]
    fn an_item_reads_back() {
        let mut call = typical();
        call.refused_at = Some(Stage::CheckRequest);
        call.violations = vec![Violation {
            pointer: "/a".into(),
            part: "body".into(),
            rule: "expected".into(),
            names: Vec::new(),
        }];
        call.shadow =
            Some(DecisionNote { effect: Effect::Deny, policies: vec!["stricter".into()], errors: vec![] });
        let item = LedgerItem { expires: Some(1_800_000_000), ..LedgerItem::of(&call) };
        assert_eq!(item.stage.as_deref(), Some("check-request"));
        assert_eq!(attributes::read::<LedgerItem>(attributes::write(&item).unwrap()).unwrap(), item);
    }

    #[test]
    fn a_typical_item_is_one_write_unit() {
        let bytes = |call: &Call| serde_json::to_vec(&LedgerItem::of(call)).unwrap().len();
        let mut call = typical();
        assert!(bytes(&call) < 1024, "{}", bytes(&call));
        call.shadow = Some(DecisionNote {
            effect: Effect::Deny,
            policies: vec!["orders.stricter".into()],
            errors: vec![],
        });
        assert!(bytes(&call) < 1024, "{}", bytes(&call));
    }

    #[test]
    fn what_a_caller_can_stretch_is_bounded() {
        let mut call = typical();
        let long = "é".repeat(100_000);
        call.cause = Some(long.clone());
        call.gateway_request_id = Some(long.clone());
        let ids = vec!["p".repeat(100); 1_000];
        call.shadow = Some(DecisionNote { effect: Effect::Deny, policies: ids.clone(), errors: ids });
        call.violations = vec![
            Violation {
                pointer: long.clone(),
                part: "body".into(),
                rule: long.clone(),
                names: Vec::new()
            };
            1_000
        ];
        let item = LedgerItem::of(&call);
        assert_eq!(item.violations.len(), MOST_ENTRIES);
        let bytes = serde_json::to_vec(&item).unwrap().len();
        assert!(bytes < 32 * 1024, "{bytes}");
        assert!(item.cause.unwrap().ends_with("é…"));
    }
}
