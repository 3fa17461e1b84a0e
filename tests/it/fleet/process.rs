use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use doorward_testkit::fault_proxy::{FaultProxy, Hook};
use doorward_tests::binaries;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};

use super::requests::WEBHOOK_SECRET;
use super::runtime_api::{Answer, Delivery, RuntimeApi};

/// Longer than this no test waits for a process, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// A dispatcher in a process of its own, whose way to the store and to its targets leads through proxies of its own.
pub(crate) struct Process {
    pub(crate) store: FaultProxy,
    pub(crate) targets: FaultProxy,
    api: Arc<RuntimeApi>,
    pid: Pid,
    ended: watch::Receiver<bool>,
}

/// Where a process finds what it stands on.
pub(crate) struct Surroundings<'s> {
    pub(crate) config: &'s Path,
    pub(crate) store: SocketAddr,
    pub(crate) targets: SocketAddr,
    /// How many invocations it takes at once.
    pub(crate) at_once: usize,
    /// Where its log goes.
    pub(crate) log: File,
}

impl Process {
    /// Starts it, and waits until it asks for work.
    pub(crate) async fn start(around: Surroundings<'_>) -> Self {
        let (store, targets) = (FaultProxy::start(around.store), FaultProxy::start(around.targets));
        let (api, address) = RuntimeApi::listen().await;
        let mut command = Command::new(binaries::path("dispatcher"));
        command
            .env_clear()
            .envs([
                ("AWS_ACCESS_KEY_ID", "local"),
                ("AWS_SECRET_ACCESS_KEY", "local"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
                ("AWS_LAMBDA_FUNCTION_NAME", "dispatcher"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "dispatcher"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "dispatcher"),
                ("DOORWARD_LOG", "off"),
                ("PAYMENTS_WEBHOOK_SECRET", WEBHOOK_SECRET),
                ("TOKIO_WORKER_THREADS", "1"),
            ])
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_MAX_CONCURRENCY", around.at_once.to_string())
            .env("AWS_ENDPOINT_URL_DYNAMODB", store.url())
            .env("AWS_ENDPOINT_URL_LAMBDA", targets.url())
            .env("DOORWARD_CONFIG", around.config)
            .stdin(Stdio::null())
            .stdout(Stdio::from(around.log))
            .kill_on_drop(true);
        let child = command.spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
        let ended = watch_over(child, Arc::clone(&api));
        let (mut ready, mut over) = (api.ready.subscribe(), ended.clone());
        tokio::select! {
            ready = ready.wait_for(|ready| *ready) => drop(ready.unwrap()),
            _ = over.wait_for(|ended| *ended) => panic!("the process ended at its start"),
            () = tokio::time::sleep(PATIENCE) => panic!("the process does not start"),
        }
        // What it asked for at its start is no part of what is counted.
        drop(store.take());
        Self { store, targets, api, pid, ended }
    }

    /// Has it serve one event, within `timeout` by the platform's clock.
    pub(crate) async fn invoke(&self, id: &str, event: &Value, timeout: Duration) -> Answer {
        let (answer, answered) = oneshot::channel();
        let (id, payload) = (id.to_owned(), event.to_string().into_bytes());
        self.api.deliver(Delivery { id, payload, timeout, answer });
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(answer) => answer.unwrap_or(Answer::Lost),
            Err(_) => panic!("no answer to {event}"),
        }
    }

    /// Waits until so many chunks of its answers have come.
    pub(crate) async fn streamed(&self, most: usize) {
        let mut chunks = self.api.chunks.subscribe();
        let came = tokio::time::timeout(PATIENCE, chunks.wait_for(|chunks| *chunks >= most)).await;
        assert!(came.is_ok(), "fewer than {most} chunks came");
    }

    /// Kills it, as the platform may at any time.
    pub(crate) fn kill(&self) -> Hook {
        let pid = self.pid;
        Arc::new(move || {
            let _ = kill_process(pid, Signal::KILL);
        })
    }

    /// Tells it to end, as the platform does before it takes a sandbox away.
    pub(crate) fn terminate(&self) {
        let _ = kill_process(self.pid, Signal::TERM);
    }

    /// The hook runs when the next answer has arrived, before the process hears that it has.
    pub(crate) fn at_answer(&self, hook: Hook) {
        self.api.at_answer(hook);
    }

    /// Waits until it is gone.
    pub(crate) async fn ended(&self) {
        assert!(self.ends().await, "the process goes on");
    }

    /// Waits until it is gone; `false` where it goes on.
    pub(crate) async fn ends(&self) -> bool {
        let mut ended = self.ended.clone();
        tokio::time::timeout(PATIENCE, ended.wait_for(|ended| *ended)).await.is_ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !*self.ended.borrow() {
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

fn watch_over(mut child: Child, api: Arc<RuntimeApi>) -> watch::Receiver<bool> {
    let (ended, is_ended) = watch::channel(false);
    tokio::spawn(async move {
        let _ = child.wait().await;
        api.end();
        ended.send_replace(true);
    });
    is_ended
}
