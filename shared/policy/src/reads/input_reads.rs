use cedar_policy::{Policy, PolicySet, Template};

use crate::text::tokens::{Token, tokens};

/// Whether `policy`, one of `set`, may read the input; one whose text is not known might.
pub(crate) fn reads(policy: &Policy, set: &PolicySet) -> bool {
    let template = || set.template(policy.template_id()?).map(Template::to_cedar);
    policy.to_cedar().or_else(template).is_none_or(|text| reads_input(&text))
}

/// Whether a text that Cedar has read may read `context.input`. Every use of the variable counts but the access to
/// another of its members, or the question whether it has one. It is read from the text, as reading it from Cedar's JSON
/// form took twice as long as parsing the policy. A variable's name cannot be escaped.
fn reads_input(text: &str) -> bool {
    let mut rest = tokens(text);
    let mut previous = "";
    while let Some(token) = rest.next() {
        let variable = token.text == "context" && previous != ".";
        if variable && member(rest.clone()).is_none_or(|member| member == "input") {
            return true;
        }
        previous = token.text;
    }
    false
}

/// The member that is accessed or asked for, where the variable stands before; `None` where it is used whole, or the
/// member's name cannot be told.
fn member<'t>(mut behind: impl Iterator<Item = Token<'t>>) -> Option<&'t str> {
    let (access, name) = (behind.next()?, behind.next()?);
    match (access.text, name.quoted()) {
        ("." | "has", None) if name.is_word() => Some(name.text),
        ("[" | "has", Some(quoted)) if !quoted.contains('\\') => Some(quoted),
        _ => None,
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
