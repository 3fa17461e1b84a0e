use std::sync::atomic::{AtomicI64, Ordering};

use doorward_core::limit::nanoseconds;
use doorward_core::ports::Clock;
use jiff::Timestamp;

/// How far two readings of one instant may be moved apart.
const NUDGE: i64 = 1_000_000;

/// The system's clock. Readings that would be equal are moved apart by a nanosecond each, because a ledger tells two
/// tries of one invocation apart by when they began. A clock that is set back by more than a millisecond is followed.
#[derive(Debug, Default)]
pub struct SystemClock {
    last: AtomicI64,
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let read = Timestamp::now();
        let apart = distinct(&self.last, nanoseconds(read));
        Timestamp::from_nanosecond(i128::from(apart)).unwrap_or(read)
    }
}

fn distinct(last: &AtomicI64, read: i64) -> i64 {
    let next = |last: i64| {
        if read > last || read < last.saturating_sub(NUDGE) { read } else { last.saturating_add(1) }
    };
    let update = |last| Some(next(last));
    match last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update) {
        Ok(before) | Err(before) => next(before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_readings_are_moved_apart_and_a_set_clock_is_followed() {
        let last = AtomicI64::new(0);
        let check = |read, expected| assert_eq!(distinct(&last, read), expected);
        check(5_000_000, 5_000_000);
        check(5_000_000, 5_000_001);
        check(4_999_000, 5_000_002);
        check(6_000_000, 6_000_000);
        check(1_000_000, 1_000_000);
    }
}
