use std::ops::Range;

use crate::text::tokens::{Token, tokens};

/// A `when` or `unless` of a policy's text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClauseText {
    pub(crate) keyword: Keyword,
    pub(crate) connective: Connective,
    /// The parts that `connective` joins, where they stand in the text.
    pub(crate) parts: Vec<Range<usize>>,
}

/// How a clause counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// It must hold.
    When,
    /// It must not hold.
    Unless,
}

/// What joins the parts of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connective {
    /// `&&`: each must hold; the first that does not ends the evaluation. Also where there is one part only.
    And,
    /// `||`: one must hold; the first that does ends the evaluation.
    Or,
}

/// The clauses of `text`, one policy that Cedar has read.
pub(crate) fn clauses(text: &str) -> Vec<ClauseText> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut keyword = None;
    let mut inside: Vec<Token<'_>> = Vec::new();
    for token in tokens(text) {
        match (token.text, depth, keyword) {
            ("when", 0, _) => keyword = Some(Keyword::When),
            ("unless", 0, _) => keyword = Some(Keyword::Unless),
            ("{", 0, Some(_)) => depth = 1,
            ("}", 1, Some(of)) => {
                found.extend(clause(of, std::mem::take(&mut inside)));
                (depth, keyword) = (0, None);
            }
            (text, _, _) => {
                match text {
                    "(" | "[" | "{" => depth += 1,
                    ")" | "]" | "}" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if keyword.is_some() {
                    inside.push(token);
                }
            }
        }
    }
    found
}

/// Splits at the operators that bind least; `if` takes in everything behind it.
fn clause(keyword: Keyword, tokens: Vec<Token<'_>>) -> Option<ClauseText> {
    let mut depth = 0_usize;
    let mut outer = Vec::with_capacity(tokens.len());
    for token in &tokens {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        outer.push(depth == 0);
    }
    let has = |word: &str| tokens.iter().zip(&outer).any(|(token, outer)| *outer && token.text == word);
    let whole = has("if");
    let (connective, operator) =
        if has("||") && !whole { (Connective::Or, "||") } else { (Connective::And, "&&") };
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    for (token, outer) in tokens.iter().zip(&outer) {
        if *outer && token.text == operator && !whole {
            open = false;
        } else if let Some(part) = parts.last_mut().filter(|_| open) {
            part.end = token.at + token.text.len();
        } else {
            parts.push(token.at..token.at + token.text.len());
            open = true;
        }
    }
    (!parts.is_empty()).then_some(ClauseText { keyword, connective, parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(conditions: &str, expected: &[(Keyword, Connective, &[&str])]) {
        let text = format!(
            "@id(\"when {{ x }}\")\npermit (principal, action, resource in A::\"unless\") {conditions};"
        );
        let found = clauses(&text);
        let found: Vec<_> = found
            .iter()
            .map(|clause| {
                let parts: Vec<&str> = clause.parts.iter().map(|part| &text[part.clone()]).collect();
                (clause.keyword, clause.connective, parts)
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|(k, l, parts)| (*k, *l, parts.to_vec())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_clause_is_split_where_it_binds_least() {
        use Connective::*;
        use Keyword::*;
        check("", &[]);
        check("when { true }", &[(When, And, &["true"])]);
        check(
            "when { a && b\n && c } unless{d||e}",
            &[(When, And, &["a", "b", "c"]), (Unless, Or, &["d", "e"])],
        );
        check("when { a && b || c && d }", &[(When, Or, &["a && b", "c && d"])]);
        check("when { (a || b) && [c && d].isEmpty() }", &[(When, And, &["(a || b)", "[c && d].isEmpty()"])]);
        check("when { if a && b then c || d else e }", &[(When, And, &["if a && b then c || d else e"])]);
        check("when { (if a then b else c) && d }", &[(When, And, &["(if a then b else c)", "d"])]);
        check(
            "when { {\"a\": true}.a && {when: 1}.when == 1 }",
            &[(When, And, &["{\"a\": true}.a", "{when: 1}.when == 1"])],
        );
        check(
            "when { \"a && \\\" b\" == x && context[\"}\"] }",
            &[(When, And, &["\"a && \\\" b\" == x", "context[\"}\"]"])],
        );
        check(
            "when { a // b && c }\n && d // e\n }",
            &[(When, And, &["a // b && c }\n".trim_end_matches(" // b && c }\n"), "d"])],
        );
        check("when { \"\\\\\" == x && é }", &[(When, And, &["\"\\\\\" == x", "é"])]);
    }
}
