//! The command line.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::{
    completions, diff, export, groups, list, logs, nearest, prune, push, refs, regions, report, resolve, risk, runs,
    show, suggest, validate, watch,
};
use crate::screen::Color;

const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  failure: invalid, missing or skipped record, rejected push, unreadable input
  2  usage error
  3  the risk is as high as `failures risk --at` names, or higher

Run `failures COMMAND --help` for details about a command.";

const DIR: &str = "\
The directory of the records [default: io/failures in this directory or the nearest parent]

[env: TRACING_FAILURE_DIR]";

/// Reads the records of failed computations in io/failures.
///
/// Without a command, `failures` lists the records, newest first.
#[derive(Parser)]
#[command(name = "failures", version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// The directory of the records [default: the nearest io/failures].
    #[arg(long, global = true, value_name = "DIR", display_order = 100, long_help = DIR)]
    dir: Option<PathBuf>,
    /// When to use colours.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, display_order = 101)]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) list: list::ListOptions,
}

impl Args {
    /// The directory from `--dir` or the environment variable. An empty variable counts as unset.
    pub(crate) fn dir(&self) -> Option<PathBuf> {
        self.dir.clone().or_else(|| {
            let variable = std::env::var_os("TRACING_FAILURE_DIR").filter(|dir| !dir.is_empty())?;
            Some(PathBuf::from(variable))
        })
    }

    /// The command, or `list` if none is given.
    ///
    /// # Errors
    ///
    /// If options of `list` stand before another command. Clap's own check for this would refuse `--dir` as well.
    pub(crate) fn into_command(self) -> Result<Command, clap::Error> {
        match self.command {
            None => Ok(Command::List(self.list)),
            Some(command) if self.list == list::ListOptions::default() => Ok(command),
            Some(_) => {
                let message = "put the options of a command after its name: `failures list --limit 3`";
                Err(Args::command().error(ErrorKind::ArgumentConflict, message))
            }
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists failures, newest first.
    List(list::ListOptions),
    /// Shows one failure: the error, parameters, location, trail and suggestions.
    Show(show::ShowOptions),
    /// Groups failures with the same fingerprint and shows which parameters vary.
    Groups(groups::GroupsOptions),
    /// Lists theoretical references with the failures of each.
    Refs(refs::RefsOptions),
    /// Shows the runs of each computation: outcomes, failure rate and durations.
    ///
    /// It reads all computations of the log, successful ones too.
    Runs(runs::RunsOptions),
    /// Shows the regions of the parameters in which runs fail.
    ///
    /// It compares failed runs with successful ones, and searches conditions on the parameters that separate them. A
    /// rule is shown only if it holds in sessions that were held out, so run a program several times.
    Regions(regions::RegionsOptions),
    /// Shows the success that is nearest to a failure, and the change that leaves its region.
    ///
    /// The nearest success has the most similar parameters. If the failure lies in a failing region, the command also
    /// names the smallest change of one parameter after which it does not.
    Nearest(nearest::NearestOptions),
    /// Estimates the risk that a run fails.
    ///
    /// The estimate is the failure rate of the known runs in the same failing region, or else of the 20 nearest runs.
    Risk(risk::RiskOptions),
    /// Writes an HTML page about all computations: where they fail, how often, and what to try.
    ///
    /// The page is one file that needs no network. It shows the failures over time, the regions in which runs fail, the
    /// groups of equal failures with their trails and suggestions, the environments, and the success rate by commit.
    Report(report::ReportOptions),
    /// Writes the runs of all computations as files for DuckDB, Polars, pandas and Spark.
    ///
    /// The runs of one computation, day and session form a file, computation=…/date=…/part-{session}.parquet. A second
    /// export replaces its files and duplicates nothing. Runs whose logs are gone stay in the files. Several hosts may
    /// export to the same place.
    Export(export::ExportOptions),
    /// Compares two failures and shows the differences.
    ///
    /// For each entry of the trail, it compares the number of occurrences and the first and last value of each column.
    Diff(diff::DiffOptions),
    /// Checks records against the schema.
    Validate(validate::ValidateOptions),
    /// Prints each new failure when its record is written.
    Watch(watch::WatchOptions),
    /// Prints the runtime log before a failure.
    Logs(logs::LogsOptions),
    /// Deletes old records.
    ///
    /// Without --yes it only lists the records that it would delete. It deletes only files that contain a record and
    /// have a name that the recorder gives. It keeps the oldest readable record of each group. With --yes it also
    /// deletes temporary files of killed programs.
    Prune(prune::PruneOptions),
    /// Commits new records to git and pushes them.
    ///
    /// It commits only records, to the current branch or to the branch that --branch names. Your staged, unstaged and
    /// half-merged changes stay as they are, and your own commits are not pushed. Hooks and password prompts are
    /// disabled. Records that cannot be pushed stay committed; the next push includes them.
    Push(push::PushOptions),
    /// Asks a language model for the cause of a failure and for fixes.
    ///
    /// The model receives the error, the computation with its parameters, the numbers of the trail and the source code
    /// around the error. Use --dry-run to see the request. Options override environment variables, and both override
    /// the table [suggest] of the nearest failures.toml, which may contain provider, model, base_url, timeout and
    /// budget.
    Suggest(suggest::SuggestOptions),
    /// Records the fix of a failure.
    ///
    /// The fix becomes part of the record. Later failures with the same fingerprint list it as their first suggestion.
    Resolve(resolve::ResolveOptions),
    /// Prints the JSON Schema of a record.
    Schema,
    /// Prints shell completions.
    Completions(completions::CompletionsOptions),
}
