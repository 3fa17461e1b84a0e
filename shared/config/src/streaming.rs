use doorward_model::Fault;

use crate::reader::Value;
use crate::report::Reported;
use crate::routes::Matched;

/// Reads `stream` of a route; `matched` is absent while it is faulty.
pub(crate) fn read(value: Value<'_>, matched: Option<&Matched>) -> Result<bool, Reported> {
    let streams = value.flag()?;
    match matched {
        Some(Matched::Socket(_) | Matched::Invoke(_)) if streams => {
            let fault = Fault::new("only the answer to an HTTP request can pass on while it comes in");
            Err(value.fault(fault.hint("leave `stream` out: this one is handed over when it is whole")))
        }
        _ => Ok(streams),
    }
}

/// The fault of a `check_answers` beside `stream`.
pub(crate) fn unchecked(value: Value<'_>) -> Reported {
    let fault = Fault::new("an answer that passes on while it comes in is gone before it could be checked");
    value.fault(fault.hint("leave `check_answers` out, or `stream`"))
}
