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
    text.parse().map_err(|error| match error {
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
    })
}

/// Reads one front.
pub(crate) fn parse(text: &str) -> Result<Front, Fault> {
    text.parse().map_err(|ParseFrontError(text)| of_none(&text))
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
