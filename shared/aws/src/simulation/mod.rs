//! Many sandboxes against one table, in every order that a seed makes: a clock that stands where the schedule puts it, a
//! network that loses, delays and repeats, and sandboxes that are killed, closed, and whose clocks differ. What runs is what
//! ships: the door, its limiter and its expressions, the last in an embedded DynamoDB.
//!
//! A schedule is one seed. `SCHEDULES=100000 cargo test -p doorward-aws simulation` tries more of them, `FIRST=7222 SCHEDULES=1`
//! one again.

mod items;
mod many;
mod sandbox;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use items::Network;
use sandbox::{Flight, Ground, Sandbox};

/// Schedules of one run, unless `SCHEDULES` says otherwise.
const SCHEDULES: u64 = 10_000;

/// A quota that every scenario has, in units a minute.
struct Scenario {
    name: &'static str,
    /// What a caller's address gives.
    quota: u64,
    /// How many units a call takes.
    units: u64,
    limits: String,
}

fn scenarios() -> Vec<Scenario> {
    let each = |mode: &str, quota: u64| {
        format!(r#"{{ quota = "{quota}/minute", by = "source-ip", name = "each", mode = "{mode}" }}"#)
    };
    let all = |mode: &str, quota: u64| {
        format!(r#"{{ quota = "{quota}/hour", by = "action", name = "all", mode = "{mode}" }}"#)
    };
    let rate = |mode: &str| {
        format!(r#"{{ rate = "2/s", burst = 8, by = "source-ip", name = "rate", mode = "{mode}" }}"#)
    };
    let by =
        |units, name, quota, limits: &[String]| Scenario { name, quota, units, limits: limits.join(", ") };
    let scenario = |name, quota, limits: &[String]| by(1, name, quota, limits);
    vec![
        scenario("hard", 7, &[each("hard", 7)]),
        scenario("hard with a rate", 12, &[each("hard", 12), rate("hard")]),
        scenario("hard in two scopes", 9, &[each("hard", 9), all("hard", 14)]),
        scenario("leased", 20, &[each("leased", 20)]),
        scenario("leased, and large", 150, &[each("leased", 150)]),
        scenario("leased with a rate", 40, &[each("leased", 40), rate("leased")]),
        scenario("leased under a hard one", 16, &[each("leased", 16), all("hard", 20)]),
        scenario("hard and leased in one item", 11, &[each("hard", 11), rate("leased")]),
        by(3, "leased by threes", 60, &[each("leased", 60)]),
    ]
}

fn config(units: u64, limits: &str) -> String {
    format!(
        r#"
[door]
name = "sim"
table = "sim"
refresh = "1h"
screen_rate = 1000000
fronts = ["function-url:shopurl"]

[[targets]]
name = "x"
lambda = "x"

[[routes]]
id = "x"
match = "GET /x"
target = "x"
auth = ["anonymous"]
units = {units}

[[plans]]
name = "default"
limits = [{limits}]
"#
    )
}

/// How a schedule goes.
struct Temper {
    /// One in so many requests meets a fault; zero for none.
    faults: u32,
    kills: bool,
    /// How far clocks differ, in milliseconds.
    skew: i64,
    /// Whether the clock moves while calls are under way, and how far at most, in milliseconds.
    moves: Option<u64>,
}

impl Temper {
    fn of(seed: u64) -> Self {
        match seed % 4 {
            0 => Self { faults: 0, kills: false, skew: 0, moves: None },
            1 => Self { faults: 4, kills: false, skew: 3_000, moves: Some(2_000) },
            2 => Self { faults: 0, kills: true, skew: 3_000, moves: Some(15_000) },
            _ => Self { faults: 6, kills: true, skew: 3_000, moves: Some(9_000) },
        }
    }
}

struct Schedule<'s> {
    scenario: &'s Scenario,
    ground: &'s Ground,
    temper: Temper,
    rng: fastrand::Rng,
    network: std::sync::Arc<Network>,
    sandboxes: Vec<Sandbox>,
    flights: Vec<Flight>,
    calls: u64,
    /// Calls that may have been counted and not answered: their sandbox was killed.
    dropped: u64,
    /// Units by caller and minute; where a call lasted into another, under neither.
    admitted: BTreeMap<(u8, String), u64>,
    /// Units by caller of calls that lasted into another minute.
    between: BTreeMap<u8, u64>,
    /// In all, and when each was answered, of one caller.
    in_all: u64,
    when: Vec<(u8, Timestamp)>,
    refused: u64,
}

fn start() -> Timestamp {
    "2026-11-24T12:00:20Z".parse().unwrap()
}

/// Whose item holds the quota of `caller`.
fn scope(caller: u8) -> String {
    format!("source-ip#{}", sandbox::address(caller))
}

fn minute(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).strftime("%Y-%m-%dT%H:%M").to_string()
}

impl<'s> Schedule<'s> {
    fn new(seed: u64, temper: Temper, scenario: &'s Scenario, ground: &'s Ground) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let network = Network::new(rng.u64(..), temper.faults);
        let mut schedule = Self {
            scenario,
            ground,
            temper,
            rng,
            network,
            sandboxes: Vec::new(),
            flights: Vec::new(),
            calls: 0,
            dropped: 0,
            admitted: BTreeMap::new(),
            between: BTreeMap::new(),
            in_all: 0,
            when: Vec::new(),
            refused: 0,
        };
        for _ in 0..schedule.rng.usize(2..=5) {
            let sandbox = schedule.sandbox(start());
            schedule.sandboxes.push(sandbox);
        }
        schedule
    }

    fn sandbox(&mut self, at: Timestamp) -> Sandbox {
        let skew = if self.temper.skew == 0 { 0 } else { self.rng.i64(-self.temper.skew..=self.temper.skew) };
        self.ground.sandbox(&self.network, at + SignedDuration::from_millis(skew))
    }

    fn run(&mut self) {
        let calls = self.rng.u64(10..40);
        while self.calls < calls || !self.flights.is_empty() {
            match self.rng.u32(..100) {
                0..40 if self.calls < calls => self.begin(),
                90..96 => self.move_clocks(),
                96..97 if self.temper.kills => self.kill(),
                97..98 if self.temper.kills => self.close(),
                98.. => self.network.deliver_late(),
                _ => self.step(),
            }
        }
    }

    fn begin(&mut self) {
        let (sandbox, caller) = (self.rng.usize(..self.sandboxes.len()), self.rng.u8(1..=2));
        self.calls += 1;
        self.flights.push(self.sandboxes[sandbox].call(sandbox, caller, self.calls));
    }

    fn step(&mut self) {
        if self.flights.is_empty() {
            return;
        }
        let at = self.rng.usize(..self.flights.len());
        if let Some(status) = self.flights[at].step() {
            let flight = self.flights.swap_remove(at);
            self.count(&flight, status);
        }
    }

    fn count(&mut self, flight: &Flight, status: u16) {
        match status {
            200 => {
                let until = self.sandboxes[flight.sandbox].now();
                let (from, to) = (minute(flight.since), minute(until));
                if from == to {
                    *self.admitted.entry((flight.caller, from)).or_default() += self.scenario.units;
                } else {
                    *self.between.entry(flight.caller).or_default() += self.scenario.units;
                }
                self.in_all += 1;
                self.when.push((flight.caller, until));
            }
            429 => self.refused += 1,
            503 => {}
            other => panic!("{other}"),
        }
    }

    /// Where clocks move only between calls, the calls under way are ended first.
    fn move_clocks(&mut self) {
        let most = match self.temper.moves {
            Some(most) => most,
            None => {
                while !self.flights.is_empty() {
                    self.step();
                }
                700
            }
        };
        let by = Duration::from_millis(self.rng.u64(..most));
        for sandbox in &self.sandboxes {
            sandbox.advance(by);
        }
    }

    /// A sandbox ends without a word, in the midst of whatever it does; another takes its place.
    fn kill(&mut self) {
        let at = self.rng.usize(..self.sandboxes.len());
        let before = self.flights.len();
        self.flights.retain(|flight| flight.sandbox != at);
        self.dropped += (before - self.flights.len()) as u64;
        let now = self.sandboxes[at].now();
        self.sandboxes[at] = self.sandbox(now);
    }

    /// A sandbox that is at nothing ends in order.
    fn close(&mut self) {
        let at = self.rng.usize(..self.sandboxes.len());
        if self.flights.iter().any(|flight| flight.sandbox == at) {
            return;
        }
        self.sandboxes[at].close();
        let now = self.sandboxes[at].now();
        self.sandboxes[at] = self.sandbox(now);
    }

    /// What the item of `caller` says that each minute gave.
    fn given(&self, caller: u8) -> BTreeMap<String, u64> {
        let item = self.network.item(&scope(caller));
        let window = |(name, value): (String, AttributeValue)| {
            let window = name.strip_prefix("q#each#")?.to_owned();
            Some((window, value.as_n().ok()?.parse().ok()?))
        };
        item.into_iter().filter_map(window).collect()
    }

    /// No minute gave more than its quota, and no call was let in that no minute gave.
    fn check(&self) {
        for caller in [1, 2] {
            let given = self.given(caller);
            for (window, units) in &given {
                assert!(*units <= self.scenario.quota, "{units} given in {window}");
            }
            for ((of, window), admitted) in &self.admitted {
                // Windows that are long gone leave the item.
                let units = given.get(window).copied().unwrap_or(self.scenario.quota);
                assert!(
                    *of != caller || *admitted <= units,
                    "{admitted} let in and {units} given in {window}"
                );
            }
            if !self.network.item(&scope(caller)).contains_key("closed") {
                let of = self.admitted.iter().filter(|((of, _), _)| *of == caller);
                let admitted = of.map(|(_, units)| units).chain(self.between.get(&caller)).sum::<u64>();
                let units = given.values().sum();
                assert!(admitted <= units, "{admitted} let in and {units} given in all");
            }
        }
    }

    /// Where nothing fails and nobody dies, what is handed in and what was let in are all that was given, and another
    /// sandbox gets the rest to the last unit.
    fn check_calm(&mut self) {
        if self.temper.faults > 0 || self.temper.kills || self.scenario.limits.contains("rate") {
            return;
        }
        for sandbox in &self.sandboxes {
            sandbox.close();
        }
        let admitted = |schedule: &Self, window: &str| {
            schedule.admitted.get(&(1, window.to_owned())).copied().unwrap_or(0)
        };
        for (window, units) in self.given(1) {
            assert_eq!(units, admitted(self, &window), "in {window}, with nothing out");
        }
        let now = self.sandboxes[0].now();
        self.sandboxes = vec![self.sandbox(now)];
        let before = self.refused;
        while self.refused == before {
            self.calls += 1;
            let mut flight = self.sandboxes[0].call(0, 1, self.calls);
            let status = loop {
                if let Some(status) = flight.step() {
                    break status;
                }
            };
            self.count(&flight, status);
        }
        if !self.scenario.limits.contains("all") {
            assert_eq!(admitted(self, &minute(now)), self.scenario.quota, "to the last unit");
        }
    }

    /// GCRA: in any stretch of time no more than the burst and what comes back in it.
    fn check_rate(&self) {
        if self.temper.moves.is_some() || !self.scenario.limits.contains(r#""rate", mode = "hard""#) {
            return;
        }
        for caller in [1, 2] {
            let when: Vec<Timestamp> =
                self.when.iter().filter(|(of, _)| *of == caller).map(|(_, at)| *at).collect();
            for (first, from) in when.iter().enumerate() {
                for (last, to) in when.iter().enumerate().skip(first) {
                    let seconds = to.duration_since(*from).as_secs_f64();
                    let count = last - first + 1;
                    assert!(count as f64 <= 8.0 + seconds * 2.0 + 1e-6, "{count} calls in {seconds} s");
                }
            }
        }
    }
}

/// The door's own time limits need a runtime, whose timers nobody drives.
fn still() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// What some schedules did.
#[derive(Default)]
struct Tally {
    calls: u64,
    admitted: u64,
    refused: u64,
    dropped: u64,
    writes: u64,
}

/// Tries the schedules of `seeds`.
fn tried(seeds: impl Iterator<Item = u64>) -> Tally {
    let runtime = still();
    let _entered = runtime.enter();
    let scenarios = scenarios();
    let ground = |scenario: &Scenario| Ground::new(&config(scenario.units, &scenario.limits), start());
    let grounds: Vec<Ground> = scenarios.iter().map(ground).collect();
    let kinds = scenarios.len() as u64;
    let mut tally = Tally::default();
    for seed in seeds {
        let kind = usize::try_from(seed % kinds).unwrap();
        let scenario = &scenarios[kind];
        let mut schedule = Schedule::new(seed, Temper::of(seed / kinds), scenario, &grounds[kind]);
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            schedule.run();
            schedule.check();
            schedule.check_rate();
            schedule.check_calm();
            schedule.check();
        }));
        assert!(tried.is_ok(), "schedule {seed}, `{}`", scenario.name);
        tally.calls += schedule.calls;
        tally.admitted += schedule.in_all;
        tally.refused += schedule.refused;
        tally.dropped += schedule.dropped;
        tally.writes += schedule.network.state().writes;
    }
    tally
}

#[test]
fn no_schedule_gives_more_than_a_quota() {
    let number = |name, or| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(or);
    let (first, schedules) = (number("FIRST", 0), number("SCHEDULES", SCHEDULES));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let seeds = |thread| (first..first + schedules).skip(thread).step_by(threads);
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(move || tried(seeds(thread)))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a schedule gives too much")).collect()
    });
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let (admitted, refused, dropped) =
        (sum(|tally| tally.admitted), sum(|tally| tally.refused), sum(|tally| tally.dropped));
    let (calls, writes) = (sum(|tally| tally.calls), sum(|tally| tally.writes));
    println!(
        "{schedules} schedules: {calls} calls, {admitted} let in, {refused} refused, {dropped} killed, {writes} writes"
    );
    // A run in which nothing happens proves nothing.
    assert!(schedules < 100 || admitted > schedules * 5 && refused > schedules && dropped > schedules / 20);
}
