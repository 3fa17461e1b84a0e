//! The sandboxes of one function: started on demand, reused when idle, never more than allowed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::sandbox::{Outcome, Sandbox};
use super::{Answer, AtCapacity, Invocation, InvokeFault, World};
use crate::options::FunctionSpec;

pub(crate) struct FunctionPool {
    spec: FunctionSpec,
    world: Arc<World>,
    /// One permit per sandbox that may be busy. A sandbox is started only by a holder who finds none idle, hence
    /// idle and busy ones together are never more than permits.
    capacity: Arc<Semaphore>,
    idle: Mutex<Vec<Sandbox>>,
}

impl FunctionPool {
    pub(super) fn new(spec: FunctionSpec, world: Arc<World>) -> Self {
        let capacity = Arc::new(Semaphore::new(spec.max_sandboxes.min(Semaphore::MAX_PERMITS)));
        Self { spec, world, capacity, idle: Mutex::new(Vec::new()) }
    }

    pub(super) async fn invoke(
        self: &Arc<Self>,
        invocation: Invocation,
        at_capacity: AtCapacity,
    ) -> Result<Answer, InvokeFault> {
        let permit = self.permit(at_capacity).await?;
        let pool = Arc::clone(self);
        // A task of its own, because Lambda lets a function finish when its caller has gone.
        let run = tokio::spawn(async move {
            let answer = pool.run(invocation).await;
            drop(permit);
            answer
        });
        run.await.map_err(|_| InvokeFault::Unavailable("the emulator is shutting down".to_owned()))
    }

    pub(super) async fn prewarm(&self) -> Result<Duration, InvokeFault> {
        let _permit = self.permit(AtCapacity::Throttle).await?;
        if let Some(idle) = self.take_idle() {
            let init = idle.init;
            self.put_back(idle);
            return Ok(init);
        }
        match Sandbox::start(&self.spec, &self.world, None).await {
            Ok(sandbox) => {
                let init = sandbox.init;
                self.put_back(sandbox);
                Ok(init)
            }
            Err(fault) => {
                let message = fault.answer("none").error_message();
                Err(InvokeFault::Unavailable(message.unwrap_or_else(|| "initialization failed".to_owned())))
            }
        }
    }

    async fn permit(&self, at_capacity: AtCapacity) -> Result<OwnedSemaphorePermit, InvokeFault> {
        let capacity = Arc::clone(&self.capacity);
        match at_capacity {
            AtCapacity::Throttle => capacity.try_acquire_owned().map_err(|_| InvokeFault::Throttled),
            AtCapacity::Wait => capacity.acquire_owned().await.map_err(|_| InvokeFault::Throttled),
        }
    }

    async fn run(&self, mut invocation: Invocation) -> Answer {
        let id = invocation.id.clone();
        while let Some(sandbox) = self.take_idle() {
            match self.serve(sandbox, invocation, None).await {
                Ok(answer) => return answer,
                Err(undelivered) => invocation = undelivered,
            }
        }
        match Sandbox::start(&self.spec, &self.world, Some(&id)).await {
            Err(fault) => self.report(&id, Duration::ZERO, None, fault.answer(&id)),
            Ok(sandbox) => {
                let init = sandbox.init;
                let ended =
                    |_| Answer::lambda_error("Runtime.ExitError", "the process ended before its first call");
                self.serve(sandbox, invocation, Some(init)).await.unwrap_or_else(ended)
            }
        }
    }

    /// The invocation comes back where the process was gone before it took it.
    async fn serve(
        &self,
        sandbox: Sandbox,
        invocation: Invocation,
        init: Option<Duration>,
    ) -> Result<Answer, Invocation> {
        let (id, started) = (invocation.id.clone(), Instant::now());
        let answer = match sandbox.invoke(invocation).await {
            Outcome::Undelivered(invocation) => return Err(invocation),
            Outcome::Answered(answer) => {
                self.put_back(sandbox);
                answer
            }
            Outcome::Lost(answer) => {
                sandbox.kill().await;
                answer
            }
        };
        Ok(self.report(&id, started.elapsed(), init, answer))
    }

    /// Writes what Lambda writes into a function's log at the end of an invocation.
    fn report(&self, id: &str, duration: Duration, init: Option<Duration>, answer: Answer) -> Answer {
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let mut text = format!("REPORT RequestId: {id}\tDuration: {:.2} ms", milliseconds(duration));
        if let Some(init) = init {
            text.push_str(&format!("\tInit Duration: {:.2} ms", milliseconds(init)));
        }
        if answer.is_error {
            let message = answer.error_message().unwrap_or_default();
            text.push_str(&format!("\tStatus: error\tError: {message}"));
        }
        self.world.logs.record(&self.spec.name, Some(id), text);
        answer
    }

    fn take_idle(&self) -> Option<Sandbox> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(Sandbox::is_alive);
        idle.pop()
    }

    fn put_back(&self, sandbox: Sandbox) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sandbox);
    }
}
