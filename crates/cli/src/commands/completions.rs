//! `failures completions`: the completions for a shell.

use std::io::Write;

use anyhow::Result;
use clap_complete::Shell;

use crate::exit_code::ExitCode;
use crate::screen::Screen;

#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsOptions {
    /// The shell.
    shell: Shell,
}

/// `command` is the whole command line, which contains this command.
pub(crate) fn run(options: &CompletionsOptions, command: &mut clap::Command, screen: &mut Screen) -> Result<ExitCode> {
    // The generator panics when it cannot write, so it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(options.shell, command, "failures", &mut script);
    screen.write_all(&script)?;
    screen.flush()?;
    Ok(ExitCode::Success)
}
