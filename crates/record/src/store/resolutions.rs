//! Fixes of earlier failures: `resolutions.jsonl`, one line per fix.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::failure::{Failure, Resolution};
use crate::files::open_ordinary;
use runtime::io_error::about;
use runtime::lock::Renewable;
use text::shorten;

/// The name of the file in the directory of the records.
const FILE_NAME: &str = "resolutions.jsonl";
/// Maximum number of bytes that are read from the end of the file, which contains the newest lines. A failing
/// computation waits for this read.
const MAX_READ_BYTES: u64 = 4 << 20;
/// Maximum length of a line. [`MAX_READ_BYTES`] always contains several lines.
const MAX_LINE_BYTES: usize = 64 << 10;
/// Maximum length of a fix. Longer ones are shortened.
pub const MAX_FIX_BYTES: usize = 2000;
/// Maximum number of fixes per fingerprint.
const MAX_FIXES: usize = 8;

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    fingerprint: String,
    /// The id of the fixed failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    #[serde(flatten)]
    resolution: Resolution,
}

/// A resolution and the id of the failure that it fixed.
pub type PastFix = (Resolution, Option<Uuid>);

/// The file of resolutions and its cached content.
#[derive(Debug)]
pub(super) struct Resolutions {
    path: PathBuf,
    cache: Renewable<FixCache>,
}

#[derive(Debug, Default)]
struct FixCache {
    /// Modification time and length of the file when it was read.
    file_state: Option<(SystemTime, u64)>,
    /// The fixes by fingerprint, oldest first.
    fixes: Arc<HashMap<String, Vec<PastFix>>>,
}

impl Resolutions {
    pub(super) fn new(dir: &Path) -> Self {
        Resolutions { path: dir.join(FILE_NAME), cache: Renewable::default() }
    }

    /// Appends the fix of a failure.
    pub(super) fn add(&self, failure: &Failure, fix: &str) -> io::Result<Resolution> {
        let resolution = Resolution { fix: fix.to_owned(), time: Some(crate::time::now()) };
        let fingerprint = failure.fingerprint().into_owned();
        let line = Line { fingerprint, id: failure.context.id, resolution: resolution.clone() };
        let line = serde_json::to_string(&line)? + "\n";
        append_line(&self.path, line).map_err(|error| about(&self.path, "cannot write", error))?;
        Ok(resolution)
    }

    /// Returns the fixes of a fingerprint, newest first. It reads the file again when it has changed.
    pub(super) fn of(&self, fingerprint: &str) -> Vec<PastFix> {
        let state = std::fs::metadata(&self.path).ok().filter(|metadata| metadata.is_file());
        let state = state.and_then(|metadata| Some((metadata.modified().ok()?, metadata.len())));
        let Some(state) = state else { return Vec::new() };
        let Some(mut cache) = self.cache.lock() else { return Vec::new() };
        if cache.file_state != Some(state) {
            cache.fixes = Arc::new(read_fixes(&self.path));
            cache.file_state = Some(state);
        }
        cache.fixes.get(fingerprint).into_iter().flatten().rev().take(MAX_FIXES).cloned().collect()
    }
}

fn append_line(path: &Path, line: String) -> io::Result<()> {
    if line.len() > MAX_LINE_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the fix is longer than 64 KiB"));
    }
    if std::fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::other("not a regular file"));
    }
    let mut file = open_ordinary(OpenOptions::new().create(true).read(true).append(true), path)?;
    // A full disk may have cut the last line, so this one starts on a new line.
    let line = if ends_with_newline(&mut file)? { line } else { format!("\n{line}") };
    file.write_all(line.as_bytes())
}

fn ends_with_newline(file: &mut File) -> io::Result<bool> {
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    Ok(last == *b"\n")
}

fn read_fixes(path: &Path) -> HashMap<String, Vec<PastFix>> {
    let mut fixes: HashMap<String, Vec<PastFix>> = HashMap::new();
    // Skips lines that a full disk has cut, and the line that begins before the bytes that are read.
    let text = read_end(path).unwrap_or_default();
    for line in text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok()) {
        let fix = shorten(&line.resolution.fix, MAX_FIX_BYTES).into_owned();
        let resolution = Resolution { fix, ..line.resolution };
        fixes.entry(line.fingerprint).or_default().push((resolution, line.id));
    }
    fixes
}

fn read_end(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = open_ordinary(File::options().read(true), path)?;
    file.seek(SeekFrom::Start(file.metadata()?.len().saturating_sub(MAX_READ_BYTES)))?;
    let mut text = Vec::new();
    file.take(MAX_READ_BYTES).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    fn failure(message: &str) -> Failure {
        Failure::new("rg_flow", "Eq. 1.12", "Diverged", message)
    }

    #[test]
    fn the_latest_resolution_of_a_fingerprint_is_first() {
        let dir = tempfile::tempdir().unwrap();
        let (store, other) = (Store::open(dir.path()).unwrap(), Store::open(dir.path()).unwrap());
        let fingerprint = failure("pole").fingerprint().into_owned();
        assert!(store.resolutions(&fingerprint).is_empty());
        other.resolve(&failure("pole"), "shorter interval").unwrap();
        other.resolve(&failure("NaN"), "check the input").unwrap();
        assert_eq!(store.resolutions(&fingerprint).len(), 1);
        other.resolve(&failure("pole"), "the inverse coupling").unwrap();
        let fixes: Vec<String> = store.resolutions(&fingerprint).into_iter().map(|found| found.fix).collect();
        assert_eq!(fixes, ["the inverse coupling", "shorter interval"]);
    }

    #[test]
    fn a_truncated_line_loses_only_itself() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        std::fs::write(dir.path().join(FILE_NAME), "{\"fingerprint\": \"b62").unwrap();
        store.resolve(&failure("pole"), "shorter interval").unwrap();
        assert_eq!(store.resolutions(&failure("pole").fingerprint()).len(), 1);
    }

    #[test]
    fn the_newest_lines_of_a_large_file_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store.resolve(&failure("pole"), "too old").unwrap();
        let line = "x".repeat(1 << 20) + "\n";
        std::fs::write(dir.path().join(FILE_NAME), line.repeat(5)).unwrap();
        store.resolve(&failure("pole"), "shorter interval").unwrap();
        assert_eq!(store.resolutions(&failure("pole").fingerprint())[0].fix, "shorter interval");
        assert!(store.resolve(&failure("pole"), &"x".repeat(1 << 20)).is_err());
    }

    #[test]
    fn unreadable_files_are_ignored_and_unwritable_files_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        std::fs::create_dir(dir.path().join(FILE_NAME)).unwrap();
        assert!(store.resolutions(&failure("pole").fingerprint()).is_empty());
        let error = store.resolve(&failure("pole"), "x").unwrap_err().to_string();
        assert!(error.contains("resolutions.jsonl"), "{error}");
    }
}
