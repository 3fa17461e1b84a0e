//! `ministack`: Lambda, DynamoDB and the rest of AWS in one process, without containers.

use std::process::Command;

use tempfile::TempDir;

use crate::server::Server;
use crate::tools::Tools;
use crate::{ToolError, http, workspace};

/// A running, empty AWS (account `000000000000`, region `us-east-1`); ended when it is dropped, with the functions
/// it started.
pub struct Ministack {
    server: Server,
    _unpacked_functions: TempDir,
}

impl Ministack {
    /// Starts it on a free port of loopback and waits until it listens. What it and the functions print goes to
    /// `<target>/e2e/`.
    pub fn start(tools: &Tools) -> Result<Self, ToolError> {
        let target = workspace::target_dir()?;
        let unpacked_functions = TempDir::new_in(&target).map_err(ToolError::file(&target))?;
        let server = Server::start("ministack", |address| {
            let mut command = Command::new(tools.ministack());
            // Functions inherit all that ministack has: a variable of the developer's shell would change the test.
            command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
            command
                .env("BIND_HOST", address.ip().to_string())
                .env("GATEWAY_PORT", address.port().to_string());
            command.env("TMPDIR", unpacked_functions.path());
            command
        })?;
        Ok(Self { server, _unpacked_functions: unpacked_functions })
    }

    /// The endpoint of every service: `http://127.0.0.1:<port>`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The version that it reports of itself when it is asked for its health.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn version(&self) -> Option<String> {
        let health = http::send(&self.endpoint(), "GET", "/_ministack/health", &[], b"").json();
        health["version"].as_str().map(str::to_owned)
    }
}
