//! What people see: colours where there is a terminal, and nothing of a record that a terminal would obey.

mod duration;
pub(crate) mod paint;
mod place;
mod sparkline;
mod table;
mod text;
mod value;

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use chrono::{DateTime, Local, Utc};

pub(crate) use duration::duration;
pub(crate) use paint::{Color, Style};
pub(crate) use place::place_of;
pub(crate) use sparkline::sparkline;
pub(crate) use table::{Column, Table};
pub(crate) use text::{fit, fit_end, one_line, visible, width};
pub(crate) use value::{brief, parameter};

/// Standard output, buffered; a terminal or not.
pub(crate) struct Screen {
    out: BufWriter<StdoutLock<'static>>,
    styled: bool,
    /// Columns, where lines must not be longer.
    pub(crate) width: Option<usize>,
}

impl Screen {
    pub(crate) fn stdout() -> Self {
        let stdout = io::stdout();
        let styled = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        let size = if stdout.is_terminal() { terminal_size::terminal_size() } else { None };
        let width = size.map(|(width, _)| usize::from(width.0));
        Screen { out: BufWriter::new(stdout.lock()), styled, width }
    }

    /// The text in a style, where there are colours.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        if self.styled && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A line on stderr, which may be closed.
pub(crate) fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// A time as people here read it.
pub(crate) fn local(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// The same without seconds, for tables.
pub(crate) fn local_minute(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}

/// A number of things: `1 record`, `3 records`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
