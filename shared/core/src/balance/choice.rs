use std::sync::Arc;
use std::time::Duration;

use doorward_config::Endpoint;
use jiff::Timestamp;

use super::health::{Change, Condition};
use super::pool::Pool;

/// An endpoint that a call goes to. Who drops it without a word of how the call ended has learnt nothing of it.
pub(crate) struct Choice {
    pool: Arc<Pool>,
    index: usize,
    trial: bool,
    relieved: bool,
    told: bool,
}

impl Choice {
    /// The call is counted as under way already; `trial` says that it tries an endpoint that was left alone, and `relieved` that
    /// it could be answered by another afterwards.
    pub(super) fn new(pool: Arc<Pool>, index: usize, trial: bool, relieved: bool) -> Self {
        Self { pool, index, trial, relieved, told: false }
    }

    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        self.pool.target().endpoints.get(self.index)
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// Whether the call finds out for the others whether the endpoint is back, and goes to another one if it is not.
    pub(crate) fn is_relieved(&self) -> bool {
        self.relieved
    }

    /// The endpoint answered.
    pub(crate) fn answered(&mut self) {
        self.tell(|condition, trial| condition.answered(trial));
    }

    /// The endpoint did not, in a way that says something of it.
    pub(crate) fn failed(&mut self, now: Timestamp) {
        let pool = Arc::clone(&self.pool);
        if let Some(rule) = &pool.target().health {
            self.tell(|condition, trial| condition.failed(trial, rule, now));
        }
    }

    fn tell(&mut self, learn: impl FnOnce(&mut Condition, bool) -> Change) {
        self.told = true;
        let change = match self.pool.state().conditions.get_mut(self.index) {
            Some(condition) => learn(condition, self.trial),
            None => Change::None,
        };
        let target = self.pool.target().name.as_str();
        let endpoint = self.endpoint().map_or("", |endpoint| endpoint.address.as_str());
        match change {
            Change::None => {}
            Change::LeftAlone(pause) => note_left_alone(target, endpoint, pause),
            Change::Back => tracing::info!(target_name = target, endpoint, "an endpoint of a target is back"),
        }
    }
}

fn note_left_alone(target: &str, endpoint: &str, pause: Duration) {
    let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    tracing::warn!(target_name = target, endpoint, pause_ms, "an endpoint of a target is left alone");
}

impl Drop for Choice {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        if let Some(outstanding) = state.outstanding.get_mut(self.index) {
            *outstanding = outstanding.saturating_sub(1);
        }
        if let (false, Some(condition)) = (self.told, state.conditions.get_mut(self.index)) {
            condition.leave(self.trial);
        }
    }
}
