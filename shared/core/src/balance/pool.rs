use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorward_config::{Balance, Endpoint, Target};
use jiff::Timestamp;

use super::asking::Asking;
use super::budget::Budget;
use super::choice::Choice;
use super::health::Condition;
use super::pace::Pace;
use super::pick::{self, Candidate};

/// The most calls by which processes begin their rounds at another place.
const LONGEST_START: u64 = 1_000;

/// Which endpoints a call goes to ahead of others.
type Tier<'t> = &'t dyn Fn(usize, &Endpoint) -> bool;

/// The endpoints of one target, and what this process knows of them.
pub(crate) struct Pool {
    target: Target,
    state: Mutex<State>,
}

pub(super) struct State {
    random: fastrand::Rng,
    /// One an endpoint.
    pub(super) conditions: Vec<Condition>,
    pub(super) outstanding: Vec<u32>,
    turns: Vec<i64>,
    budget: Budget,
    pace: Pace,
}

impl Pool {
    pub(crate) fn new(target: Target, seed: u64) -> Self {
        let count = target.endpoints.len();
        let mut state = State {
            random: fastrand::Rng::with_seed(seed),
            conditions: std::iter::repeat_with(Condition::default).take(count).collect(),
            outstanding: vec![0; count],
            turns: vec![0; count],
            budget: Budget::new(target.retry.as_ref()),
            pace: Pace::default(),
        };
        if target.balance == Balance::RoundRobin {
            // Processes that all began with the first endpoint would send it most of what they get.
            let all = state.candidates(&target, |_, endpoint| !endpoint.backup);
            let round: u64 = all.iter().map(|candidate| u64::from(candidate.weight)).sum();
            for _ in 0..state.random.u64(..round.clamp(1, LONGEST_START)) {
                pick::round_robin(&all, &mut state.turns);
            }
        }
        Self { target, state: Mutex::new(state) }
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// A call is made, whatever the number of its tries.
    pub(crate) fn pay_in(&self) {
        self.state().budget.pay_in();
    }

    /// Whether the call may be tried once more.
    pub(crate) fn take_retry(&self) -> bool {
        self.state().budget.take()
    }

    /// A number below `bound`, by chance; zero where the bound is.
    pub(crate) fn jitter(&self, bound: Duration) -> Duration {
        let bound = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.state().random.u64(..=bound))
    }

    /// How long an answer took.
    pub(crate) fn answered_in(&self, took: Duration) {
        self.state().pace.answered(took);
    }

    /// Whether a try that gets `within` has the time of a whole one, which is to have `whole`: only such a one says anything of
    /// an endpoint by not being answered.
    pub(crate) fn is_whole(&self, within: Duration, whole: Duration) -> bool {
        self.state().pace.is_whole(within, whole)
    }

    /// How much of what is `left` to a call a trial may take that another endpoint could answer, and whether it is known that an
    /// answer takes no longer; `None` where there is no time for both.
    pub(crate) fn time_for_trial(&self, left: Duration) -> Option<(Duration, bool)> {
        let pace = &self.state().pace;
        pace.trial(left).map(|time| (time, pace.is_known()))
    }

    /// The endpoint of the next try of a call.
    ///
    /// # Errors
    /// All are left alone, or barred to the call: how long until one of them is tried.
    pub(crate) fn choose(self: &Arc<Self>, asking: &Asking<'_>, now: Timestamp) -> Result<Choice, Duration> {
        let mut state = self.state();
        let candidates = self.candidates(&mut state, asking, now);
        let Some(index) = self.pick(&mut state, &candidates, asking.caller) else {
            return Err(state.wait(&self.target, |endpoint| asking.may_use(endpoint), now));
        };
        let trial = state.enter(index);
        let others = state.candidates(&self.target, |other, endpoint| {
            let well = state.conditions.get(other).is_some_and(Condition::is_well);
            other != index && well && asking.is_untried(other) && asking.may_use(endpoint)
        });
        let relieved = trial && asking.repeatable && !others.is_empty();
        Ok(Choice::new(Arc::clone(self), index, trial, relieved))
    }

    /// Whether there is an endpoint that the call was not tried at and can be.
    pub(crate) fn has_untried(&self, asking: &Asking<'_>, now: Timestamp) -> bool {
        let state = self.state();
        let untried = state.candidates(&self.target, |index, endpoint| {
            let open = state.conditions.get(index).is_some_and(|condition| condition.is_open(now));
            open && asking.is_untried(index) && asking.may_use(endpoint)
        });
        !untried.is_empty()
    }

    /// Those of the first tier that has any.
    fn candidates(&self, state: &mut State, asking: &Asking<'_>, now: Timestamp) -> Vec<Candidate> {
        let has_time = state.pace.is_whole(asking.left, asking.whole);
        let sticky = self.target.balance == Balance::Sticky;
        let holds =
            |index: usize, may: &dyn Fn(&Condition) -> bool| state.conditions.get(index).is_some_and(may);
        let untried = |index| asking.is_untried(index);
        let well = |index| untried(index) && holds(index, &Condition::is_well);
        let tries =
            |index| has_time && untried(index) && holds(index, &|condition| asking.may_try(condition, now));
        // Sticky calls stay where they are: an endpoint is tried by a caller of its own.
        let next = |index| !sticky && tries(index);
        let takes = |index| well(index) || (sticky && tries(index));
        let tiers: [Tier<'_>; 7] = [
            &|index, endpoint| asking.is_named(endpoint) && (well(index) || tries(index)),
            // The next call tries whose pause is over, lest it depends on chance when that is back.
            &|index, endpoint| !endpoint.backup && next(index),
            &|index, endpoint| !endpoint.backup && takes(index),
            &|index, _| next(index),
            &|index, _| takes(index),
            // Nobody else is left.
            &|index, _| untried(index),
            &|_, _| true,
        ];
        let candidates = tiers.iter().map(|tier| {
            state.candidates(&self.target, |index, endpoint| {
                holds(index, &|condition| condition.is_open(now))
                    && !asking.barred.contains(&index)
                    && asking.may_use(endpoint)
                    && tier(index, endpoint)
            })
        });
        { candidates }.find(|candidates| !candidates.is_empty()).unwrap_or_default()
    }

    fn pick(&self, state: &mut State, candidates: &[Candidate], caller: &str) -> Option<usize> {
        let address =
            |index: usize| self.target.endpoints.get(index).map_or("", |endpoint| endpoint.address.as_str());
        match self.target.balance {
            Balance::Weighted => pick::weighted(candidates, &mut state.random),
            Balance::RoundRobin => pick::round_robin(candidates, &mut state.turns),
            Balance::LeastOutstanding => pick::least_outstanding(candidates, &mut state.random),
            Balance::Sticky => pick::sticky(candidates, caller, address),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn candidates(&self, target: &Target, may: impl Fn(usize, &Endpoint) -> bool) -> Vec<Candidate> {
        let endpoints = target.endpoints.iter().zip(&self.outstanding).enumerate();
        let may = endpoints.filter(|(index, (endpoint, _))| may(*index, endpoint));
        may.map(|(index, (endpoint, outstanding))| Candidate {
            index,
            weight: endpoint.weight.max(1),
            outstanding: *outstanding,
        })
        .collect()
    }

    /// How long until one of the endpoints that `may` be called is tried.
    fn wait(&self, target: &Target, may: impl Fn(&Endpoint) -> bool, now: Timestamp) -> Duration {
        let endpoints = target.endpoints.iter().zip(&self.conditions);
        let waits = endpoints.filter(|(endpoint, _)| may(endpoint)).map(|(_, condition)| condition.wait(now));
        waits.min().unwrap_or_default()
    }

    fn enter(&mut self, index: usize) -> bool {
        if let Some(outstanding) = self.outstanding.get_mut(index) {
            *outstanding += 1;
        }
        self.conditions.get_mut(index).is_some_and(Condition::enter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::num::NonZeroU32;

    use doorward_config::{Health, LambdaTarget, TargetKind};
    use doorward_model::{EntityName, Principal};

    use crate::claim::after;

    fn pool(balance: Balance, endpoints: Vec<Endpoint>) -> Arc<Pool> {
        let kind = TargetKind::Lambda(LambdaTarget::default());
        let faults = NonZeroU32::new(3).unwrap();
        let seconds = Duration::from_secs;
        let health = Some(Health { faults, pause: seconds(10), longest_pause: seconds(300) });
        Arc::new(Pool::new(Target { endpoints, balance, health, ..Target::new("t", kind, "unused") }, 7))
    }

    fn endpoint(address: &str) -> Endpoint {
        Endpoint::new(address)
    }

    fn caller(id: &str) -> Principal {
        Principal { name: EntityName::new("User", id), ..Principal::anonymous() }
    }

    fn at(seconds: u64) -> Timestamp {
        after(Timestamp::UNIX_EPOCH, Duration::from_secs(seconds))
    }

    /// A call that may be tried again and has all of its time.
    fn asking<'a>(principal: &'a Principal, id: &'a str, tried: &'a [usize]) -> Asking<'a> {
        let second = Duration::from_secs(1);
        Asking { principal, caller: id, repeatable: true, tried, barred: &[], left: second, whole: second }
    }

    /// Where a call of `id` goes at `now`, which ends as `away` says.
    fn call(pool: &Arc<Pool>, id: &str, now: Timestamp, away: &[&str]) -> String {
        go(pool, &asking(&caller(id), id, &[]), now, away)
    }

    fn go(pool: &Arc<Pool>, asking: &Asking<'_>, now: Timestamp, away: &[&str]) -> String {
        match pool.choose(asking, now) {
            Err(wait) => format!("wait {}", wait.as_millis()),
            Ok(mut choice) => {
                let address = choice.endpoint().unwrap().address.clone();
                match away.contains(&address.as_str()) {
                    true => choice.failed(now),
                    false => choice.answered(),
                }
                address
            }
        }
    }

    #[test]
    fn three_faults_in_a_row_eject_and_the_next_call_after_the_pause_tries() {
        let pool = pool(Balance::RoundRobin, vec![endpoint("a"), endpoint("b")]);
        let went: Vec<_> = (0..8).map(|_| call(&pool, "x", at(0), &["a"])).collect();
        assert_eq!(went.iter().filter(|address| *address == "a").count(), 3, "{went:?}");
        let went: Vec<_> = (0..20).map(|_| call(&pool, "x", at(9), &["a"])).collect();
        assert!(went.iter().all(|address| address == "b"), "{went:?}");
        // The trial fails: twice as long. Then it answers, and takes its share again.
        assert_eq!(call(&pool, "x", at(10), &["a"]), "a");
        let went: Vec<_> = (11..30).map(|now| call(&pool, "x", at(now), &[])).collect();
        assert!(went.iter().all(|address| address == "b"), "{went:?}");
        assert_eq!(call(&pool, "x", at(30), &[]), "a");
        let went: Vec<_> = (0..10).map(|_| call(&pool, "x", at(30), &[])).collect();
        assert_eq!(went.iter().filter(|address| *address == "a").count(), 5, "{went:?}");
    }

    #[test]
    fn where_all_are_left_alone_the_caller_learns_for_how_long() {
        let pool = pool(Balance::Weighted, vec![endpoint("a")]);
        let went: Vec<_> = (0..4).map(|_| call(&pool, "x", at(0), &["a"])).collect();
        assert_eq!(went, ["a", "a", "a", "wait 10000"]);
        assert_eq!(call(&pool, "x", at(4), &[]), "wait 6000");
        assert_eq!(call(&pool, "x", at(10), &[]), "a");
    }

    #[test]
    fn a_backup_is_called_while_no_other_can_be() {
        let backup = Endpoint { backup: true, ..endpoint("b") };
        let pool = pool(Balance::Weighted, vec![endpoint("a"), backup]);
        let went: Vec<_> = (0..6).map(|_| call(&pool, "x", at(0), &["a"])).collect();
        assert_eq!(went, ["a", "a", "a", "b", "b", "b"]);
        assert_eq!(call(&pool, "x", at(10), &[]), "a");
        assert_eq!(call(&pool, "x", at(10), &[]), "a");
    }

    #[test]
    fn who_could_not_go_elsewhere_afterwards_tries_no_endpoint_that_is_left_alone() {
        let pool = pool(Balance::RoundRobin, vec![endpoint("a"), endpoint("b"), endpoint("c")]);
        (0..9).for_each(|_| drop(call(&pool, "x", at(0), &["a"])));
        let principal = caller("x");
        let all = asking(&principal, "x", &[]);
        let fixed = Asking { repeatable: false, ..all };
        let short = Asking { left: Duration::from_millis(899), ..all };
        let again = Asking { tried: &[1], ..all };
        for asking in [&fixed, &short, &again] {
            let went: Vec<_> = (0..9).map(|_| go(&pool, asking, at(10), &[])).collect();
            assert!(went.iter().all(|address| address != "a"), "{went:?}");
        }
        // What cannot be repeated does so once nobody else did for as long as the pause was.
        assert_eq!(go(&pool, &fixed, at(20), &["a"]), "a");
        assert_eq!(call(&pool, "x", at(40), &[]), "a");
    }

    #[test]
    fn a_trial_is_relieved_where_another_could_answer_afterwards() {
        let pool = pool(Balance::Weighted, vec![endpoint("a"), endpoint("b")]);
        let principal = caller("x");
        let all = asking(&principal, "x", &[]);
        let relieved = |asking: &Asking<'_>, now| pool.choose(asking, now).ok().unwrap().is_relieved();
        assert!(!relieved(&all, at(0)));
        while pool.state().conditions[0].is_well() {
            call(&pool, "x", at(0), &["a"]);
        }
        // Who gives it up leaves it to the next one.
        assert!(relieved(&all, at(10)) && relieved(&all, at(10)));
        assert!(!relieved(&Asking { repeatable: false, ..all }, at(20)));
        while pool.state().conditions[1].is_well() {
            call(&pool, "x", at(0), &["b"]);
        }
        assert!(!relieved(&all, at(10)), "nobody else is there");
    }

    #[test]
    fn where_a_call_is_barred_it_does_not_go() {
        let pool = pool(Balance::Weighted, vec![endpoint("a"), endpoint("b")]);
        let principal = caller("x");
        let all = Asking { tried: &[0, 1], barred: &[0], ..asking(&principal, "x", &[]) };
        assert!((0..9).all(|_| go(&pool, &all, at(0), &[]) == "b"));
        assert!(pool.choose(&Asking { barred: &[0, 1], ..all }, at(0)).is_err());
    }

    #[test]
    fn a_second_try_goes_elsewhere_and_to_a_backup_last() {
        let backup = Endpoint { backup: true, ..endpoint("c") };
        let pool = pool(Balance::Weighted, vec![endpoint("a"), endpoint("b"), backup]);
        let next =
            |tried: &[usize]| pool.choose(&asking(&caller("x"), "x", tried), at(0)).ok().unwrap().index();
        for _ in 0..20 {
            assert_eq!((next(&[0]), next(&[1]), next(&[0, 1])), (1, 0, 2));
            assert!(next(&[0, 1, 2]) < 3);
        }
    }

    #[test]
    fn named_callers_go_to_the_canary_and_the_rest_by_weight() {
        let beta = EntityName::new("Group", "beta");
        let names = vec![EntityName::new("User", "carol"), beta.clone()];
        let closed = Endpoint { weight: 0, callers: names.clone(), ..endpoint("canary") };
        let pool = pool(Balance::Weighted, vec![endpoint("stable"), closed]);
        let member = Principal { parents: vec![beta], ..caller("dave") };
        let to = |principal: &Principal| {
            let choice = pool.choose(&asking(principal, "", &[]), at(0)).ok().unwrap();
            choice.endpoint().unwrap().address.clone()
        };
        for _ in 0..50 {
            assert_eq!(
                (to(&caller("carol")), to(&member), to(&caller("erin"))),
                ("canary".into(), "canary".into(), "stable".into())
            );
        }
        // While it is left alone, they are served as everybody is.
        (0..3).for_each(|_| drop(call(&pool, "carol", at(0), &["canary"])));
        assert_eq!((to(&caller("carol")), to(&caller("erin"))), ("stable".into(), "stable".into()));
    }

    #[test]
    fn a_canary_of_five_percent_gets_five_percent() {
        for seed in 0..20 {
            let stable = Endpoint { weight: 95, ..endpoint("stable") };
            let both = pool(Balance::Weighted, vec![stable, Endpoint { weight: 5, ..endpoint("canary") }]);
            let pool = Arc::new(Pool::new(both.target.clone(), seed));
            let mut counts = BTreeMap::new();
            for _ in 0..4_000 {
                *counts.entry(call(&pool, "x", at(0), &[])).or_insert(0) += 1;
            }
            // 200 expected; five standard deviations are 69.
            assert!((131..=269).contains(&counts["canary"]), "{counts:?}");
        }
    }

    #[test]
    fn processes_begin_their_rounds_at_different_endpoints() {
        let all = pool(Balance::RoundRobin, vec![endpoint("a"), endpoint("b"), endpoint("c")]);
        let mut firsts = BTreeMap::new();
        for seed in 0..300 {
            *firsts
                .entry(call(&Arc::new(Pool::new(all.target.clone(), seed)), "x", at(0), &[]))
                .or_insert(0) += 1;
        }
        // 100 expected; five standard deviations are 41.
        assert!(firsts.values().all(|count| (59..=141).contains(count)) && firsts.len() == 3, "{firsts:?}");
    }

    #[test]
    fn sticky_callers_do_not_move_to_try_an_endpoint_that_is_not_theirs() {
        let pool = pool(Balance::Sticky, vec![endpoint("a"), endpoint("b")]);
        let ids: Vec<String> = (0..20).map(|number| format!("caller-{number}")).collect();
        let at_home: Vec<_> = ids.iter().map(|id| call(&pool, id, at(0), &[])).collect();
        let of = |home: &str| ids.iter().zip(&at_home).find(|(_, at)| *at == home).unwrap().0;
        (0..3).for_each(|_| drop(call(&pool, of("a"), at(0), &["a"])));
        assert_eq!(call(&pool, of("a"), at(9), &[]), "b");
        for (id, home) in ids.iter().zip(&at_home).filter(|(_, home)| *home == "b") {
            assert_eq!(call(&pool, id, at(10), &["a"]), *home);
        }
        assert_eq!(call(&pool, of("a"), at(10), &[]), "a");
    }

    #[test]
    fn a_caller_waits_for_no_endpoint_that_is_for_others() {
        let closed =
            Endpoint { weight: 0, callers: vec![EntityName::new("User", "carol")], ..endpoint("canary") };
        let pool = pool(Balance::Weighted, vec![endpoint("stable"), closed]);
        (0..3).for_each(|_| drop(call(&pool, "erin", at(0), &["stable"])));
        assert_eq!(call(&pool, "erin", at(0), &[]), "wait 10000");
        assert_eq!(call(&pool, "carol", at(0), &[]), "canary");
    }

    #[test]
    fn a_call_that_is_given_up_is_no_longer_under_way() {
        let pool = pool(Balance::LeastOutstanding, vec![endpoint("a"), endpoint("b")]);
        let under_way = |pool: &Pool| pool.state().outstanding.iter().sum::<u32>();
        let choices: Vec<_> =
            (0..6).map(|_| pool.choose(&asking(&caller("x"), "x", &[]), at(0)).ok().unwrap()).collect();
        assert_eq!(pool.state().outstanding, [3, 3]);
        drop(choices);
        assert_eq!(under_way(&pool), 0);
    }
}
