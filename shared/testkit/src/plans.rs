use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use doorward_config::Plan;
use doorward_core::ports::PlanKeeper;

/// What was kept of plans, in memory.
#[derive(Debug, Default)]
pub struct MemoryPlans(Mutex<Vec<(String, String)>>);

impl MemoryPlans {
    /// Name and version of every plan, each as often as it was to be kept.
    #[must_use]
    pub fn kept(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl PlanKeeper for MemoryPlans {
    async fn keep(&self, plans: &[Plan]) {
        let plans = plans.iter().map(|plan| (plan.name.clone(), plan.version.clone()));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(plans);
    }
}
