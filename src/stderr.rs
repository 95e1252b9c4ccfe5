//! What the recorder has to say itself. It never fails: `eprintln!` in a panic hook would abort the process where stderr
//! is closed.

use std::fmt::Arguments;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) fn say(text: Arguments<'_>) {
    // One write: lines of several processes do not run into each other.
    let _ = try_line(&format!("{text}\n"));
}

/// Writes a line, and says whether it went out.
pub(crate) fn try_line(line: &str) -> std::io::Result<()> {
    let mut stderr = std::io::stderr().lock();
    stderr.write_all(line.as_bytes())?;
    stderr.flush()
}

/// A path as a user would type it: relative where it lies below the working directory.
pub(crate) fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))).unwrap_or(path).display()
}
