//! Output for people: colours, tables and sparklines. Control characters of records never reach the terminal.

pub(crate) mod paint;
mod sparkline;
mod stdout;
mod table;

use std::error::Error;
use std::io::{self, Write};

use chrono::{DateTime, Local, Utc};

pub(crate) use paint::Color;
pub(crate) use record::internal::{brief, duration, parameter};
pub(crate) use sparkline::sparkline;
pub(crate) use stdout::Screen;
pub(crate) use table::{Column, Table};
pub(crate) use text::{count, one_line, path_text, place_of, truncate_to_width, visible, width, wrap};

/// Returns true if writing failed because the reader has closed the pipe.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| io_error_kind(cause) == Some(io::ErrorKind::BrokenPipe))
}

fn io_error_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let io = error.downcast_ref::<io::Error>().map(io::Error::kind);
    io.or_else(|| error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind))
}

/// Prints a line on stderr. Errors are ignored, since stderr may be closed.
pub(crate) fn report(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{}", visible(&line.to_string()));
}

/// Formats a time in the local time zone.
pub(crate) fn local_time(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Formats a time in the local time zone without seconds.
pub(crate) fn local_minute(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}
