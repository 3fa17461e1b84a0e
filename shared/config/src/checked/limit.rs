use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

/// One limit, of a plan or of the whole door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Its name in the `RateLimit` header fields, unlike that of any other: `default-rate-per-second`.
    pub name: String,
    /// How it counts, where no override says otherwise.
    pub rule: LimitRule,
    /// Where it is kept.
    pub mode: LimitMode,
    /// What has a count of its own: all calls that are alike in these share one. Sorted; never empty.
    pub by: Vec<Dimension>,
    /// The calls that it holds for: those that are, in each of these, one of the named; empty for all.
    pub only: Vec<(Dimension, Vec<String>)>,
    /// Other amounts for some of them.
    pub overrides: Vec<Override>,
}

impl Limit {
    /// A limit in `hard` mode that counts by caller.
    #[must_use]
    pub fn hard(name: impl Into<String>, rule: LimitRule) -> Self {
        Self {
            name: name.into(),
            rule,
            mode: LimitMode::Hard,
            by: vec![Dimension::Caller],
            only: Vec::new(),
            overrides: Vec::new(),
        }
    }
}

/// Another amount for the calls that match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// A call matches that is alike in all of these.
    pub matches: Vec<(Dimension, String)>,
    /// How it counts then: a rate where the limit is one, a quota of the same window where it is one.
    pub rule: LimitRule,
}

/// Where a limit is kept, and how exact it is for that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LimitMode {
    /// In the table, at each call: a quota never over-admits. One write a call.
    #[default]
    Hard,
    /// In the table, a block at a time, which the sandbox then spends by itself: a quota never over-admits, and a sandbox
    /// that is killed loses what it holds. A write a block.
    Leased,
    /// In the sandbox alone: each has its own count. No write at all.
    Local,
}

/// What a limit may tell calls apart by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// The principal.
    Caller,
    /// The API key that the caller showed, by its public id.
    ApiKey,
    /// A group that the caller is in.
    Group,
    /// A declared claim of the caller's token.
    Claim(String),
    /// The address that the front attests; IPv6 by /64.
    SourceIp,
    /// The route or event.
    Action,
    /// The target.
    Target,
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller => f.write_str("caller"),
            Self::ApiKey => f.write_str("api-key"),
            Self::Group => f.write_str("group"),
            Self::Claim(name) => write!(f, "claim.{name}"),
            Self::SourceIp => f.write_str("source-ip"),
            Self::Action => f.write_str("action"),
            Self::Target => f.write_str("target"),
        }
    }
}

/// How a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitRule {
    /// `{ rate = "5/s", burst = 10 }`: GCRA.
    Rate {
        /// Units per period; zero is a kill switch.
        units: u64,
        /// The period.
        period: Duration,
        /// Units that may come at once.
        burst: NonZeroU64,
    },
    /// `{ quota = "1000/month" }`: a calendar window in UTC.
    Quota {
        /// Units per window; zero is a kill switch.
        units: u64,
        /// The window.
        window: Window,
    },
}

/// Calendar windows, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the calendar's own")]
pub enum Window {
    Minute,
    Hour,
    Day,
    Month,
}
