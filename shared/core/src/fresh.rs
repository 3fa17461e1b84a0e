use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::ports::Clock;

/// A value that is fetched from elsewhere and grows old: keys of issuers, secrets by reference. Its age is looked at
/// when a call needs it, since a frozen sandbox runs nothing in between; one fetch at a time serves every call that
/// waits for it; and the last good value stands in while its source is away, up to a bound.
pub struct Fresh<T> {
    state: Mutex<State<T>>,
    /// Held while fetching, so that calls that need the same value wait for one fetch, and no other call does.
    fetching: tokio::sync::Mutex<()>,
}

/// How often a value is fetched, and for how long it serves.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    /// The age above which a call asks for a newer one.
    pub refresh: SignedDuration,
    /// At most one attempt in this time, whatever asks for it.
    pub pause: SignedDuration,
    /// The same while no value serves.
    pub pause_while_empty: SignedDuration,
    /// How long a call that could go on with what is there waits for a newer one.
    pub patience: Duration,
    /// The age above which the last good value no longer serves.
    pub bound: SignedDuration,
}

struct State<T> {
    value: Option<Arc<T>>,
    /// When the source was asked for `value`.
    fetched: Option<Timestamp>,
    /// When the source was asked at last, whatever came of it.
    tried: Option<Timestamp>,
}

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), fetched: self.fetched, tried: self.tried }
    }
}

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        let state = State { value: None, fetched: None, tried: None };
        Self { state: Mutex::new(state), fetching: tokio::sync::Mutex::default() }
    }
}

impl<T> Fresh<T> {
    /// Whether the source was ever asked.
    pub fn was_tried(&self) -> bool {
        self.state().tried.is_some()
    }

    /// One attempt now, whatever is there and however old it is: for the start. `fetch` says itself why it gives nothing.
    pub async fn load(&self, clock: &dyn Clock, fetch: impl Future<Output = Option<T>>) {
        let _turn = self.fetching.lock().await;
        self.attempt(clock, fetch).await;
    }

    /// The value, of an age that `rhythm` allows. One that does not suffice is fetched anew at once, as far as the
    /// pause between attempts lets it be, and is given back where no other can be had. `fetch` is polled only where
    /// its turn has come.
    pub async fn get(
        &self,
        rhythm: &Rhythm,
        clock: &dyn Clock,
        suffices: impl Fn(&T) -> bool,
        fetch: impl Future<Output = Option<T>>,
    ) -> Option<Arc<T>> {
        let wanted = || rhythm.wants_fetch(&self.state(), &suffices, clock.now());
        if rhythm.serving(&self.state(), clock.now()).is_none_or(|value| !suffices(&value)) {
            // Who needs what is not there waits for the fetch under way, and may find it then.
            let _turn = self.fetching.lock().await;
            if wanted() {
                self.attempt(clock, fetch).await;
            }
        } else if wanted()
            && let Ok(_turn) = self.fetching.try_lock()
            && wanted()
        {
            // What is there serves while the source is slow.
            let _ = tokio::time::timeout(rhythm.patience, self.attempt(clock, fetch)).await;
        }
        rhythm.serving(&self.state(), clock.now())
    }

    /// A failed attempt leaves the last good value, and so does one that is given up half-way.
    async fn attempt(&self, clock: &dyn Clock, fetch: impl Future<Output = Option<T>>) {
        // What changes at the source while it answers is news for the next attempt: its age counts from the question.
        let asked = clock.now();
        self.change(|state| state.tried = Some(asked));
        if let Some(value) = fetch.await {
            self.change(|state| {
                state.value = Some(Arc::new(value));
                state.fetched = Some(asked);
            });
        }
    }

    fn state(&self) -> State<T> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut State<T>)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Rhythm {
    fn serving<T>(&self, state: &State<T>, now: Timestamp) -> Option<Arc<T>> {
        let at = state.fetched?;
        state.value.clone().filter(|_| since(at, now) <= self.bound)
    }

    fn wants_fetch<T>(&self, state: &State<T>, suffices: impl Fn(&T) -> bool, now: Timestamp) -> bool {
        let stale = state.fetched.is_none_or(|at| since(at, now) > self.refresh);
        let serves = self.serving(state, now).is_some();
        let pause = if serves { self.pause } else { self.pause_while_empty };
        let rested = state.tried.is_none_or(|at| since(at, now) >= pause);
        rested && (stale || state.value.as_ref().is_none_or(|value| !suffices(value)))
    }
}

/// How far apart two readings of the clock are. One that was set back makes nothing fresh for ever.
fn since(at: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(at).abs()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const RHYTHM: Rhythm = Rhythm {
        refresh: SignedDuration::from_secs(60),
        pause: SignedDuration::from_secs(30),
        pause_while_empty: SignedDuration::from_secs(1),
        patience: Duration::from_millis(5),
        bound: SignedDuration::from_secs(600),
    };

    /// A source whose answers tests choose, with the time that they move.
    #[derive(Default)]
    struct Source {
        value: Fresh<u64>,
        seconds: AtomicU64,
        asked: AtomicU64,
    }

    impl Clock for Source {
        fn now(&self) -> Timestamp {
            let seconds = i64::try_from(self.seconds.load(Ordering::SeqCst)).unwrap();
            Timestamp::from_second(seconds).unwrap()
        }
    }

    impl Source {
        /// At this second: the value that serves a call which needs at least `least`, where the source would answer `answer`.
        async fn get(&self, second: u64, least: u64, answer: Option<u64>) -> Option<u64> {
            self.seconds.store(second, Ordering::SeqCst);
            let fetch = async {
                self.asked.fetch_add(1, Ordering::SeqCst);
                answer
            };
            self.value.get(&RHYTHM, self, |value| *value >= least, fetch).await.map(|value| *value)
        }

        #[track_caller]
        fn asked(&self, times: u64) {
            assert_eq!(self.asked.load(Ordering::SeqCst), times);
        }
    }

    #[tokio::test]
    async fn it_is_fetched_when_it_is_old_and_not_before() {
        let source = Source::default();
        assert!(!source.value.was_tried());
        assert_eq!(source.get(1000, 0, Some(1)).await, Some(1));
        assert_eq!(source.get(1060, 0, Some(2)).await, Some(1));
        source.asked(1);
        assert_eq!(source.get(1061, 0, Some(2)).await, Some(2));
        source.asked(2);
        assert!(source.value.was_tried());
    }

    #[tokio::test]
    async fn what_does_not_suffice_is_fetched_once_a_pause() {
        let source = Source::default();
        assert_eq!(source.get(1000, 0, Some(1)).await, Some(1));
        for _ in 0..20 {
            assert_eq!(source.get(1029, 5, Some(5)).await, Some(1), "the last attempt is too near");
        }
        source.asked(1);
        assert_eq!(source.get(1030, 5, Some(2)).await, Some(2), "newer, and still not enough");
        assert_eq!(source.get(1031, 5, Some(5)).await, Some(2));
        source.asked(2);
        assert_eq!(source.get(1060, 5, Some(5)).await, Some(5));
    }

    #[tokio::test]
    async fn the_last_good_value_serves_up_to_a_bound() {
        let source = Source::default();
        assert_eq!(source.get(1000, 0, Some(1)).await, Some(1));
        assert_eq!(source.get(1100, 0, None).await, Some(1));
        assert_eq!(source.get(1129, 0, Some(2)).await, Some(1), "a failed attempt is an attempt");
        source.asked(2);
        assert_eq!(source.get(1600, 0, None).await, Some(1));
        assert_eq!(source.get(1601, 0, None).await, None);
        assert_eq!(source.get(1602, 0, Some(2)).await, Some(2), "nothing serves, so it is asked again soon");
    }

    #[tokio::test]
    async fn an_empty_one_is_asked_for_again_soon() {
        let source = Source::default();
        source.value.load(&source, async { None }).await;
        assert_eq!(source.get(0, 0, Some(1)).await, None);
        assert_eq!(source.get(1, 0, Some(1)).await, Some(1));
        source.asked(1);
    }

    #[tokio::test]
    async fn a_slow_source_holds_up_only_who_needs_it() {
        let source = Source::default();
        assert_eq!(source.get(1000, 0, Some(1)).await, Some(1));
        source.seconds.store(1100, Ordering::SeqCst);
        let served = source.value.get(&RHYTHM, &source, |_| true, std::future::pending()).await;
        assert_eq!(served.as_deref(), Some(&1));
        // Beyond the bound there is nothing to go on with, so the fetch under way is waited for.
        source.seconds.store(2000, Ordering::SeqCst);
        let slow = async {
            tokio::time::sleep(RHYTHM.patience * 4).await;
            Some(3)
        };
        let first = source.value.get(&RHYTHM, &source, |_| true, slow);
        let second = source.value.get(&RHYTHM, &source, |_| true, async { panic!("one fetch serves both") });
        let (first, second) = tokio::join!(first, second);
        assert_eq!([first.as_deref(), second.as_deref()], [Some(&3); 2]);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_makes_nothing_fresh_for_ever() {
        let source = Source::default();
        assert_eq!(source.get(100_000, 0, Some(1)).await, Some(1));
        assert_eq!(source.get(1000, 0, Some(2)).await, Some(2));
    }
}
