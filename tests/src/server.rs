use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::cannot_start;
use crate::{ToolError, workspace};

/// Between two looks at something that gives no notice.
const POLL: Duration = Duration::from_millis(20);
const UP_WITHIN: Duration = Duration::from_secs(60);
const DOWN_WITHIN: Duration = Duration::from_secs(10);

/// A server in a process of its own, on loopback; ended when it is dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts the program that `command` makes for the address it is given, and returns as soon as the program
    /// listens there. What it prints goes to `<target>/e2e/<name>-<port>.log`.
    pub(crate) fn start(name: &str, command: impl FnOnce(SocketAddr) -> Command) -> Result<Self, ToolError> {
        let address = free_address().map_err(ToolError::file("127.0.0.1:0".as_ref()))?;
        Self::start_at(address, name, command)
    }

    /// As [`Server::start`], at an address that was found before.
    pub(crate) fn start_at(
        address: SocketAddr,
        name: &str,
        command: impl FnOnce(SocketAddr) -> Command,
    ) -> Result<Self, ToolError> {
        let logs = workspace::target_dir()?.join("e2e");
        fs::create_dir_all(&logs).map_err(ToolError::file(&logs))?;
        let log_path = logs.join(format!("{name}-{}.log", address.port()));
        let log = File::create(&log_path).map_err(ToolError::file(&log_path))?;
        let also_log = log.try_clone().map_err(ToolError::file(&log_path))?;

        let mut command = command(address);
        command.stdin(Stdio::null()).stdout(log).stderr(also_log);
        let child = command.spawn().map_err(|source| cannot_start(&command, source))?;
        let mut server = Self { child, address };
        if server.comes_up() { Ok(server) } else { Err(not_up(name, address, log_path)) }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    fn comes_up(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < UP_WITHIN && self.is_running() {
            if TcpStream::connect(self.address).is_ok() {
                return true;
            }
            thread::sleep(POLL);
        }
        false
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    /// Asks first: both servers end their functions when they are asked to end, and cargo-lambda gives each function
    /// a process group of its own, so that no signal to a group would reach them.
    fn drop(&mut self) {
        let asked = Instant::now();
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        while asked.elapsed() < DOWN_WITHIN && self.is_running() {
            thread::sleep(POLL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago: neither server can take port 0 and say which one it got.
pub fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn not_up(name: &str, address: SocketAddr, log: PathBuf) -> ToolError {
    ToolError::NotUp { program: name.to_owned(), address: address.to_string(), log }
}
