use std::collections::BTreeMap;

use doorward_config::{Config, Dimension, Durability, EventRule, Limit, LimitMode, LimitRule, Route};

use super::prices;

/// What estimates take for given, beside the prices. Each is stated with the result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Assumptions {
    /// Calls a second of one caller that one sandbox sees: what blocks of leased limits grow with.
    pub(super) rate: f64,
    /// Memory of the door's functions, in MB.
    pub(super) memory: f64,
    /// How long the door's own function runs for a call, in milliseconds, waiting for the target included.
    pub(super) milliseconds: f64,
}

/// A block of a leased limit is what its sandbox spends in this time, and in this part of the time that the burst of a
/// rate lasts.
const BLOCK_SECONDS: f64 = 5.0;
const BLOCK_OF_BURST: f64 = 0.5;
/// How many calls the roll-up is given at once.
const ROLLED_UP_AT_ONCE: f64 = 100.0;
/// How many of those calls are alike in caller, action, target, purpose, outcome and plan.
const ALIKE: f64 = 10.0;
/// Rows that each group of them changes: hour, day and month.
const ROWS: f64 = 3.0;
/// What one call takes up in a block of the ledger, in KB, compressed: a hundred typical ones take nine.
const KB_IN_BLOCK: f64 = 0.09;

/// What an admitted call costs, on average.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Cost {
    /// Requests to DynamoDB that the call waits for.
    pub(super) store_calls: f64,
    /// Write units of limits and of the ledger.
    pub(super) writes: f64,
    /// Read units.
    pub(super) reads: f64,
    /// Write units of the roll-up.
    pub(super) rollup_writes: f64,
    /// Read units of the roll-up.
    pub(super) rollup_reads: f64,
    /// Invocations of the door's functions: dispatcher, authorizer, roll-up.
    pub(super) invocations: f64,
    /// Gigabyte-seconds of the dispatcher.
    pub(super) gigabyte_seconds: f64,
}

impl Cost {
    /// Dollars for a million calls.
    pub(super) fn per_million(&self) -> f64 {
        (self.writes + self.rollup_writes) * prices::WRITES
            + (self.reads + self.rollup_reads) * prices::READS
            + self.invocations * prices::INVOCATIONS
            + self.gigabyte_seconds * 1e6 * prices::GIGABYTE_SECOND
    }
}

/// What of a call's configuration has a price.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    /// How many scopes of limits are held in each mode; a scope of several counts in the one that asks the table most.
    pub(super) scopes: BTreeMap<LimitMode, usize>,
    pub(super) durability: Durability,
    /// Whether an authorizer is asked, too.
    pub(super) authorizer: bool,
    /// Whether the resource is read from a table.
    pub(super) loads: bool,
    /// Whether the decision is recorded.
    pub(super) recorded: bool,
    /// Calls that share an item where they are batched.
    pub(super) batch: usize,
    /// For how long blocks of leased limits last, in seconds.
    pub(super) block_seconds: f64,
}

impl Shape {
    /// The shape of calls to a route whose callers are on the plan `default`.
    pub(super) fn of_route(route: &Route, config: &Config) -> Self {
        let limits = config.plan("default").map(|plan| plan.limits.as_slice()).unwrap_or_default();
        Self {
            scopes: scopes(&held(limits, config, &route.id, &route.target)),
            block_seconds: block_seconds(&held(limits, config, &route.id, &route.target)),
            durability: route.durability,
            authorizer: route.authorizer && config.authorizer.place.is_some(),
            loads: route.resource.as_ref().is_some_and(|resource| resource.load.is_some()),
            recorded: config.door.record_decisions.is_some(),
            batch: config.door.batch,
        }
    }

    /// The shape of events, which are claimed before their target is called.
    pub(super) fn of_event(event: &EventRule, config: &Config) -> Self {
        let plan = event.plan.as_deref().and_then(|name| config.plan(name));
        let limits = plan.map(|plan| plan.limits.as_slice()).unwrap_or_default();
        Self {
            scopes: scopes(&held(limits, config, &event.id, &event.target)),
            block_seconds: block_seconds(&held(limits, config, &event.id, &event.target)),
            durability: Durability::Intent,
            authorizer: false,
            loads: false,
            recorded: config.door.record_decisions.is_some(),
            batch: config.door.batch,
        }
    }

    /// The same calls with all of their scopes in another mode, and another durability.
    pub(super) fn as_if(&self, mode: LimitMode, durability: Durability) -> Self {
        let scopes = BTreeMap::from([(mode, self.scopes.values().sum())]);
        Self { scopes, durability, ..self.clone() }
    }

    pub(super) fn cost(&self, assumptions: &Assumptions) -> Cost {
        let count = |mode| self.scopes.get(&mode).map_or(0.0, |count| as_float(*count));
        // One conditional update moves all limits of a scope.
        let blocks = (1.0 / (assumptions.rate * self.block_seconds)).min(1.0);
        let limits = count(LimitMode::Hard) + count(LimitMode::Leased) * blocks;
        let batch = as_float(self.batch);
        // Requests, write units and rows that the roll-up sees.
        let (recording, kilobytes, rows) = match self.durability {
            Durability::Intent => (2.0, 2.0, 2.0),
            Durability::BeforeAnswer => (1.0, 1.0, 1.0),
            Durability::Batched => (1.0 / batch, (KB_IN_BLOCK * batch).ceil().max(1.0) / batch, 1.0 / batch),
        };
        let (loads, recorded) = (f64::from(u8::from(self.loads)), f64::from(u8::from(self.recorded)));
        // Markers and sums move in transactions, which cost double.
        let alike = match self.durability {
            Durability::Batched => ALIKE.min(batch),
            Durability::Intent | Durability::BeforeAnswer => ALIKE,
        };
        Cost {
            store_calls: limits + recording + loads + recorded,
            writes: limits + kilobytes + recorded,
            reads: loads,
            rollup_writes: 2.0 * (rows + ROWS / alike),
            rollup_reads: rows,
            invocations: 1.0 + f64::from(u8::from(self.authorizer)) + rows / ROLLED_UP_AT_ONCE,
            gigabyte_seconds: assumptions.memory / 1024.0 * assumptions.milliseconds / 1000.0,
        }
    }
}

/// The limits that hold calls of this action.
fn held<'l>(limits: &'l [Limit], config: &'l Config, action: &str, target: &str) -> Vec<&'l Limit> {
    let holds = |limit: &&Limit| {
        limit.only.iter().all(|(dimension, named)| match dimension {
            Dimension::Action => named.iter().any(|name| name == action),
            Dimension::Target => named.iter().any(|name| name == target),
            // Of some callers: the call of one of them is what is priced.
            _ => true,
        })
    };
    limits.iter().chain(&config.limits).filter(holds).collect()
}

/// For how long blocks last that all of these limits give.
fn block_seconds(limits: &[&Limit]) -> f64 {
    let bursts = limits.iter().filter_map(|limit| match limit.rule {
        #[expect(clippy::cast_precision_loss, reason = "an estimate needs no more digits")]
        LimitRule::Rate { units, period, burst } if units > 0 => {
            Some(burst.get() as f64 * period.as_secs_f64() / units as f64 * BLOCK_OF_BURST)
        }
        LimitRule::Rate { .. } | LimitRule::Quota { .. } => None,
    });
    bursts.fold(BLOCK_SECONDS, f64::min)
}

/// How many scopes these limits are, by mode. Limits that count by the same thing are one.
fn scopes(limits: &[&Limit]) -> BTreeMap<LimitMode, usize> {
    let mut modes: BTreeMap<&[Dimension], LimitMode> = BTreeMap::new();
    for limit in limits {
        let mode = modes.entry(&limit.by).or_insert(limit.mode);
        // `Hard` is the first of the modes, and asks the table most.
        *mode = (*mode).min(limit.mode);
    }
    let mut scopes = BTreeMap::new();
    for mode in modes.into_values() {
        *scopes.entry(mode).or_default() += 1;
    }
    scopes
}

#[expect(clippy::cast_precision_loss, reason = "counts of scopes and calls of a batch are small")]
fn as_float(count: usize) -> f64 {
    count as f64
}

/// The sentences that go with every estimate.
pub(super) fn stated(assumptions: &Assumptions) -> Vec<String> {
    let Assumptions { rate, memory, milliseconds } = assumptions;
    vec![
        format!("leased limits: {rate} calls a second of one caller in a sandbox; blocks last {BLOCK_SECONDS} seconds, and no longer than half of a rate's burst"),
        format!("functions: {memory} MB of arm64 for {milliseconds} ms a call, one call at a time; the target is not counted"),
        "items of at most 1 KB; no retries; calls that are admitted, by callers on the plan `default`, whose limits hold at \
         the first try"
            .to_owned(),
        "roll-up: 100 rows an invocation, 10 of them alike in caller, action, target, purpose, outcome and plan".to_owned(),
        "not counted: keys, switches, publications and API keys, which are read once in `[door] refresh` and sandbox; \
         storage, logs, data transfer; free tiers"
            .to_owned(),
        "prices: us-east-1, on demand, as AWS publishes them".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Assumptions = Assumptions { rate: 100.0, memory: 256.0, milliseconds: 50.0 };

    fn shape(mode: LimitMode, durability: Durability) -> Shape {
        let scopes = BTreeMap::from([(mode, 1)]);
        Shape {
            scopes,
            durability,
            authorizer: false,
            loads: false,
            recorded: false,
            batch: 100,
            block_seconds: 5.0,
        }
    }

    #[track_caller]
    fn check(shape: &Shape, store_calls: f64, writes: f64, per_million: &str) {
        let cost = shape.cost(&USUAL);
        let numbers = [cost.store_calls, cost.writes].map(|number| format!("{number:.3}"));
        assert_eq!(numbers, [store_calls, writes].map(|number| format!("{number:.3}")));
        assert_eq!(format!("{:.3}", cost.per_million()), per_million);
    }

    #[test]
    fn costs_are_those_that_are_reckoned_by_hand() {
        use Durability::{Batched, BeforeAnswer, Intent};
        use LimitMode::{Hard, Leased, Local};
        // 2 writes + 2.6 of the roll-up at 0.625; 1 read at 0.125; 1.01 invocations at 0.2; 0.0125 GB-s at 13.3334.
        check(&shape(Hard, BeforeAnswer), 2.0, 2.0, "3.369");
        // 3 + 4.6 writes, 2 reads, 1.02 invocations.
        check(&shape(Hard, Intent), 3.0, 3.0, "5.371");
        // A block every 500 calls; 9 KB every 100 calls; the roll-up 0.62 writes, 0.01 reads.
        check(&shape(Leased, Batched), 0.012, 0.092, "0.813");
        check(&shape(Local, BeforeAnswer), 1.0, 1.0, "2.744");
        let short = Shape { block_seconds: 1.0, ..shape(Leased, Batched) };
        check(&short, 0.02, 0.1, "0.818");
        let more = Shape { loads: true, recorded: true, authorizer: true, ..shape(Hard, BeforeAnswer) };
        check(&more, 4.0, 3.0, "4.319");
    }
}
