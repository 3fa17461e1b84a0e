//! Asynchronous invocations: answered at once, run later, tried again when the function fails.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Answer, AtCapacity, Invocation, InvokeFault, Lambda};

/// Waits before the two retries. AWS waits a minute, then two.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(400)];
/// Most invocations queued, running or waiting for a retry.
const QUEUE_LIMIT: usize = 10_000;

/// Counts what is under way; the invocations themselves are tasks.
pub(super) struct EventQueue {
    pending: watch::Sender<usize>,
}

impl EventQueue {
    pub(super) fn new() -> Self {
        Self { pending: watch::Sender::new(0) }
    }

    pub(super) async fn idle(&self) {
        // The sender lives in `self`.
        let _ = self.pending.subscribe().wait_for(|pending| *pending == 0).await;
    }

    pub(super) fn submit(
        &self,
        lambda: Arc<Lambda>,
        function: String,
        invocation: Invocation,
    ) -> Result<(), InvokeFault> {
        let admit = |pending: &mut usize| {
            let admitted = *pending < QUEUE_LIMIT;
            *pending += usize::from(admitted);
            admitted
        };
        if !self.pending.send_if_modified(admit) {
            return Err(InvokeFault::Throttled);
        }
        tokio::spawn(async move {
            let id = invocation.id.clone();
            if let Err(reason) = attempt_all(&lambda, &function, invocation).await {
                let text = format!("asynchronous invocation {id} is dropped: {reason}");
                lambda.world.logs.record(&function, Some(&id), text);
            }
            lambda.events.pending.send_modify(|pending| *pending -= 1);
        });
        Ok(())
    }
}

async fn attempt_all(lambda: &Lambda, function: &str, invocation: Invocation) -> Result<(), String> {
    let mut outcome = attempt(lambda, function, &invocation).await;
    for wait in BACK_OFF {
        if outcome.is_ok() || *lambda.world.closing.borrow() {
            break;
        }
        tokio::time::sleep(wait).await;
        outcome = attempt(lambda, function, &invocation).await;
    }
    outcome
}

async fn attempt(lambda: &Lambda, function: &str, invocation: &Invocation) -> Result<(), String> {
    match lambda.run(function, invocation.clone(), AtCapacity::Wait).await {
        Ok(Answer { is_error: false, .. }) => Ok(()),
        Ok(answer) => Err(answer.error_message().unwrap_or_else(|| "the function failed".to_owned())),
        Err(fault) => Err(fault.to_string()),
    }
}
