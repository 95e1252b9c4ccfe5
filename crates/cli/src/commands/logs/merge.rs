//! Merges the files of a run by the times of their lines.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};

use super::line::LogLine;
use super::lines::LogLines;

/// Maximum number of lines of the same millisecond that are put into order.
const MAX_BATCH_LINES: usize = 1024;

/// A line and its text.
pub(super) type LogEntry = (String, LogLine);

/// A file of a run.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LogPart {
    /// The time of the next line.
    time: DateTime<Utc>,
    /// True for the series that has only closing lines of computations.
    is_closing: bool,
    path: PathBuf,
}

impl LogPart {
    /// Describes a file whose first line has this time.
    pub(super) fn new(path: PathBuf, time: DateTime<Utc>) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        LogPart { time, is_closing: name.starts_with("computations_"), path }
    }
}

/// The lines of several files in the order of time. Lines of one file stay in the order of the file.
///
/// It opens a file when its first line is due, so that few files are open at a time.
pub(super) struct MergedLog {
    unopened: BTreeSet<LogPart>,
    open: BTreeMap<LogPart, OpenPart>,
    /// Lines of the same millisecond.
    batch: VecDeque<LogEntry>,
    malformed: usize,
}

/// The next line of an open file, and the lines after it.
struct OpenPart {
    next: LogEntry,
    lines: LogLines,
}

impl MergedLog {
    pub(super) fn new(parts: impl IntoIterator<Item = LogPart>) -> Self {
        let unopened = parts.into_iter().collect();
        MergedLog { unopened, open: BTreeMap::new(), batch: VecDeque::new(), malformed: 0 }
    }

    /// Returns the number of lines so far that are no lines of a log.
    pub(super) fn malformed(&self) -> usize {
        self.malformed
    }

    /// Returns the next line.
    pub(super) fn next_line(&mut self) -> Result<Option<LogEntry>> {
        if self.batch.is_empty() {
            self.read_batch()?;
        }
        Ok(self.batch.pop_front())
    }

    /// Reads the lines of the next millisecond.
    fn read_batch(&mut self) -> Result<()> {
        let (mut events, mut closing) = (Vec::new(), Vec::new());
        let mut time = None;
        while events.len() + closing.len() < MAX_BATCH_LINES {
            self.open_due_parts()?;
            let Some(earliest) = self.open.first_entry() else { break };
            if *time.get_or_insert(earliest.key().time) != earliest.key().time {
                break;
            }
            let (mut part, OpenPart { next, mut lines }) = earliest.remove_entry();
            if part.is_closing {
                closing.push(next)
            } else {
                events.push(next)
            }
            if let Some(next) = read_line(&mut lines, &part.path, &mut self.malformed)? {
                part.time = next.1.timestamp;
                self.open.insert(part, OpenPart { next, lines });
            }
        }
        self.batch = in_order(events, closing);
        Ok(())
    }

    /// Opens the files whose first line is not later than the next line of the open ones.
    fn open_due_parts(&mut self) -> Result<()> {
        while let Some(part) = self.unopened.first()
            && self.open.first_key_value().is_none_or(|(earliest, _)| part.time <= earliest.time)
            && let Some(mut part) = self.unopened.pop_first()
        {
            let mut lines = LogLines::open(&part.path)?;
            if let Some(next) = read_line(&mut lines, &part.path, &mut self.malformed)? {
                part.time = next.1.timestamp;
                self.open.insert(part, OpenPart { next, lines });
            }
        }
        Ok(())
    }
}

/// Reads the next line, and counts the text before it that is no line of a log.
fn read_line(lines: &mut LogLines, path: &Path, malformed: &mut usize) -> Result<Option<LogEntry>> {
    for text in lines {
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        match text.and_then(|text| LogLine::read(&text).map(|line| (text, line))) {
            Some(entry) => return Ok(Some(entry)),
            None => *malformed += 1,
        }
    }
    Ok(None)
}

/// Puts each closing line behind the last event of its computation. Times have milliseconds, so the order of the two
/// series within a millisecond is not known otherwise.
fn in_order(events: Vec<LogEntry>, closing: Vec<LogEntry>) -> VecDeque<LogEntry> {
    let mut ordered = VecDeque::from(events);
    let mut earliest = 0;
    for entry in closing {
        let last = (earliest..ordered.len()).rev().find(|&index| ordered[index].1.is_inside(&entry.1));
        let place = last.map_or(earliest, |index| index + 1);
        ordered.insert(place, entry);
        earliest = place + 1;
    }
    ordered
}
