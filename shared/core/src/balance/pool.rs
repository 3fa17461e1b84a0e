use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorward_config::{Balance, Endpoint, Target};
use doorward_model::Principal;
use jiff::Timestamp;

use super::budget::Budget;
use super::health::{Change, Condition};
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

struct State {
    random: fastrand::Rng,
    /// One an endpoint.
    conditions: Vec<Condition>,
    outstanding: Vec<u32>,
    turns: Vec<i64>,
    budget: Budget,
}

/// An endpoint that a call goes to. Who drops it without a word of how the call ended has learnt nothing of it.
pub(crate) struct Choice {
    pool: Arc<Pool>,
    index: usize,
    trial: bool,
    told: bool,
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

    /// The endpoint of the next try of a call that was tried at `tried` before, which come last. `caller` is what sticky
    /// calls go by.
    ///
    /// # Errors
    /// All are left alone: how long until one of them is tried.
    pub(crate) fn choose(
        self: &Arc<Self>,
        principal: &Principal,
        caller: &str,
        tried: &[usize],
        now: Timestamp,
    ) -> Result<Choice, Duration> {
        let mut state = self.state();
        let is_named = |endpoint: &Endpoint| {
            endpoint.callers.iter().any(|name| *name == principal.name || principal.parents.contains(name))
        };
        let untried = |index: usize| !tried.contains(&index);
        // Sticky calls stay where they are: an endpoint is tried by a caller of its own.
        let due = |index: usize| {
            self.target.balance != Balance::Sticky
                && state.conditions.get(index).is_some_and(|condition| condition.is_due(now))
        };
        let tiers: [Tier<'_>; 5] = [
            &|index, endpoint| untried(index) && is_named(endpoint),
            // The next call tries whose pause is over, lest it depends on chance when that is back.
            &|index, endpoint| untried(index) && !endpoint.backup && due(index),
            &|index, endpoint| untried(index) && !endpoint.backup,
            &|index, _| untried(index),
            &|_, _| true,
        ];
        let candidates = tiers.iter().map(|tier| {
            state.candidates(&self.target, |index, endpoint| {
                let open = state.conditions.get(index).is_some_and(|condition| condition.is_open(now));
                open && (endpoint.weight > 0 || is_named(endpoint)) && tier(index, endpoint)
            })
        });
        let candidates = { candidates }.find(|candidates| !candidates.is_empty());
        let picked = candidates.and_then(|candidates| self.pick(&mut state, &candidates, caller));
        let Some(index) = picked else {
            let usable = |endpoint: &Endpoint| endpoint.weight > 0 || is_named(endpoint);
            return Err(state.wait(&self.target, usable, now));
        };
        let trial = state.enter(index);
        Ok(Choice { pool: Arc::clone(self), index, trial, told: false })
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

    fn state(&self) -> MutexGuard<'_, State> {
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

impl Choice {
    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        self.pool.target.endpoints.get(self.index)
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// The endpoint answered.
    pub(crate) fn answered(&mut self) {
        self.tell(|condition, trial| condition.answered(trial));
    }

    /// The endpoint did not, in a way that says something of it.
    pub(crate) fn failed(&mut self, now: Timestamp) {
        let pool = Arc::clone(&self.pool);
        if let Some(rule) = &pool.target.health {
            self.tell(|condition, trial| condition.failed(trial, rule, now));
        }
    }

    fn tell(&mut self, learn: impl FnOnce(&mut Condition, bool) -> Change) {
        self.told = true;
        let change = match self.pool.state().conditions.get_mut(self.index) {
            Some(condition) => learn(condition, self.trial),
            None => Change::None,
        };
        let target = self.pool.target.name.as_str();
        let endpoint = self.endpoint().map_or("", |endpoint| endpoint.address.as_str());
        match change {
            Change::None => {}
            Change::LeftAlone(pause) => {
                let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                tracing::warn!(
                    target_name = target,
                    endpoint,
                    pause_ms,
                    "an endpoint of a target is left alone"
                );
            }
            Change::Back => tracing::info!(target_name = target, endpoint, "an endpoint of a target is back"),
        }
    }
}

impl Drop for Choice {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        if let Some(outstanding) = state.outstanding.get_mut(self.index) {
            *outstanding = outstanding.saturating_sub(1);
        }
        if let (false, Some(condition)) = (self.told, state.conditions.get_mut(self.index)) {
            condition.leave(self.trial);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::num::NonZeroU32;

    use doorward_config::{Health, LambdaTarget, TargetKind};
    use doorward_model::EntityName;

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

    /// Where a call of `id` goes at `now`, which ends as `away` says.
    fn call(pool: &Arc<Pool>, id: &str, now: Timestamp, away: &[&str]) -> String {
        match pool.choose(&caller(id), id, &[], now) {
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
    fn a_second_try_goes_elsewhere_and_to_a_backup_last() {
        let backup = Endpoint { backup: true, ..endpoint("c") };
        let pool = pool(Balance::Weighted, vec![endpoint("a"), endpoint("b"), backup]);
        let next = |tried: &[usize]| pool.choose(&caller("x"), "x", tried, at(0)).ok().unwrap().index();
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
            let choice = pool.choose(principal, "", &[], at(0)).ok().unwrap();
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
            (0..6).map(|_| pool.choose(&caller("x"), "x", &[], at(0)).ok().unwrap()).collect();
        assert_eq!(pool.state().outstanding, [3, 3]);
        drop(choices);
        assert_eq!(under_way(&pool), 0);
    }
}
