//! Finds the exported Parquet files below a directory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::names::part_name::TRAILS;

/// Maximum depth below a given directory.
const MAX_DEPTH: usize = 8;
/// Directories of the recorder. They contain no exported files, but perhaps many others.
const RECORDER_DIRECTORIES: [&str; 2] = ["failures", "logs"];
const EXTENSION: &str = ".parquet";
const DIRECTORY_PREFIX: &str = "computation=";

/// Returns the Parquet files with runs below a file or a directory, sorted. Unreadable directories have none; reading
/// the corpus reports them.
///
/// ```
/// assert!(tracing_failure_export::find_parts("no/such/corpus".as_ref()).is_empty());
/// ```
pub fn find_parts(path: &Path) -> Vec<PathBuf> {
    let mut parts = Vec::new();
    let is_of_recorder = path.file_name().is_some_and(|name| RECORDER_DIRECTORIES.iter().any(|known| name == *known));
    if is_of_recorder {
        return parts;
    }
    if path.is_dir() {
        search(path, 0, &mut parts);
    } else if path.to_string_lossy().ends_with(EXTENSION) && path.is_file() {
        parts.push(path.to_owned());
    }
    parts.sort();
    parts
}

/// Returns true if a part of a store is a Parquet file with runs, according to its name.
pub(crate) fn is_part_with_runs(name: &str) -> bool {
    let is_trail = name.split_once('/').is_some_and(|(directory, _)| directory == TRAILS);
    name.ends_with(EXTENSION) && !is_trail && !name.split('/').any(|component| component.starts_with('.'))
}

fn search(dir: &Path, depth: usize, parts: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    let (mut directories, mut has_computations) = (Vec::new(), false);
    for entry in entries.filter_map(Result::ok) {
        let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) else { continue };
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() && !RECORDER_DIRECTORIES.contains(&&*name) {
            has_computations |= name.starts_with(DIRECTORY_PREFIX);
            directories.push((name, entry.path()));
        } else if kind.is_file() && name.ends_with(EXTENSION) {
            parts.push(entry.path());
        }
    }
    if depth == MAX_DEPTH {
        return;
    }
    for (name, path) in directories {
        // The directory of trails stands beside those of computations.
        if name != TRAILS || !has_computations {
            search(&path, depth + 1, parts);
        }
    }
}
