use std::collections::BTreeMap;

use doorward_model::Fault;

use crate::reader::{Key, Value};
use crate::report::{Reported, quote};
use crate::suggestion::suggest;

/// The declared names of one kind of thing.
pub(crate) struct Names {
    kind: &'static str,
    /// Name and the line of its declaration.
    declared: BTreeMap<String, usize>,
}

impl Names {
    /// No names yet; messages call what they name `kind`.
    pub(crate) fn new(kind: &'static str) -> Self {
        Self { kind, declared: BTreeMap::new() }
    }

    /// Declares the name that `value` holds. It counts as declared even where it is faulty, so that its uses are not
    /// reported as well.
    pub(crate) fn declare(
        &mut self,
        value: Value<'_>,
        rule: impl FnOnce(&str) -> Result<(), Fault>,
    ) -> Result<String, Reported> {
        let name = value.text()?;
        if let Some(line) = self.declared.get(name) {
            let fault = Fault::new(format!("a second {} is named {}", self.kind, quote(name)));
            return Err(value.fault(fault.hint(format!("the first one is on line {line}"))));
        }
        self.declared.insert(name.to_owned(), value.line());
        rule(name).map_err(|fault| value.fault(fault))?;
        Ok(name.to_owned())
    }

    /// The name that `value` holds, which must be declared.
    pub(crate) fn used(&self, value: Value<'_>) -> Result<String, Reported> {
        self.used_or(value, &[])
    }

    /// As [`Self::used`]; `others` are good too.
    pub(crate) fn used_or(&self, value: Value<'_>, others: &[&str]) -> Result<String, Reported> {
        let known = || self.declared.keys().map(String::as_str).chain(others.iter().copied());
        declared(value, self.kind, known)
    }
}

/// The name that `value` holds, which must be one of `known`.
pub(crate) fn declared<'k, I: Iterator<Item = &'k str>>(
    value: Value<'_>,
    kind: &str,
    known: impl Fn() -> I,
) -> Result<String, Reported> {
    let name = value.text()?;
    one_of(name, kind, known).map_err(|fault| value.fault(fault))?;
    Ok(name.to_owned())
}

/// A key whose text must be one of `known`.
pub(crate) fn declared_key<'k, I: Iterator<Item = &'k str>>(
    key: &Key<'_>,
    kind: &str,
    known: impl Fn() -> I,
) -> Result<(), Reported> {
    one_of(key.text, kind, known).map_err(|fault| key.fault(fault))
}

fn one_of<'k, I: Iterator<Item = &'k str>>(
    name: &str,
    kind: &str,
    known: impl Fn() -> I,
) -> Result<(), Fault> {
    if known().any(|declared| declared == name) {
        return Ok(());
    }
    let fault = Fault::new(format!("no {kind} is named {}", quote(name)));
    Err(fault.hint(suggest(name, known()).unwrap_or_else(|| format!("no {kind} is declared"))))
}

/// Names go into header fields, table keys, log lines and policies: 1 to 64 letters, digits, `-`, `_` and `.`, the
/// first a letter or digit.
pub(crate) fn plain(name: &str) -> Result<(), Fault> {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(inner) {
        return Ok(());
    }
    let fault = Fault::new(format!("{} is not a name", quote(name)));
    Err(fault.hint("use 1 to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit"))
}

/// A [`plain`] name of an action; those that begin with `doorward` are the door's own.
pub(crate) fn action(name: &str) -> Result<(), Fault> {
    if name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("doorward")) {
        return Err(Fault::new(format!("{} is reserved: the door's own actions begin so", quote(name))));
    }
    plain(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["a", "createOrder", "api-key", "v1.orders_list", "7", &"x".repeat(64)] {
            assert_eq!(plain(name), Ok(()), "{name}");
        }
        for name in ["", "-a", ".a", "a b", "é", "a\n", "a/b", "a*", "\"", &"x".repeat(65)] {
            assert!(plain(name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_doors_own_actions_are_reserved() {
        for name in ["doorward", "doorward.usage", "Doorward-health"] {
            assert!(action(name).is_err(), "{name}");
        }
        assert_eq!(action("door"), Ok(()));
    }
}
