//! The roll-up behind the ledger's stream, as the emulator's event source mapping invokes it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use doorward_emulator::{FunctionSpec, StreamMapping};
use doorward_testkit::fault_proxy::{FaultProxy, Hook};
use doorward_tests::binaries;
use rustix::process::{Pid, Signal, kill_process};

/// The function, on its way to the store through a proxy of its own.
pub(crate) struct RollUp {
    pub(crate) store: FaultProxy,
    folder: tempfile::TempDir,
}

impl RollUp {
    pub(super) fn new(store: SocketAddr) -> Self {
        let (store, folder) = (FaultProxy::start(store), tempfile::tempdir().unwrap());
        let this = Self { store, folder };
        // The emulator starts it whenever it needs one; which process that is, it says itself.
        let program = binaries::path("rollup");
        let script =
            format!("#!/bin/sh\necho $$ > {}\nexec {}\n", this.pid_file().display(), program.display());
        std::fs::write(this.program(), script).unwrap();
        std::fs::set_permissions(this.program(), PermissionsExt::from_mode(0o755)).unwrap();
        this
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("rollup")
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.path().join("pid")
    }

    pub(super) fn function(&self, config: &Path) -> FunctionSpec {
        FunctionSpec {
            name: "rollup".to_owned(),
            binary: self.program(),
            env: BTreeMap::from([
                ("DOORWARD_CONFIG".to_owned(), config.display().to_string()),
                ("DOORWARD_LOG".to_owned(), "off".to_owned()),
                ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), self.store.url()),
                ("TOKIO_WORKER_THREADS".to_owned(), "1".to_owned()),
            ]),
            timeout: Duration::from_secs(30),
            max_sandboxes: 1,
            working_dir: None,
        }
    }

    pub(super) fn mapping() -> StreamMapping {
        StreamMapping {
            report_batch_item_failures: true,
            bisect_batch_on_function_error: true,
            ..StreamMapping::new("doorward-ledger", "rollup")
        }
    }

    /// Kills the process that is at work.
    pub(crate) fn kill(&self) -> Hook {
        let file = self.pid_file();
        Arc::new(move || {
            let pid = std::fs::read_to_string(&file).ok().and_then(|pid| pid.trim().parse().ok());
            if let Some(pid) = pid.and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        })
    }
}
