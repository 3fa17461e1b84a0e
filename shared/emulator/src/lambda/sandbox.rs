//! A sandbox: one process of one function, which serves one invocation at a time.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::World;
use super::invocation::{Answer, Invocation};
use super::output::Output;
use super::runtime_api::{self, Delivery, RuntimeApi, Startup};
use crate::options::FunctionSpec;

/// Time a process has from its start until it asks for work.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// Time a process has between SIGTERM and SIGKILL.
const SHUTDOWN_LIMIT: Duration = Duration::from_millis(500);

/// A running process. Dropping it kills the process.
pub(super) struct Sandbox {
    deliveries: mpsc::Sender<Delivery>,
    outputs: Vec<Arc<Output>>,
    ended: watch::Receiver<Option<Ending>>,
    /// From the start of the process until it asked for work.
    pub(super) init: Duration,
    timeout: Duration,
    /// The supervisor kills the process when this end is gone.
    _kept: oneshot::Sender<()>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending(Option<ExitStatus>);

impl Ending {
    fn answer(self, id: &str) -> Answer {
        let reason = match self.0 {
            Some(status) if !status.success() => {
                format!("Runtime exited with error: {}", status.to_string().replacen(": ", " ", 1))
            }
            _ => "Runtime exited without providing a reason".to_owned(),
        };
        Answer::lambda_error("Runtime.ExitError", &format!("RequestId: {id} Error: {reason}"))
    }
}

/// Why a process never asked for work.
pub(super) enum InitFault {
    /// It could not be started at all.
    Entrypoint {
        binary: PathBuf,
        cause: std::io::Error,
    },
    Ended(Ending),
    Reported(Bytes),
    TimedOut,
    /// The emulator is shutting down.
    Closing,
}

impl InitFault {
    /// What the invocation that needed the process is answered.
    pub(super) fn answer(self, id: &str) -> Answer {
        match self {
            Self::Entrypoint { binary, cause } => {
                let message =
                    format!("RequestId: {id} Error: Couldn't start `{}`: {cause}", binary.display());
                Answer::lambda_error("Runtime.InvalidEntrypoint", &message)
            }
            Self::Ended(ending) => ending.answer(id),
            Self::Reported(payload) => Answer::reported_error(payload),
            Self::TimedOut => timed_out(id, INIT_LIMIT),
            Self::Closing => Ending(None).answer(id),
        }
    }
}

/// What became of an invocation.
pub(super) enum Outcome {
    /// The sandbox is ready for the next one.
    Answered(Answer),
    /// The process is gone.
    Lost(Answer),
    /// The process was gone before it took the invocation.
    Undelivered(Invocation),
}

impl Sandbox {
    /// Starts a process and waits until it asks for work. What it prints until then is logged under the invocation
    /// `cause`, for which it is started.
    pub(super) async fn start(
        spec: &FunctionSpec,
        world: &World,
        cause: Option<&str>,
    ) -> Result<Self, InitFault> {
        let fault = |cause| InitFault::Entrypoint { binary: spec.binary.clone(), cause };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let (deliveries, waiting) = mpsc::channel(1);
        let arn = world.function_arn(&spec.name);
        let api = Arc::new(RuntimeApi::new(spec.name.clone(), arn, spec.timeout, waiting, cause));
        let mut startup = api.startup();

        let started = Instant::now();
        let mut child = command(spec, world, address.to_string()).map_err(fault)?.spawn().map_err(fault)?;
        let outputs = outputs(&mut child, spec, world, &api).map_err(fault)?;
        let (kept, dropped) = oneshot::channel();
        let ended = supervise(child, outputs.clone(), world, Arc::clone(&api), dropped);
        let mut stopped = ended.clone();
        let serve = axum::serve(listener, runtime_api::router(api)).with_graceful_shutdown(async move {
            let _ = stopped.wait_for(Option::is_some).await;
        });
        tokio::spawn(serve.into_future());

        let mut gone = ended.clone();
        tokio::select! {
            biased;
            Ok(startup) = startup.wait_for(|startup| *startup != Startup::Initializing) => {
                if let Startup::Failed(payload) = &*startup {
                    return Err(InitFault::Reported(payload.clone()));
                }
            }
            ending = gone.wait_for(Option::is_some) => {
                return Err(ending.ok().and_then(|ending| *ending).map_or(InitFault::Closing, InitFault::Ended));
            }
            () = tokio::time::sleep(INIT_LIMIT) => return Err(InitFault::TimedOut),
        }
        Ok(Self { deliveries, outputs, ended, init: started.elapsed(), timeout: spec.timeout, _kept: kept })
    }

    pub(super) fn is_alive(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// Hands the process one invocation and waits for its answer, its end or the time-out. What the process has
    /// printed until then is in the logs.
    pub(super) async fn invoke(&self, invocation: Invocation) -> Outcome {
        self.drain();
        let outcome = self.deliver(invocation).await;
        self.drain();
        outcome
    }

    fn drain(&self) {
        for output in &self.outputs {
            // The follower sees the end of the pipe as well.
            let _ = output.drain();
        }
    }

    async fn deliver(&self, invocation: Invocation) -> Outcome {
        let id = invocation.id.clone();
        let kept = invocation.clone();
        let (taken, is_taken) = oneshot::channel();
        let (answer, is_answered) = oneshot::channel();
        let mut ended = self.ended.clone();
        if self.deliveries.try_send(Delivery { invocation, taken, answer }).is_err() {
            return Outcome::Undelivered(kept);
        }
        tokio::select! {
            biased;
            Ok(()) = is_taken => {}
            _ = ended.wait_for(Option::is_some) => return Outcome::Undelivered(kept),
            // A process that has answered its last invocation but never asks for another.
            () = tokio::time::sleep(self.timeout) => return Outcome::Lost(timed_out(&id, self.timeout)),
        }
        tokio::select! {
            biased;
            Ok(answer) = is_answered => Outcome::Answered(answer),
            ending = ended.wait_for(Option::is_some) => {
                let ending = ending.ok().and_then(|ending| *ending).unwrap_or(Ending(None));
                Outcome::Lost(ending.answer(&id))
            }
            () = tokio::time::sleep(self.timeout) => Outcome::Lost(timed_out(&id, self.timeout)),
        }
    }

    /// Kills the process and waits until it is gone.
    pub(super) async fn kill(self) {
        let Self { mut ended, _kept, .. } = self;
        drop(_kept);
        let _ = ended.wait_for(Option::is_some).await;
    }
}

fn timed_out(id: &str, limit: Duration) -> Answer {
    let message = format!("RequestId: {id} Error: Task timed out after {:.2} seconds", limit.as_secs_f64());
    Answer::lambda_error("Sandbox.Timedout", &message)
}

fn command(spec: &FunctionSpec, world: &World, runtime_api: String) -> std::io::Result<Command> {
    // A relative path would be looked up from the directory that the process starts in.
    let binary = std::path::absolute(&spec.binary)?;
    let beside = binary.parent().unwrap_or(&binary);
    let task_root = spec.working_dir.as_deref().unwrap_or(beside);
    let mut command = Command::new(&binary);
    command
        .env_clear()
        .envs(world.environment(spec, task_root, runtime_api, Uuid::new_v4().simple().to_string()))
        .current_dir(task_root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own: Ctrl-C reaches the emulator only, which then ends its functions in order, and
        // what a function has started itself ends with it.
        .process_group(0)
        .kill_on_drop(true);
    Ok(command)
}

fn outputs(
    child: &mut Child,
    spec: &FunctionSpec,
    world: &World,
    api: &Arc<RuntimeApi>,
) -> std::io::Result<Vec<Arc<Output>>> {
    let stdout = child.stdout.take().map(ChildStdout::into_owned_fd);
    let stderr = child.stderr.take().map(ChildStderr::into_owned_fd);
    let output = |pipe: std::io::Result<_>| {
        Output::new(pipe?, spec.name.clone(), world.logs.clone(), Arc::clone(api)).map(Arc::new)
    };
    stdout.into_iter().chain(stderr).map(output).collect()
}

/// Owns the process until it has ended, and ends it when its sandbox is dropped or the emulator closes.
fn supervise(
    mut child: Child,
    outputs: Vec<Arc<Output>>,
    world: &World,
    api: Arc<RuntimeApi>,
    dropped: oneshot::Receiver<()>,
) -> watch::Receiver<Option<Ending>> {
    let (ended, is_ended) = watch::channel(None);
    let mut closing = world.closing.clone();
    let processes = world.processes.clone();
    processes.send_modify(|processes| *processes += 1);
    let followers: Vec<_> = outputs.iter().map(|output| tokio::spawn(Arc::clone(output).follow())).collect();
    tokio::spawn(async move {
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let status = tokio::select! {
            status = child.wait() => status,
            _ = dropped => kill(&mut child, group).await,
            closing = async { closing.wait_for(|closing| *closing).await.is_ok() } => {
                if closing && api.wants_notice_of_shutdown() {
                    signal(group, Signal::TERM);
                    let _ = tokio::time::timeout(SHUTDOWN_LIMIT, child.wait()).await;
                }
                kill(&mut child, group).await
            }
        };
        // What the process has started and left behind ends with it.
        signal(group, Signal::KILL);
        for (output, follower) in outputs.iter().zip(followers) {
            follower.abort();
            // The last words may be the reason of the end.
            let _ = output.drain();
        }
        ended.send_replace(Some(Ending(status.ok())));
        processes.send_modify(|processes| *processes -= 1);
    });
    is_ended
}

async fn kill(child: &mut Child, group: Option<Pid>) -> std::io::Result<ExitStatus> {
    signal(group, Signal::KILL);
    child.wait().await
}

/// A group whose last process has ended is no error.
fn signal(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        let _ = kill_process_group(group, signal);
    }
}
