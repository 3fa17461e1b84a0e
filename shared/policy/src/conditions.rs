/// What stands behind the scope of a policy's text: its `when` and `unless` clauses; empty where there is none.
///
/// `text` is one policy that Cedar has read, or the template of one.
pub(crate) fn of(text: &str) -> &str {
    let word = |character: char| character.is_alphanumeric() || character == '_';
    let (mut depth, mut scope, mut previous) = (0_usize, false, ' ');
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '/' if characters.peek().is_some_and(|(_, next)| *next == '/') => {
                characters.by_ref().find(|(_, next)| *next == '\n');
                continue;
            }
            '"' => {
                while let Some((_, next)) = characters.next().filter(|(_, next)| *next != '"') {
                    if next == '\\' {
                        characters.next();
                    }
                }
            }
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && scope {
                    let behind = text.get(at + 1..).unwrap_or_default().trim();
                    return behind.strip_suffix(';').unwrap_or(behind).trim_end();
                }
            }
            _ if word(character) => {
                // A word behind `@` names an annotation; the first other one is the effect, before the scope.
                scope |= previous != '@';
                while characters.next_if(|(_, next)| word(*next)).is_some() {}
            }
            _ if character.is_whitespace() => continue,
            _ => {}
        }
        previous = character;
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(of(text), expected);
    }

    #[test]
    fn conditions_stand_behind_the_scope() {
        check("permit(principal, action, resource);", "");
        check("permit(principal, action, resource) when { (1 == 1) };", "when { (1 == 1) }");
        check(
            "@id(\"a)b\") // (\nforbid (principal == User::\")\", action in [Action::\"a\"], resource)\nwhen { true }\nunless { false };",
            "when { true }\nunless { false }",
        );
        check("@id(\"x\")\n@note(\"y\")permit(principal,action,resource)when{1==1};", "when{1==1}");
        check("@flag permit(principal, action, resource) unless { false };", "unless { false }");
    }
}
