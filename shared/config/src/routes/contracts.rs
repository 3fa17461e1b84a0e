//! `contract` and `check_answers`: what a route's requests, messages and answers are held to.

use doorward_model::Fault;

use super::matched::Matched;
use crate::checked::{CheckAnswers, ContractRef, RouteMethod, SchemaRef};
use crate::reader::{Section, Value};
use crate::report::{Reported, quote};
use crate::{events, location, sockets, streaming};

/// What the calls of a route are held to.
pub(super) struct Contracts {
    /// An operation of an OpenAPI document.
    pub(super) operation: Option<ContractRef>,
    /// The schema of a payload that comes without a method and a path.
    pub(super) payload: Option<SchemaRef>,
    pub(super) check_answers: CheckAnswers,
}

/// `matched` is absent while it is faulty; `streams` says whether answers pass on while they come in.
pub(super) fn read(
    section: &mut Section<'_>,
    matched: Option<&Matched>,
    streams: bool,
) -> Result<Contracts, Reported> {
    let is_invoke = section.has("invoke");
    let takes_payload = is_invoke || matches!(matched, Some(Matched::Socket(key)) if key != sockets::CONNECT);
    let (operation, payload) = match takes_payload {
        true => (Ok(None), section.optional("contract", |value| read_schema(value, matched))),
        false => (section.optional("contract", |value| read_operation(value, matched)), Ok(None)),
    };
    let stated = section.optional("check_answers", |value| Ok((read_check_answers(value)?, value)));

    let (operation, payload) = (operation?, payload?);
    let check_answers = match (stated?, &operation) {
        (Some((wanted, value)), _) if streams && wanted != CheckAnswers::Off => {
            return Err(streaming::unchecked(value));
        }
        (Some((wanted, value)), None) if wanted != CheckAnswers::Off => {
            return Err(value.fault(unheld(is_invoke, takes_payload)));
        }
        (Some((wanted, _)), _) => wanted,
        (None, Some(_)) if !streams => CheckAnswers::Enforce,
        (None, _) => CheckAnswers::Off,
    };
    Ok(Contracts { operation, payload, check_answers })
}

/// The fault of a `check_answers` where there is nothing that answers could be held to.
fn unheld(is_invoke: bool, takes_payload: bool) -> Fault {
    let (what, hint) = match (is_invoke, takes_payload) {
        (true, _) => ("answers of invocations are passed on as they are", "leave `check_answers` out"),
        (false, true) => ("answers to messages are passed on as they are", "leave `check_answers` out"),
        (false, false) => {
            ("answers cannot be checked without a contract", "set `contract`, or leave `check_answers` out")
        }
    };
    Fault::new(what).hint(hint)
}

/// Reads the schema of a payload that comes without a method and a path.
fn read_schema(value: Value<'_>, matched: Option<&Matched>) -> Result<SchemaRef, Reported> {
    match matched {
        Some(Matched::Socket(key)) if key == sockets::DISCONNECT => Err(sockets::no_payload(value, key)),
        _ => events::read_contract(value),
    }
}

fn read_operation(value: Value<'_>, matched: Option<&Matched>) -> Result<ContractRef, Reported> {
    if let Some(Matched::Socket(key)) = matched {
        let fault = Fault::new(format!("{} has no method and path, which a contract describes", quote(key)));
        return Err(value.fault(fault.hint("leave `contract` out")));
    }
    if let Some(Matched::Http(RouteMethod::Any, path)) = matched {
        let this = quote(&format!("ANY {}", path.text));
        let fault = Fault::new(format!("an operation has one method, and {this} takes all"));
        let hint = "give each method that has a contract a route of its own, which comes before `ANY`; or leave `contract` out";
        return Err(value.fault(fault.hint(hint)));
    }
    value.parse(|text| match text.split_once('#') {
        Some((file, operation)) if !operation.is_empty() => Ok(ContractRef {
            file: location::parse_file(file)?,
            operation: operation.to_owned(),
            place: value.place(),
        }),
        _ => {
            let fault = Fault::new(format!("{} names no operation", quote(text)));
            Err(fault.hint("write the file, `#` and the `operationId`: `contracts/shop.yaml#createOrder`"))
        }
    })
}

fn read_check_answers(value: Value<'_>) -> Result<CheckAnswers, Reported> {
    value.choice(&[
        ("enforce", CheckAnswers::Enforce),
        ("report", CheckAnswers::Report),
        ("off", CheckAnswers::Off),
    ])
}
