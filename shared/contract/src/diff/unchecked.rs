//! Operations that cannot be checked, and so not be compared: whether both documents say the same of them.

use std::collections::HashSet;

use doorward_model::Fault;
use serde_json::Value;

use super::change::Severity;
use super::operations::{Pair, Side};
use crate::document::METHODS;
use crate::documents::Documents;
use crate::pointer;
use crate::reference::follow;

/// Tells why the operation cannot be compared, unless both documents say the same of it.
pub(super) fn compare(pair: &mut Pair<'_>, fault: &Fault) {
    let (old, new) = (pair.old, pair.new);
    let mut texts = Texts { old: old.documents, new: new.documents, seen: HashSet::new() };
    let rest = |side: Side<'_>| -> Vec<String> {
        let members = side.value(&side.entry.item).and_then(Value::as_object);
        let names = members.into_iter().flat_map(|members| members.keys());
        // Servers are compared, and the other operations are by themselves.
        let is_own = |name: &&String| {
            *name != "servers" && !METHODS.iter().any(|(method, _)| method == &name.as_str())
        };
        names.filter(is_own).cloned().collect()
    };
    let (names_old, names_new) = (rest(old), rest(new));
    let is_same = names_old == names_new
        && texts.equal(&old.entry.at, &new.entry.at)
        && names_old.iter().all(|name| {
            texts.equal(&pointer::join(&old.entry.item, name), &pointer::join(&new.entry.item, name))
        });
    if !is_same {
        let what =
            format!("the operation cannot be checked, and so not be compared: review ({})", fault.message);
        pair.push(Severity::Unknown, "not-comparable", "", what, &old.entry.at, &new.entry.at);
    }
}

/// Two documents whose values are compared as they are written.
struct Texts<'a> {
    old: Documents<'a>,
    new: Documents<'a>,
    seen: HashSet<(String, String)>,
}

impl Texts<'_> {
    /// Whether the values at `old` and `new` are one text, and what they refer to, too.
    fn equal(&mut self, old: &str, new: &str) -> bool {
        if !self.seen.insert((old.to_owned(), new.to_owned())) {
            return true;
        }
        match (self.old.value(old), self.new.value(new)) {
            (Some(Value::Object(a)), Some(Value::Object(b))) => {
                a.len() == b.len()
                    && a.keys().all(|name| {
                        b.contains_key(name)
                            && self.equal(&pointer::join(old, name), &pointer::join(new, name))
                    })
                    && (!a.get("$ref").is_some_and(Value::is_string) || self.targets_equal(old, new))
            }
            (Some(Value::Array(a)), Some(Value::Array(b))) => {
                a.len() == b.len()
                    && (0..a.len()).all(|nth| self.equal(&format!("{old}/{nth}"), &format!("{new}/{nth}")))
            }
            (a, b) => a == b,
        }
    }

    /// The same of what the references there lead to. Where that is not known, both documents must be one text.
    fn targets_equal(&mut self, old: &str, new: &str) -> bool {
        match (follow(&self.old, old), follow(&self.new, new)) {
            (Ok((old, _)), Ok((new, _))) => self.equal(&old, &new),
            (Err(_), Err(_)) => self.old.value("") == self.new.value(""),
            _ => false,
        }
    }
}
