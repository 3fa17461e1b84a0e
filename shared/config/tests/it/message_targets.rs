//! Targets that are queues, topics, buses and state machines.

use doorward_config::{Invocation, MessageGroup, TargetKind};
use expect_test::expect;

use crate::endpoints::{ORDERS, target};
use crate::shop::check;

#[test]
fn messages_go_to_queues_topics_buses_and_state_machines() {
    let TargetKind::Sqs(sqs) =
        target("sqs = \"https://sqs.eu-west-1.amazonaws.com/123456789012/o.fifo\"\ngroup = \"caller\"").kind
    else {
        panic!()
    };
    assert_eq!(sqs.group, Some(MessageGroup::Caller));
    let TargetKind::Sns(sns) =
        target("sns = \"arn:aws:sns:eu-west-1:123456789012:o\"\nsubject = \"An order\"").kind
    else {
        panic!()
    };
    assert_eq!((sns.group, sns.subject.as_deref()), (None, Some("An order")));
    let TargetKind::EventBridge(bus) = target("eventbridge = \"default\"\nsource = \"shop\"").kind else {
        panic!()
    };
    assert_eq!((bus.source.as_str(), bus.detail_type), ("shop", None));
    let TargetKind::StepFunctions(machine) =
        target("stepfunctions = \"arn:aws:states:eu-west-1:123456789012:stateMachine:o\"").kind
    else {
        panic!()
    };
    assert_eq!(machine.invocation, Invocation::Async);
}

#[test]
fn messages_need_what_their_service_needs() {
    check(
        ORDERS,
        "sqs = \"orders\"",
        expect![[r#"
        doorward.toml:19:7: `orders` is no queue
          hint: write the URL of the queue: `https://sqs.eu-central-1.amazonaws.com/123456789012/orders`"#]],
    );
    check(
        ORDERS,
        "sqs = \"https://sqs.eu-west-1.amazonaws.com/123456789012/o.fifo\"",
        expect![[r#"
        doorward.toml:17:1: a FIFO queue needs `group`: what its messages are in order by
          hint: write `group = "caller"`, or `group = "name:orders"`"#]],
    );
    check(
        ORDERS,
        "sqs = \"https://sqs.eu-west-1.amazonaws.com/123456789012/o\"\ngroup = \"caller\"",
        expect!["doorward.toml:20:9: only a FIFO queue keeps groups of messages in order"],
    );
    check(
        ORDERS,
        "sns = \"arn:aws:sns:eu-west-1:123456789012:o.fifo\"\ngroup = \"orders\"",
        expect![[r#"
            doorward.toml:20:9: `orders` groups no messages
              hint: write `caller`, or `name:` and the group's name"#]],
    );
    check(
        ORDERS,
        "eventbridge = \"default\"\nsource = \"aws.s3\"",
        expect!["doorward.toml:20:10: sources that begin with `aws.` are those of AWS itself"],
    );
    check(
        ORDERS,
        "eventbridge = \"default\"",
        expect!["doorward.toml:17:1: missing key `source` in `[[targets]]`"],
    );
    check(
        ORDERS,
        "stepfunctions = \"ship\"",
        expect![[r#"
        doorward.toml:19:17: `ship` is no state machine
          hint: write its ARN: `arn:aws:states:eu-central-1:123456789012:stateMachine:orders`"#]],
    );
}

#[test]
fn what_messages_go_to_is_named_as_its_service_allows() {
    let queue =
        |account: &str, name: &str| format!("sqs = \"https://sqs.eu-west-1.amazonaws.com/{account}/{name}\"");
    check(
        ORDERS,
        &queue("123456789012", "or.ders"),
        expect![[r#"
            doorward.toml:19:7: `or.ders` is no name of a queue
              hint: a queue's name is 1 to 80 ASCII letters, digits, `-` and `_`, with or without `.fifo` at the end"#]],
    );
    check(
        ORDERS,
        &queue("123456789012", &"q".repeat(81)),
        expect![[r#"
            doorward.toml:19:7: `qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq…` is no name of a queue
              hint: a queue's name is 1 to 80 ASCII letters, digits, `-` and `_`, with or without `.fifo` at the end"#]],
    );
    check(
        ORDERS,
        &queue("12345", "orders"),
        expect![[r#"
            doorward.toml:19:7: `12345` is no account
              hint: accounts of AWS have 12 digits"#]],
    );
    check(
        ORDERS,
        "sns = \"arn:aws:sns:eu-west-1:123456789012:or.ders\"",
        expect![[r#"
            doorward.toml:19:7: `or.ders` is no name of a topic
              hint: a topic's name is 1 to 256 ASCII letters, digits, `-` and `_`, with or without `.fifo` at the end"#]],
    );
    let bus = |name: &str| format!("eventbridge = \"{name}\"\nsource = \"shop\"");
    check(
        ORDERS,
        &bus("shop/orders"),
        expect![[r#"
            doorward.toml:19:15: `shop/orders` is no name of an event bus
              hint: a bus's name is 1 to 256 ASCII letters, digits, `.`, `-` and `_`, or that of a partner's event source"#]],
    );
    check(
        ORDERS,
        &bus("arn:aws:events:eu-west-1:123456789012:event-bus/or ders"),
        expect![[r#"
            doorward.toml:19:15: `or ders` is no name of an event bus
              hint: a bus's name is 1 to 256 ASCII letters, digits, `.`, `-` and `_`, or that of a partner's event source"#]],
    );
    check(
        ORDERS,
        &bus("arn:aws:events:eu-west-1:1234:event-bus/orders"),
        expect![[r#"
        doorward.toml:19:15: `arn:aws:events:eu-west-1:1234:event-bus/orders` is no event bus
          hint: write its name, or `arn:aws:events:REGION:ACCOUNT:event-bus/NAME`"#]],
    );
    let machine =
        |name: &str| format!("stepfunctions = \"arn:aws:states:eu-west-1:123456789012:stateMachine:{name}\"");
    check(
        ORDERS,
        &machine("sh*p"),
        expect![[r##"
            doorward.toml:19:17: `sh*p` is no name of a state machine
              hint: a state machine's name is 1 to 80 characters, none of them a blank or one of `<>{}[]?*"#%\^|~`$&,;:/`"##]],
    );
    check(
        ORDERS,
        &machine("ship:li ve"),
        expect![[r#"
            doorward.toml:19:17: `li ve` is no version or alias of a state machine
              hint: it is a number, or an alias of 1 to 80 ASCII letters, digits, `-`, `_` and `.`"#]],
    );
}
