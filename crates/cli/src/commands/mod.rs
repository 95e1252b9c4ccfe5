//! One file for each command.

pub(crate) mod diff;
pub(crate) mod groups;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod prune;
pub(crate) mod push;
pub(crate) mod refs;
pub(crate) mod resolve;
pub(crate) mod show;
pub(crate) mod suggest;
pub(crate) mod validate;
pub(crate) mod watch;

use std::io::Write;

use anyhow::Result;
use clap::CommandFactory;

use crate::args::{Args, Command};
use crate::screen::Screen;
use crate::{DONE, FAILED};

/// Carries out what the command line says; the exit code comes back.
pub(crate) fn run(args: Args) -> Result<u8> {
    let dir = args.dir();
    let dir = dir.as_deref();
    let command = args.into_command().unwrap_or_else(|error| error.exit());
    let mut screen = Screen::stdout();
    match command {
        Command::List(options) => list::run(&options, dir, &mut screen),
        Command::Show(options) => show::run(&options, dir, &mut screen),
        Command::Groups(options) => groups::run(&options, dir, &mut screen),
        Command::Refs(options) => refs::run(&options, dir, &mut screen),
        Command::Diff(options) => diff::run(&options, dir, &mut screen),
        Command::Validate(options) => validate::run(&options, dir, &mut screen),
        Command::Watch(options) => watch::run(&options, dir, &mut screen),
        Command::Logs(options) => logs::run(&options, dir, &mut screen),
        Command::Prune(options) => prune::run(&options, dir, &mut screen),
        Command::Push(options) => push::run(&options, dir, &mut screen),
        Command::Suggest(options) => suggest::run(&options, dir, &mut screen),
        Command::Resolve(options) => resolve::run(&options, dir, &mut screen),
        Command::Schema => print(tracing_failure::SCHEMA.as_bytes(), &mut screen),
        Command::Completions { shell } => print(&completions(shell), &mut screen),
    }
}

fn print(text: &[u8], screen: &mut Screen) -> Result<u8> {
    screen.write_all(text)?;
    screen.flush()?;
    Ok(DONE)
}

fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    // The generator does not say when writing fails, so it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "failures", &mut script);
    script
}

/// The exit code of a check.
fn code(all_well: bool) -> u8 {
    if all_well { DONE } else { FAILED }
}
