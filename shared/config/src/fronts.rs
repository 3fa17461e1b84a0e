use doorward_model::{Fault, Front, FrontKind, ParseFrontError};

use crate::reader::Value;
use crate::report::{Reported, quote, shorten};

/// Reads `["http-api:a1b2c3", "bucket:receipts"]`. An empty list is good: ids may be known only after deployment.
pub(crate) fn read(value: Value<'_>) -> Result<Vec<Front>, Reported> {
    value.set(|item| item.parse(parse))
}

/// Reads one front.
pub(crate) fn parse(text: &str) -> Result<Front, Fault> {
    text.parse().map_err(|ParseFrontError(text)| Fault::new(ParseFrontError(shorten(&text)).to_string()))
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
