mod address;
mod balance;
mod credentials;
mod endpoint;
mod fields;
mod host;
mod http;
mod messages;
mod network;
mod resource_name;

use std::time::Duration;

use doorward_model::Fault;

use crate::checked::{
    Endpoint, Invocation, LambdaTarget, PayloadForm, QueuePlace, SnsTarget, SqsTarget, Target, TargetKind,
};
use crate::environment::target_variable;
use crate::names::{self, Names};
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};

/// For how long the door waits where `timeout` is not set.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest that a Lambda function runs, the door's own included (AWS Lambda quotas).
const LONGEST_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// The keys of which a target has one: each says what it is, and where.
const KINDS: [&str; 6] = ["lambda", "http", "sqs", "sns", "eventbridge", "stepfunctions"];

/// Reads `[[targets]]` and declares their names.
pub(crate) fn read(document: &mut Section<'_>, names: &mut Names) -> Result<Vec<Target>, Reported> {
    let mut earlier: Vec<String> = Vec::new();
    document.sections("targets", "`[[targets]]`", |section| {
        let name = section.required("name", |value| {
            let name = names.declare(value, names::plain)?;
            let told_apart = tell_apart(&name, &earlier).map_err(|fault| value.fault(fault));
            earlier.push(name.clone());
            told_apart.map(|()| name)
        });
        let timeout = section.or("timeout", DEFAULT_TIMEOUT, |value| {
            value.duration(Duration::from_millis(1)..=LONGEST_TIMEOUT)
        });
        let place = read_place(section);
        let several = place.as_ref().is_ok_and(|(_, endpoints)| endpoints.len() > 1);
        let balance = balance::read(section, several);
        let health = balance::read_health(section, several);
        let retry = balance::read_retry(section, timeout.as_ref().ok().copied());
        let (kind, endpoints) = place?;
        Ok(Target {
            name: name?,
            kind,
            endpoints,
            balance: balance?,
            health: health?,
            retry: retry?,
            timeout: timeout?,
        })
    })
}

/// No two targets may be meant by one variable of the environment, which could put one where the other's credentials and
/// callers are not to go.
fn tell_apart(name: &str, earlier: &[String]) -> Result<(), Fault> {
    let variable = target_variable(name);
    match earlier.iter().find(|other| target_variable(other) == variable) {
        None => Ok(()),
        Some(other) => {
            let fault = format!("the names `{name}` and `{other}` differ only in case or punctuation");
            Err(Fault::new(fault).hint(format!("both would be meant by `{variable}`")))
        }
    }
}

/// What the target is, and where. Keys of another kind than its own are unknown keys.
fn read_place(section: &mut Section<'_>) -> Result<(TargetKind, Vec<Endpoint>), Reported> {
    let mut stated = Vec::new();
    for kind in KINDS {
        stated.extend(section.optional(kind, |value| Ok((kind, value)))?);
    }
    let (kind, value) = match stated.as_slice() {
        [one] => *one,
        [] => {
            let fault = Fault::new("a target says what it is: it has none of the keys that do");
            return Err(section.fault(fault.hint(format!("set one of {}", quoted(&KINDS)))));
        }
        [_, (kind, value), ..] => {
            let fault = Fault::new(format!("a target is one thing, and `{kind}` is a second one"));
            return Err(value.fault(fault.hint("declare two targets")));
        }
    };
    match kind {
        "http" => http::read(section, value),
        "sqs" => messages::sqs(section, value),
        "sns" => messages::sns(section, value),
        "eventbridge" => messages::eventbridge(section, value),
        "stepfunctions" => messages::stepfunctions(section, value),
        _ => lambda(section, value),
    }
}

fn lambda(section: &mut Section<'_>, value: Value<'_>) -> Result<(TargetKind, Vec<Endpoint>), Reported> {
    let endpoints = endpoint::list(value, "function", |value| value.parse(address::function));
    let invocation = invocation(section);
    let payload = section.or("payload", PayloadForm::default(), |value| {
        value.choice(&[("2.0", PayloadForm::V2), ("1.0", PayloadForm::V1)])
    });
    let stream = section.optional("stream", |value| {
        let stream = value.flag()?;
        if stream && matches!(invocation, Ok(Invocation::Async)) {
            let fault =
                Fault::new("a function that is invoked asynchronously answers nothing, by a stream or else");
            return Err(value.fault(fault.hint("leave `stream` out, or write `invocation = \"sync\"`")));
        }
        Ok(stream)
    });
    let kind =
        LambdaTarget { invocation: invocation?, payload: payload?, stream: stream?.unwrap_or_default() };
    Ok((TargetKind::Lambda(kind), endpoints?))
}

/// Reads the URL of a queue that is no target.
pub(crate) fn queue_place(text: &str) -> Result<QueuePlace, Fault> {
    let address::Address { text, region } = address::queue(text)?;
    Ok(QueuePlace { url: text, region })
}

/// Puts the target at other places, as many as it had: those of `text`, separated by commas.
pub(crate) fn move_to(target: &mut Target, text: &str) -> Result<(), Fault> {
    let texts: Vec<&str> = text.split(',').map(str::trim).collect();
    if texts.len() != target.endpoints.len() {
        let (found, expected) = (texts.len(), target.endpoints.len());
        let fault = Fault::new(format!("it names {found} places, and the target has {expected}"));
        return Err(fault.hint("name as many, in the order of the configuration, separated by commas"));
    }
    for (endpoint, text) in target.endpoints.iter_mut().zip(texts) {
        let address = match &target.kind {
            TargetKind::Lambda(_) => address::function(text),
            TargetKind::Http(http) => http::base_url(text, http),
            TargetKind::Sqs(_) => address::queue(text),
            TargetKind::Sns(_) => address::topic(text),
            TargetKind::EventBridge(_) => address::bus(text),
            TargetKind::StepFunctions(_) => address::state_machine(text),
        };
        let address::Address { text, region } = address?;
        let group = match &target.kind {
            TargetKind::Sqs(SqsTarget { group }) | TargetKind::Sns(SnsTarget { group, .. }) => Some(group),
            _ => None,
        };
        if group.is_some_and(|group| group.is_some() != text.ends_with(".fifo")) {
            let fault = Fault::new(format!("{} keeps its messages otherwise than the target", quote(&text)));
            return Err(fault.hint("a FIFO queue or topic takes the place of such a one, and of no other"));
        }
        endpoint.address = text;
        endpoint.region = region;
    }
    Ok(())
}

fn invocation(section: &mut Section<'_>) -> Result<Invocation, Reported> {
    section.or("invocation", Invocation::default(), |value| {
        value.choice(&[("sync", Invocation::Sync), ("async", Invocation::Async)])
    })
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
