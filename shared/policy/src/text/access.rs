use std::ops::Range;

use crate::text::tokens::{Token, tokens};

/// Where in `text`, a policy that Cedar has read, the last name of `path` is accessed or asked for by way of the others
/// from the variable `root`; where that cannot be told, the first access of that name to anything. `None` where there is
/// none, as of a name that is written with escapes.
pub(crate) fn place(text: &str, root: &str, path: &[&str]) -> Option<Range<usize>> {
    let all: Vec<Token<'_>> = tokens(text).collect();
    let rooted =
        (0..all.len()).find_map(|nth| follow(all.get(nth..)?, root, path).filter(|_| !is_member(&all, nth)));
    rooted.or_else(|| {
        let name = *path.last()?;
        let mut named = all.windows(2).filter_map(|pair| match pair {
            [access, token] if is_access(*access) && names(*token, name) => Some(token.at..token.end()),
            _ => None,
        });
        named.next()
    })
}

/// Whether the token number `nth` names a member of what stands before it.
fn is_member(all: &[Token<'_>], nth: usize) -> bool {
    nth.checked_sub(1).and_then(|before| all.get(before)).is_some_and(|before| before.text == ".")
}

fn follow(all: &[Token<'_>], root: &str, path: &[&str]) -> Option<Range<usize>> {
    let mut rest = all.iter().copied().filter(|token| ![")", "]"].contains(&token.text));
    rest.next().filter(|token| token.text == root)?;
    let mut place = None;
    for name in path {
        rest.next().filter(|token| is_access(*token))?;
        let token = rest.next().filter(|token| names(*token, name))?;
        place = Some(token.at..token.end());
    }
    place
}

fn is_access(token: Token<'_>) -> bool {
    [".", "has", "["].contains(&token.text)
}

fn names(token: Token<'_>, name: &str) -> bool {
    token.text == name || token.quoted() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands before the place in `text`.
    #[track_caller]
    fn check(text: &str, path: &[&str], before: Option<&str>) {
        let found = place(text, "context", path);
        assert_eq!(found.map(|place| &text[..place.start]), before);
    }

    #[test]
    fn an_access_is_found_by_its_path() {
        check("a.b && context.a.b", &["a", "b"], Some("a.b && context.a."));
        check("x.context.a || context has a", &["a"], Some("x.context.a || context has "));
        check("context has a.b", &["a", "b"], Some("context has a."));
        check("(context[\"a\"]) // b\n .b", &["a", "b"], Some("(context[\"a\"]) // b\n ."));
        check("context.b.a && context.a has \"b\"", &["a", "b"], Some("context.b.a && context.a has "));
    }

    #[test]
    fn else_the_name_is_found() {
        check("{\"x\": context}.x.b == b", &["b"], Some("{\"x\": context}.x."));
        check("context[\"\\u{62}\"] == b", &["b"], None);
    }
}
