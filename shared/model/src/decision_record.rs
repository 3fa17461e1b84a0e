use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{CallId, DecisionNote, EntityName, Reads};

/// A decision, and all that it was made from: what is needed to make it again, by other policies. It holds what
/// policies read and nothing else of the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// The call's id.
    pub call: CallId,
    /// When the call came in.
    pub at: Timestamp,
    /// The digest of the bundle that decided.
    pub bundle: String,
    /// What was decided.
    pub decision: DecisionNote,
    /// Why it was denied, for operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What it was made from.
    pub facts: Facts,
}

/// What a decision was made from. Values and entities are in Cedar's JSON form
/// (<https://docs.cedarpolicy.com/auth/entities-syntax.html>), cut down to what policies read: of a value of which only
/// the presence is read, an empty record stands in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The action's id.
    pub action: String,
    /// Who asked.
    #[serde(with = "Name")]
    pub principal: EntityName,
    /// What it was asked about.
    #[serde(with = "Name")]
    pub resource: EntityName,
    /// Whether the payload was not known, so that policies which read it were left open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub input_unknown: bool,
    /// The context.
    pub context: Map<String, Value>,
    /// The principal and the resource with what the request brought: their parents, and attributes of a token or a
    /// table's item.
    pub given: Vec<Value>,
    /// Whether the resource's attributes are those of a table's item, and of nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub loaded: bool,
    /// Those attributes of the principal that policies read and that tokens give it, where they have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from_token: Vec<String>,
    /// What the project's own entities added to them, and the entities that their attributes lead to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Value>,
    /// What the policies read, of the kept parts and of those that were not there.
    pub reads: Reads,
}

/// An entity's name as Cedar's JSON form has it.
#[derive(Serialize, Deserialize)]
#[serde(remote = "EntityName")]
struct Name {
    #[serde(rename = "type")]
    type_name: String,
    id: String,
}

impl Facts {
    /// The purpose that the call had.
    #[must_use]
    pub fn purpose(&self) -> Option<&str> {
        self.context.get("purpose")?.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Effect;
    use serde_json::json;

    #[test]
    fn a_record_reads_back() {
        let facts = Facts {
            action: "createOrder".into(),
            principal: EntityName::new("User", "al\"ice\n"),
            resource: EntityName::new("Shop::Function", "orders"),
            input_unknown: false,
            context: Map::from_iter([("purpose".to_owned(), json!("checkout"))]),
            loaded: true,
            from_token: vec!["tenant".into()],
            given: vec![json!({ "uid": { "type": "User", "id": "al\"ice\n" }, "attrs": {}, "parents": [] })],
            found: Vec::new(),
            reads: Reads::everything(),
        };
        assert_eq!(facts.purpose(), Some("checkout"));
        let record = DecisionRecord {
            call: CallId::new("c-1"),
            at: "2026-11-24T12:00:00.123456789Z".parse().unwrap(),
            bundle: "b".into(),
            decision: DecisionNote { effect: Effect::Deny, policies: vec!["p".into()], errors: vec![] },
            cause: Some("a policy forbids it".into()),
            facts,
        };
        let text = serde_json::to_string(&record).unwrap();
        assert!(text.contains(r#""principal":{"type":"User","id":"al\"ice\n"}"#), "{text}");
        assert_eq!(serde_json::from_str::<DecisionRecord>(&text).unwrap(), record);
    }
}
