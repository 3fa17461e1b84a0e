//! What both payload formats of an HTTP API share.

use super::{OF_THE_CONNECTION, grouped, passed_on, percent_decoded};
use crate::same_everywhere::requests::Request;

/// The path as an HTTP API reads it: decoded once, and without what looks like a query then.
pub(super) fn path(request: &Request) -> String {
    let decoded = percent_decoded(&request.path);
    decoded.split_once('?').map_or(decoded.clone(), |(path, _)| path.to_owned())
}

/// Fields in lower case, all values of one joined by commas.
pub(super) fn fields(request: &Request) -> Vec<(String, Vec<String>)> {
    let joined = |(name, values): (String, Vec<String>)| (name, vec![values.join(",")]);
    grouped(&passed_on(request, OF_THE_CONNECTION)).into_iter().map(joined).collect()
}
