//! The runtime log: a series of files for events, and one for the closing lines of computations.

use std::io;
use std::path::{Path, PathBuf};

use crate::log::file::{LogLocation, LogSeries, Rotation};
use crate::log::log_session::LogSession;
use crate::log::log_writer::LogWriter;
use crate::observe::target_filter::TargetFilter;

/// The log of a program. The filter selects events; the closing lines of computations are always written.
#[derive(Debug)]
pub(crate) struct RuntimeLog {
    filter: TargetFilter,
    events: LogWriter,
    computations: LogWriter,
}

/// The limits of the two series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogRotations {
    pub(crate) events: Rotation,
    pub(crate) computations: Rotation,
}

impl Default for LogRotations {
    fn default() -> Self {
        LogRotations { events: Rotation::default(), computations: Rotation::of_computations() }
    }
}

impl RuntimeLog {
    /// Creates a log and the first file of its events.
    pub(crate) fn open(
        dir: &Path,
        session: &LogSession,
        rotations: LogRotations,
        filter: TargetFilter,
    ) -> io::Result<Self> {
        let events = LogWriter::open(LogLocation::new(dir, session, LogSeries::Events, rotations.events)?)?;
        Self::with_events(events, dir, session, rotations, filter)
    }

    /// Creates a log whose first file is created with the first line. Most loggers never write one.
    pub(crate) fn unopened(
        dir: &Path,
        session: &LogSession,
        rotations: LogRotations,
        filter: TargetFilter,
    ) -> io::Result<Self> {
        let events = LogWriter::unopened(LogLocation::new(dir, session, LogSeries::Events, rotations.events)?);
        Self::with_events(events, dir, session, rotations, filter)
    }

    fn with_events(
        events: LogWriter,
        dir: &Path,
        session: &LogSession,
        rotations: LogRotations,
        filter: TargetFilter,
    ) -> io::Result<Self> {
        let location = LogLocation::new(dir, session, LogSeries::Computations, rotations.computations)?;
        Ok(RuntimeLog { filter, events, computations: LogWriter::unopened(location) })
    }

    pub(crate) fn filter(&self) -> &TargetFilter {
        &self.filter
    }

    fn writer(&self, series: LogSeries) -> &LogWriter {
        match series {
            LogSeries::Events => &self.events,
            LogSeries::Computations => &self.computations,
        }
    }

    fn writers(&self) -> [&LogWriter; 2] {
        [&self.events, &self.computations]
    }

    /// Adds a line, which ends with a newline.
    pub(crate) fn write(&self, series: LogSeries, line: &[u8]) {
        self.writer(series).write(line);
    }

    /// Writes the waiting lines of both series. Afterwards they are with the operating system, or are lost and counted.
    pub(crate) fn flush(&self) {
        self.writers().into_iter().for_each(LogWriter::flush);
    }

    /// Writes the waiting lines, and all later lines at once. The program is about to end, and a span that an error
    /// keeps open may close after the last flush.
    pub(crate) fn end_buffering(&self) {
        let unwritten: u64 = self.writers().into_iter().map(LogWriter::end_buffering).sum();
        if unwritten > 0 {
            runtime::stderr::print(format_args!(
                "tracing-failure: {unwritten} lines of the runtime log could not be written"
            ));
        }
    }

    pub(crate) fn lines_written(&self) -> u64 {
        self.writers().into_iter().map(LogWriter::lines_written).sum()
    }

    pub(crate) fn lines_lost(&self) -> u64 {
        self.writers().into_iter().map(LogWriter::lines_lost).sum()
    }

    /// Returns the path of the current file of a series, if this process has begun one.
    pub(crate) fn path(&self, series: LogSeries) -> Option<PathBuf> {
        self.writer(series).path()
    }
}
