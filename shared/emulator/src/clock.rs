//! The time of the local queues, streams and connections: the runtime's clock, which tests may hold still.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Tells what the runtime's clock is on the wall.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    began: Instant,
    at: Timestamp,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), at: Timestamp::now() }
    }

    /// Milliseconds since 1970 at `instant`.
    pub(crate) fn millis(self, instant: Instant) -> i64 {
        let since = SignedDuration::try_from(instant.saturating_duration_since(self.began));
        let now = since.ok().and_then(|since| self.at.checked_add(since).ok());
        now.unwrap_or(self.at).as_millisecond()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn goes_as_the_runtime_does() {
        let clock = Clock::start();
        let before = clock.millis(Instant::now());
        tokio::time::advance(Duration::from_millis(1500)).await;
        assert_eq!(clock.millis(Instant::now()) - before, 1500);
    }
}
