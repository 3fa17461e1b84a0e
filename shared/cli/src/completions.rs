use clap::CommandFactory;
use clap_complete::Shell;

use crate::output::{Exit, Failure, say};

/// Writes completions for a shell to standard output.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  doorward completions bash > ~/.local/share/bash-completion/completions/doorward"
)]
pub(crate) struct Arguments {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run<C: CommandFactory>(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut C::command(), "doorward", &mut script);
    say!("{}", String::from_utf8_lossy(&script).trim_end());
    Ok(Exit::Ok)
}
