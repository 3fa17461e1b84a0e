use doorward_config::{Config, EventRule};
use doorward_model::Front;

/// Rules of messages as they are, each with the fronts that it is about, where other rules open the messages of them all: what such
/// a message carries is what is decided on, so that a plain rule is left with those that cannot be opened.
pub(super) fn of_opened_messages(config: &Config) -> Vec<(String, Vec<Front>)> {
    let openings = config.openings();
    let plain =
        config.events.iter().filter(|rule| rule.through.is_empty() && rule.source.has_message_attributes());
    plain
        .filter_map(|rule| {
            let about: Vec<Front> =
                config.fronts.iter().filter(|front| may_come_of(rule, front)).cloned().collect();
            let is_left_out = !about.is_empty() && about.iter().all(|front| openings.contains_key(front));
            is_left_out.then(|| (rule.id.clone(), about))
        })
        .collect()
}

/// Whether a message of this front may be what the rule is about.
fn may_come_of(rule: &EventRule, front: &Front) -> bool {
    let name = rule.source.front_attribute();
    let mut named = rule.matches.iter().filter(|(attribute, _)| attribute == name);
    rule.source.front() == Some(front.kind) && named.all(|(_, pattern)| pattern.matches(&front.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rules: &[&str], expected: &[&str]) {
        let mut text = r#"
fronts = ["queue:uploads", "queue:payments", "topic:orders"]
door = { name = "d", table = "t" }
targets = [{ name = "t", lambda = "f" }]
"#
        .to_owned();
        for (place, rule) in rules.iter().enumerate() {
            text += &format!("[[events]]\nid = \"e{place}\"\ntarget = \"t\"\n{rule}\n");
        }
        let config =
            doorward_config::parse("doorward.toml", &text).unwrap_or_else(|faults| panic!("{faults}"));
        let found = of_opened_messages(&config);
        assert_eq!(found.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), expected, "{rules:?}");
    }

    const OPENS: &str = "source = \"s3\"\nmatch = {}\nthrough = [\"queue:uploads\"]";

    #[test]
    fn a_plain_rule_of_messages_that_another_opens_is_noted() {
        check(&[OPENS, "source = \"sqs\"\nmatch = { queue = \"uploads\" }"], &["e1"]);
        check(&["source = \"sqs\"\nmatch = { queue = \"up*\", sender = \"A*\" }", OPENS], &["e0"]);
        // It is about another queue too, or alone.
        check(&[OPENS, "source = \"sqs\"\nmatch = {}"], &[]);
        check(&[OPENS, "source = \"sqs\"\nmatch = { queue = \"payments\" }"], &[]);
        check(&[OPENS, "source = \"sns\"\nmatch = { topic = \"orders\" }"], &[]);
        // What comes within the messages is another matter.
        check(&[OPENS, "source = \"sns\"\nmatch = {}\nthrough = [\"queue:uploads\"]"], &[]);
        check(&["source = \"sqs\"\nmatch = { queue = \"uploads\" }"], &[]);
    }
}
