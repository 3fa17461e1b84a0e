//! A pattern, term by term.

use super::Refused;
use super::escape::{BOUNDARY, NO_BOUNDARY};

/// What stands before a place, to which a quantifier would belong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// The begin of an alternative, or an assertion.
    Nothing,
    Atom,
    /// An atom with its quantifier.
    Repetition,
}

/// Reads a pattern from its begin, and writes it in the engine's words.
pub(super) struct Reader<'p> {
    pub(super) rest: &'p str,
    pub(super) out: String,
    pub(super) behind: Behind,
    /// Of each group around, the innermost last: whether `.` takes ends of lines.
    pub(super) groups: Vec<bool>,
    /// The properties of characters that were met, as they are written between braces.
    pub(super) properties: Vec<String>,
}

impl<'p> Reader<'p> {
    pub(super) fn new(pattern: &'p str) -> Self {
        Self {
            rest: pattern,
            out: String::with_capacity(pattern.len()),
            behind: Behind::Nothing,
            groups: Vec::new(),
            properties: Vec::new(),
        }
    }

    pub(super) fn read(mut self) -> Result<String, Refused> {
        while let Some(first) = self.next() {
            self.term(first)?;
        }
        match self.groups.is_empty() {
            true => Ok(self.out),
            false => Err(Refused::foreign("a group without an end", "write `\\(` for the character")),
        }
    }

    /// The properties of characters in the pattern, up to what is refused.
    pub(super) fn properties(mut self) -> Vec<String> {
        while let Some(first) = self.next() {
            if self.term(first).is_err() {
                break;
            }
        }
        self.properties
    }

    /// Takes the next character.
    pub(super) fn next(&mut self) -> Option<char> {
        let first = self.rest.chars().next()?;
        self.skip(first.len_utf8());
        Some(first)
    }

    /// The next character, which stays.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Takes `word` where it comes next.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let rest = self.rest.strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Term (section 22.2.1): an assertion, or an atom with its quantifier.
    fn term(&mut self, first: char) -> Result<(), Refused> {
        match first {
            '(' => return self.group(),
            ')' => return self.end_group(),
            '|' | '^' | '$' => {
                self.out.push(first);
                self.behind = Behind::Nothing;
                return Ok(());
            }
            '*' | '+' | '?' => return self.quantifier(&first.to_string()),
            '{' => match counts(self.rest) {
                Some(counts) => {
                    self.skip(counts.len() + 1);
                    return self.counted(counts);
                }
                None => self.out.push_str(r"\{"),
            },
            '[' => self.class()?,
            '\\' if self.eat("b") => return self.assertion(BOUNDARY),
            '\\' if self.eat("B") => return self.assertion(NO_BOUNDARY),
            '\\' => {
                let atom = self.escape(false)?;
                atom.write(&mut self.out);
            }
            '.' if self.groups.last().is_some_and(|takes_all| *takes_all) => self.out.push_str(r"[\s\S]"),
            '.' => self.out.push('.'),
            character => super::escape::write(character, false, &mut self.out),
        }
        self.behind = Behind::Atom;
        Ok(())
    }

    fn assertion(&mut self, word: &str) -> Result<(), Refused> {
        if self.peek() == Some('{') {
            return Err(Refused::foreign(r"`\b{…}`", r"write `\b`"));
        }
        self.out.push_str(word);
        self.behind = Behind::Nothing;
        Ok(())
    }

    /// `{1,3}`, of which `counts` is the inner part.
    fn counted(&mut self, counts: &str) -> Result<(), Refused> {
        if counts.contains(char::is_whitespace) {
            return Err(Refused::foreign("blanks in a repetition", "write `{1,3}`"));
        }
        let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
        if least.is_empty() {
            return Err(Refused::foreign(
                "a repetition without a least count",
                format!("write `{{0,{most}}}`"),
            ));
        }
        let number = |digits: &str| digits.parse::<u64>().unwrap_or(u64::MAX);
        if most.contains(',') || !most.is_empty() && number(least) > number(most) {
            return Err(Refused::foreign("a repetition with counts out of order", "write `{1,3}`"));
        }
        self.quantifier(&format!("{{{counts}}}"))
    }

    /// A quantifier and the `?` behind it. The engine takes `a++` for a repetition of `a+`, while others mean by it one that gives
    /// nothing back.
    fn quantifier(&mut self, word: &str) -> Result<(), Refused> {
        match self.behind {
            Behind::Atom => {}
            Behind::Nothing => {
                let hint = "write what is repeated before it, or a backslash for the character";
                return Err(Refused::foreign("a repetition of nothing", hint));
            }
            Behind::Repetition => {
                return Err(Refused::foreign("a repetition of a repetition", "write a group: `(?:a+)*`"));
            }
        }
        self.out.push_str(word);
        if self.eat("?") {
            self.out.push('?');
        }
        self.behind = Behind::Repetition;
        Ok(())
    }
}

/// What stands behind a brace up to its end, where counts are meant by it.
fn counts(rest: &str) -> Option<&str> {
    let (counts, _) = rest.split_once('}')?;
    let is_of_counts = |c: char| c.is_ascii_digit() || c == ',' || c.is_whitespace();
    (counts.chars().all(is_of_counts) && counts.contains(|c: char| c.is_ascii_digit())).then_some(counts)
}
