//! The invoke door: functions are asked for by the Lambda Invoke API, so that any AWS SDK whose endpoint is the door calls
//! them through it ("Invoke", AWS Lambda API reference).
//!
//! An invocation takes the one pipeline of every call. What is its own: how its function is named ([`function_name`]), what it
//! asks for ([`invocation`]), what its target is sent and answers ([`passing`], [`outcome`]), and the form of refusals
//! ([`exception`]).

mod exception;
mod function_name;
mod invocation;
mod outcome;
mod passing;
mod payload;

pub(crate) use exception::{exception, of_invocation};
pub(crate) use function_name::FunctionName;
pub(crate) use invocation::Invocation;
pub(crate) use outcome::{dry_run, function_error, outcome};
pub(crate) use passing::Invoked;
pub(crate) use payload::{bound, check};

/// What the router finds all invocations by.
pub(crate) const PATH: &str = "/2015-03-31/functions/{FunctionName}/invocations";
