use std::time::Duration;

use doorward_config::Endpoint;
use doorward_model::Principal;
use jiff::Timestamp;

use super::health::Condition;

/// The call that asks for an endpoint.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) principal: &'a Principal,
    /// What sticky calls go by.
    pub(crate) caller: &'a str,
    /// Whether it may be tried again whatever becomes of a try.
    pub(crate) repeatable: bool,
    /// Where it was tried before: these come last.
    pub(crate) tried: &'a [usize],
    /// Where it is not tried any more.
    pub(crate) barred: &'a [usize],
    /// What is left to it, and what a whole try takes of that.
    pub(crate) left: Duration,
    pub(crate) whole: Duration,
}

impl Asking<'_> {
    pub(super) fn is_named(&self, endpoint: &Endpoint) -> bool {
        let principal = self.principal;
        endpoint.callers.iter().any(|name| *name == principal.name || principal.parents.contains(name))
    }

    pub(super) fn may_use(&self, endpoint: &Endpoint) -> bool {
        endpoint.weight > 0 || self.is_named(endpoint)
    }

    pub(super) fn is_untried(&self, index: usize) -> bool {
        !self.tried.contains(&index)
    }

    /// Whether it is the call to find out with whether an endpoint is back while others could be called: with its first try,
    /// and one that could go elsewhere afterwards. Where no such call comes for as long as the pause was, any does.
    pub(super) fn may_try(&self, condition: &Condition, now: Timestamp) -> bool {
        let is_time = if self.repeatable { condition.is_due(now) } else { condition.is_overdue(now) };
        is_time && self.tried.is_empty()
    }
}
