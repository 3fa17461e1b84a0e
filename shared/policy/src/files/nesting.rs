use doorward_model::{Fault, Place};

use crate::text::tokens::tokens;
use crate::vocabulary::SourceFile;

/// How deep brackets may be nested.
const DEEPEST: usize = 200;
/// How many operators deep an expression may be. Cedar descends once an operator of a chain, its validator gives up
/// without a word where the stack ends, and an evaluation that nears the end errs.
const LONGEST: usize = 500;

/// The operators of an expression that stand one below the other, at most. `&&` binds more than `||`, and all else more
/// than both, so that a chain of one does not add to those before it.
#[derive(Clone, Copy, Default)]
struct Chain {
    /// `if`: the last of its branches takes in everything behind it.
    branches: usize,
    or: usize,
    and: usize,
    other: usize,
}

impl Chain {
    fn extend(&mut self, token: &str) {
        match token {
            "if" => *self = Self { branches: self.branches + 1, ..Self::default() },
            "then" | "else" => *self = Self { branches: self.branches, ..Self::default() },
            "||" => *self = Self { branches: self.branches, or: self.or + 1, ..Self::default() },
            "&&" => *self = Self { and: self.and + 1, other: 0, ..*self },
            "." | "!" | "+" | "-" | "*" | "=" | "<" | ">" | "in" | "is" | "has" | "like" => self.other += 1,
            "," | ";" => *self = Self::default(),
            _ => {}
        }
    }

    fn depth(self) -> usize {
        self.branches + self.or + self.and + self.other
    }
}

/// The place at which `file` is nested deeper than is read. In a schema `<` opens a level, as in `Set<Long>`; in a
/// policy it compares.
pub(crate) fn fault(file: &SourceFile, angles: bool) -> Option<Fault> {
    // The chain at the current level, and those around it.
    let (mut chain, mut around, mut deep) = (Chain::default(), Vec::new(), 0_usize);
    for token in tokens(&file.text) {
        match token.text {
            "(" | "[" | "{" => around.push(std::mem::take(&mut chain)),
            ")" | "]" | "}" => chain = around.pop().unwrap_or_default(),
            "<" if angles => around.push(std::mem::take(&mut chain)),
            ">" if angles => chain = around.pop().unwrap_or_default(),
            _ if angles => {}
            word => chain.extend(word),
        }
        match token.text {
            "(" | "[" | "{" | ")" | "]" | "}" => deep = around.iter().map(|chain| chain.depth()).sum(),
            _ => {}
        }
        let place = || Place::new(&file.name, &file.text, token.at..token.end());
        if around.len() > DEEPEST {
            return Some(Fault::new(format!("brackets are nested deeper than {DEEPEST} levels")).at(place()));
        }
        if deep + chain.depth() > LONGEST {
            let fault =
                Fault::new(format!("an expression has more than {LONGEST} operators one below the other"));
            let hint = "ask for membership in a set, as in `[\"a\", \"b\"].contains(context.request.path)`, or write \
                        several policies";
            return Some(fault.at(place()).hint(hint));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, angles: bool, deep: bool) {
        let file = SourceFile { name: "f".into(), text: text.to_owned() };
        assert_eq!(fault(&file, angles).is_some(), deep);
    }

    #[test]
    fn brackets_count_where_they_nest() {
        check(&"(".repeat(201), false, true);
        check(&"()".repeat(1000), false, false);
        check(&format!("\"{}\"", "(".repeat(1000)), false, false);
        check(&format!("\"\\\"{}\"", "(".repeat(1000)), false, false);
        check(&format!("// {}\n", "(".repeat(1000)), false, false);
        check(&format!("// \r{}", "(".repeat(1000)), false, true);
        check(&"a < b;\n".repeat(1000), false, false);
        check(&"Set<".repeat(1000), true, true);
    }

    #[test]
    fn operators_count_where_they_chain() {
        let chain = |term: &str, operator: &str, count: usize| vec![term; count].join(operator);
        check(&chain("a.b == 1", " || ", 490), false, false);
        check(&chain("a.b == 1", " || ", 510), false, true);
        check(&chain("a.b == 1 && c", " || ", 490), false, false);
        check(&chain("a", "+", 510), false, true);
        check(&chain("a", ".", 510), false, true);
        check(&chain("!", "", 510), false, true);
        check(&chain("if a then b else ", "", 510), false, true);
        check(&chain("(a || b)", " && ", 490), false, false);
        check(&format!("{}{}", "(a || ".repeat(150), chain("a", "||", 400)), false, true);
        check(&format!("[{}]", chain("a.b + 1", ", ", 1000)), false, false);
        check(&chain("permit(principal, action, resource) when { a.b == 1 };", "\n", 1000), false, false);
        check(
            &format!("if a then ({}) else ({})", chain("a", "||", 300), chain("a", "||", 300)),
            false,
            false,
        );
    }
}
