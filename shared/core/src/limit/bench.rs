//! What the bench `limit` drives: one caller's limits, from what is known of the call to what was taken.

use std::time::Duration;

use doorward_config::Limit;
use doorward_model::EntityName;
use jiff::Timestamp;

use super::{Demand, Facts, Limiter, Verdict, scopes};
use crate::ports::{LimitStore, StoreError};

/// A sandbox's limiter, and calls to hold to their limits.
#[derive(Debug)]
pub struct Bench {
    limiter: Limiter,
    limits: Vec<Limit>,
    calls: Vec<Facts>,
}

impl Bench {
    /// A limiter for calls of these callers.
    #[must_use]
    pub fn new(limits: Vec<Limit>, callers: &[EntityName]) -> Self {
        let facts = |caller: &EntityName| Facts {
            caller: caller.clone(),
            parents: Vec::new(),
            claims: serde_json::Map::new(),
            key_id: None,
            source_ip: None,
            action: "createOrder".to_owned(),
            target: "orders".to_owned(),
        };
        let calls = callers.iter().map(facts).collect();
        Self { limiter: Limiter::new("bench".to_owned()), limits, calls }
    }

    /// How many limits let the call of the caller with this number in; zero where they refuse it.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn take(
        &self,
        store: &dyn LimitStore,
        caller: usize,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let Some(facts) = self.calls.get(caller) else { return Ok(0) };
        let scopes = scopes(self.limits.iter(), facts);
        let refresh = Duration::from_secs(30);
        let demand = Demand { scopes: &scopes, units: 1, now, assignment: None, refresh };
        Ok(match self.limiter.take(store, &demand).await? {
            Verdict::Granted(_, notes) => notes.len(),
            Verdict::Refused(..) | Verdict::Reassigned(_) | Verdict::Contended => 0,
        })
    }
}
