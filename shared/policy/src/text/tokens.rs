/// A word, a text or a sign of Cedar's policies or schemas, and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub(crate) at: usize,
    pub(crate) text: &'t str,
}

impl<'t> Token<'t> {
    pub(crate) fn end(&self) -> usize {
        self.at + self.text.len()
    }

    pub(crate) fn is_word(&self) -> bool {
        self.text.starts_with(of_word)
    }

    /// What stands between the quotes of a text, its escapes as written.
    pub(crate) fn quoted(&self) -> Option<&'t str> {
        self.text.strip_prefix('"')?.strip_suffix('"')
    }
}

/// The tokens of `text`, without spaces and comments. It need not be one that Cedar reads: a text without an end goes to
/// the end.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> + Clone {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
            let token = Token { at, text: rest.get(..length(rest)).unwrap_or(rest) };
            at = token.end();
            if !token.text.starts_with("//") && !token.text.starts_with(char::is_whitespace) {
                return Some(token);
            }
        }
    })
}

/// Of the token that `rest` begins with, in bytes.
fn length(rest: &str) -> usize {
    let run = |wanted: fn(char) -> bool| rest.find(|c: char| !wanted(c)).unwrap_or(rest.len());
    match rest.as_bytes() {
        // Either ends a comment, as in Cedar's own lexer.
        [b'/', b'/', ..] => rest.find(['\n', '\r']).unwrap_or(rest.len()),
        [b'"', ..] => {
            let mut escaped = false;
            let end = rest.bytes().skip(1).position(|byte| {
                let ends = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |end| end + 2)
        }
        [b'&', b'&', ..] | [b'|', b'|', ..] => 2,
        _ if rest.starts_with(char::is_whitespace) => run(char::is_whitespace),
        _ if rest.starts_with(of_word) => run(of_word),
        _ => rest.chars().next().map_or(1, char::len_utf8),
    }
}

fn of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = tokens(text).map(|token| token.text).collect();
        assert_eq!(found, expected);
        assert!(tokens(text).all(|token| text[token.at..].starts_with(token.text)));
    }

    #[test]
    fn tokens_are_told_apart() {
        check("", &[]);
        check(" a_1 // b\n&&c||d|e", &["a_1", "&&", "c", "||", "d", "|", "e"]);
        check(r#"@id("x;\"//y\\")z"#, &["@", "id", "(", r#""x;\"//y\\""#, ")", "z"]);
        check("a // b\rc // d\n\re // f", &["a", "c", "e"]);
        check("a/b é\u{2003}\"open é", &["a", "/", "b", "é", "\"open é"]);
        check("\"\\", &["\"\\"]);
        assert_eq!(tokens("\"a\\\"\"").next().unwrap().quoted(), Some("a\\\""));
        assert_eq!(tokens("a").next().unwrap().quoted(), None);
    }
}
