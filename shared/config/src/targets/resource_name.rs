//! What AWS lets accounts, queues, topics, buses and state machines be called.

use doorward_model::Fault;

use crate::lambda_name::is_account;
use crate::report::quote;

/// The number of an account, the one of stand-ins on the own machine included: `000000000000`.
pub(super) fn account(account: &str) -> Result<(), Fault> {
    match is_account(account) {
        true => Ok(()),
        false => {
            Err(Fault::new(format!("{} is no account", quote(account)))
                .hint("accounts of AWS have 12 digits"))
        }
    }
}

/// The name of a queue or topic, `.fifo` at the end of those of FIFO ones, which counts towards the `most` characters
/// ("Amazon SQS FIFO queue quotas", Amazon SQS guide; "CreateTopic", Amazon SNS API reference).
pub(super) fn queue_or_topic(name: &str, what: &str, most: usize) -> Result<(), Fault> {
    let base = name.strip_suffix(".fifo").unwrap_or(name);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=most).contains(&name.len()) && !base.is_empty() && base.chars().all(allowed) {
        return Ok(());
    }
    let rule = "ASCII letters, digits, `-` and `_`, with or without `.fifo` at the end";
    let fault = Fault::new(format!("{} is no name of a {what}", quote(name)));
    Err(fault.hint(format!("a {what}'s name is 1 to {most} {rule}")))
}

/// The name of a bus; only that of a partner's has slashes, and is that of its event source ("CreateEventBus", EventBridge
/// API reference).
pub(super) fn bus(name: &str) -> Result<(), Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let word = |part: &str| !part.is_empty() && part.chars().all(allowed);
    let is_named = match name.split('/').collect::<Vec<_>>().as_slice() {
        [own] => word(own),
        ["aws.partner", source @ ..] => source.len() >= 2 && source.iter().copied().all(word),
        _ => false,
    };
    if is_named && name.len() <= 256 {
        return Ok(());
    }
    let rule = "1 to 256 ASCII letters, digits, `.`, `-` and `_`, or that of a partner's event source";
    let fault = Fault::new(format!("{} is no name of an event bus", quote(name)));
    Err(fault.hint(format!("a bus's name is {rule}")))
}

/// The name of a state machine: all but these characters may be in it ("CreateStateMachine", Step Functions API reference).
pub(super) fn state_machine(name: &str) -> Result<(), Fault> {
    let excluded = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c)
            || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
    };
    if (1..=80).contains(&name.chars().count()) && !name.contains(excluded) {
        return Ok(());
    }
    let fault = Fault::new(format!("{} is no name of a state machine", quote(name)));
    Err(fault.hint("a state machine's name is 1 to 80 characters, none of them a blank or one of `<>{}[]?*\"#%\\^|~`$&,;:/`"))
}

/// The number of a version or the name of an alias ("CreateStateMachineAlias", Step Functions API reference).
pub(super) fn qualifier(qualifier: &str) -> Result<(), Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match (1..=80).contains(&qualifier.len()) && qualifier.chars().all(allowed) {
        true => Ok(()),
        false => Err(Fault::new(format!("{} is no version or alias of a state machine", quote(qualifier)))
            .hint("it is a number, or an alias of 1 to 80 ASCII letters, digits, `-`, `_` and `.`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hold: impl Fn(&str) -> Result<(), Fault>, allowed: &[&str], refused: &[&str]) {
        for name in allowed {
            assert_eq!(hold(name), Ok(()), "{name}");
        }
        for name in refused {
            assert!(hold(name).is_err(), "{name}");
        }
    }

    #[test]
    fn accounts_have_twelve_digits() {
        check(
            account,
            &["123456789012", "000000000000"],
            &["", "12345678901", "1234567890123", "12345678901a"],
        );
    }

    #[test]
    fn queues_and_topics_are_named_within_their_bounds() {
        let longest = "q".repeat(80);
        let longest_fifo = format!("{}.fifo", "q".repeat(75));
        let allowed = ["q", "a-b_C9", "orders.fifo", &longest, &longest_fifo];
        let too_long = ["q".repeat(81), format!("{}.fifo", "q".repeat(76))];
        let refused =
            ["", ".fifo", "or.ders", "orders.FIFO", "or ders", "ordersé", "or%2Fders", "a.fifo.fifo"];
        let queue = |name: &str| queue_or_topic(name, "queue", 80);
        check(queue, &allowed, &refused);
        check(queue, &[], &too_long.each_ref().map(String::as_str));
        check(|name| queue_or_topic(name, "topic", 256), &too_long.each_ref().map(String::as_str), &refused);
    }

    #[test]
    fn buses_of_partners_alone_have_slashes() {
        let longest = "b".repeat(256);
        let allowed =
            ["default", "a.b-c_D9", "aws.partner/shop.example/1/orders", "aws.partner/a/b", &longest];
        let too_long = "b".repeat(257);
        let refused =
            ["", "a/b", "a b", "aws.partner/a", "aws.partner/a//b", "aws.partner/a/b/", "é", &too_long];
        check(bus, &allowed, &refused);
    }

    #[test]
    fn state_machines_are_named_freely() {
        let longest = "é".repeat(80);
        let allowed = ["ship", "ship.v2_A-9", "ship+(orders)=@!'", &longest];
        let too_long = "m".repeat(81);
        check(
            state_machine,
            &allowed,
            &["", "a b", "a/b", "a\u{a0}b", "a\u{85}b", "a*", "<a>", "a|b", &too_long],
        );
        check(qualifier, &["7", "live", "v1.2-a_b"], &["", "li ve", "live+", &too_long]);
    }
}
