use std::iter::Peekable;
use std::str::{Chars, FromStr};

use crate::EntityName;

/// A text that names no entity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an entity")]
pub struct ParseEntityError(pub String);

impl FromStr for EntityName {
    type Err = ParseEntityError;

    /// Reads an entity as Cedar writes it: `Shop::User::"alice"`, with Cedar's escapes in the id.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (type_name, quoted) = text.split_once("::\"")?;
            let id = unescape(quoted.strip_suffix('"')?)?;
            type_name.split("::").all(is_identifier).then(|| Self::new(type_name, id))
        };
        read().ok_or_else(|| ParseEntityError(text.to_owned()))
    }
}

fn is_identifier(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The text between the quotes; `None` where it holds a bare quote or an escape that Cedar does not know.
fn unescape(text: &str) -> Option<String> {
    let mut unescaped = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        unescaped.push(match character {
            '"' => return None,
            '\\' => escape(&mut characters)?,
            plain => plain,
        });
    }
    Some(unescaped)
}

fn escape(characters: &mut Peekable<Chars<'_>>) -> Option<char> {
    match characters.next()? {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        '0' => Some('\0'),
        same @ ('\\' | '\'' | '"') => Some(same),
        'x' => {
            let code = characters.next()?.to_digit(16)? * 16 + characters.next()?.to_digit(16)?;
            char::from_u32(code).filter(char::is_ascii)
        }
        'u' => {
            characters.next_if_eq(&'{')?;
            let mut code = 0;
            for digits in 0..=6 {
                match characters.next()? {
                    '}' if digits > 0 => return char::from_u32(code),
                    digit => code = code * 16 + digit.to_digit(16)?,
                }
            }
            None
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str)>) {
        let expected = expected.map(|(type_name, id)| EntityName::new(type_name, id));
        assert_eq!(text.parse().ok(), expected, "{text}");
    }

    #[test]
    fn entities_are_read_as_cedar_writes_them() {
        check(r#"User::"alice""#, Some(("User", "alice")));
        check(r#"Shop::User::"a::\"b\"""#, Some(("Shop::User", "a::\"b\"")));
        check(r#"User::"""#, Some(("User", "")));
        check(r#"User::"\u{e9}\x41\n\\\0\t\r\'""#, Some(("User", "éA\n\\\0\t\r'")));
        for text in [
            "",
            "User",
            "alice",
            "User::alice",
            "User::\"",
            "User::\"alice",
            "::\"alice\"",
            "User:::\"a\"",
            "2User::\"a\"",
            "User ::\"a\"",
            "User::\"a\" ",
            r#"User::"a"b""#,
            r#"User::"\q""#,
            r#"User::"\xff""#,
            r#"User::"\u{}""#,
            r#"User::"\u{1234567}""#,
            r#"User::"\u{d800}""#,
            r#"User::"a\""#,
        ] {
            check(text, None);
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for id in ["alice", "", "a\"b\\c", "é\u{202e}\n\0", "::\""] {
            let name = EntityName::new("Shop::User", id);
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }
}
