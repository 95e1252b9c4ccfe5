//! The parts of a corpus that were not read.

use std::fmt;
use std::path::{Path, PathBuf};

/// Maximum number of files and lines that are listed. All are counted.
const MAX_LISTED: usize = 100;

/// The files and lines that were not read, and why.
///
/// ```
/// assert!(tracing_failure_corpus::SkippedInput::default().is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct SkippedInput {
    parts: Vec<SkippedPart>,
    lines: u64,
    files: u64,
    unfinished_lines: u64,
    copies: u64,
}

/// A file or a line that was not read.
///
/// ```
/// use tracing_failure_corpus::{SkippedInput, SkippedPart};
///
/// let messages = |skipped: &SkippedInput| skipped.parts().iter().map(SkippedPart::to_string).collect::<Vec<_>>();
/// assert!(messages(&SkippedInput::default()).is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedPart {
    /// The file, or a directory.
    pub path: PathBuf,
    /// The number of the line from 1, unless the whole file was skipped.
    pub line: Option<u64>,
    /// Why it was skipped.
    pub reason: String,
}

impl SkippedInput {
    /// Returns true if every file and every line was read. Copies and unfinished lines do not count.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::SkippedInput::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.lines == 0 && self.files == 0
    }

    /// Returns the first 100 skipped files and lines.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::SkippedInput::default().parts().is_empty());
    /// ```
    pub fn parts(&self) -> &[SkippedPart] {
        &self.parts
    }

    /// Returns the number of skipped lines.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::SkippedInput::default().lines(), 0);
    /// ```
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Returns the number of unreadable files and directories. If a file became unreadable, its first lines count.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::SkippedInput::default().files(), 0);
    /// ```
    pub fn files(&self) -> u64 {
        self.files
    }

    /// Returns the number of files whose last line has no end yet: a program is writing it, or was killed.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::SkippedInput::default().unfinished_lines(), 0);
    /// ```
    pub fn unfinished_lines(&self) -> u64 {
        self.unfinished_lines
    }

    /// Returns the number of files that are copies of others.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::SkippedInput::default().copies(), 0);
    /// ```
    pub fn copies(&self) -> u64 {
        self.copies
    }

    /// Adds a file or a directory that was not read.
    ///
    /// ```
    /// let mut skipped = tracing_failure_corpus::SkippedInput::default();
    /// skipped.add_file("part-1.parquet".as_ref(), "not a Parquet file");
    /// assert_eq!(skipped.parts()[0].to_string(), "part-1.parquet: not a Parquet file");
    /// ```
    pub fn add_file(&mut self, path: &Path, reason: impl fmt::Display) {
        self.files += 1;
        self.list(path, None, reason);
    }

    pub(super) fn add_line(&mut self, path: &Path, line: u64, reason: impl fmt::Display) {
        self.lines += 1;
        self.list(path, Some(line), reason);
    }

    /// Counts lines without listing them.
    pub(super) fn add_lines(&mut self, count: u64) {
        self.lines += count;
    }

    pub(super) fn add_unfinished_line(&mut self) {
        self.unfinished_lines += 1;
    }

    pub(super) fn add_copies(&mut self, count: usize) {
        self.copies += count as u64;
    }

    /// Adds the parts of another corpus.
    pub(super) fn append(&mut self, other: SkippedInput) {
        self.lines += other.lines;
        self.files += other.files;
        self.unfinished_lines += other.unfinished_lines;
        self.copies += other.copies;
        self.parts.extend(other.parts);
        self.parts.truncate(MAX_LISTED);
    }

    fn list(&mut self, path: &Path, line: Option<u64>, reason: impl fmt::Display) {
        if self.parts.len() < MAX_LISTED {
            self.parts.push(SkippedPart { path: path.to_owned(), line, reason: reason.to_string() });
        }
    }
}

impl fmt::Display for SkippedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path.display(), self.reason),
            None => write!(f, "{}: {}", self.path.display(), self.reason),
        }
    }
}
