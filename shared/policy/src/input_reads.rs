use std::iter::Peekable;
use std::str::CharIndices;

use cedar_policy::{Policy, PolicySet, Template};

/// Whether `policy`, one of `set`, may read the input; one whose text is not known might.
pub(crate) fn reads(policy: &Policy, set: &PolicySet) -> bool {
    let template = || set.template(policy.template_id()?).map(Template::to_cedar);
    policy.to_cedar().or_else(template).is_none_or(|text| reads_input(&text))
}

/// Whether a text that Cedar has read may read `context.input`. Every use of the variable counts but the access to
/// another of its members, or the question whether it has one. It is read from the text, as reading it from Cedar's JSON
/// form took twice as long as parsing the policy. A variable's name cannot be escaped.
fn reads_input(text: &str) -> bool {
    let mut tokens = Tokens { text, characters: text.char_indices().peekable() };
    let mut previous = Token::Other(' ');
    while let Some(token) = tokens.next() {
        let variable = token == Token::Word("context") && previous != Token::Other('.');
        if variable && tokens.member().is_none_or(|member| member == "input") {
            return true;
        }
        previous = token;
    }
    false
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    /// The content, its escapes as written.
    Text(&'t str),
    Other(char),
}

#[derive(Clone)]
struct Tokens<'t> {
    text: &'t str,
    characters: Peekable<CharIndices<'t>>,
}

impl<'t> Tokens<'t> {
    /// The member that is accessed or asked for, where the variable stands before; `None` where it is used whole, or the
    /// member's name cannot be told.
    fn member(&self) -> Option<&'t str> {
        let mut ahead = self.clone();
        match (ahead.next()?, ahead.next()?) {
            (Token::Other('.') | Token::Word("has"), Token::Word(name)) => Some(name),
            (Token::Other('[') | Token::Word("has"), Token::Text(name)) if !name.contains('\\') => Some(name),
            _ => None,
        }
    }

    fn rest_of_text(&mut self, start: usize) -> Token<'t> {
        let mut end = self.text.len();
        while let Some((at, character)) = self.characters.next() {
            if character == '"' {
                end = at;
                break;
            }
            if character == '\\' {
                self.characters.next();
            }
        }
        Token::Text(self.text.get(start..end).unwrap_or_default())
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        let of_word = |character: char| character.is_alphanumeric() || character == '_';
        loop {
            let (at, character) = self.characters.next()?;
            match character {
                '/' if self.characters.next_if(|(_, next)| *next == '/').is_some() => {
                    self.characters.find(|(_, next)| *next == '\n');
                }
                '"' => return Some(self.rest_of_text(at + 1)),
                _ if of_word(character) => {
                    while self.characters.next_if(|(_, next)| of_word(*next)).is_some() {}
                    let end = self.characters.peek().map_or(self.text.len(), |(end, _)| *end);
                    return Some(Token::Word(self.text.get(at..end).unwrap_or_default()));
                }
                _ if character.is_whitespace() => {}
                _ => return Some(Token::Other(character)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(condition: &str, expected: bool) {
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        let policy = Policy::parse(None, text).unwrap();
        assert_eq!(reads(&policy, &PolicySet::new()), expected, "{condition}");
    }

    #[test]
    fn uses_of_the_context_are_told_apart() {
        check("true", false);
        check("principal.input == 1", false);
        check("principal.context == 1", false);
        check("resource.context == \"context\"", false);
        check("resource.text == \"\\\"context.input\" // context.input\n", false);
        check("context.now > datetime(\"2026-01-01\")", false);

        check("context // so\n . // it is\n now > datetime(\"2026-01-01\")", false);
        check("context has purpose && context.purpose == \"checkout\"", false);
        check("context has \"purpose\" && context[\"purpose\"] == \"checkout\"", false);
        check("context has request.source_ip", false);
        check("context.request.input == 1", false);
        check("context.input_of_another == 1", false);
        check("[context.purpose].contains(\"input\")", false);

        check("context.input.total < 10", true);
        check("context // so\n . // it is\n input.total < 10", true);
        check("context[\"input\"].total < 10", true);
        check("context[\"in\\u{70}ut\"].total < 10", true);
        check("context has input", true);
        check("context has \"input\"", true);
        check("context has input.total", true);
        check("(context).input == 1", true);
        check("!(principal.a && (if true then context.input.b else false))", true);
        check("{\"a\": context}.a.purpose == \"checkout\"", true);
        check("(if true then context else context).now == context.now", true);
        check("context == context", true);
        check("[context].isEmpty()", true);
        check("context.tags.contains(context.input.b)", true);
        check("context.request.method == \"\\\\\" && context.input.b", true);
    }

    #[test]
    fn a_link_reads_what_its_template_reads() {
        for (condition, expected) in [("context.now == context.now", false), ("context.input.a == 1", true)] {
            let text = format!("permit(principal == ?principal, action, resource) when {{ {condition} }};");
            let template = Template::parse(None, text).unwrap();
            let (name, link) = (template.id().clone(), cedar_policy::PolicyId::new("link"));
            let mut set = PolicySet::new();
            set.add_template(template).unwrap();
            let values = [(cedar_policy::SlotId::principal(), "User::\"a\"".parse().unwrap())].into();
            set.link(name, link.clone(), values).unwrap();
            assert_eq!(reads(set.policy(&link).unwrap(), &set), expected);
        }
    }
}
