//! A log file of a corpus.

use std::path::PathBuf;

/// A file with closing lines.
#[derive(Debug)]
pub(super) struct LogSource {
    pub(super) path: PathBuf,
    /// Size of the file at the start.
    pub(super) bytes: u64,
    /// True if only some lines are closing lines.
    pub(super) is_mixed: bool,
}
