//! Recorded decisions: what they say of a caller.

use doorward_model::{DecisionRecord, EntityName};
use serde_json::Value;

use super::Pseudonym;

/// How a recorded decision names a caller.
#[derive(Debug, PartialEq)]
pub(super) enum Mention {
    None,
    /// It is about the caller's own call. It is made of what tells who called: claims, addresses, payloads.
    Own,
    /// It is about another's call, and names the caller: the record with the pseudonym in that place, which decides as it
    /// did.
    Other(String),
}

/// How `record` names the caller.
///
/// # Errors
/// Where it may, and cannot be read.
pub(super) fn mention(pseudonym: &Pseudonym, record: &str) -> Result<Mention, serde_json::Error> {
    let within = |text: &str| {
        let quoted = Value::from(text).to_string();
        record.contains(quoted.trim_matches('"'))
    };
    let caller = pseudonym.caller();
    if !within(&caller.id) && !within(pseudonym.from()) {
        return Ok(Mention::None);
    }
    let mut value: Value = serde_json::from_str(record)?;
    if serde_json::from_value::<DecisionRecord>(value.clone())?.facts.principal == *caller {
        return Ok(Mention::Own);
    }
    Ok(if rename(&mut value, pseudonym) { Mention::Other(value.to_string()) } else { Mention::None })
}

/// Puts the pseudonym where the caller is named; whether that was anywhere.
fn rename(value: &mut Value, pseudonym: &Pseudonym) -> bool {
    match value {
        Value::Array(values) => count(values.iter_mut(), pseudonym) > 0,
        Value::Object(members) => {
            let EntityName { type_name, id } = pseudonym.caller();
            let is = |name: &str, text: &String| members.get(name).and_then(Value::as_str) == Some(text);
            let is_caller = is("type", type_name) && is("id", id);
            if is_caller {
                members.insert("id".to_owned(), pseudonym.name().id.clone().into());
            }
            count(members.values_mut(), pseudonym) > 0 || is_caller
        }
        Value::String(text) if text == pseudonym.from() => {
            pseudonym.to().clone_into(text);
            true
        }
        _ => false,
    }
}

/// In how many of the values that was.
fn count<'v>(values: impl Iterator<Item = &'v mut Value>, pseudonym: &Pseudonym) -> usize {
    values.map(|value| usize::from(rename(value, pseudonym))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(principal: &str, context: &Value) -> String {
        json!({
            "call": "c-1", "at": "2026-11-24T12:00:00Z", "bundle": "b",
            "decision": { "effect": "allow", "policies": [], "errors": [] },
            "facts": {
                "action": "getOrder", "principal": { "type": "User", "id": principal },
                "resource": { "type": "Order", "id": "42" }, "context": context, "given": [], "reads": {},
            },
        })
        .to_string()
    }

    fn of(record: &str) -> Mention {
        let pseudonym = Pseudonym::new(&EntityName::new("User", "al\"ice"), [7; 8]);
        mention(&pseudonym, record).unwrap()
    }

    #[test]
    fn own_decisions_are_told_from_those_that_name_the_caller() {
        assert_eq!(of(&record("al\"ice", &json!({}))), Mention::Own);
        assert_eq!(of(&record("bob", &json!({}))), Mention::None);
        // A word like the caller's id is not the caller.
        assert_eq!(of(&record("bob", &json!({ "word": "al\"ice" }))), Mention::None);
        assert_eq!(
            of(&record("bob", &json!({ "group": { "type": "Group", "id": "al\"ice" } }))),
            Mention::None
        );
        let named = |id: &str, text: &str| json!({ "owner": { "__entity": { "type": "User", "id": id } }, "all": [{ "name": text }], "n": 1 });
        let pseudonym = "forgotten-0707070707070707";
        let expected = record("bob", &named(pseudonym, &format!("User::\"{pseudonym}\"")));
        assert_eq!(of(&record("bob", &named("al\"ice", "User::\"al\\\"ice\""))), Mention::Other(expected));
    }

    #[test]
    fn what_may_name_the_caller_and_cannot_be_read_is_told() {
        let pseudonym = Pseudonym::new(&EntityName::new("User", "alice"), [7; 8]);
        assert!(mention(&pseudonym, "{\"alice\"").is_err());
        assert_eq!(mention(&pseudonym, "{").unwrap(), Mention::None);
    }
}
