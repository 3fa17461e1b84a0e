//! Regular expressions as contracts write them (ECMA-262), for an engine that has a few things of its own.
//!
//! Characters and classes are put into the engine's words by the validator. Here is what it leaves: what the engine
//! takes and means otherwise is rewritten, or is a fault where no contract can mean it.

/// What ECMA-262 has as word boundary (section 22.2.2.4.1: letters are ASCII's), in the engine's words.
const BOUNDARY: &str = r"(?-u:\b)";
const NO_BOUNDARY: &str = r"(?-u:\B)";

/// What a pattern has that ECMA-262 has not, and what to write for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    pub(crate) what: &'static str,
    pub(crate) hint: &'static str,
}

/// `pattern` as the engine means the same by it.
pub(crate) fn read(pattern: &str) -> Result<String, Foreign> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut behind = Behind::Atom;
    while let Some(first) = rest.chars().next() {
        behind = behind.step(rest)?;
        let taken = match first {
            '\\' => escape(rest, &mut out)?,
            '[' => class(rest, &mut out)?,
            '(' if flags(rest).contains(|flag| !"i-".contains(flag)) => {
                return Err(Foreign {
                    what: "flags of a group other than `i`",
                    hint: "write what they mean: `[^]` for every character",
                });
            }
            '{' if counts(rest).contains(char::is_whitespace) => {
                return Err(Foreign { what: "blanks in a repetition", hint: "write `{1,3}`" });
            }
            first => {
                let length = count(rest).unwrap_or(first.len_utf8());
                out.push_str(rest.get(..length).unwrap_or(rest));
                length
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    Ok(out)
}

/// What stands before a place in a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    Atom,
    /// `a+`, to which a `?` may belong.
    Repetition,
    /// `a+?`.
    Whole,
}

impl Behind {
    /// What stands behind the first of `rest`. The engine takes `a++` for a repetition of `a+`, while others mean by it one that
    /// gives nothing back.
    fn step(self, rest: &str) -> Result<Self, Foreign> {
        match (self, rest.starts_with(['*', '+', '?']) || count(rest).is_some()) {
            (_, false) => Ok(Self::Atom),
            (Self::Atom, true) => Ok(Self::Repetition),
            (Self::Repetition, true) if rest.starts_with('?') => Ok(Self::Whole),
            _ => Err(Foreign { what: "a repetition of a repetition", hint: "write a group: `(?:a+)*`" }),
        }
    }
}

/// `pattern` as its contract wrote it, as near as that can be told.
pub(crate) fn written(pattern: &str) -> String {
    pattern.replace(BOUNDARY, r"\b").replace(NO_BOUNDARY, r"\B")
}

/// The flags of the group that begins here: `i` of `(?i)` or `(?i:a)`.
fn flags(rest: &str) -> &str {
    let behind = rest.strip_prefix("(?").unwrap_or_default();
    let end = behind.find(|c: char| !c.is_ascii_alphabetic() && c != '-');
    match end.and_then(|end| behind.split_at_checked(end)) {
        Some((flags, rest)) if rest.starts_with([':', ')']) => flags,
        _ => "",
    }
}

/// How long the repetition `{1,3}` at the start of `rest` is.
fn count(rest: &str) -> Option<usize> {
    let (counts, _) = rest.strip_prefix('{')?.split_once('}')?;
    let is_count = !counts.is_empty() && counts.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    is_count.then_some(counts.len() + 2)
}

/// What stands behind a brace, up to its end.
fn counts(rest: &str) -> &str {
    rest.split('}').next().unwrap_or_default()
}

/// The escape at the start of `rest`, and how long it is.
fn escape(rest: &str, out: &mut String) -> Result<usize, Foreign> {
    let is_braced = rest.get(2..).is_some_and(|behind| behind.starts_with('{'));
    let foreign = |what, hint| Err(Foreign { what, hint });
    let word = match rest.chars().nth(1) {
        Some('b' | 'B') if is_braced => return foreign(r"`\b{…}`", r"write `\b`"),
        Some('b') => BOUNDARY,
        Some('B') => NO_BOUNDARY,
        Some('<') => return foreign(r"`\<`", r"write `<`, or `\b` for where a word begins"),
        Some('>') => return foreign(r"`\>`", r"write `>`, or `\b` for where a word ends"),
        Some('A') => return foreign(r"`\A`", "write `^`"),
        Some('z') => return foreign(r"`\z`", "write `$`"),
        _ => return literal(rest, out),
    };
    out.push_str(word);
    Ok(2)
}

/// An escape that means one character or a class of them.
fn literal(rest: &str, out: &mut String) -> Result<usize, Foreign> {
    let escaped = rest.chars().nth(1);
    if escaped == Some('U')
        || escaped == Some('x') && rest.get(2..).is_some_and(|behind| behind.starts_with('{'))
    {
        return Err(Foreign { what: r"`\U` or `\x{…}`", hint: r"write `\u{…}`" });
    }
    if let Some(high @ 0xd800..=0xdfff) = code_unit(rest) {
        let pair = code_unit(rest.get(CODE_UNIT..).unwrap_or_default());
        let whole = char::decode_utf16([high, pair.unwrap_or(0)]).next().and_then(Result::ok);
        let character =
            whole.ok_or(Foreign { what: "half of a surrogate pair", hint: r"write `\u{…}`" })?;
        out.push_str(&format!(r"\u{{{:X}}}", u32::from(character)));
        return Ok(2 * CODE_UNIT);
    }
    if escaped == Some('0')
        && !rest.get(2..).is_some_and(|behind| behind.starts_with(|c: char| c.is_ascii_digit()))
    {
        out.push_str(r"\x00");
        return Ok(2);
    }
    let length = 1 + escaped.map_or(0, char::len_utf8);
    let braces = rest.get(length..).filter(|_| matches!(escaped, Some('u' | 'p' | 'P')));
    let named = braces.filter(|braces| braces.starts_with('{')).and_then(|braces| braces.find('}'));
    let length = length + named.map_or(0, |end| end + 1);
    out.push_str(rest.get(..length).unwrap_or(rest));
    Ok(length)
}

/// Bytes of `\uD83D`.
const CODE_UNIT: usize = 6;

/// What `\uD83D` at the start of `rest` stands for; two of them are one character (section 22.2.1, RegExpUnicodeEscapeSequence).
fn code_unit(rest: &str) -> Option<u16> {
    let digits = rest.strip_prefix(r"\u")?.get(..CODE_UNIT - 2)?;
    // Signs are digits to the reader of numbers.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

/// The class at the start of `rest`, and how long it is. Classes without members are ECMA-262's alone, and so is a dash
/// beside `\w` that is one (Annex B.1.2).
fn class(rest: &str, out: &mut String) -> Result<usize, Foreign> {
    for (empty, own) in [("[]", r"[^\s\S]"), ("[^]", r"[\s\S]")] {
        if rest.starts_with(empty) {
            out.push_str(own);
            return Ok(empty.len());
        }
    }
    out.push('[');
    let (mut at, mut behind_set) = (1, false);
    while let Some(behind) = rest.get(at..).filter(|behind| !behind.is_empty()) {
        match behind.as_bytes().first() {
            Some(b']') => {
                out.push(']');
                return Ok(at + 1);
            }
            Some(b'-') if behind_set && dash_goes_on(behind) => {
                return Err(Foreign {
                    what: "a range that begins with a class",
                    hint: r"write a dash as `\-`",
                });
            }
            Some(b'-')
                if !behind.starts_with("-]")
                    && (behind_set || is_set(behind.get(1..).unwrap_or_default())) =>
            {
                out.push_str(r"\-");
                (at, behind_set) = (at + 1, false);
            }
            // Here it is a backspace (section 22.2.1, ClassEscape).
            Some(b'\\') if behind.starts_with(r"\b") => {
                out.push_str(r"\x08");
                (at, behind_set) = (at + 2, false);
            }
            Some(b'\\') => {
                behind_set = is_set(behind);
                at += literal(behind, out)?;
            }
            _ => {
                let first = behind.chars().next().unwrap_or_default();
                out.push(first);
                (at, behind_set) = (at + first.len_utf8(), false);
            }
        }
    }
    Ok(at)
}

/// Whether a class of characters stands here rather than one.
fn is_set(rest: &str) -> bool {
    rest.strip_prefix('\\').is_some_and(|word| word.starts_with(['d', 'D', 's', 'S', 'w', 'W', 'p', 'P']))
}

/// Whether `-x` goes on as if it were a range: `-x-y`.
fn dash_goes_on(rest: &str) -> bool {
    let mut behind = rest.chars().skip(1);
    if behind.next() == Some('\\') {
        behind.next();
    }
    behind.next() == Some('-') && behind.next().is_some_and(|last| last != ']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: &str) {
        assert_eq!(read(pattern).as_deref(), Ok(expected));
    }

    #[track_caller]
    fn refuse(pattern: &str, what: &str) {
        assert_eq!(read(pattern).map_err(|foreign| foreign.what), Err(what), "{pattern}");
    }

    #[test]
    fn what_the_engine_means_likewise_stays() {
        for same in [
            "",
            "^a.c$",
            r"\d\w\s\\b\n\u{1F432}\u0041\x41\p{L}",
            "[a-z0-9_-]",
            r"[\]\\]",
            "[^a]",
            "a{1,3}",
            "[a",
            "é[é]",
            r"\",
            r"[\w-]",
            "[ {1, 2}]",
            "a+?b*?c??d{2}?e{,3}",
            "(?:a+)+|[*+]*",
            "(?i)a(?-i:b)(?<s>c)(?P<m>d)[(?s)]",
            r"\u12",
            r"\u{10000}+\p{L}{2}?\P{L}*[\u{10000}-\u{10010}\p{L}]+",
        ] {
            check(same, same);
        }
    }

    #[test]
    fn what_it_means_otherwise_is_rewritten() {
        check(r"\bcaf\b", r"(?-u:\b)caf(?-u:\b)");
        check(r"a\B", r"a(?-u:\B)");
        check("^[^]$", r"^[\s\S]$");
        check("[]a]", r"[^\s\S]a]");
        check(r"^[\w-\.]+@[.-\w]", r"^[\w\-\.]+@[.\-\w]");
        check(r"[\b\n]\b", r"[\x08\n](?-u:\b)");
        check(r"\0[\0-\x1f]\01", r"\x00[\x00-\x1f]\01");
        check(r"\ud83d\uDC32[\uD83D\uDC32-\uD83D\uDC34]", r"\u{1F432}[\u{1F432}-\u{1F434}]");
        assert_eq!(written(&read(r"\ba\B").unwrap()), r"\ba\B");
    }

    #[test]
    fn what_no_contract_can_mean_is_refused() {
        refuse(r"\<a", r"`\<`");
        refuse(r"a\>", r"`\>`");
        refuse(r"\Aa", r"`\A`");
        refuse(r"a\z", r"`\z`");
        refuse(r"\b{start}", r"`\b{…}`");
        refuse(r"\x{41}", r"`\U` or `\x{…}`");
        refuse(r"[\U00000041]", r"`\U` or `\x{…}`");
        refuse("a{1, 3}", "blanks in a repetition");
        refuse(r"[\d-a-z]", "a range that begins with a class");
        for group in ["(?R)", "(?s:.)", "a(?x) b", "(?im)^a", "(?-m:a)"] {
            refuse(group, "flags of a group other than `i`");
        }
        for half in [r"\ud83d", r"\udc32\ud83d", r"[\ud800-\udfff]", r"\ud83d\u0041", r"\ud83d\u+c32"] {
            refuse(half, "half of a surrogate pair");
        }
        for twice in ["a**", "a++", "a{2}{3}", "a+?+", "a???", "(a)?*", "[a]{1,}+"] {
            refuse(twice, "a repetition of a repetition");
        }
    }
}
