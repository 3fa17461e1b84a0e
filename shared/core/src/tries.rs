//! The endpoints of a target, tried one after the other until one answers.

use std::sync::Arc;
use std::time::Duration;

use doorward_config::Retry;
use doorward_model::{Body, Reply, TargetFault, TargetNote};
use jiff::Timestamp;

use crate::balance::{Choice, Pool};
use crate::claim::RESERVE;
use crate::deadline::time_for_target;
use crate::door::Door;
use crate::idempotency::may_have_begun;
use crate::ports::{Forward, ForwardMessage};
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
}

impl Door {
    /// Tries the endpoints of the target until one answers, nothing is left to try, or it would not be safe to.
    pub(crate) async fn try_endpoints(
        &self,
        tries: &Tries<'_>,
        note: &mut TargetNote,
    ) -> Result<Reply, TargetFault> {
        let Tries { pool, forward, .. } = tries;
        let target = pool.target();
        let begun = self.ports.clock.now();
        let sticky = sticky_key(forward);
        let mut tried: Vec<usize> = Vec::new();
        let mut last = None;
        let mut pause = Duration::ZERO;
        let spare = RESERVE.min(target.timeout / 10);
        pool.pay_in();
        loop {
            let choice = match pool.choose(forward.principal, &sticky, &tried, self.ports.clock.now()) {
                Ok(choice) => choice,
                Err(retry_after) => return last.unwrap_or(Err(TargetFault::LeftAlone { retry_after })),
            };
            let Some(endpoint) = choice.endpoint() else { return Err(TargetFault::TimedOut) };
            let index = choice.index();
            let again = tried.contains(&index);
            // What was certainly not carried out goes to another endpoint for nothing: nobody is sent more by it.
            let costs = again || !last.as_ref().is_some_and(is_untouched);
            if let Some(answer) = last.take_if(|_| costs && !pool.take_retry()) {
                note.not_retried = Some("budget");
                return answer;
            }
            if again {
                if let Some(answer) = last.take_if(|_| self.left(tries, begun) <= pause.saturating_add(spare))
                {
                    note.not_retried = Some("time");
                    return answer;
                }
                tokio::time::sleep(pause).await;
            }
            let attempt = target.retry.as_ref().and_then(|retry| retry.attempt_timeout);
            let within = self.left(tries, begun).min(attempt.unwrap_or(Duration::MAX));
            if within.is_zero() {
                return Err(TargetFault::TimedOut);
            }
            note.tries += 1;
            note.endpoint.clone_from(&endpoint.address);
            let answer = self.try_once(tries, choice, within).await;
            note.touched |= may_have_begun(&answer);
            let Some(retry) = target.retry.as_ref().filter(|retry| wants_retry(retry, &answer)) else {
                return answer;
            };
            pause = pool.jitter(backoff(note.tries));
            note.not_retried = match () {
                () if !(is_untouched(&answer) || tries.repeatable) => Some("not-idempotent"),
                () if note.tries >= retry.attempts.get() => Some("attempts"),
                () if self.left(tries, begun) <= spare => Some("time"),
                () => None,
            };
            if note.not_retried.is_some() {
                return answer;
            }
            last = Some(answer);
            if !again {
                tried.push(index);
            }
        }
    }

    /// What is left of the target's time and of the platform's.
    fn left(&self, tries: &Tries<'_>, begun: Timestamp) -> Duration {
        let now = self.ports.clock.now();
        let spent = Duration::try_from(now.duration_since(begun)).unwrap_or_default();
        let own = tries.pool.target().timeout.saturating_sub(spent);
        let longest = self.rules.config().door.integration_timeout;
        time_for_target(tries.forward.call, tries.forward.stream.is_some(), longest, now)
            .map_or(own, |left| left.saturating_sub(tries.kept).min(own))
    }

    /// One try, which says of its endpoint whether it is there. A stream that passes on is outstanding until its end, which is
    /// what it says.
    async fn try_once(
        &self,
        tries: &Tries<'_>,
        mut choice: Choice,
        within: Duration,
    ) -> Result<Reply, TargetFault> {
        let forward = tries.forward;
        let Some(endpoint) = choice.endpoint() else { return Err(TargetFault::TimedOut) };
        let answered = async {
            let reply = self.ports.targets.send(tries.pool.target(), endpoint, forward, within).await?;
            self.gather(forward.stream.is_some(), reply).await
        };
        let mut answer = tokio::time::timeout(within, answered).await.unwrap_or(Err(TargetFault::TimedOut));
        match (verdict(&forward.message, &answer), &mut answer) {
            (Verdict::There, Ok(reply)) if matches!(reply.body, Body::Stream(_)) => {
                let clock = Arc::clone(&self.ports.clock);
                reply.body = std::mem::take(&mut reply.body).on_end(move |end| match of_end(end) {
                    Verdict::There => choice.answered(),
                    Verdict::Away => choice.failed(clock.now()),
                    Verdict::Unknown => {}
                });
            }
            (Verdict::There, _) => choice.answered(),
            (Verdict::Away, _) => choice.failed(self.ports.clock.now()),
            (Verdict::Unknown, _) => {}
        }
        answer
    }
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
