use clap::CommandFactory;
use clap_complete::Shell;

use crate::output::{Exit, Failure};

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
    clap_complete::generate(arguments.shell, &mut C::command(), "doorward", &mut std::io::stdout());
    Ok(Exit::Ok)
}
