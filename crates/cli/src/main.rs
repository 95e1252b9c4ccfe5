//! The `failures` command: read, check, group, watch and push the records that `tracing-failure` leaves.

mod args;
mod commands;
mod records;
mod screen;
mod signals;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use args::Args;

/// What the command was asked for is there, or done.
const DONE: u8 = 0;
/// It is not: a record that is not valid, or not there, or could not be pushed.
const FAILED: u8 = 1;

fn main() -> ExitCode {
    if let Some(code) = records::work_for_filter() {
        return code;
    }
    let args = Args::parse();
    args.color.write_global();
    match commands::run(args) {
        Ok(code) => ExitCode::from(code),
        Err(error) if reader_has_gone(&error) => ExitCode::from(DONE),
        Err(error) => {
            screen::say(format_args!("failures: {}", screen::in_words(&error)));
            ExitCode::from(FAILED)
        }
    }
}

/// `failures | head`: who reads has seen enough.
pub(crate) fn reader_has_gone(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        io.or_else(|| cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind))
    };
    error.chain().any(|cause| kind(cause) == Some(io::ErrorKind::BrokenPipe))
}
