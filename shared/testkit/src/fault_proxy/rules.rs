//! What decides which request meets which fault.

use std::collections::VecDeque;

use fastrand::Rng;

use super::{Asked, Fault};

/// Decides what becomes of each request in turn; `None` lets it through.
pub type Rule = Box<dyn FnMut(&Asked) -> Option<Fault> + Send>;

/// Requests for `operation`.
pub fn is(operation: &'static str) -> impl FnMut(&Asked) -> bool + Send + 'static {
    move |asked| asked.operation == operation
}

/// The next requests for which `which` holds meet these faults, one each.
#[must_use]
pub fn next(
    mut which: impl FnMut(&Asked) -> bool + Send + 'static,
    faults: impl IntoIterator<Item = Fault>,
) -> Rule {
    let mut faults: VecDeque<Fault> = faults.into_iter().collect();
    Box::new(move |asked| if which(asked) { faults.pop_front() } else { None })
}

/// Every request for which `which` holds meets `fault`.
#[must_use]
pub fn always(mut which: impl FnMut(&Asked) -> bool + Send + 'static, fault: Fault) -> Rule {
    Box::new(move |asked| which(asked).then(|| fault.clone()))
}

/// The `nth` request, from 1, of those for which `which` holds meets `fault`.
#[must_use]
pub fn nth(nth: usize, mut which: impl FnMut(&Asked) -> bool + Send + 'static, fault: Fault) -> Rule {
    let mut met = 0;
    Box::new(move |asked| {
        let holds = which(asked);
        met += usize::from(holds);
        (holds && met == nth).then(|| fault.clone())
    })
}

/// One of `faults` at random, for about `share` of all requests. The same seed decides the same for the same order of
/// requests.
#[must_use]
pub fn chance(seed: u64, share: f64, faults: Vec<Fault>) -> Rule {
    let mut random = Rng::with_seed(seed);
    Box::new(move |_| if random.f64() < share { random.choice(&faults).cloned() } else { None })
}
