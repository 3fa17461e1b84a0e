use doorward_model::Fault;

use crate::report::quote;

/// A text in which `*` stands for any run of characters, an empty one and slashes included; all else is literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// The longest pattern, in bytes: as long as the longest S3 key.
    pub const MAX_BYTES: usize = 1024;

    /// Reads a pattern.
    ///
    /// # Errors
    /// A fault without place for an empty or over-long text, control characters and `**`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() {
            return Err(Fault::new("an empty pattern matches nothing").hint("write `*` for anything"));
        }
        if text.len() > Self::MAX_BYTES {
            return Err(Fault::new(format!("a pattern has at most {} bytes", Self::MAX_BYTES)));
        }
        if text.chars().any(char::is_control) {
            return Err(Fault::new(format!("{} holds a control character", quote(text))));
        }
        if text.contains("**") {
            let fault = Fault::new(format!("{} holds `**`", quote(text)));
            return Err(fault.hint("one `*` matches any run of characters, slashes included"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The only text that it matches, where it has no `*`.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        (!self.0.contains('*')).then_some(self.0.as_str())
    }

    /// Whether all of `text` matches, in time linear in `text`: the leftmost place of each piece leaves most room for
    /// the pieces after it, so nothing is tried twice.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut pieces = self.0.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(last) = pieces.next_back() else {
            return text == first;
        };
        let Some(inner) = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
            return false;
        };
        pieces.try_fold(inner, |rest, piece| rest.split_once(piece).map(|(_, after)| after)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let parsed = Pattern::parse(pattern).unwrap();
        for text in matching {
            assert!(parsed.matches(text), "{pattern} should match {text}");
        }
        for text in others {
            assert!(!parsed.matches(text), "{pattern} should not match {text}");
        }
    }

    #[test]
    fn a_star_is_any_run_of_characters() {
        check("receipts", &["receipts"], &["", "receipt", "receipts2", "Receipts"]);
        check("*", &["", "a", "a/b"], &[]);
        check("inbox/*", &["inbox/", "inbox/a", "inbox/a/b"], &["inbox", "outbox/a", "a/inbox/b"]);
        check("*.pdf", &[".pdf", "a.pdf", "a.pdf.pdf"], &["a.pdf.txt", "pdf"]);
        check("a*a", &["aa", "aba", "aaa"], &["a", "ab"]);
        check("a*b*c", &["abc", "aXbYc", "abbc", "abcbc"], &["acb", "ac", "abcX"]);
        check("*ab*ba*", &["abba", "xabxbax"], &["aba", "ba ab"]);
        check("a?[b]{c}", &["a?[b]{c}"], &["ax[b]{c}"]);
        check("é*ü", &["éü", "é-ü"], &["é"]);
    }

    #[test]
    fn a_text_made_to_backtrack_is_read_in_one_pass() {
        let pattern = Pattern::parse(&"a*".repeat(500)).unwrap();
        assert!(!pattern.matches(&("b".to_owned() + &"a".repeat(1_000_000))));
        assert!(!Pattern::parse(&("a*".repeat(500) + "b")).unwrap().matches(&"a".repeat(1_000_000)));
    }

    #[test]
    fn only_a_pattern_without_stars_has_one_text() {
        assert_eq!(Pattern::parse("receipts").unwrap().literal(), Some("receipts"));
        assert_eq!(Pattern::parse("receipts*").unwrap().literal(), None);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in ["", "a**", "a\0", "a\n*", &"a".repeat(1025)] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
