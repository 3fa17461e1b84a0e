use std::cell::RefCell;
use std::ops::Range;

use doorward_model::{Fault, Faults, Place};

/// Collects the faults of one file. Shared by all readers of the file, hence the interior mutability.
pub(crate) struct Report<'t> {
    file: &'t str,
    text: &'t str,
    faults: RefCell<Vec<Fault>>,
}

/// Proof that a fault was reported: what could not be read is an `Err` of this, so that no fault is lost or told twice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reported(());

impl<'t> Report<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, faults: RefCell::default() }
    }

    /// Adds `fault` at `span` of the file.
    pub(crate) fn fault(&self, span: Range<usize>, fault: Fault) -> Reported {
        self.faults.borrow_mut().push(fault.at(self.place(span)));
        Reported(())
    }

    /// The line of `span`, from 1.
    pub(crate) fn line(&self, span: Range<usize>) -> usize {
        self.place(span).line
    }

    /// `read` when nothing was reported, else every fault in the order of the file.
    pub(crate) fn conclude<T>(self, read: Result<T, Reported>) -> Result<T, Faults> {
        let mut faults = self.faults.into_inner();
        faults.sort_by_key(|fault| fault.place.as_ref().map(|place| place.span.start));
        match read {
            Ok(value) => Faults(faults).or(value),
            Err(Reported(())) => Err(Faults(faults)),
        }
    }

    /// What the file says in `span`.
    pub(crate) fn written(&self, span: Range<usize>) -> Option<&'t str> {
        self.text.get(span)
    }

    /// The place of `span`.
    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        Place::new(self.file, self.text, span)
    }
}

/// `text` in backticks, on one line and of bounded length whatever the user wrote; an empty one by name.
pub(crate) fn quote(text: &str) -> String {
    if text.is_empty() { "an empty text".to_owned() } else { format!("`{}`", shorten(text)) }
}

/// `text` on one line, at most 80 characters of it.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 80;
    let mut short: String =
        text.chars().take(MOST).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_wrote_stays_on_one_line() {
        assert_eq!(quote("a\nb"), "`a\u{FFFD}b`");
        assert_eq!(shorten(&"é".repeat(80)), "é".repeat(80));
        assert_eq!(shorten(&"é".repeat(81)), format!("{}…", "é".repeat(80)));
    }
}
