use std::num::NonZeroU64;

use doorward_config::{UnitsFormula, UnitsInput, UnitsRule, UnitsTerm};
use doorward_model::{Fault, Shape, UnitsFault, scalar};
use http::{HeaderMap, HeaderName};
use serde_json::Value;

/// What the calls of a route count for, with every path of its arithmetic held against the contract.
#[derive(Debug, Clone)]
pub(crate) enum Units {
    Fixed(NonZeroU64),
    Formula(UnitsTerm<Counted>),
    Answered { header: HeaderName, most: NonZeroU64, pass: bool },
}

/// A part of the payload that is counted.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    /// Names of members, from the payload down.
    steps: Vec<String>,
    measure: Measure,
}

/// What is counted of it.
#[derive(Debug, Clone, Copy)]
enum Measure {
    /// A whole number: itself.
    Value,
    /// A list: its elements.
    Elements,
    /// A text: its characters, as JSON Schema's `maxLength` counts them.
    Characters,
}

impl Units {
    /// What `rule` says, over payloads of the type `input`; `None` where no contract says what the payload is.
    pub(crate) fn compile(rule: &UnitsRule, input: Option<&Shape>) -> Result<Self, Fault> {
        match rule {
            UnitsRule::Fixed(units) => Ok(Self::Fixed(*units)),
            UnitsRule::Answered { header, most, pass } => {
                Ok(Self::Answered { header: header.clone(), most: *most, pass: *pass })
            }
            UnitsRule::Formula(UnitsFormula { term, .. }) => {
                term.try_map(&mut |read| counted(read, input)).map(Self::Formula)
            }
        }
    }

    /// What is known of it before the payload is read: what a call is charged that gets no further.
    pub(crate) fn beforehand(&self) -> u64 {
        match self {
            Self::Fixed(units) => units.get(),
            Self::Formula(_) | Self::Answered { .. } => 1,
        }
    }

    /// What is taken from the limits before the target is called.
    pub(crate) fn to_reserve(&self, input: Option<&Value>, bytes: usize) -> Result<NonZeroU64, UnitsFault> {
        match self {
            Self::Fixed(units) | Self::Answered { most: units, .. } => Ok(*units),
            Self::Formula(term) => {
                let bytes = i64::try_from(bytes).map_err(|_| UnitsFault::TooLarge)?;
                term.evaluate(bytes, &|part| part.count(input)).and_then(UnitsRule::bound)
            }
        }
    }

    /// What the target's answer says that the call counted for; its field is taken out unless the caller may see it.
    /// `None` where the answer is not asked.
    pub(crate) fn settle(&self, headers: &mut HeaderMap) -> Option<Settled> {
        let Self::Answered { header, most, pass } = self else { return None };
        let stated = stated(headers, header, most.get());
        if !pass {
            headers.remove(header);
        }
        Some(match stated {
            Ok(units) => Settled { units, fault: None },
            Err(fault) => Settled { units: most.get(), fault: Some(fault) },
        })
    }
}

/// What an answer says of a call's units.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) units: u64,
    /// Why the most is counted, where that is not what the target said.
    pub(crate) fault: Option<&'static str>,
}

fn stated(headers: &HeaderMap, header: &HeaderName, most: u64) -> Result<u64, &'static str> {
    let mut lines = headers.get_all(header).iter();
    let line = lines.next().ok_or("missing")?;
    if lines.next().is_some() {
        return Err("repeated");
    }
    let digits = line.to_str().map_err(|_| "unreadable")?;
    // `parse` would take a sign.
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("unreadable");
    }
    match digits.parse::<u64>() {
        Ok(units) if units <= most => Ok(units),
        // What does not fit into 64 bits is larger too.
        _ => Err("too-large"),
    }
}

impl Counted {
    /// What is optional and not there counts as nothing; `null` is absence.
    fn count(&self, input: Option<&Value>) -> Result<i64, UnitsFault> {
        let found = input.and_then(|input| self.steps.iter().try_fold(input, |value, step| value.get(step)));
        let size = |size: usize| i64::try_from(size).map_err(|_| UnitsFault::TooLarge);
        match (self.measure, found) {
            (_, None | Some(Value::Null)) => Ok(0),
            (Measure::Value, Some(Value::Number(number))) => scalar::long(number).ok_or(UnitsFault::NotWhole),
            (Measure::Elements, Some(Value::Array(elements))) => size(elements.len()),
            (Measure::Characters, Some(Value::String(text))) => size(text.chars().count()),
            // The contract has said what it is.
            _ => Err(UnitsFault::NotWhole),
        }
    }
}

/// Follows `read` through the type of the payload.
fn counted(read: &UnitsInput, input: Option<&Shape>) -> Result<Counted, Fault> {
    let fault = |message: String, hint: &str| Err(Fault::new(message).at(read.place.clone()).hint(hint));
    let Some(mut shape) = input else {
        return fault(
            "nothing says what `context.input` is here".to_owned(),
            "give the route a `contract` that describes its body, or count `context.request.bytes`",
        );
    };
    let mut steps: Vec<String> = Vec::new();
    let mut written = "context.input".to_owned();
    for (nth, step) in read.steps.iter().enumerate() {
        let is_size = step == "size" && nth + 1 == read.steps.len();
        match shape {
            Shape::Record(members) => match members.get(step) {
                Some(field) => {
                    steps.push(step.clone());
                    shape = &field.shape;
                }
                None => {
                    let known = members.keys().map(String::as_str);
                    let hint = doorward_config::suggest(step, known)
                        .unwrap_or_else(|| "the contract names none".to_owned());
                    return fault(format!("`{written}` has no member `{step}`"), &hint);
                }
            },
            Shape::List(_) if is_size => return Ok(Counted { steps, measure: Measure::Elements }),
            Shape::Text { .. } if is_size => return Ok(Counted { steps, measure: Measure::Characters }),
            Shape::Opaque { reason } => {
                return fault(format!("`{written}` has no type to count by: {reason}"), COUNTABLE);
            }
            Shape::Bool | Shape::Long | Shape::Decimal | Shape::Text { .. } | Shape::List(_) => {
                return fault(format!("`{written}` is {}, which has no `{step}`", kind(shape)), COUNTABLE);
            }
        }
        written = format!("{written}.{step}");
    }
    match shape {
        Shape::Long => Ok(Counted { steps, measure: Measure::Value }),
        Shape::Opaque { reason } => {
            fault(format!("`{written}` has no type to count by: {reason}"), COUNTABLE)
        }
        other => fault(format!("`{written}` is {}, not a whole number", kind(other)), COUNTABLE),
    }
}

const COUNTABLE: &str = "count a whole number of the contract's, or the `.size` of a list or text";

fn kind(shape: &Shape) -> &'static str {
    match shape {
        Shape::Bool => "a boolean",
        Shape::Long => "a whole number",
        Shape::Decimal => "a number that need not be whole",
        Shape::Text { .. } => "a text",
        Shape::List(_) => "a list",
        Shape::Record(_) => "an object",
        Shape::Opaque { .. } => "of no type",
    }
}
