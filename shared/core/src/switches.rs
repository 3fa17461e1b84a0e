use std::collections::HashSet;
use std::time::Duration;

use doorward_model::{LimitKind, LimitNote};
use jiff::SignedDuration;

use crate::fresh::{Fresh, Rhythm};
use crate::limit::{Facts, of_caller};
use crate::ports::{Clock, StoreError, Switches};

/// What is switched off, as this sandbox knows it: a switch is in force within the refresh interval.
#[derive(Default)]
pub(crate) struct KnownSwitches {
    known: Fresh<HashSet<String>>,
}

impl KnownSwitches {
    /// Asks the table now: for the start.
    pub(crate) async fn load(&self, switches: &dyn Switches, clock: &dyn Clock) {
        self.known.load(clock, async { switches.off().await.ok() }).await;
    }

    /// The limit of zero that switches the call off; `None` where nothing does. While the table is away, what was known
    /// last serves for as long again, and then nothing is known.
    pub(crate) async fn holding(
        &self,
        facts: &Facts,
        refresh: Duration,
        switches: &dyn Switches,
        clock: &dyn Clock,
    ) -> Result<Option<LimitNote>, StoreError> {
        let age = SignedDuration::try_from(refresh).unwrap_or(SignedDuration::MAX);
        let rhythm = Rhythm {
            refresh: age,
            pause: SignedDuration::from_secs(1),
            pause_while_empty: SignedDuration::ZERO,
            patience: Duration::from_millis(500),
            bound: age.saturating_add(age),
        };
        let mut failed = None;
        let fetch = async { switches.off().await.map_err(|error| failed = Some(error)).ok() };
        let known = self.known.get(&rhythm, clock, |_| true, fetch).await;
        let Some(off) = known else {
            return Err(failed.unwrap_or_else(|| StoreError("the switches are not known".to_owned())));
        };
        if off.is_empty() {
            return Ok(None);
        }
        let named = [
            ("switch-caller", of_caller(facts)),
            ("switch-action", format!("action#{}", facts.action)),
            ("switch-target", format!("target#{}", facts.target)),
        ];
        let found = named.into_iter().find(|(_, key)| off.contains(key));
        Ok(found.map(|(name, _)| LimitNote {
            name: name.to_owned(),
            kind: LimitKind::Rate,
            limit: 0,
            window: refresh.as_secs().max(1),
            remaining: 0,
            reset: refresh,
        }))
    }
}
