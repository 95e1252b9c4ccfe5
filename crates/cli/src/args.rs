//! The command line.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::{
    completions, diff, groups, list, logs, prune, push, refs, resolve, show, suggest, validate, watch,
};
use crate::screen::Color;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  not so: a record is not valid, not there or left out, a push has not arrived, what is needed cannot be read
  2  the command line is wrong

`failures COMMAND --help` says more of each command.";

const DIR: &str = "\
The directory of the records; else the nearest io/failures, here or above

[env: TRACING_FAILURE_DIR]";

/// Reads the records of failed computations that programs leave in io/failures.
///
/// Without a command it lists them, the newest first.
#[derive(Parser)]
#[command(name = "failures", version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// The directory of the records; else the nearest io/failures, here or above.
    #[arg(long, global = true, value_name = "DIR", display_order = 100, long_help = DIR)]
    dir: Option<PathBuf>,
    /// When to use colours.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, display_order = 101)]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) list: list::Options,
}

impl Args {
    /// The directory that the option or the variable names. A variable that is empty names none.
    pub(crate) fn dir(&self) -> Option<PathBuf> {
        let variable = || std::env::var_os("TRACING_FAILURE_DIR").filter(|dir| !dir.is_empty());
        self.dir.clone().or_else(|| variable().map(PathBuf::from))
    }

    /// The command; `list` where none is given.
    ///
    /// Options of the list that stand before another command belong to nothing. Clap's own check for this would refuse
    /// `--dir` as well.
    pub(crate) fn into_command(self) -> Result<Command, clap::Error> {
        match self.command {
            None => Ok(Command::List(self.list)),
            Some(command) if self.list == list::Options::default() => Ok(command),
            Some(_) => {
                let what = "options of a command stand behind its name: `failures list --limit 3`";
                Err(Args::command().error(ErrorKind::ArgumentConflict, what))
            }
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists failures, the newest first.
    List(list::Options),
    /// Shows one failure: what failed, by which equation, where, and what went before.
    Show(show::Options),
    /// Groups failures that are the same over runs, and says what varies in their parameters.
    Groups(groups::Options),
    /// The index by equation: what failed under which reference.
    Refs(refs::Options),
    /// Two failures side by side: what differs.
    ///
    /// Of the trail it compares how often each place reported, and the first and the last of its numbers.
    Diff(diff::Options),
    /// Checks records against the schema.
    Validate(validate::Options),
    /// Prints each new failure as it comes.
    Watch(watch::Options),
    /// The runtime log before a failure.
    Logs(logs::Options),
    /// Deletes old records.
    ///
    /// Only files that are named as the recorder names them and hold a record are deleted, and the first record of each
    /// group is kept. Without --yes it says what it would do, and does nothing.
    Prune(prune::Options),
    /// Commits the records that git does not have yet, and pushes them.
    ///
    /// Only records are committed, to the current branch or with --branch to one of their own; what is staged, changed or half
    /// merged stays as it is, and no other commit is pushed along. Hooks do not run, and nothing asks for a password. What
    /// cannot be pushed stays committed, and goes with the next push.
    Push(push::Options),
    /// Asks a language model why a computation failed, and what to try.
    ///
    /// It is sent the error, what was computed with which parameters, how the numbers went before, and the source around it;
    /// --dry-run shows it. What no option and no variable says can stand in the table [suggest] of failures.toml, here or
    /// above: provider, model, base_url, timeout and budget.
    Suggest(suggest::Options),
    /// Notes what really fixed a failure.
    ///
    /// It stands in the record from then on, and later failures with its fingerprint begin their suggestions with it.
    Resolve(resolve::Options),
    /// Prints the JSON Schema of a record.
    Schema,
    /// Prints the completions for a shell.
    Completions(completions::Options),
}
