//! Installs the outside tools once per target folder, at the versions that `requirements.txt` pins.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::error::run;
use crate::{ToolError, workspace};

/// Every Python package that is installed, each with its version.
const REQUIREMENTS: &str = include_str!("../requirements.txt");

/// Written last: an installation without it, or with other pins in it, is done anew.
const STAMP: &str = "installed-requirements.txt";

/// The installed tools: a Python virtual environment in the target folder.
pub struct Tools {
    environment: PathBuf,
}

impl Tools {
    /// Installs what is missing; waits while another process does. The first time takes about 500 MB and needs
    /// `python3` and a package index.
    pub fn install() -> Result<Self, ToolError> {
        let folder = workspace::target_dir()?.join("tools");
        fs::create_dir_all(&folder).map_err(ToolError::file(&folder))?;
        let lock_path = folder.join("lock");
        let lock = File::create(&lock_path).map_err(ToolError::file(&lock_path))?;
        lock.lock().map_err(ToolError::file(&lock_path))?;

        let tools = Self { environment: folder.join("python") };
        let stamp = tools.environment.join(STAMP);
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) {
            return Ok(tools);
        }
        tools.install_anew()?;
        fs::write(&stamp, REQUIREMENTS).map_err(ToolError::file(&stamp))?;
        Ok(tools)
    }

    /// Built in its final place, because the scripts of a virtual environment name their interpreter's full path.
    fn install_anew(&self) -> Result<(), ToolError> {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&self.environment))?;
        let requirements = workspace::root().join("tests/requirements.txt");
        let pip = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--requirement"];
        run(Command::new(self.python()).args(pip).arg(requirements))?;
        Ok(())
    }

    /// The version that is pinned for `package`.
    pub fn pinned(package: &str) -> Option<&'static str> {
        REQUIREMENTS.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix("=="))
    }

    /// The interpreter that sees the installed packages.
    pub fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// What a script for the interpreter prints, both ways as JSON.
    ///
    /// # Panics
    /// When it fails, or prints something else.
    #[must_use]
    pub fn script(&self, script: &str, given: &Value) -> Value {
        let mut python = Command::new(self.python())
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{error}"));
        let mut stdin = python.stdin.take();
        // One that has ended says so by its status.
        let _ = stdin.as_mut().map(|stdin| stdin.write_all(given.to_string().as_bytes()));
        drop(stdin);
        let output = python.wait_with_output().unwrap_or_else(|error| panic!("{error}"));
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// `cargo-lambda`, whose first argument is `lambda`.
    pub fn cargo_lambda(&self) -> PathBuf {
        self.program("cargo-lambda")
    }

    /// The server `ministack`.
    pub fn ministack(&self) -> PathBuf {
        self.program("ministack")
    }

    fn program(&self, name: &str) -> PathBuf {
        self.environment.join("bin").join(name)
    }
}
