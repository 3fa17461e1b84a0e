//! Classes of characters: `[^a-z]`.

use super::Refused;
use super::escape::{Atom, write};
use super::reader::Reader;

impl Reader<'_> {
    /// CharacterClass (section 22.2.1) from behind its bracket on. Brackets and `&&` within mean themselves.
    pub(super) fn class(&mut self) -> Result<(), Refused> {
        // Classes without members are ECMA-262's alone.
        if self.eat("]") {
            self.out.push_str(r"[^\s\S]");
            return Ok(());
        }
        if self.eat("^]") {
            self.out.push_str(r"[\s\S]");
            return Ok(());
        }
        self.out.push('[');
        if self.eat("^") {
            self.out.push('^');
        }
        while !self.eat("]") {
            let first = self.class_atom()?;
            if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                self.skip(1);
                let last = self.class_atom()?;
                self.range(first, last)?;
            } else {
                self.member(&first);
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn class_atom(&mut self) -> Result<Atom, Refused> {
        match self.next() {
            None => Err(Refused::foreign("a class without an end", r"write `\[` for the character")),
            // Here it is a backspace (ClassEscape).
            Some('\\') if self.eat("b") => Ok(Atom::Character('\u{8}')),
            Some('\\') => self.escape(true),
            Some(character) => Ok(Atom::Character(character)),
        }
    }

    /// `first-last`. Beside a class of its own the dash is one (annex B.1.2), unless what follows goes on as if it were none.
    fn range(&mut self, first: Atom, last: Atom) -> Result<(), Refused> {
        match (&first, &last) {
            (Atom::Character(first), Atom::Character(last)) if first > last => {
                Err(Refused::foreign("a range out of order", r"write `\-` for a dash"))
            }
            (Atom::Character(_), Atom::Character(_)) => {
                self.member(&first);
                self.out.push('-');
                self.member(&last);
                Ok(())
            }
            (Atom::Set(_), _) if self.rest.starts_with('-') && !self.rest.starts_with("-]") => {
                Err(Refused::foreign("a range that begins with a class", r"write a dash as `\-`"))
            }
            _ => {
                self.member(&first);
                self.member(&Atom::Character('-'));
                self.member(&last);
                Ok(())
            }
        }
    }

    fn member(&mut self, atom: &Atom) {
        match atom {
            Atom::Character(character) => write(*character, true, &mut self.out),
            Atom::Set(word) => self.out.push_str(word),
        }
    }
}
