//! What a failed connection tells: whether anything can have been sent.

use std::error::Error;
use std::iter;

use aws_smithy_runtime_api::client::result::ConnectorError;
use doorward_model::TargetFault;
use hyper_util::client::legacy;

/// Whether no connection came about: the name was not found, nobody took the connection in time, or TLS was refused. Nothing
/// of the request was sent then.
pub(crate) fn never_made(error: &(dyn Error + 'static)) -> bool {
    let mut chain = iter::successors(Some(error), |error| Error::source(*error));
    chain.any(|error| error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect))
}

/// Of a request that has no answer.
pub(crate) fn fault(error: &ConnectorError) -> TargetFault {
    match error {
        error if never_made(error) => unreachable(),
        error if error.is_timeout() => TargetFault::TimedOut,
        _ => reset(),
    }
}

/// There was no connection.
pub(crate) fn unreachable() -> TargetFault {
    TargetFault::Unreachable("no connection".to_owned())
}

/// The connection ended, or the answer was cut short.
pub(crate) fn reset() -> TargetFault {
    TargetFault::Reset("no whole answer".to_owned())
}
