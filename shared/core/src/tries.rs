//! The endpoints of a target, tried one after the other until one answers.

use std::sync::Arc;
use std::time::Duration;

use doorward_config::Retry;
use doorward_model::{Body, Reply, TargetFault, TargetNote};
use jiff::Timestamp;

use crate::balance::{Asking, Choice, Pool};
use crate::check_response::held;
use crate::claim::RESERVE;
use crate::door::Door;
use crate::idempotency::may_have_begun;
use crate::inflation::Allowance;
use crate::ports::{Forward, ForwardMessage};
use crate::retry_after::retry_after;
use crate::try_time::TryTime;
use crate::verdict::{Verdict, of_end, verdict};

/// The first wait before a call is tried again at the same place, which doubles with each try up to the longest.
const FIRST_BACKOFF: Duration = Duration::from_millis(25);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// What a message is tried with.
pub(crate) struct Tries<'a> {
    pub(crate) pool: &'a Arc<Pool>,
    pub(crate) forward: Forward<'a>,
    /// Whether it may be sent again although it may have been carried out.
    pub(crate) repeatable: bool,
    /// What is kept of the time that is left.
    pub(crate) kept: Duration,
    /// What a compressed answer may inflate to, where it goes to someone who would.
    pub(crate) inflated: Option<Allowance>,
}

impl Tries<'_> {
    /// How long a try takes that others may follow.
    pub(crate) fn attempt(&self) -> Duration {
        let target = self.pool.target();
        target.retry.as_ref().and_then(|retry| retry.attempt_timeout).unwrap_or(target.timeout)
    }

    /// What is not waited away of the time of a call.
    fn spare(&self) -> Duration {
        RESERVE.min(self.pool.target().timeout / 10)
    }
}

/// Where a call was tried, and what was said of when to come back.
#[derive(Default)]
struct Past {
    tried: Vec<usize>,
    /// Those that are not tried again, since they want to be left in peace for longer than the call can wait.
    barred: Vec<usize>,
    /// Until when others want to be.
    until: Vec<(usize, Timestamp)>,
}

/// A try that another one may follow.
struct Failed {
    answer: Result<Reply, TargetFault>,
    /// Whether an endpoint that was not tried yet costs nothing: nobody is sent more by it.
    free: bool,
}

impl Door {
    /// Tries the endpoints of the target until one answers, nothing is left to try, or it would not be safe to.
    pub(crate) async fn try_endpoints(
        &self,
        tries: &Tries<'_>,
        note: &mut TargetNote,
    ) -> Result<Reply, TargetFault> {
        let (pool, target) = (tries.pool, tries.pool.target());
        let begun = self.ports.clock.now();
        let sticky = sticky_key(&tries.forward);
        let (mut past, mut last, mut pause) = (Past::default(), None::<Failed>, Duration::ZERO);
        pool.pay_in();
        loop {
            let asking = self.asking(tries, &sticky, &past, self.left(tries, begun));
            let choice = match (pool.choose(&asking, self.ports.clock.now()), last.take()) {
                (Ok(choice), None) => choice,
                (Ok(choice), Some(failed)) => {
                    let again = past.tried.contains(&choice.index());
                    pause = past.pause(choice.index(), pause, self.ports.clock.now());
                    let wait = again.then_some(pause);
                    note.not_retried = self.held_back(tries, &failed, wait, note.tries, begun);
                    if note.not_retried.is_some() {
                        return failed.answer;
                    }
                    if let Some(wait) = wait {
                        tokio::time::sleep(wait).await;
                    }
                    choice
                }
                (Err(retry_after), None) => return Err(TargetFault::LeftAlone { retry_after }),
                (Err(_), Some(failed)) => {
                    note.not_retried = (!past.barred.is_empty()).then_some("retry-after");
                    return failed.answer;
                }
            };
            let Some(endpoint) = choice.endpoint() else { return Err(TargetFault::TimedOut) };
            let time = self.time_of_try(tries, &choice, note.tries, self.left(tries, begun));
            if time.within.is_zero() {
                return Err(TargetFault::TimedOut);
            }
            note.tries += 1;
            note.endpoint.clone_from(&endpoint.address);
            let (index, relieved) = (choice.index(), choice.is_relieved());
            let answer = self.try_once(tries, choice, time).await;
            note.touched |= may_have_begun(&answer);
            let Some(retry) = target.retry.as_ref().filter(|retry| wants_retry(retry, &answer)) else {
                return answer;
            };
            pause = pool.jitter(backoff(note.tries));
            let (now, left) = (self.ports.clock.now(), self.left(tries, begun));
            past.note(index, &answer, now, left.saturating_sub(tries.spare()));
            let free = is_untouched(&answer) || relieved;
            let asking = self.asking(tries, &sticky, &past, left);
            note.not_retried = match is_untouched(&answer) || tries.repeatable {
                false => Some("not-idempotent"),
                true => self.at_end(tries, retry, note.tries, &asking, free),
            };
            if note.not_retried.is_some() {
                return answer;
            }
            last = Some(Failed { answer, free });
        }
    }

    fn asking<'a>(&self, tries: &Tries<'a>, sticky: &'a str, past: &'a Past, left: Duration) -> Asking<'a> {
        Asking {
            principal: tries.forward.principal,
            caller: sticky,
            repeatable: tries.repeatable,
            tried: &past.tried,
            barred: &past.barred,
            left,
            whole: self.whole_try(tries),
        }
    }

    /// Why no try may follow `made` others; `free` says that one at another endpoint costs nothing.
    fn at_end(
        &self,
        tries: &Tries<'_>,
        retry: &Retry,
        made: u32,
        asking: &Asking<'_>,
        free: bool,
    ) -> Option<&'static str> {
        let goes_on = || free && tries.pool.has_untried(asking, self.ports.clock.now());
        match made < retry.attempts.get() || goes_on() {
            false => Some("attempts"),
            true => (asking.left <= tries.spare()).then_some("time"),
        }
    }

    /// Why the next try is not made after all; `wait` is the pause before one at the same place.
    fn held_back(
        &self,
        tries: &Tries<'_>,
        failed: &Failed,
        wait: Option<Duration>,
        made: u32,
        begun: Timestamp,
    ) -> Option<&'static str> {
        let attempts = tries.pool.target().retry.as_ref().map_or(1, |retry| retry.attempts.get());
        let is_free = failed.free && wait.is_none();
        let no_time = |wait| self.left(tries, begun) <= tries.spare().saturating_add(wait);
        match wait {
            Some(_) if made >= attempts => Some("attempts"),
            Some(wait) if no_time(wait) => Some("time"),
            Some(_) | None => (!is_free && !tries.pool.take_retry()).then_some("budget"),
        }
    }

    /// One try, which says of its endpoint whether it is there. A stream that passes on is outstanding until its end, which is
    /// what it says.
    async fn try_once(
        &self,
        tries: &Tries<'_>,
        mut choice: Choice,
        time: TryTime,
    ) -> Result<Reply, TargetFault> {
        let forward = tries.forward;
        let Some(endpoint) = choice.endpoint() else { return Err(TargetFault::TimedOut) };
        let begun = self.ports.clock.now();
        let answered = async {
            let reply = self.ports.targets.send(tries.pool.target(), endpoint, forward, time.within).await?;
            self.gather(forward.stream.is_some(), reply).await
        };
        let answered = tokio::time::timeout(time.within, answered).await;
        let took = Duration::try_from(self.ports.clock.now().duration_since(begun)).unwrap_or_default();
        let mut answer = match answered {
            Ok(Ok(reply)) => held(reply, tries.inflated).await,
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(TargetFault::TimedOut),
        };
        let verdict = verdict(&forward.message, &answer);
        if matches!(verdict, Verdict::There) {
            tries.pool.answered_in(took);
        }
        match (verdict, &mut answer) {
            (Verdict::There, Ok(reply)) if matches!(reply.body, Body::Stream(_)) => {
                let clock = Arc::clone(&self.ports.clock);
                reply.body = std::mem::take(&mut reply.body).on_end(move |end| match of_end(end) {
                    Verdict::There => choice.answered(),
                    Verdict::Away => choice.failed(clock.now()),
                    Verdict::Unknown => {}
                });
            }
            (Verdict::There, _) => choice.answered(),
            (Verdict::Away, answer) if time.was_short(took, answer) => {}
            (Verdict::Away, _) => choice.failed(self.ports.clock.now()),
            (Verdict::Unknown, _) => {}
        }
        answer
    }
}

impl Past {
    /// Notes a try at `index`, after which the call could wait for `longest`.
    fn note(&mut self, index: usize, answer: &Result<Reply, TargetFault>, now: Timestamp, longest: Duration) {
        if !self.tried.contains(&index) {
            self.tried.push(index);
        }
        let asked = answer.as_ref().ok().and_then(|reply| retry_after(&reply.headers, now));
        let Some(until) = asked else { return };
        self.until.push((index, until));
        if wait(until, now) > longest.min(LONGEST_BACKOFF) {
            self.barred.push(index);
        }
    }

    /// The pause before the next try at `index`, at least as long as was asked for there.
    fn pause(&self, index: usize, pause: Duration, now: Timestamp) -> Duration {
        let asked = self.until.iter().rev().find(|(at, _)| *at == index);
        asked.map_or(pause, |(_, until)| pause.max(wait(*until, now)))
    }
}

fn wait(until: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or_default()
}

/// Whether another try could end better.
fn wants_retry(retry: &Retry, answer: &Result<Reply, TargetFault>) -> bool {
    match answer {
        Ok(reply) => retry.statuses.contains(&reply.status),
        Err(
            TargetFault::Unreachable(_)
            | TargetFault::TimedOut
            | TargetFault::Reset(_)
            | TargetFault::Address(_)
            | TargetFault::Unreadable(_),
        ) => true,
        // What is too large once is too large twice.
        Err(
            TargetFault::Failed(_)
            | TargetFault::TooLarge(_)
            | TargetFault::Credentials(_)
            | TargetFault::LeftAlone { .. }
            | TargetFault::Unfit(_),
        ) => false,
    }
}

/// Whether nothing was carried out for certain.
fn is_untouched(answer: &Result<Reply, TargetFault>) -> bool {
    answer.as_ref().is_err_and(TargetFault::is_untouched)
}

/// At most so long, of which as much by chance ("Exponential Backoff And Jitter", AWS Architecture Blog: full jitter).
fn backoff(tries: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
    FIRST_BACKOFF.saturating_mul(doubled).min(LONGEST_BACKOFF)
}

/// What sticky calls go by: the caller, and for callers without a name the address that they call from.
fn sticky_key(forward: &Forward<'_>) -> String {
    let name = &forward.principal.name;
    match forward.message {
        ForwardMessage::Http { request, .. } if name.type_name == doorward_model::entity_type::ANONYMOUS => {
            request.source_ip.map(|address| address.to_string()).unwrap_or_default()
        }
        _ => name.to_string(),
    }
}
