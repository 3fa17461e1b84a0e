use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};

/// How fine usage is summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the calendar's own")]
pub enum Grain {
    Hour,
    Day,
    Month,
}

impl Grain {
    /// All of them; every call is counted once in each.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    fn format(self) -> &'static str {
        match self {
            Self::Hour => "%Y-%m-%dT%H",
            Self::Day => "%Y-%m-%d",
            Self::Month => "%Y-%m",
        }
    }
}

/// One hour, day or month of the calendar, UTC: `2026-11-24T12`, `2026-11-24` or `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bucket {
    grain: Grain,
    start: DateTime,
}

/// The text names no hour, day or month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no hour (`2026-11-24T12`), day (`2026-11-24`) or month (`2026-11`)")]
pub struct BucketError(pub String);

impl Bucket {
    /// The one that holds `at`.
    #[must_use]
    pub fn holding(grain: Grain, at: Timestamp) -> Self {
        let at = Offset::UTC.to_datetime(at);
        let start = match grain {
            Grain::Hour => at.date().at(at.hour(), 0, 0, 0),
            Grain::Day => at.date().at(0, 0, 0, 0),
            Grain::Month => at.date().first_of_month().at(0, 0, 0, 0),
        };
        Self { grain, start }
    }

    /// How fine it is.
    #[must_use]
    pub fn grain(&self) -> Grain {
        self.grain
    }

    /// When it begins.
    #[must_use]
    pub fn starts(&self) -> Timestamp {
        Offset::UTC.to_timestamp(self.start).unwrap_or(Timestamp::MIN)
    }

    /// When the next one begins.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        Offset::UTC.to_timestamp(self.next().start).unwrap_or(Timestamp::MAX)
    }

    /// The one after it.
    #[must_use]
    pub fn next(&self) -> Self {
        let span = match self.grain {
            Grain::Hour => 1.hour(),
            Grain::Day => 1.day(),
            Grain::Month => 1.month(),
        };
        Self { start: self.start.saturating_add(span), ..*self }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.start.strftime(self.grain.format()))
    }
}

impl FromStr for Bucket {
    type Err = BucketError;

    fn from_str(text: &str) -> Result<Self, BucketError> {
        let error = || BucketError(text.to_owned());
        let (grain, whole) = match text.len() {
            13 => (Grain::Hour, format!("{text}:00:00")),
            10 => (Grain::Day, format!("{text}T00:00:00")),
            7 => (Grain::Month, format!("{text}-01T00:00:00")),
            _ => return Err(error()),
        };
        let start: DateTime = whole.parse().map_err(|_| error())?;
        let bucket = Self { grain, start };
        // What reads in another way than it is written is none of ours.
        if bucket.to_string() == text { Ok(bucket) } else { Err(error()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(grain: Grain, at: &str, text: &str, starts: &str, ends: &str) {
        let bucket = Bucket::holding(grain, at.parse().unwrap());
        let shown = (bucket.to_string(), bucket.starts().to_string(), bucket.ends().to_string());
        assert_eq!(shown, (text.to_owned(), starts.to_owned(), ends.to_owned()));
        assert_eq!(text.parse(), Ok(bucket));
    }

    #[test]
    fn the_last_of_the_calendar_ends_with_it() {
        for last in ["9999-12", "9999-12-30", "9999-12-30T21"] {
            let bucket: Bucket = last.parse().unwrap();
            assert!(bucket.ends() > bucket.starts(), "{last}");
        }
    }

    #[test]
    fn buckets_follow_the_calendar() {
        let at = "2026-02-28T23:59:59.9Z";
        check(Grain::Hour, at, "2026-02-28T23", "2026-02-28T23:00:00Z", "2026-03-01T00:00:00Z");
        check(Grain::Day, at, "2026-02-28", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z");
        check(Grain::Month, at, "2026-02", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
        check(
            Grain::Month,
            "2026-12-31T23:00:00Z",
            "2026-12",
            "2026-12-01T00:00:00Z",
            "2027-01-01T00:00:00Z",
        );
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "2026",
            "2026-13",
            "2026-11-31",
            "2026-11-24T24",
            "2026-11-24t12",
            "26-11-24T1200",
            "é026-11",
        ] {
            assert_eq!(text.parse::<Bucket>(), Err(BucketError(text.to_owned())), "{text}");
        }
    }
}
