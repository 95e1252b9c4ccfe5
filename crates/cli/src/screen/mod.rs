//! What people see: colours where there is a terminal, and nothing of a record that a terminal would obey.

mod duration;
pub(crate) mod paint;
mod sparkline;
mod stdout;
mod table;

use std::error::Error;
use std::io::{self, Write};

use chrono::{DateTime, Local, Utc};

pub(crate) use duration::duration;
pub(crate) use paint::Color;
pub(crate) use sparkline::sparkline;
pub(crate) use stdout::Screen;
pub(crate) use table::{Column, Table};
pub(crate) use tracing_failure_advice::shared::{
    brief, count, fit, in_words, one_line, parameter, place_of, shown, visible, width, wrap,
};

/// Whether writing failed because the reader has closed its end.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| io_error_kind(cause) == Some(io::ErrorKind::BrokenPipe))
}

fn io_error_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let io = error.downcast_ref::<io::Error>().map(io::Error::kind);
    io.or_else(|| error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind))
}

/// A line on stderr, which may be closed.
pub(crate) fn report(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{}", visible(&line.to_string()));
}

/// A time as people here read it.
pub(crate) fn local_time(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// The same without seconds, for tables.
pub(crate) fn local_minute(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}
