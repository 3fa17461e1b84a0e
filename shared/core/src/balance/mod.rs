//! Which endpoint of its target a call goes to, which are left alone, and how often calls are tried again.
//!
//! All of it is known to one process alone: on classic Lambda a sandbox serves one call at a time and sees its own calls
//! only, so an endpoint that is away is found out by each for itself.

mod asking;
mod budget;
mod choice;
mod health;
mod pace;
mod pick;
mod pool;

pub(crate) use asking::Asking;
pub(crate) use choice::Choice;
pub(crate) use pool::Pool;

use std::collections::HashMap;
use std::sync::Arc;

use doorward_config::Target;

/// The pools of all targets.
pub(crate) struct Fleet {
    pools: HashMap<String, Arc<Pool>>,
}

impl Fleet {
    pub(crate) fn new(targets: &[Target]) -> Self {
        Self::build(targets, |_| None)
    }

    /// The fleet of a newer configuration: what is known of a target that it declares alike stays known.
    pub(crate) fn renew(&self, targets: &[Target]) -> Self {
        Self::build(targets, |target| {
            self.pools.get(&target.name).filter(|pool| pool.target() == target).cloned()
        })
    }

    fn build(targets: &[Target], known: impl Fn(&Target) -> Option<Arc<Pool>>) -> Self {
        let pools = targets.iter().map(|target| {
            let pool =
                known(target).unwrap_or_else(|| Arc::new(Pool::new(target.clone(), fastrand::u64(..))));
            (target.name.clone(), pool)
        });
        Self { pools: pools.collect() }
    }

    pub(crate) fn pool(&self, target: &str) -> Option<&Arc<Pool>> {
        self.pools.get(target)
    }
}
