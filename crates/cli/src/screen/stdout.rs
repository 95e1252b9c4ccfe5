//! Standard output.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use serde::Serialize;
use text::visible_json;

use super::paint::Style;

/// Buffered standard output, which may be a terminal.
pub(crate) struct Screen {
    out: BufWriter<StdoutLock<'static>>,
    is_styled: bool,
    is_terminal: bool,
    /// Maximum width of lines in columns; `None` if it is unlimited.
    pub(crate) width: Option<usize>,
}

impl Screen {
    pub(crate) fn stdout() -> Self {
        let stdout = io::stdout();
        let is_styled = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        let is_terminal = stdout.is_terminal();
        // Some terminals do not report their size.
        let size = if is_terminal { terminal_size::terminal_size() } else { None };
        let width = size.map(|(width, _)| usize::from(width.0));
        Screen { out: BufWriter::new(stdout.lock()), is_styled, is_terminal, width }
    }

    /// Writes JSON. On a terminal, control characters are escaped.
    pub(crate) fn write_json(&mut self, json: &str) -> io::Result<()> {
        let json = if self.is_terminal { visible_json(json) } else { json.into() };
        self.write_all(json.as_bytes())
    }

    /// Writes the bytes of a file. On a terminal, control characters are escaped.
    pub(crate) fn write_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_terminal { self.write_json(&String::from_utf8_lossy(bytes)) } else { self.write_all(bytes) }
    }

    /// Writes a value as indented JSON.
    pub(crate) fn write_pretty(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.write_json(&serde_json::to_string_pretty(value)?)?;
        self.write_all(b"\n")
    }

    /// Returns the text with a style if colours are enabled.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        if self.is_styled && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(stdout_error)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(stdout_error)
    }
}

fn stdout_error(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write to standard output: {error}"))
}
