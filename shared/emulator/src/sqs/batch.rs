//! Requests of up to ten entries, each with an outcome of its own.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::fault::SqsFault;

const MOST: usize = 10;

/// Does `act` for each entry, after the rules that hold for all of them.
pub(super) fn each<E>(
    entries: Vec<E>,
    id: impl Fn(&E) -> &str + Copy,
    act: impl Fn(E) -> Result<Map<String, Value>, SqsFault>,
) -> Result<Value, SqsFault> {
    check(entries.iter().map(id))?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let own = id(&entry).to_owned();
        match act(entry) {
            Ok(mut members) => {
                members.insert("Id".to_owned(), own.into());
                successful.push(Value::Object(members));
            }
            Err(fault) => failed.push(json!({
                "Id": own,
                "SenderFault": true,
                "Code": fault.code(),
                "Message": fault.to_string(),
            })),
        }
    }
    let mut answer = Map::new();
    for (name, entries) in [("Successful", successful), ("Failed", failed)] {
        if !entries.is_empty() {
            answer.insert(name.to_owned(), entries.into());
        }
    }
    Ok(answer.into())
}

fn check<'a>(ids: impl ExactSizeIterator<Item = &'a str>) -> Result<(), SqsFault> {
    match ids.len() {
        0 => return Err(SqsFault::EmptyBatch),
        entries if entries > MOST => return Err(SqsFault::TooManyEntries(entries)),
        _ => {}
    }
    let mut seen = HashSet::new();
    for id in ids {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !(1..=80).contains(&id.len()) || !id.bytes().all(is_allowed) {
            return Err(SqsFault::EntryId);
        }
        if !seen.insert(id) {
            return Err(SqsFault::IdsNotDistinct(id.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(ids: &[&str]) -> Result<Value, SqsFault> {
        let act = |id: &str| match id {
            "bad" => Err(SqsFault::ReceiptHandle),
            _ => Ok(Map::from_iter([("Said".to_owned(), id.into())])),
        };
        each(ids.to_vec(), |id| id, act)
    }

    #[test]
    fn each_entry_has_an_outcome() {
        let failed = json!({
            "Id": "bad", "SenderFault": true, "Code": "ReceiptHandleIsInvalid",
            "Message": "The input receipt handle is invalid.",
        });
        assert_eq!(
            run(&["a", "bad"]),
            Ok(json!({ "Successful": [{ "Said": "a", "Id": "a" }], "Failed": [failed] }))
        );
        assert_eq!(run(&["bad"]).unwrap().get("Successful"), None);
    }

    #[test]
    fn a_batch_that_is_none_is_refused() {
        assert_eq!(run(&[]), Err(SqsFault::EmptyBatch));
        assert_eq!(run(&["a"; 11]), Err(SqsFault::TooManyEntries(11)));
        assert_eq!(run(&["a", "b", "a"]), Err(SqsFault::IdsNotDistinct("a".to_owned())));
        for id in ["", "a b", &"a".repeat(81)] {
            assert_eq!(run(&[id]), Err(SqsFault::EntryId));
        }
    }
}
