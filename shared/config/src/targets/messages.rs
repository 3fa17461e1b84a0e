use doorward_model::Fault;

use crate::checked::{
    Endpoint, EventBridgeTarget, Invocation, MessageGroup, SnsTarget, SqsTarget, StepFunctionsTarget,
    TargetKind,
};
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};

use super::{address, endpoint};

type Read = Result<(TargetKind, Vec<Endpoint>), Reported>;

pub(super) fn sqs(section: &mut Section<'_>, value: Value<'_>) -> Read {
    let queue = value.parse(address::queue);
    let group = group(section, value, "queue")?;
    Ok((TargetKind::Sqs(SqsTarget { group }), vec![endpoint::only(queue?)]))
}

pub(super) fn sns(section: &mut Section<'_>, value: Value<'_>) -> Read {
    let topic = value.parse(address::topic);
    let group = group(section, value, "topic");
    // "Publish", SNS API reference: at most 100 characters, without line breaks and control characters.
    let subject = section.optional("subject", |value| {
        value.parse(|text| {
            match (1..=100).contains(&text.len()) && text.bytes().all(|b| matches!(b, b' '..=b'~')) {
                true => Ok(text.to_owned()),
                false => Err(Fault::new("a subject is 1 to 100 visible ASCII characters and blanks")),
            }
        })
    });
    let kind = SnsTarget { group: group?, subject: subject? };
    Ok((TargetKind::Sns(kind), vec![endpoint::only(topic?)]))
}

pub(super) fn eventbridge(section: &mut Section<'_>, value: Value<'_>) -> Read {
    let bus = value.parse(address::bus);
    let source = section.required("source", |value| {
        value.parse(|text| {
            // "PutEvents", EventBridge API reference.
            if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws.")) {
                return Err(Fault::new("sources that begin with `aws.` are those of AWS itself"));
            }
            bounded(text, 256)
        })
    });
    let detail_type = section.optional("detail_type", |value| value.parse(|text| bounded(text, 128)));
    let kind = EventBridgeTarget { source: source?, detail_type: detail_type? };
    Ok((TargetKind::EventBridge(kind), vec![endpoint::only(bus?)]))
}

pub(super) fn stepfunctions(section: &mut Section<'_>, value: Value<'_>) -> Read {
    let machine = value.parse(address::state_machine);
    let invocation = section.or("invocation", Invocation::Async, |value| {
        value.choice(&[("sync", Invocation::Sync), ("async", Invocation::Async)])
    });
    let kind = StepFunctionsTarget { invocation: invocation? };
    Ok((TargetKind::StepFunctions(kind), vec![endpoint::only(machine?)]))
}

/// A FIFO queue or topic, whose name says so, needs a group, and only such a one has it.
fn group(
    section: &mut Section<'_>,
    address: Value<'_>,
    what: &str,
) -> Result<Option<MessageGroup>, Reported> {
    let group = section.optional("group", |value| Ok((value.parse(message_group)?, value)))?;
    let fifo = address.text().is_ok_and(|text| text.ends_with(".fifo"));
    match (group, fifo) {
        (Some((group, _)), true) => Ok(Some(group)),
        (None, false) => Ok(None),
        (Some((_, value)), false) => {
            Err(value.fault(Fault::new(format!("only a FIFO {what} keeps groups of messages in order"))))
        }
        (None, true) => {
            let fault = Fault::new(format!("a FIFO {what} needs `group`: what its messages are in order by"));
            Err(section.fault(fault.hint("write `group = \"caller\"`, or `group = \"name:orders\"`")))
        }
    }
}

fn message_group(text: &str) -> Result<MessageGroup, Fault> {
    match text.split_once(':') {
        None if text == "caller" => Ok(MessageGroup::Caller),
        Some(("name", name))
            if (1..=128).contains(&name.len()) && name.bytes().all(|b| matches!(b, b'!'..=b'~')) =>
        {
            Ok(MessageGroup::Named(name.to_owned()))
        }
        _ => {
            let fault = Fault::new(format!("{} groups no messages", quote(text)));
            Err(fault.hint("write `caller`, or `name:` and the group's name"))
        }
    }
}

fn bounded(text: &str, most: usize) -> Result<String, Fault> {
    match (1..=most).contains(&text.len()) && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(Fault::new(format!("expected 1 to {most} characters, none of them control characters"))),
    }
}
