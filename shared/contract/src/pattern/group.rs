//! Groups of patterns, and their flags.

use super::Refused;
use super::reader::{Behind, Reader};

impl Reader<'_> {
    /// A group from behind its parenthesis on. Names of groups are for back-references, which there are none of.
    pub(super) fn group(&mut self) -> Result<(), Refused> {
        let takes_all = self.groups.last().copied().unwrap_or_default();
        if !self.eat("?") {
            self.begin("(", takes_all);
        } else if self.eat(":") {
            self.begin("(?:", takes_all);
        } else if ["=", "!", "<=", "<!"].iter().any(|word| self.rest.starts_with(word)) {
            return Err(Refused::not_linear());
        } else if self.eat("<") {
            self.name()?;
            self.begin("(?:", takes_all);
        } else {
            self.flags(takes_all)?;
        }
        Ok(())
    }

    pub(super) fn end_group(&mut self) -> Result<(), Refused> {
        if self.groups.pop().is_none() {
            let hint = r"write `\)` for the character";
            return Err(Refused::foreign("the end of a group that does not begin", hint));
        }
        self.out.push(')');
        self.behind = Behind::Atom;
        Ok(())
    }

    fn begin(&mut self, word: &str, takes_all: bool) {
        self.out.push_str(word);
        self.groups.push(takes_all);
        self.behind = Behind::Nothing;
    }

    /// RegExpIdentifierName (section 22.2.1), as far as names need be told from what is none.
    fn name(&mut self) -> Result<(), Refused> {
        let (name, rest) = self.rest.split_once('>').unwrap_or_default();
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '\u{200c}' | '\u{200d}');
        if name.is_empty() || !name.chars().all(is_part) || name.starts_with(char::is_numeric) {
            return Err(Refused::foreign("a group whose name is none", "write `(?<name>…)`, or `(?:…)`"));
        }
        self.rest = rest;
        Ok(())
    }

    /// `(?i-s:…)` (Modifiers, section 22.2.1), and `(?i)`.
    fn flags(&mut self, takes_all: bool) -> Result<(), Refused> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphabetic() && c != '-');
        let (flags, rest) = end.and_then(|end| self.rest.split_at_checked(end)).unwrap_or((self.rest, ""));
        let (added, removed) = flags.split_once('-').unwrap_or((flags, ""));
        let known = |flags: &str| flags.chars().all(|flag| "ims".contains(flag));
        let mut each: Vec<char> = flags.chars().collect();
        each.sort_unstable();
        each.dedup();
        let is_whole_rest = rest.starts_with(')');
        let is_known =
            known(added) && known(removed) && each.len() == flags.len() && !["", "-"].contains(&flags);
        if !is_known || !rest.starts_with([':', ')']) || is_whole_rest && flags != "i" {
            return Err(Self::unknown_group(self.rest));
        }
        if flags.contains('m') {
            let message = "the flag `m` of a group is not carried".to_owned();
            return Err(Refused { message, hint: r"write `(?:^|\n)` and `(?:\n|$)`".to_owned() });
        }
        self.rest = rest.get(1..).unwrap_or_default();
        if is_whole_rest {
            self.out.push_str("(?i)");
            self.behind = Behind::Nothing;
            return Ok(());
        }
        let of_case = [added.contains('i'), removed.contains('i')];
        let word = match of_case {
            [true, _] => "(?i:",
            [_, true] => "(?-i:",
            _ => "(?:",
        };
        self.begin(word, added.contains('s') || takes_all && !removed.contains('s'));
        Ok(())
    }

    /// Of what stands behind `(?`.
    fn unknown_group(rest: &str) -> Refused {
        let (what, hint) = match rest.chars().next() {
            Some('P') => ("a group that begins with `(?P`", "write `(?<name>…)`"),
            Some('>') => ("a group that gives nothing back, `(?>…)`", "write `(?:…)`"),
            Some('#') => ("a comment, `(?#…)`", "leave it out"),
            Some(flag) if flag.is_ascii_lowercase() || flag == '-' => (
                "flags of a group that are not its own",
                "write `(?i:…)`, or what they mean: `[^]` for every character",
            ),
            _ => ("a group of another kind", r"write `(?:…)`, or `\(` for the character"),
        };
        Refused::foreign(what, hint)
    }
}
