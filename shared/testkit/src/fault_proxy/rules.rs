//! What decides which request meets which fault.

use fastrand::Rng;

use super::{Asked, Fault};

/// Decides what becomes of each request in turn; `None` lets it through.
pub type Rule = Box<dyn FnMut(&Asked) -> Option<Fault> + Send>;

/// The next `faults.len()` requests for `operation` meet these.
#[must_use]
pub fn next(operation: &'static str, faults: impl IntoIterator<Item = Fault>) -> Rule {
    let mut faults: std::collections::VecDeque<Fault> = faults.into_iter().collect();
    Box::new(move |asked| if asked.operation == operation { faults.pop_front() } else { None })
}

/// Every request for `operation` meets `fault`.
#[must_use]
pub fn always(operation: &'static str, fault: Fault) -> Rule {
    Box::new(move |asked| (asked.operation == operation).then(|| fault.clone()))
}

/// The `nth` request, from 1, of those for which `which` holds meets `fault`.
#[must_use]
pub fn nth(nth: usize, mut which: impl FnMut(&Asked) -> bool + Send + 'static, fault: Fault) -> Rule {
    let mut met = 0;
    Box::new(move |asked| {
        met += usize::from(which(asked));
        (which(asked) && met == nth).then(|| fault.clone())
    })
}

/// One of `faults` at random, for about `share` of all requests. The same seed decides the same for the same order of
/// requests.
#[must_use]
pub fn chance(seed: u64, share: f64, faults: Vec<Fault>) -> Rule {
    let mut random = Rng::with_seed(seed);
    Box::new(move |_| if random.f64() < share { random.choice(&faults).cloned() } else { None })
}
