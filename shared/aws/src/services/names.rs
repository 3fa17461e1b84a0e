//! Names that follow from a call, the same at every try of it, as services take them.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};

/// How much of a text stands readable before its digest.
const READABLE: usize = 40;
/// How many bytes of a digest tell texts apart.
const TELLING: usize = 16;

/// What a FIFO queue or topic knows a message or a group by: 1 to 128 letters, digits and punctuation marks of ASCII
/// ("SendMessage", SQS API reference).
pub(crate) fn fifo(text: &str) -> String {
    name(text, 128, |c| c.is_ascii_graphic())
}

/// What Step Functions knows an execution by: at most 80 letters, digits, `-` and `_`, all that CloudWatch Logs takes in names
/// ("StartExecution", Step Functions API reference).
pub(super) fn execution(text: &str) -> String {
    name(text, 80, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// The text itself, if it is such a name; else what is legal of its beginning, and its digest.
fn name(text: &str, longest: usize, legal: fn(char) -> bool) -> String {
    if (1..=longest).contains(&text.len()) && text.chars().all(legal) {
        return text.to_owned();
    }
    let mut name: String = text.chars().filter(|c| legal(*c)).take(READABLE).collect();
    name.push('-');
    for byte in digest(&SHA256, text.as_bytes()).as_ref().iter().take(TELLING) {
        // Writing to a text cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legal_text_is_its_own_name() {
        assert_eq!(fifo("JKJaXmPLvHcESHA="), "JKJaXmPLvHcESHA=");
        assert_eq!(fifo("User::\"alice\""), "User::\"alice\"");
        assert_eq!(execution("5c1e1d56-0d0e-4b6f"), "5c1e1d56-0d0e-4b6f");
        assert_eq!(execution(&"x".repeat(80)), "x".repeat(80));
    }

    #[test]
    fn any_other_text_has_a_legal_name_that_no_other_has() {
        let texts = [
            "",
            "JKJaXmPLvHcESHA=",
            "JKJaXmPLvHcESHA",
            "a b",
            "a  b",
            "é",
            "ü",
            "a\0",
            &"x".repeat(500),
            &"x".repeat(501),
        ];
        let mut fifos = std::collections::HashSet::new();
        let mut executions = std::collections::HashSet::new();
        for text in texts {
            let (fifo, execution) = (fifo(text), execution(text));
            assert!((1..=128).contains(&fifo.len()) && fifo.bytes().all(|b| b.is_ascii_graphic()), "{fifo}");
            let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            assert!((1..=80).contains(&execution.len()) && execution.bytes().all(legal), "{execution}");
            fifos.insert(fifo);
            executions.insert(execution);
        }
        assert_eq!((fifos.len(), executions.len()), (texts.len(), texts.len()));
        assert_eq!(execution("a b"), execution("a b"));
    }
}
