use std::fmt;

use super::event::SchemaRef;

/// `invoke = "orders"`: a route of the invoke door, which callers reach by the Lambda Invoke API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvokeRule {
    /// What callers name the function.
    pub function: PublicFunction,
    /// The versions and aliases that may be asked for, beside none and `$LATEST`, which mean the target's own.
    pub qualifiers: Vec<String>,
    /// Whether callers are given the last 4 KB of the function's log that they ask for.
    pub log_tail: bool,
    /// The schema of the payload; without one, policies cannot read it.
    pub contract: Option<SchemaRef>,
}

/// A function as callers name it; what it is called of the target is another matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicFunction {
    /// Its name: `orders`.
    pub name: String,
    /// Where it is said to be; `None` where callers may name it by nothing but its name.
    pub place: Option<FunctionPlace>,
}

/// What stands before the name in a function's ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionPlace {
    /// `aws`.
    pub partition: String,
    /// `eu-central-1`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
}

impl fmt::Display for InvokeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invoke {}", self.function.name)
    }
}
