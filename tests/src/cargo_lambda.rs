//! `cargo lambda`: the functions served locally (`watch`), packaged for AWS (`build`) and deployed (`deploy`).

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::{NamedTempFile, TempDir};

use crate::error::run;
use crate::server::Server;
use crate::tools::Tools;
use crate::{ToolError, workspace};

/// `cargo lambda watch`: each binary of the workspace as a Lambda function of the same name, compiled (as
/// `cargo run --bin` does) and started when it is first invoked; ended when it is dropped.
///
/// Unlike Lambda it answers a failed function with status 500 and without `X-Amz-Function-Error`, never answers for a
/// function that exits, treats `Event` as `RequestResponse`, and gives functions a deadline in 1970.
pub struct Watch {
    _server: Server,
}

impl Watch {
    /// Serves the workspace at `address`. Functions see the tests' environment and that of `environment`, a file, and
    /// start in the workspace's folder.
    pub fn start(tools: &Tools, address: SocketAddr, environment: &Path) -> Result<Self, ToolError> {
        let server = Server::start_at(address, "cargo-lambda-watch", |address| {
            let mut command = cargo_lambda(tools, "watch");
            command.args(["--invoke-address", &address.ip().to_string()]);
            command.args(["--invoke-port", &address.port().to_string()]);
            // Else any file that changes in the workspace restarts every function.
            command.arg("--ignore-changes");
            command.arg("--env-file").arg(environment);
            command
        })?;
        Ok(Self { _server: server })
    }
}

/// A function to deploy from a binary that is already built for this machine.
pub struct Deployment<'a> {
    /// The function's name.
    pub name: &'a str,
    /// The executable that becomes `bootstrap`; at most 250 MiB together with `include`.
    pub binary: &'a Path,
    /// Files and folders, relative to the workspace, that keep their relative path in the package.
    pub include: &'a [&'a str],
    /// The function's environment variables; values without single quotes and line breaks.
    pub environment: &'a [(&'a str, &'a str)],
}

/// `cargo lambda deploy` to the AWS at `endpoint`; creates the function or replaces its code and configuration.
pub fn deploy(tools: &Tools, endpoint: &str, deployment: &Deployment<'_>) -> Result<(), ToolError> {
    // Not by `--env-var`, which splits values at commas.
    let environment = environment_file(deployment.environment)?;
    // The zip file is written beside the binary: each deployment needs a folder of its own.
    let staging = TempDir::new().map_err(ToolError::file(&std::env::temp_dir()))?;
    let binary = staging.path().join("bootstrap");
    symlink(deployment.binary, &binary).map_err(ToolError::file(&binary))?;

    let mut command = cargo_lambda(tools, "deploy");
    command.args(["--endpoint-url", endpoint, "--iam-role", "arn:aws:iam::000000000000:role/function"]);
    command.arg("--binary-path").arg(&binary).arg("--env-file").arg(environment.path());
    command.args(deployment.include.iter().flat_map(|path| ["--include", path]));
    command.arg(deployment.name);
    command
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1");
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command.env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN");
    run(&mut command)?;
    Ok(())
}

/// `cargo lambda build` of `binaries` as AWS takes them: optimised, for arm64, zipped together with what
/// `workspace.metadata.lambda.build.include` names. Returns the folder in which `<binary>/bootstrap.zip` lies for
/// each. cargo-lambda asks rustup for the arm64 standard library when it is missing.
pub fn build(tools: &Tools, binaries: &[&str]) -> Result<PathBuf, ToolError> {
    let packages = workspace::target_dir()?.join("lambda");
    // Or a package of an earlier build could pass for one of this build.
    match fs::remove_dir_all(&packages) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(ToolError::file(&packages)(error));
        }
        _ => {}
    }
    let mut command = cargo_lambda(tools, "build");
    command.args(["--release", "--arm64", "--output-format", "zip"]).arg("--lambda-dir").arg(&packages);
    command.args(binaries.iter().flat_map(|binary| ["--bin", binary]));
    run(&mut command)?;
    Ok(packages)
}

/// In the workspace's folder, against which cargo-lambda resolves every relative path.
fn cargo_lambda(tools: &Tools, verb: &str) -> Command {
    let mut command = Command::new(tools.cargo_lambda());
    command.current_dir(workspace::root()).args(["lambda", verb]);
    // Where cargo-zigbuild looks for the `ziglang` package.
    command.env("CARGO_ZIGBUILD_PYTHON_PATH", tools.python());
    command
}

/// In single quotes nothing is special but the quote itself.
fn environment_file(variables: &[(&str, &str)]) -> Result<NamedTempFile, ToolError> {
    let mut file = NamedTempFile::new().map_err(ToolError::file(&std::env::temp_dir()))?;
    for (name, value) in variables {
        if value.contains(['\'', '\n', '\r']) {
            return Err(ToolError::EnvironmentValue { name: (*name).to_owned() });
        }
        writeln!(file, "{name}='{value}'").map_err(ToolError::file(file.path()))?;
    }
    Ok(file)
}
