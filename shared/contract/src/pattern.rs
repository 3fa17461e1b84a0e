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
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\\' => escape(rest, &mut out)?,
            '[' => class(rest, &mut out)?,
            '{' if counts(rest).contains(char::is_whitespace) => {
                return Err(Foreign { what: "blanks in a repetition", hint: "write `{1,3}`" });
            }
            first => {
                out.push(first);
                first.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    Ok(out)
}

/// `pattern` as its contract wrote it, as near as that can be told.
pub(crate) fn written(pattern: &str) -> String {
    pattern.replace(BOUNDARY, r"\b").replace(NO_BOUNDARY, r"\B")
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
    let length = 1 + escaped.map_or(0, char::len_utf8);
    out.push_str(rest.get(..length).unwrap_or(rest));
    Ok(length)
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
    }
}
