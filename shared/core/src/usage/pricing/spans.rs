use doorward_config::Price;
use rust_decimal::Decimal;

/// Why units of a plan cost what they cost.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// They are among the month's first.
    Included,
    /// They fall into this tier, from 1.
    Tier(usize),
    /// Their action has a price of its own.
    Action(String),
}

/// Units that cost the same for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) part: Part,
    pub(super) units: u64,
    pub(super) unit: Decimal,
}

/// Where `units` fall that follow upon `before` others of the month: first what is included, then each tier.
pub(super) fn spans(price: &Price, before: u64, units: u64) -> Vec<Span> {
    let end = before.saturating_add(units);
    let mut start = before;
    let mut spans = Vec::new();
    let included = (Part::Included, Some(price.included), Decimal::ZERO);
    let tiers = price.tiers.iter().zip(1..).map(|(tier, nth)| (Part::Tier(nth), tier.up_to, tier.unit));
    for (part, up_to, unit) in std::iter::once(included).chain(tiers) {
        let stop = up_to.unwrap_or(u64::MAX).min(end);
        if stop > start {
            spans.push(Span { part, units: stop - start, unit });
            start = stop;
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use doorward_config::{Currency, Tier};

    use super::*;

    #[track_caller]
    fn check(
        included: u64,
        tiers: &[(Option<u64>, i64)],
        before: u64,
        units: u64,
        expected: &[(Part, u64, i64)],
    ) {
        let tiers = tiers.iter().map(|(up_to, unit)| Tier { up_to: *up_to, unit: Decimal::new(*unit, 4) });
        let currency = Currency::new("EUR").unwrap();
        let price = Price { currency, included, tiers: tiers.collect(), actions: BTreeMap::new() };
        let expected = expected.iter().cloned();
        let expected: Vec<_> =
            expected.map(|(part, units, unit)| Span { part, units, unit: Decimal::new(unit, 4) }).collect();
        assert_eq!(spans(&price, before, units), expected);
    }

    #[test]
    fn units_fall_into_what_is_included_and_then_into_tiers() {
        use Part::{Included, Tier};
        let tiers = [(Some(100_000), 8), (None, 5)];
        check(1_000, &tiers, 0, 0, &[]);
        check(1_000, &tiers, 0, 1_000, &[(Included, 1_000, 0)]);
        check(1_000, &tiers, 0, 1_001, &[(Included, 1_000, 0), (Tier(1), 1, 8)]);
        check(1_000, &tiers, 999, 2, &[(Included, 1, 0), (Tier(1), 1, 8)]);
        check(1_000, &tiers, 1_000, 1, &[(Tier(1), 1, 8)]);
        check(1_000, &tiers, 0, 100_000, &[(Included, 1_000, 0), (Tier(1), 99_000, 8)]);
        check(1_000, &tiers, 99_999, 2, &[(Tier(1), 1, 8), (Tier(2), 1, 5)]);
        check(0, &[(None, 0)], 0, u64::MAX, &[(Tier(1), u64::MAX, 0)]);
    }
}
