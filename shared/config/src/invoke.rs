//! `invoke` of a route: the function that callers name in the Lambda Invoke API.

use std::collections::HashMap;

use doorward_model::Fault;

use crate::checked::{FunctionPlace, InvokeRule, PublicFunction};
use crate::lambda_name;
use crate::reader::Value;
use crate::report::{Reported, quote};

/// As the API reference of Lambda has the path of `Invoke`.
pub(crate) const PATH: &str = "/2015-03-31/functions/{FunctionName}/invocations";

/// The names of functions that routes take, and the line of each.
#[derive(Default)]
pub(crate) struct Functions(HashMap<String, usize>);

impl Functions {
    fn claim(&mut self, value: Value<'_>, function: PublicFunction) -> Result<PublicFunction, Reported> {
        let Some(line) = self.0.insert(function.name.clone(), value.line()) else { return Ok(function) };
        let fault = Fault::new(format!("a second route takes the function {}", quote(&function.name)));
        Err(value.fault(fault.hint(format!("the first route is on line {line}"))))
    }
}

/// Reads `invoke = "orders"`, or a table that says more: `{ function = "orders", qualifiers = ["live"], log_tail = true }`.
pub(crate) fn read(value: Value<'_>, functions: &mut Functions) -> Result<InvokeRule, Reported> {
    let name = |functions: &mut Functions, value: Value<'_>| functions.claim(value, value.parse(function)?);
    if !value.is_table() {
        let function = name(functions, value)?;
        return Ok(InvokeRule { function, qualifiers: Vec::new(), log_tail: false, contract: None });
    }
    value.section("`invoke`", |section| {
        let function = section.required("function", |value| name(functions, value));
        let qualifiers =
            section.or("qualifiers", Vec::new(), |value| value.nonempty_set(|item| item.parse(qualifier)));
        let log_tail = section.or("log_tail", false, Value::flag);
        Ok(InvokeRule { function: function?, qualifiers: qualifiers?, log_tail: log_tail?, contract: None })
    })
}

/// What only functions have cannot be asked of a target of another `kind`.
pub(crate) fn fits(value: Value<'_>, rule: &InvokeRule, kind: Option<&str>) -> Result<(), Reported> {
    let Some(kind) = kind.filter(|kind| *kind != "lambda") else { return Ok(()) };
    let unfit = match rule {
        InvokeRule { log_tail: true, .. } => "`log_tail`",
        InvokeRule { qualifiers, .. } if !qualifiers.is_empty() => "`qualifiers`",
        _ => return Ok(()),
    };
    let fault = Fault::new(format!("a target of kind `{kind}` has no versions and no log of Lambda's"));
    Err(value.fault(fault.hint(format!("leave {unfit} out: it is for targets that are functions"))))
}

/// A name, or a full ARN; without a qualifier.
fn function(text: &str) -> Result<PublicFunction, Fault> {
    let text = lambda_name::parse(text)?;
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [name] => Ok(PublicFunction { name: (*name).to_owned(), place: None }),
        ["arn", partition, "lambda", region, account, "function", name] => {
            let place = FunctionPlace {
                partition: (*partition).to_owned(),
                region: (*region).to_owned(),
                account: (*account).to_owned(),
            };
            Ok(PublicFunction { name: (*name).to_owned(), place: Some(place) })
        }
        _ => {
            let fault = Fault::new(format!("{} names a version of a function", quote(&text)));
            Err(fault.hint(
                "write the name alone; versions that callers may ask for are `qualifiers`: `{ function = \"orders\", \
                 qualifiers = [\"live\"] }`",
            ))
        }
    }
}

/// An alias or the number of a version.
fn qualifier(text: &str) -> Result<String, Fault> {
    if text == "$LATEST" {
        let fault = Fault::new("`$LATEST` is always taken, and means the target's own version");
        return Err(fault.hint("leave it out"));
    }
    if lambda_name::is_qualifier(text) {
        return Ok(text.to_owned());
    }
    let fault = Fault::new(format!("{} is no alias and no version", quote(text)));
    Err(fault.hint("use 1 to 128 letters, digits, `-` and `_`: `live`, `7`"))
}
