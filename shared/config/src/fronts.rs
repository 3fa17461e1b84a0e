use doorward_model::{Fault, Front, ParseFrontError};

use crate::reader::Value;
use crate::report::{Reported, shorten};

/// Reads `["http-api:a1b2c3", "bucket:receipts"]`. An empty list is good: ids may be known only after deployment.
pub(crate) fn read(value: Value<'_>) -> Result<Vec<Front>, Reported> {
    value.set(|item| item.parse(parse))
}

/// Reads one front.
pub(crate) fn parse(text: &str) -> Result<Front, Fault> {
    text.parse().map_err(|ParseFrontError(text)| Fault::new(ParseFrontError(shorten(&text)).to_string()))
}
