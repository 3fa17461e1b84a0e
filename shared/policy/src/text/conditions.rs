use crate::text::tokens::tokens;

/// What stands behind the scope of a policy's text: its `when` and `unless` clauses; empty where there is none.
///
/// `text` is one policy that Cedar has read, or the template of one.
pub(crate) fn of(text: &str) -> &str {
    let (mut depth, mut scope, mut previous) = (0_usize, false, "");
    for token in tokens(text) {
        match token.text {
            "(" => depth += 1,
            ")" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && scope {
                    let behind = text.get(token.end()..).unwrap_or_default().trim();
                    return behind.strip_suffix(';').unwrap_or(behind).trim_end();
                }
            }
            // A word behind `@` names an annotation; the first other one is the effect, before the scope.
            _ => scope |= depth == 0 && token.is_word() && previous != "@",
        }
        previous = token.text;
    }
    ""
}

/// `text` on one line, without comments.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut end = 0;
    for token in tokens(text) {
        if token.at > end && end > 0 {
            line.push(' ');
        }
        line.push_str(token.text);
        end = token.end();
    }
    line
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

    #[test]
    fn a_line_holds_what_counts() {
        assert_eq!(
            one_line("when {\n  a.b <= 1 && // so\n  \"x  // y\".c\n}"),
            "when { a.b <= 1 && \"x  // y\".c }"
        );
        assert_eq!(one_line("  // nothing"), "");
    }
}
