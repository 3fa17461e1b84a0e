use std::time::Duration;

use doorward_config::{Limit, LimitRule, Window};
use doorward_model::{LimitKind, LimitNote};
use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};

/// One limit at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The limit's name.
    pub name: String,
    /// How it counts.
    pub rule: SlotRule,
}

/// How a slot counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotRule {
    /// GCRA.
    Rate {
        /// Units per period, for the caller's information; zero refuses everything.
        units: u64,
        /// The period.
        period: Duration,
        /// Nanoseconds per unit, rounded up so that rounding never admits more.
        interval: i64,
        /// How far `tat` may lead the clock, in nanoseconds: `(burst − 1) · interval`.
        tolerance: i64,
    },
    /// Calendar window.
    Quota {
        /// Units per window.
        units: u64,
        /// The window that holds now: `2026-11`, `2026-11-24`, `2026-11-24T22`, `2026-11-24T22:48`.
        window: String,
        /// When it ends.
        ends: Timestamp,
        /// Its length, in seconds.
        length: u64,
    },
}

/// What a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A rate's theoretical arrival time in nanoseconds since the epoch; `None` before the first call.
    Rate(Option<i64>),
    /// Units that the window has given.
    Quota(u64),
}

/// The two conditional updates of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// `tat` lies behind the clock: it is set to the clock and moved.
    Idle,
    /// `tat` leads the clock: it is moved.
    Busy,
}

impl Slot {
    /// The slot of `limit` at `now`.
    #[must_use]
    pub fn at(limit: &Limit, now: Timestamp) -> Self {
        Self::of(&limit.name, limit.rule, now)
    }

    /// The slot at `now` of the limit with this name, as `rule` has it.
    #[must_use]
    pub fn of(name: &str, rule: LimitRule, now: Timestamp) -> Self {
        let rule = match rule {
            LimitRule::Rate { units, period, burst } => {
                let period_ns = i64::try_from(period.as_nanos()).unwrap_or(i64::MAX);
                let interval =
                    i64::try_from(period.as_nanos().div_ceil(u128::from(units.max(1)))).unwrap_or(period_ns);
                let tolerance = interval.saturating_mul(i64::try_from(burst.get() - 1).unwrap_or(i64::MAX));
                SlotRule::Rate { units, period, interval, tolerance }
            }
            LimitRule::Quota { units, window } => {
                let (name, starts, ends) = bounds(window, now);
                let length = u64::try_from(ends.as_second() - starts.as_second()).unwrap_or(0);
                SlotRule::Quota { units, window: name, ends, length }
            }
        };
        Self { name: name.to_owned(), rule }
    }

    /// The level of a slot that nobody has used yet.
    #[must_use]
    pub fn unused(&self) -> Level {
        match self.rule {
            SlotRule::Rate { .. } => Level::Rate(None),
            SlotRule::Quota { .. } => Level::Quota(0),
        }
    }

    /// Whether the slot at `level` refuses `units` at `now`.
    #[must_use]
    pub fn refuses(&self, level: Level, units: u64, now: Timestamp) -> bool {
        match (&self.rule, level) {
            (SlotRule::Rate { units: 0, .. }, _) => true,
            (SlotRule::Rate { .. }, Level::Rate(tat)) => {
                let start = tat.map_or(nanoseconds(now), |tat| tat.max(nanoseconds(now)));
                start > self.latest(units, now)
            }
            (SlotRule::Quota { units: limit, .. }, Level::Quota(used)) => used.saturating_add(units) > *limit,
            // A level of the other kind is another limit's: nothing is known, so nothing is given.
            _ => true,
        }
    }

    /// The latest `tat` from which a rate still gives `units` at `now`; `i64::MAX` for quotas.
    #[must_use]
    pub fn latest(&self, units: u64, now: Timestamp) -> i64 {
        match self.rule {
            SlotRule::Rate { interval, tolerance, .. } => {
                let more = i64::try_from(units.saturating_sub(1)).unwrap_or(i64::MAX);
                nanoseconds(now).saturating_add(tolerance).saturating_sub(interval.saturating_mul(more))
            }
            SlotRule::Quota { .. } => i64::MAX,
        }
    }

    /// How many units the slot at `level` still gives at `now`, at once.
    #[must_use]
    pub fn available(&self, level: Level, now: Timestamp) -> u64 {
        match (&self.rule, level) {
            (SlotRule::Rate { units: 0, .. }, _) => 0,
            (SlotRule::Rate { interval, tolerance, .. }, Level::Rate(tat)) => {
                let now = nanoseconds(now);
                let lead = tat.map_or(0, |tat| tat.saturating_sub(now).max(0));
                match tolerance.saturating_sub(lead) {
                    room if room < 0 => 0,
                    room => u64::try_from(room / (*interval).max(1)).unwrap_or(0) + 1,
                }
            }
            (SlotRule::Quota { units: limit, .. }, Level::Quota(used)) => limit.saturating_sub(used),
            _ => 0,
        }
    }

    /// The level before `units` were given: what a caller is told of a block that is not spent yet.
    #[must_use]
    pub fn before(&self, level: Level, units: u64) -> Level {
        match (&self.rule, level) {
            (SlotRule::Rate { interval, .. }, Level::Rate(Some(tat))) => {
                let units = i64::try_from(units).unwrap_or(i64::MAX);
                Level::Rate(Some(tat.saturating_sub(interval.saturating_mul(units))))
            }
            (SlotRule::Quota { .. }, Level::Quota(used)) => Level::Quota(used.saturating_sub(units)),
            (_, level) => level,
        }
    }

    /// How long a rate lasts when it is spent faster than it comes back, in seconds; `None` for quotas.
    pub(crate) fn burst_seconds(&self) -> Option<f64> {
        match self.rule {
            SlotRule::Rate { interval, tolerance, .. } => {
                Some((tolerance.saturating_add(interval)) as f64 / 1e9)
            }
            SlotRule::Quota { .. } => None,
        }
    }

    /// When the slot's window ends; `None` for rates.
    #[must_use]
    pub fn ends(&self) -> Option<Timestamp> {
        match self.rule {
            SlotRule::Rate { .. } => None,
            SlotRule::Quota { ends, .. } => Some(ends),
        }
    }

    /// Which of the two updates fits a rate at `level`.
    #[must_use]
    pub fn branch(level: Level, now: Timestamp) -> Branch {
        match level {
            Level::Rate(Some(tat)) if tat > nanoseconds(now) => Branch::Busy,
            _ => Branch::Idle,
        }
    }

    /// The level after `units` were given at `now`.
    #[must_use]
    pub fn after(&self, level: Level, units: u64, now: Timestamp) -> Level {
        match (&self.rule, level) {
            (SlotRule::Rate { interval, .. }, Level::Rate(tat)) => {
                let start = tat.map_or(nanoseconds(now), |tat| tat.max(nanoseconds(now)));
                let units = i64::try_from(units).unwrap_or(i64::MAX);
                Level::Rate(Some(start.saturating_add(interval.saturating_mul(units))))
            }
            (SlotRule::Quota { .. }, Level::Quota(used)) => Level::Quota(used.saturating_add(units)),
            (_, level) => level,
        }
    }

    /// What the caller is told of the slot at `level`; `units` is what one more call takes.
    #[must_use]
    pub fn note(&self, level: Level, units: u64, now: Timestamp) -> LimitNote {
        let now_ns = nanoseconds(now);
        match (&self.rule, level) {
            (SlotRule::Rate { units: limit, period, interval, tolerance }, level) => {
                let tat = match level {
                    Level::Rate(Some(tat)) => tat.max(now_ns),
                    _ => now_ns,
                };
                let left = now_ns.saturating_add(*tolerance).saturating_sub(tat);
                let remaining = if *limit == 0 || left < 0 { 0 } else { left / (*interval).max(1) + 1 };
                let wait = if *limit == 0 { i64::MAX } else { tat.saturating_sub(self.latest(units, now)) };
                let wait = if self.hopeless(units) {
                    duration_ns(*period)
                } else {
                    wait.clamp(0, duration_ns(*period))
                };
                LimitNote {
                    name: self.name.clone(),
                    kind: LimitKind::Rate,
                    limit: *limit,
                    window: period.as_secs().max(1),
                    remaining: u64::try_from(remaining).unwrap_or(0),
                    reset: Duration::from_nanos(u64::try_from(wait).unwrap_or(0)),
                }
            }
            (SlotRule::Quota { units: limit, ends, length, .. }, level) => {
                let used = match level {
                    Level::Quota(used) => used,
                    Level::Rate(_) => *limit,
                };
                LimitNote {
                    name: self.name.clone(),
                    kind: LimitKind::Quota,
                    limit: *limit,
                    window: *length,
                    remaining: limit.saturating_sub(used),
                    reset: Duration::from_nanos(u64::try_from(nanoseconds(*ends) - now_ns).unwrap_or(0)),
                }
            }
        }
    }

    /// Whether no waiting helps: a rate of zero, or a call that takes more than the burst.
    fn hopeless(&self, units: u64) -> bool {
        match self.rule {
            SlotRule::Rate { units: limit, interval, tolerance, .. } => {
                let more = i64::try_from(units.saturating_sub(1)).unwrap_or(i64::MAX);
                limit == 0 || interval.saturating_mul(more) > tolerance
            }
            SlotRule::Quota { .. } => false,
        }
    }
}

/// Nanoseconds since the epoch; saturates in the year 2262.
#[must_use]
pub fn nanoseconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

fn duration_ns(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Name, start and end of the calendar window that holds `now`, in UTC.
fn bounds(window: Window, now: Timestamp) -> (String, Timestamp, Timestamp) {
    let at = Offset::UTC.to_datetime(now);
    let (format, start, span) = match window {
        Window::Minute => ("%Y-%m-%dT%H:%M", at.date().at(at.hour(), at.minute(), 0, 0), 1.minute()),
        Window::Hour => ("%Y-%m-%dT%H", at.date().at(at.hour(), 0, 0, 0), 1.hour()),
        Window::Day => ("%Y-%m-%d", at.date().at(0, 0, 0, 0), 1.day()),
        Window::Month => ("%Y-%m", at.date().first_of_month().at(0, 0, 0, 0), 1.month()),
    };
    let end = start.checked_add(span).unwrap_or(DateTime::MAX);
    let instant = |at: DateTime| Offset::UTC.to_timestamp(at).unwrap_or(Timestamp::MAX);
    (start.strftime(format).to_string(), instant(start), instant(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU64;

    fn rate(units: u64, burst: u64) -> Limit {
        let rule =
            LimitRule::Rate { units, period: Duration::from_secs(1), burst: NonZeroU64::new(burst).unwrap() };
        Limit::hard("r", rule)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Calls at the given milliseconds; `+` admitted, `-` refused.
    #[track_caller]
    fn check(limit: &Limit, units: u64, calls: &[i64], expected: &str) {
        let start = at("2026-11-24T00:00:00Z");
        let mut level = Slot::at(limit, start).unused();
        let mut seen = String::new();
        for ms in calls {
            let now = start + ms.milliseconds();
            let slot = Slot::at(limit, now);
            if slot.refuses(level, units, now) {
                seen.push('-');
            } else {
                level = slot.after(level, units, now);
                seen.push('+');
            }
        }
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_rate_gives_its_burst_and_then_one_per_interval() {
        check(&rate(5, 3), 1, &[0, 0, 0, 0, 199, 200, 201, 400], "+++--+-+");
        check(&rate(5, 1), 1, &[0, 100, 200, 200], "+-+-");
        check(&rate(5, 3), 2, &[0, 0, 200, 400, 600], "+-+-+");
        check(&rate(5, 3), 4, &[0, 10_000], "--");
        check(&rate(0, 3), 1, &[0, 10_000], "--");
    }

    #[test]
    fn what_is_available_is_given_at_once_and_no_more() {
        let now = at("2026-11-24T00:00:00Z");
        let quota = Limit::hard("q", LimitRule::Quota { units: 7, window: Window::Day });
        for limit in [rate(5, 3), rate(3, 1), rate(1, 100), quota, rate(0, 3)] {
            let slot = Slot::at(&limit, now);
            let mut level = slot.unused();
            for taken in [0, 1, 2, 4] {
                if slot.refuses(level, taken, now) && taken > 0 {
                    continue;
                }
                let after = slot.after(level, taken, now);
                assert_eq!(slot.available(slot.before(after, taken), now), slot.available(level, now));
                level = after;
                let left = slot.available(level, now);
                assert!(left == 0 || !slot.refuses(level, left, now), "{limit:?} {level:?}");
                assert!(slot.refuses(level, left + 1, now), "{limit:?} {level:?}");
            }
        }
    }

    #[test]
    fn rounding_never_admits_more() {
        let slot = Slot::at(&rate(3, 1), at("2026-11-24T00:00:00Z"));
        assert!(matches!(slot.rule, SlotRule::Rate { interval: 333_333_334, tolerance: 0, .. }));
    }

    #[test]
    fn a_quota_gives_exactly_its_units() {
        let limit = Limit::hard("q", LimitRule::Quota { units: 3, window: Window::Day });
        check(&limit, 1, &[0, 0, 0, 0], "+++-");
        check(&limit, 2, &[0, 0], "+-");
        check(&limit, u64::MAX, &[0], "-");
    }

    #[test]
    fn windows_follow_the_calendar() {
        let now = at("2026-02-28T23:59:59.5Z");
        #[track_caller]
        fn check(window: Window, now: Timestamp, name: &str, starts: &str, ends: &str) {
            let (got, from, to) = bounds(window, now);
            assert_eq!((got.as_str(), from, to), (name, at(starts), at(ends)));
        }
        check(Window::Minute, now, "2026-02-28T23:59", "2026-02-28T23:59:00Z", "2026-03-01T00:00:00Z");
        check(Window::Hour, now, "2026-02-28T23", "2026-02-28T23:00:00Z", "2026-03-01T00:00:00Z");
        check(Window::Day, now, "2026-02-28", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z");
        check(Window::Month, now, "2026-02", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
    }

    #[test]
    fn a_caller_is_told_what_is_left_and_when_more_comes() {
        let now = at("2026-11-24T00:00:00Z");
        let slot = Slot::at(&rate(5, 3), now);
        let mut level = slot.unused();
        assert_eq!(slot.note(level, 1, now).remaining, 3);
        for left in [2, 1, 0] {
            level = slot.after(level, 1, now);
            assert_eq!(slot.note(level, 1, now).remaining, left);
        }
        assert_eq!(slot.note(level, 1, now).reset, Duration::from_millis(200));
        let wait = slot.note(level, 1, now).reset;
        let later = now + jiff::SignedDuration::try_from(wait).unwrap();
        assert!(!slot.refuses(level, 1, later), "the wait that is told is enough");
    }
}
