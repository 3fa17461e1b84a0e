use serde::Serialize;

/// One real call of a scene: what was asked, what was answered, why, and whether that was expected.
#[derive(Debug, Serialize)]
pub(crate) struct Act {
    /// Its scene's title.
    pub(crate) scene: &'static str,
    /// What was asked, as a command that asks it again.
    pub(crate) asked: String,
    /// What was answered, in one line.
    pub(crate) answered: String,
    /// Why, read back from the running system.
    pub(crate) why: Vec<String>,
    /// Every difference from what was expected; empty when there is none.
    pub(crate) unexpected: Vec<String>,
}

/// Gathers the differences between what is and what was expected.
#[derive(Default)]
pub(crate) struct Verdict(Vec<String>);

impl Verdict {
    pub(crate) fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: T, expected: T) {
        if found != expected {
            self.0.push(format!("{what} is {found:?}, expected {expected:?}"));
        }
    }

    pub(crate) fn holds(&mut self, what: &str, holds: bool) {
        if !holds {
            self.0.push(format!("expected that {what}"));
        }
    }

    pub(crate) fn into_differences(self) -> Vec<String> {
        self.0
    }
}
