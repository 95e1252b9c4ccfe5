//! Finds the files of a corpus: logs and records below directories.

use std::collections::HashSet;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::{fs, io};

use record::Store;
use record::internal::existing_store;

use super::copies::remove_copies;
use super::error::CorpusError;
use super::log_source::LogSource;
use super::skipped::SkippedInput;

/// Maximum depth below a given directory, for example `jobs/4711/hosts/n01/io/logs`.
const MAX_DEPTH: usize = 8;
/// Maximum number of directories that are searched.
const MAX_DIRECTORIES: usize = 100_000;

/// The directory of logs and that of records.
const LOGS: &str = "logs";
const FAILURES: &str = "failures";

/// The beginning of the names of files with closing lines only, and of logs with other lines as well.
const SERIES_PREFIX: &str = "computations_";
const MIXED_PREFIX: &str = "runtime_";

/// The files of a corpus.
#[derive(Debug, Default)]
pub(super) struct CorpusSources {
    /// Logs by date and session.
    pub(super) logs: Vec<LogSource>,
    /// Records, those of a directory by time.
    pub(super) records: Vec<PathBuf>,
}

/// Finds the files below the given paths.
///
/// # Errors
///
/// Fails if a given directory does not exist or is unreadable, or if `is_cancelled` returns true. Directories below a
/// given one are skipped instead.
pub(super) fn find_sources(
    paths: &[PathBuf],
    skipped: &mut SkippedInput,
    is_cancelled: &mut dyn FnMut() -> bool,
) -> Result<CorpusSources, CorpusError> {
    let (found, visited) = (CorpusSources::default(), HashSet::new());
    let mut search = Search { found, visited, directories: 0, is_cancelled, skipped };
    for path in paths {
        search.add_given(path)?;
    }
    let mut found = search.found;
    // After the prefix, the name begins with date and session.
    found.logs.sort_by(|a, b| (after_prefix(&a.path), &a.path).cmp(&(after_prefix(&b.path), &b.path)));
    skipped.add_copies(remove_copies(&mut found.logs));
    Ok(found)
}

fn after_prefix(path: &Path) -> &str {
    let name = file_name(path);
    name.strip_prefix(SERIES_PREFIX).or_else(|| name.strip_prefix(MIXED_PREFIX)).unwrap_or(name)
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

struct Search<'a> {
    found: CorpusSources,
    /// Canonical paths. They end the loops of links.
    visited: HashSet<PathBuf>,
    /// Number of directories that were searched.
    directories: usize,
    is_cancelled: &'a mut dyn FnMut() -> bool,
    skipped: &'a mut SkippedInput,
}

impl Search<'_> {
    fn add_given(&mut self, path: &Path) -> Result<(), CorpusError> {
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => CorpusError::NotFound(path.to_owned()),
            _ => CorpusError::Unreadable { path: path.to_owned(), error },
        };
        let metadata = fs::metadata(path).map_err(unreadable)?;
        let canonical = fs::canonicalize(path).map_err(unreadable)?;
        if metadata.is_file() {
            return self.add_given_file(path, canonical, metadata.len());
        }
        if !metadata.is_dir() {
            return Err(CorpusError::Foreign(path.to_owned()));
        }
        self.search(path, 0)?.map_err(unreadable)?;
        // The directory of the records or of the logs stands for both.
        let sibling = match file_name(&canonical) {
            FAILURES => LOGS,
            LOGS => FAILURES,
            _ => return Ok(()),
        };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).or(canonical.parent());
        if let Some(sibling) = parent.map(|parent| parent.join(sibling)).filter(|sibling| sibling.is_dir())
            && let Err(error) = self.search(&sibling, MAX_DEPTH)?
        {
            self.skipped.add_file(&sibling, error);
        }
        Ok(())
    }

    fn add_given_file(&mut self, path: &Path, canonical: PathBuf, bytes: u64) -> Result<(), CorpusError> {
        if !self.visited.insert(canonical) {
            return Ok(());
        }
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("jsonl") => {
                let is_mixed = !file_name(path).starts_with(SERIES_PREFIX);
                self.found.logs.push(LogSource { path: path.to_owned(), bytes, is_mixed });
            }
            Some("json") => self.found.records.push(path.to_owned()),
            _ => return Err(CorpusError::Foreign(path.to_owned())),
        }
        Ok(())
    }

    /// Searches a directory and those below it. The outer error ends the search, the inner one concerns the directory.
    fn search(&mut self, dir: &Path, depth: usize) -> Result<io::Result<()>, CorpusError> {
        if (self.is_cancelled)() {
            return Err(CorpusError::Cancelled);
        }
        let subdirectories = match self.search_files(dir, depth) {
            Ok(subdirectories) => subdirectories,
            Err(error) => return Ok(Err(error)),
        };
        for subdirectory in subdirectories {
            if self.directories == MAX_DIRECTORIES {
                self.skipped.add_file(&subdirectory, "more than 100,000 directories: name those with computations");
                self.directories += 1;
            }
            if self.directories < MAX_DIRECTORIES
                && let Err(error) = self.search(&subdirectory, depth + 1)?
            {
                self.skipped.add_file(&subdirectory, error);
            }
        }
        Ok(Ok(()))
    }

    /// Adds the files in a directory, and returns the directories in it that are searched as well.
    fn search_files(&mut self, dir: &Path, depth: usize) -> io::Result<Vec<PathBuf>> {
        let canonical = fs::canonicalize(dir)?;
        if !self.visited.insert(canonical.clone()) {
            return Ok(Vec::new());
        }
        self.directories += 1;
        let is_named = |name| file_name(dir) == name || file_name(&canonical) == name;
        let (is_logs, is_failures) = (is_named(LOGS) || depth == 0, is_named(FAILURES));
        let (mut subdirectories, mut has_records) = (Vec::new(), false);
        for entry in fs::read_dir(dir)?.filter_map(Result::ok) {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let is_log = is_logs && is_log_name(&name);
            let is_record = depth == 0 && Store::is_record_file_name(&name);
            let kind = entry.file_type();
            let may_be_directory = kind.is_ok_and(|kind| kind.is_dir() || kind.is_symlink());
            if name.starts_with('.') || !(is_log || is_record || may_be_directory) {
                continue;
            }
            let Ok(metadata) = fs::metadata(entry.path()) else { continue };
            if metadata.is_dir() {
                subdirectories.push(entry.path());
            } else if is_log && metadata.is_file() {
                self.add_log(&entry, &name, metadata.len());
            }
            has_records |= is_record;
        }
        if (is_failures || has_records)
            && let Err(error) = self.add_records(dir, is_failures)
        {
            self.skipped.add_file(dir, error);
        }
        if depth >= MAX_DEPTH {
            return Ok(Vec::new());
        }
        subdirectories.sort();
        Ok(subdirectories)
    }

    fn add_log(&mut self, entry: &DirEntry, name: &str, bytes: u64) {
        let path = entry.path();
        if bytes > 0 && fs::canonicalize(&path).is_ok_and(|canonical| self.visited.insert(canonical)) {
            self.found.logs.push(LogSource { path, bytes, is_mixed: name.starts_with(MIXED_PREFIX) });
        }
    }

    /// Adds the records of a directory. In a directory of another name, only file names of a store count.
    fn add_records(&mut self, dir: &Path, is_failures: bool) -> io::Result<()> {
        let (paths, copies) = existing_store(dir)?.paths_and_copies()?;
        self.skipped.add_copies(copies.len());
        // The store returns absolute paths. Messages use the path that the user gave.
        let names = paths.iter().map(|path| file_name(path));
        let names = names.filter(|name| is_failures || Store::is_record_file_name(name));
        self.found.records.extend(names.map(|name| dir.join(name)));
        Ok(())
    }
}

fn is_log_name(name: &str) -> bool {
    (name.starts_with(SERIES_PREFIX) || name.starts_with(MIXED_PREFIX)) && name.ends_with(".jsonl")
}
