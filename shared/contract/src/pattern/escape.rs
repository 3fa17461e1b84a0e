//! What stands behind a backslash.

use super::reader::Reader;
use super::{Refused, property};

/// What ECMA-262 has as word boundary (section 22.2.2.9.3: letters are ASCII's), in the engine's words.
pub(super) const BOUNDARY: &str = r"(?-u:\b)";
pub(super) const NO_BOUNDARY: &str = r"(?-u:\B)";

/// What one place of a text is held against.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Atom {
    Character(char),
    /// A class of characters, in the engine's words, which are those of ECMA-262: `\d`, `\P{L}`.
    Set(String),
}

impl Atom {
    /// Writes it outside of classes.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Character(character) => write(*character, false, out),
            Self::Set(word) => out.push_str(word),
        }
    }
}

/// Writes a character that means itself.
pub(super) fn write(character: char, in_class: bool, out: &mut String) {
    let special = if in_class { r"\[]^-&~" } else { r"\^$.*+?()[]{}|" };
    if character.is_control() {
        out.push_str(&format!(r"\u{{{:X}}}", u32::from(character)));
        return;
    }
    if special.contains(character) {
        out.push('\\');
    }
    out.push(character);
}

impl Reader<'_> {
    /// AtomEscape and ClassEscape (section 22.2.1) from behind the backslash on, without what each alone has.
    pub(super) fn escape(&mut self, in_class: bool) -> Result<Atom, Refused> {
        let Some(word) = self.next() else {
            return Err(Refused::foreign("a backslash at its end", r"write `\\` for the character"));
        };
        let character = match word {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => return Ok(Atom::Set(format!(r"\{word}"))),
            'p' | 'P' => return self.property(word),
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'c' => self.control()?,
            '0' if !self.rest.starts_with(|c: char| c.is_ascii_digit()) => '\0',
            '1'..='9' | 'k' if !in_class => return Err(Refused::not_linear()),
            '0'..='9' => {
                return Err(Refused::foreign("an octal escape", r"write `\x07`, or `\0` for the null"));
            }
            'x' => self.code(2).and_then(char::from_u32).ok_or_else(|| of_code('x'))?,
            'u' => self.unicode()?,
            '<' | '>' => {
                let hint = format!(r"write `{word}`, or `\b` for where a word begins or ends");
                return Err(Refused::foreign(format!(r"`\{word}`"), hint));
            }
            own if own.is_ascii() && !own.is_ascii_alphanumeric() && !own.is_ascii_control() => own,
            other => return Err(unknown(other)),
        };
        Ok(Atom::Character(character))
    }

    /// `\cA`.
    fn control(&mut self) -> Result<char, Refused> {
        let letter = self.peek().filter(char::is_ascii_alphabetic);
        let control = letter.and_then(|letter| char::from_u32(u32::from(letter) % 32));
        self.skip(1);
        control.ok_or_else(|| Refused::foreign(r"`\c` without a letter", r"write `\\c` for the characters"))
    }

    /// The number that the next `digits` hexadecimal digits make.
    fn code(&mut self, digits: usize) -> Option<u32> {
        let code = self.rest.get(..digits)?;
        // Signs are digits to the reader of numbers.
        let is_code = code.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = is_code.then(|| u32::from_str_radix(code, 16).ok())??;
        self.skip(digits);
        Some(code)
    }

    /// RegExpUnicodeEscapeSequence: `\u{1F432}`, `\u0041`, or two halves of a surrogate pair, which are one character.
    fn unicode(&mut self) -> Result<char, Refused> {
        let half = || Refused::foreign("half of a surrogate pair", r"write `\u{…}` for the whole character");
        let code = if self.eat("{") {
            let (digits, rest) = self.rest.split_once('}').ok_or_else(|| of_code('u'))?;
            let significant = digits.trim_start_matches('0');
            if digits.is_empty() || significant.len() > 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(of_code('u'));
            }
            self.rest = rest;
            u32::from_str_radix(digits, 16).unwrap_or_default()
        } else {
            let code = self.code(4).ok_or_else(|| of_code('u'))?;
            match code {
                0xd800..0xdc00 if self.eat(r"\u") => {
                    let low = self.code(4).filter(|low| (0xdc00..0xe000).contains(low)).ok_or_else(half)?;
                    0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
                }
                code => code,
            }
        };
        match code {
            0xd800..0xe000 => Err(half()),
            code => char::from_u32(code).ok_or_else(|| of_code('u')),
        }
    }

    /// `\p{…}` (UnicodePropertyValueExpression), `word` being its letter.
    fn property(&mut self, word: char) -> Result<Atom, Refused> {
        let inner = self.rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let Some((name, rest)) = inner else {
            let hint = format!(r"write `\{word}{{L}}`");
            return Err(Refused::foreign(format!(r"`\{word}` without braces"), hint));
        };
        property::check(name)?;
        self.rest = rest;
        self.properties.push(name.to_owned());
        Ok(Atom::Set(format!(r"\{word}{{{name}}}")))
    }
}

fn of_code(word: char) -> Refused {
    let digits = if word == 'x' { "two hexadecimal digits" } else { "four hexadecimal digits" };
    Refused::foreign(format!(r"`\{word}` without {digits}"), r"write `\x41`, `\u0041` or `\u{1F432}`")
}

/// Of a letter that escapes nothing, though it does elsewhere.
fn unknown(word: char) -> Refused {
    let hint = match word {
        'A' => "write `^`".to_owned(),
        'z' | 'Z' => "write `$`".to_owned(),
        'U' => r"write `\u{…}`".to_owned(),
        'a' => r"write `\x07`".to_owned(),
        'e' => r"write `\x1B`".to_owned(),
        'h' => r"write `[ \t]`".to_owned(),
        'R' => r"write `\r?\n`".to_owned(),
        'Q' | 'E' => "write a backslash before each character that means itself".to_owned(),
        _ => format!("write `{word}` for the character"),
    };
    Refused::foreign(format!(r"`\{word}`"), hint)
}
