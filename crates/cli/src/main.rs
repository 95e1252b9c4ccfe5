//! The `failures` command. It reads, checks, groups, watches and pushes the records of `tracing-failure`.

mod args;
#[cfg(test)]
mod book;
mod commands;
mod corpus;
mod exit_code;
mod records;
mod screen;
mod signals;

use std::process;
use text::error_chain;

use anyhow::Result;
use clap::{CommandFactory, Parser};

use args::{Args, Command};
use commands::{
    completions, diff, export, groups, list, logs, nearest, prune, push, refs, regions, report, resolve, risk, runs,
    schema, show, suggest, validate, watch,
};
use exit_code::ExitCode;
use screen::Screen;

fn main() -> process::ExitCode {
    if let Some(code) = records::run_filter_worker() {
        return code;
    }
    let args = Args::parse();
    args.color.write_global();
    let code = match run(args) {
        Ok(code) => code,
        // `failures | head`: the reader closed the pipe because it needs no more.
        Err(error) if screen::is_broken_pipe(&error) => ExitCode::Success,
        Err(error) => {
            screen::report(format_args!("failures: {}", error_chain(error.chain())));
            ExitCode::Failure
        }
    };
    code.into()
}

fn run(args: Args) -> Result<ExitCode> {
    let dir = args.dir();
    let dir = dir.as_deref();
    let command = args.into_command().unwrap_or_else(|error| error.exit());
    let mut screen = Screen::stdout();
    match command {
        Command::List(options) => list::run(&options, dir, &mut screen),
        Command::Show(options) => show::run(&options, dir, &mut screen),
        Command::Groups(options) => groups::run(&options, dir, &mut screen),
        Command::Refs(options) => refs::run(&options, dir, &mut screen),
        Command::Runs(options) => runs::run(&options, dir, &mut screen),
        Command::Regions(options) => regions::run(&options, dir, &mut screen),
        Command::Nearest(options) => nearest::run(&options, dir, &mut screen),
        Command::Risk(options) => risk::run(&options, dir, &mut screen),
        Command::Report(options) => report::run(&options, dir, &mut screen),
        Command::Export(options) => export::run(&options, dir, &mut screen),
        Command::Diff(options) => diff::run(&options, dir, &mut screen),
        Command::Validate(options) => validate::run(&options, dir, &mut screen),
        Command::Watch(options) => watch::run(&options, dir, &mut screen),
        Command::Logs(options) => logs::run(&options, dir, &mut screen),
        Command::Prune(options) => prune::run(&options, dir, &mut screen),
        Command::Push(options) => push::run(&options, dir, &mut screen),
        Command::Suggest(options) => suggest::run(&options, dir, &mut screen),
        Command::Resolve(options) => resolve::run(&options, dir, &mut screen),
        Command::Schema => schema::run(&mut screen),
        Command::Completions(options) => completions::run(&options, &mut Args::command(), &mut screen),
    }
}
