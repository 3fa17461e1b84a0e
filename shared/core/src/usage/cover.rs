use jiff::Timestamp;

use super::{Bucket, Grain};

/// The fewest buckets, none coarser than `coarsest`, that hold just the hours from the one that holds `since` to the one
/// before that which holds `until`, in order.
#[must_use]
pub fn cover(since: Timestamp, until: Timestamp, coarsest: Grain) -> Vec<Bucket> {
    let grains = match coarsest {
        Grain::Month => &[Grain::Month, Grain::Day, Grain::Hour][..],
        Grain::Day => &[Grain::Day, Grain::Hour],
        Grain::Hour => &[Grain::Hour],
    };
    let mut at = Bucket::holding(Grain::Hour, since).starts();
    let until = Bucket::holding(Grain::Hour, until).starts();
    let mut buckets = Vec::new();
    while at < until {
        let fitting = grains.iter().map(|grain| Bucket::holding(*grain, at));
        let next = fitting.into_iter().find(|bucket| bucket.starts() == at && bucket.ends() <= until);
        // An hour always fits, but for the last one of the calendar.
        let Some(bucket) = next.filter(|bucket| bucket.ends() > at) else { break };
        buckets.push(bucket);
        at = bucket.ends();
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(since: &str, until: &str, coarsest: Grain, expected: &[&str]) {
        let buckets = cover(since.parse().unwrap(), until.parse().unwrap(), coarsest);
        let shown: Vec<String> = buckets.iter().map(ToString::to_string).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn times_are_covered_by_the_coarsest_buckets_that_fit() {
        check("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", Grain::Month, &["2026-11"]);
        check(
            "2026-10-31T22:10:00Z",
            "2026-12-02T01:59:59Z",
            Grain::Month,
            &["2026-10-31T22", "2026-10-31T23", "2026-11", "2026-12-01", "2026-12-02T00"],
        );
        check("2026-11-24T23:00:00Z", "2026-11-26T00:00:00Z", Grain::Day, &["2026-11-24T23", "2026-11-25"]);
        check(
            "2026-11-24T00:00:00Z",
            "2026-11-24T02:00:00Z",
            Grain::Hour,
            &["2026-11-24T00", "2026-11-24T01"],
        );
        check("2026-11-24T02:00:00Z", "2026-11-24T01:00:00Z", Grain::Month, &[]);
        check("2026-11-24T02:00:00Z", "2026-11-24T02:59:00Z", Grain::Month, &[]);
    }
}
