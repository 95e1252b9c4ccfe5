//! The files of the log: `{series}_{date}_{session}_{number}.jsonl`. Each file has one writer.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use crate::log::log_session::LogSession;
use record::internal::{apart_from_stdio, file_name_part, open_ordinary};
use runtime::io_error::about;

/// Limits on the size and the number of the log files of a series.
///
/// The log has two series of files: `runtime_*` for events, and `computations_*` for the closing lines of computations.
/// A series starts a new file every day (UTC), and when a file reaches `max_bytes`. It deletes its oldest files beyond
/// `max_files`. It never deletes a file that a process is still writing, nor any other file in the directory.
///
/// ```
/// let mut rotation = tracing_failure::Rotation::default();
/// rotation.max_files = None;
/// let recorder = tracing_failure::builder("io").rotation(rotation);
/// # let _ = recorder;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rotation {
    /// Maximum number of bytes in a file before a new one starts. 64 MiB by default.
    pub max_bytes: u64,
    /// Maximum number of files of the series, over all sessions; `None` keeps all. 256 by default.
    pub max_files: Option<usize>,
}

impl Rotation {
    /// Returns the default limits for the closing lines of computations, which outlive the events: 64 MiB in a file,
    /// 10,000 files.
    ///
    /// ```
    /// assert_eq!(tracing_failure::Rotation::of_computations().max_files, Some(10_000));
    /// ```
    #[must_use]
    pub fn of_computations() -> Self {
        Rotation { max_files: Some(10_000), ..Rotation::default() }
    }
}

impl Default for Rotation {
    fn default() -> Self {
        Rotation { max_bytes: 64 << 20, max_files: Some(256) }
    }
}

/// A series of log files. Each has its own limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogSeries {
    Events,
    /// The closing lines of computations.
    Computations,
}

impl LogSeries {
    /// Returns the beginning of the names of the files.
    fn prefix(self) -> &'static str {
        match self {
            LogSeries::Events => "runtime_",
            LogSeries::Computations => "computations_",
        }
    }
}

/// The directory, the session and the series of log files.
#[derive(Clone, Debug)]
pub(super) struct LogLocation {
    dir: PathBuf,
    /// The session id in the names of files.
    name_part: String,
    session: LogSession,
    series: LogSeries,
    rotation: Rotation,
}

#[derive(Debug)]
pub(super) struct LogFile {
    location: LogLocation,
    path: PathBuf,
    file: Option<File>,
    date: NaiveDate,
    number: u32,
    bytes: u64,
    /// True if the last line is only partly written.
    is_mid_line: bool,
}

impl LogLocation {
    pub(super) fn new(dir: &Path, session: &LogSession, series: LogSeries, rotation: Rotation) -> io::Result<Self> {
        let (dir, name_part) = (std::path::absolute(dir)?, file_name_part(&session.id));
        Ok(LogLocation { dir, name_part, session: session.clone(), series, rotation })
    }
}

impl LogFile {
    pub(super) fn open(location: LogLocation) -> io::Result<Self> {
        let mut log = Self::unopened(location);
        log.begin()?;
        Ok(log)
    }

    /// Describes a file that is created with the first line.
    pub(super) fn unopened(location: LogLocation) -> Self {
        let (path, date) = (PathBuf::new(), record::time::now().date_naive());
        LogFile { location, path, file: None, date, number: 0, bytes: 0, is_mid_line: false }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes lines and removes them from the buffer. After an error, unwritten lines stay in the buffer.
    pub(super) fn write(&mut self, lines: &mut Vec<u8>) -> io::Result<()> {
        let today = record::time::now().date_naive();
        let is_missing = self.file.is_none() || !self.path.exists();
        let is_due = self.bytes >= self.location.rotation.max_bytes || today != self.date;
        if is_missing || (is_due && !self.is_mid_line) {
            if std::mem::take(&mut self.is_mid_line) {
                // The first half of the line was lost with its file.
                let end = lines.iter().position(|&byte| byte == b'\n').map_or(lines.len(), |at| at + 1);
                lines.drain(..end);
            }
            let is_next = today == self.date && !self.path.as_os_str().is_empty();
            (self.number, self.date) = (if is_next { self.number + 1 } else { 0 }, today);
            self.begin()?;
            if self.location.series == LogSeries::Computations {
                self.location.session.describe(lines);
            }
        }
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::NotFound.into()) };
        while !lines.is_empty() {
            match file.write(lines) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.bytes += count as u64;
                    self.is_mid_line = lines[count - 1] != b'\n';
                    lines.drain(..count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Creates the next file with a free name, and deletes old files.
    fn begin(&mut self) -> io::Result<()> {
        let failed = |error| about(&self.location.dir, "cannot create a log file in", error);
        std::fs::create_dir_all(&self.location.dir).map_err(failed)?;
        let (path, file) = loop {
            let LogLocation { series, name_part, .. } = &self.location;
            let date = self.date.format("%Y%m%d");
            let name = format!("{}{date}_{name_part}_{:04}.jsonl", series.prefix(), self.number);
            let path = self.location.dir.join(name);
            match apart_from_stdio(|| OpenOptions::new().append(true).create_new(true).open(&path)) {
                Ok(file) => break (path, file),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.number += 1,
                Err(error) => return Err(failed(error)),
            }
        };
        // The lock marks the file as in use until the process ends. Where locks are unavailable, files are only kept
        // longer.
        let _ = file.try_lock();
        (self.path, self.file, self.bytes) = (path, Some(file), 0);
        self.prune();
        Ok(())
    }

    /// Deletes the oldest files of the series beyond the maximum.
    fn prune(&self) {
        let Some(max_files) = self.location.rotation.max_files else { return };
        let Ok(entries) = std::fs::read_dir(&self.location.dir) else { return };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut logs: Vec<String> = names.filter(|name| is_log_name(name, self.location.series)).collect();
        // Names sort by time: the date comes first, and session ids sort by time within a day.
        logs.sort_unstable();
        for name in &logs[..logs.len().saturating_sub(max_files.max(1))] {
            let path = self.location.dir.join(name);
            if path != self.path && is_out_of_use(&path) {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

fn is_log_name(name: &str, series: LogSeries) -> bool {
    name_parts(name, series).is_some_and(|(date, session, number)| {
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        date.len() == 8 && number.len() >= 4 && are_digits(date) && are_digits(number) && !session.is_empty()
    })
}

/// Returns the date, the session and the number in the name of a log file.
fn name_parts(name: &str, series: LogSeries) -> Option<(&str, &str, &str)> {
    let rest = name.strip_prefix(series.prefix())?.strip_suffix(".jsonl")?;
    let (date, rest) = rest.split_once('_')?;
    let (session, number) = rest.rsplit_once('_')?;
    Some((date, session, number))
}

/// Returns true if no process writes the file and its content is a log.
fn is_out_of_use(path: &Path) -> bool {
    use std::io::Read;
    let Ok(mut file) = open_ordinary(File::options().read(true), path) else { return false };
    let begins = br#"{"timestamp":""#;
    let mut start = [0; 14];
    let is_log = match file.read(&mut start) {
        Ok(0) => true,
        Ok(count) => count == begins.len() && start == *begins,
        Err(_) => false,
    };
    is_log && file.try_lock_shared().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(dir: &Path) -> Vec<(String, String)> {
        let paths = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let mut files: Vec<_> = paths.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect();
        files.sort();
        files
    }

    fn session() -> LogSession {
        LogSession::new("s".to_owned(), &record::Context::default())
    }

    #[test]
    fn a_new_day_has_a_new_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut log =
            LogFile::open(LogLocation::new(dir.path(), &session(), LogSeries::Events, Rotation::default()).unwrap())
                .unwrap();
        let today = log.date;
        log.write(&mut b"first\n".to_vec()).unwrap();
        log.date = today.pred_opt().unwrap();
        log.write(&mut b"second\n".to_vec()).unwrap();
        let lines = lines(dir.path());
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|(name, _)| name.contains(&today.format("_%Y%m%d_").to_string())), "{lines:?}");
        assert_eq!(log.date, today);
    }

    #[test]
    fn a_line_is_never_split_over_two_files() {
        let dir = tempfile::tempdir().unwrap();
        let rotation = Rotation { max_bytes: 4, ..Rotation::default() };
        let mut log =
            LogFile::open(LogLocation::new(dir.path(), &session(), LogSeries::Events, rotation).unwrap()).unwrap();
        log.write(&mut b"begun, ".to_vec()).unwrap();
        log.write(&mut b"ended\n".to_vec()).unwrap();
        log.write(&mut b"next, ".to_vec()).unwrap();
        std::fs::remove_file(log.path()).unwrap();
        log.write(&mut b"whose end is lost\nlast\n".to_vec()).unwrap();
        let texts: Vec<String> = lines(dir.path()).into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["begun, ended\n", "last\n"]);
    }

    #[test]
    fn only_names_of_log_files_match() {
        for name in ["runtime_20251227_0199f3aa-session_0000.jsonl", "runtime_20251227_a_b_12345.jsonl"] {
            assert!(is_log_name(name, LogSeries::Events), "{name}");
        }
        for name in [
            "runtime_notes.jsonl",
            "runtime_20251227_s_0000.json",
            "runtime_20251227__0000.jsonl",
            "runtime_2025122_s_0000.jsonl",
            "runtime_20251227_s_000.jsonl",
            "my_runtime_20251227_s_0000.jsonl",
            "computations_20251227_s_0000.jsonl",
        ] {
            assert!(!is_log_name(name, LogSeries::Events), "{name}");
        }
    }
}
