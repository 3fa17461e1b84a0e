use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use doorward_core::ports::Clock;
use jiff::Timestamp;
use tokio::time::Instant;

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock {
    micros: AtomicI64,
    follows: OnceLock<Instant>,
}

impl ManualClock {
    /// A clock at `at`.
    #[must_use]
    pub fn at(at: Timestamp) -> Self {
        Self { micros: AtomicI64::new(at.as_microsecond()), follows: OnceLock::new() }
    }

    /// Sets the clock, back as well.
    pub fn set(&self, at: Timestamp) {
        self.micros.store(at.as_microsecond(), Ordering::SeqCst);
    }

    /// From now on the clock goes as tokio's does, which a test may pause: then it goes by what is waited for alone.
    pub fn follow_tokio(&self) {
        self.follows.get_or_init(Instant::now);
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.micros.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let waited = self.follows.get().map_or(0, |since| since.elapsed().as_micros());
        let waited = i64::try_from(waited).unwrap_or(i64::MAX);
        let micros = self.micros.load(Ordering::SeqCst).saturating_add(waited);
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
    }
}
