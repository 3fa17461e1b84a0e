use std::collections::BTreeMap;

use doorward_model::{Fault, Front, FrontKind, ParseFrontError, ParsePinError, Pin};

use crate::reader::Value;
use crate::report::{Reported, quote, shorten};

/// The fronts that may send anything.
#[derive(Default)]
pub(crate) struct Pins {
    pub(crate) fronts: Vec<Front>,
    /// The ARNs of those that are pinned by ARN.
    pub(crate) arns: BTreeMap<Front, Vec<String>>,
}

impl Pins {
    /// Adds one, which may be there already. A name means any account and region: beside an ARN of the same name, one of the
    /// two is a mistake.
    pub(crate) fn add(&mut self, Pin { front, arn }: Pin) -> Result<(), Fault> {
        let there = self.fronts.contains(&front);
        let by_arn = self.arns.contains_key(&front);
        if there && by_arn != arn.is_some() {
            let name = quote(&front.to_string());
            let fault = Fault::new(format!("{name} is pinned by name and by ARN"));
            return Err(fault.hint("a name is that of any account and region: keep the ARNs alone"));
        }
        if !there {
            self.fronts.push(front.clone());
        }
        if let Some(arn) = arn {
            let arns = self.arns.entry(front).or_default();
            if !arns.contains(&arn) {
                arns.push(arn);
            }
        }
        Ok(())
    }
}

/// Reads `["http-api:a1b2c3", "queue:arn:aws:sqs:eu-central-1:123456789012:orders"]`. An empty list is good: ids may be known
/// only after deployment.
pub(crate) fn read(value: Value<'_>) -> Result<Pins, Reported> {
    let mut pins = Pins::default();
    value.set(|item| {
        let pin = item.parse(pin)?;
        pins.add(pin.clone()).map_err(|fault| item.fault(fault))?;
        Ok(pin)
    })?;
    Ok(pins)
}

/// Reads what pins a front.
pub(crate) fn pin(text: &str) -> Result<Pin, Fault> {
    let pin: Pin = text.parse().map_err(|error| match error {
        ParsePinError::Front(ParseFrontError(text)) => of_none(&text),
        ParsePinError::Arn { text, kind, expected } => {
            let fault = ParsePinError::Arn { text: shorten(&text), kind, expected };
            let fault = Fault::new(fault.to_string());
            match kind == FrontKind::Bus.word() {
                true => fault.hint("an event does not say by which bus of its account it came"),
                false => fault,
            }
        }
        ParsePinError::ById(_) => Fault::new(error.to_string()).hint("write `http-api:a1b2c3`"),
    })?;
    named(&pin.front)?;
    Ok(pin)
}

/// Reads one front.
pub(crate) fn parse(text: &str) -> Result<Front, Fault> {
    let front = text.parse().map_err(|ParseFrontError(text)| of_none(&text))?;
    named(&front)?;
    Ok(front)
}

/// The longest name of a queue, with the `.fifo` of a FIFO queue
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>).
const LONGEST_QUEUE: usize = 80;

/// Refuses a queue that SQS cannot have.
fn named(front: &Front) -> Result<(), Fault> {
    let base = front.id.strip_suffix(".fifo").unwrap_or(&front.id);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_name = !base.is_empty() && front.id.len() <= LONGEST_QUEUE && base.bytes().all(is_plain);
    match front.kind {
        FrontKind::Queue if !is_name => {
            let fault = Fault::new(format!("SQS has no queue named {}", quote(&front.id)));
            Err(fault.hint("1 to 80 letters, digits, `-` and `_`, of a FIFO queue with `.fifo` at the end"))
        }
        _ => Ok(()),
    }
}

fn of_none(text: &str) -> Fault {
    Fault::new(ParseFrontError(shorten(text)).to_string())
}

/// Reads a front that passes answers on while they come in, which only two kinds can be set to.
pub(crate) fn streamed(text: &str) -> Result<Front, Fault> {
    let front = parse(text)?;
    match front.kind {
        FrontKind::FunctionUrl | FrontKind::RestApi => Ok(front),
        _ => {
            let fault = Fault::new(format!("{} takes an answer when it is whole", quote(text)));
            Err(fault
                .hint("only function URLs and REST APIs can be set to pass answers on while they come in"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_have_names_that_sqs_has() {
        let long = |length: usize| format!("queue:{}", "q".repeat(length));
        for good in ["queue:a", "queue:Orders_1-dlq", "queue:orders.fifo", "topic:a.b", &long(80)] {
            assert!(parse(good).is_ok() && pin(good).is_ok(), "{good}");
        }
        let arn = "queue:arn:aws:sqs:us-east-1:123456789012:a.b";
        for odd in
            ["queue:a.b", "queue:.fifo", "queue:a.fifo.fifo", &long(81), &format!("{}.fifo", long(76)), arn]
        {
            let fault = pin(odd).unwrap_err();
            assert!(fault.message.starts_with("SQS has no queue named"), "{odd}: {fault:?}");
        }
        assert!(parse("queue:a.b").is_err());
    }
}
