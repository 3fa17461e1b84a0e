//! JSON Pointers (RFC 6901) as texts.

use std::borrow::Cow;

/// The longest piece of a caller's text that a message shows, in characters.
const SHOWN: usize = 64;

/// `base` with one more token, escaped.
pub(crate) fn join(base: &str, token: &str) -> String {
    let mut pointer = String::with_capacity(base.len() + token.len() + 1);
    pointer.push_str(base);
    push(&mut pointer, token);
    pointer
}

/// Appends one token, escaped.
pub(crate) fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// The tokens of `pointer`, unescaped.
pub(crate) fn tokens(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(|token| {
        if token.contains('~') {
            Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
        } else {
            Cow::Borrowed(token)
        }
    })
}

/// A name that somebody else chose, fit for a message: bounded, on one line, without characters that a terminal
/// or a log viewer acts upon.
pub(crate) fn shown(name: &str) -> String {
    let mut text: String =
        name.chars().take(SHOWN).map(|c| if is_unsafe(c) { '\u{fffd}' } else { c }).collect();
    if name.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text
}

/// Control characters, line separators, and the invisible ones that reorder what is displayed.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, pointer: &str) {
        assert_eq!(join("", name), pointer);
        assert_eq!(tokens(pointer).collect::<Vec<_>>(), [name]);
    }

    #[test]
    fn tokens_are_escaped_and_come_back() {
        check("items", "/items");
        check("a/b~c", "/a~1b~0c");
        check("~1", "/~01");
        check("", "/");
    }

    #[test]
    fn shown_names_are_bounded_and_inert() {
        assert_eq!(shown("a\nb\u{1b}[31m\u{202e}"), "a\u{fffd}b\u{fffd}[31m\u{fffd}");
        let long = shown(&"x".repeat(1000));
        assert_eq!(long.chars().count(), 65);
        assert_eq!(shown(&"x".repeat(64)).chars().count(), 64);
    }
}
