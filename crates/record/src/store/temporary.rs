//! Temporary files of the store, and the detection of those whose writer was killed.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::names::is_record_file_name;
use crate::files::open_ordinary;
use runtime::io_error::about;

/// Maximum number of characters of a file's name in the name of its temporary file. Names of records are shorter.
const MAX_NAME_CHARS: usize = 120;

/// Minimum age of an abandoned file. The writer of a younger file may not have locked it yet.
const MIN_AGE: Duration = Duration::from_secs(10);

/// Minimum age of an abandoned file on a file system without locks.
const MIN_AGE_WITHOUT_LOCKS: Duration = Duration::from_secs(24 * 3600);

/// Returns a new name for the temporary file of a file. It is hidden and does not end in `.json`, so that readers of
/// the directory skip it. Two writers in one process get different names.
pub(super) fn name(of: &str) -> String {
    let of: String = of.chars().take(MAX_NAME_CHARS).collect();
    static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);
    let (process, number) = (std::process::id(), NEXT_NUMBER.fetch_add(1, Ordering::Relaxed));
    format!(".{of}.{process}-{number}.tmp")
}

/// Locks a file to mark it as being written. The lock ends with the process, however that ends.
pub(super) fn mark_in_use(file: &File) {
    let _ = file.try_lock();
}

/// Removes the temporary files of killed writers and returns their number.
pub(super) fn remove_abandoned(dir: &Path) -> io::Result<usize> {
    let abandoned = find_abandoned(dir).map_err(|error| about(dir, "cannot list", error))?;
    Ok(abandoned.iter().filter(|path| std::fs::remove_file(path).is_ok()).count())
}

/// Returns the temporary files of a directory whose writers no longer exist.
fn find_abandoned(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let hidden = std::fs::read_dir(dir)?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_str().is_some_and(is_temporary_name));
    Ok(hidden.map(|entry| entry.path()).filter(|path| is_abandoned(path)).collect())
}

/// Returns true for `.{file of the store}.{anything}.tmp`, and for `.{file of the store}.tmp` of earlier versions.
fn is_temporary_name(name: &str) -> bool {
    let Some(name) = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp")) else { return false };
    match name.split_once(".json") {
        Some(("latest", _)) => true,
        Some(_) if name.ends_with(".json") => is_record_file_name(name),
        Some(_) => name.rsplit_once('.').is_some_and(|(name, _)| is_record_file_name(name)),
        None => name.strip_prefix("latest.").is_some_and(|id| uuid::Uuid::try_parse(id).is_ok()),
    }
}

fn is_abandoned(path: &Path) -> bool {
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|there| !there.is_file());
    let Ok(file) = open_ordinary(File::options().read(true), path) else { return false };
    let age = || SystemTime::now().duration_since(file.metadata().ok()?.modified().ok()?).ok();
    let Some(age) = age().filter(|age| *age >= MIN_AGE && !is_link) else { return false };
    match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => age >= MIN_AGE_WITHOUT_LOCKS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "rg_flow_20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e.json";

    #[test]
    fn only_temporary_files_of_the_store_are_recognised() {
        for name in [
            name(RECORD),
            name("latest.json"),
            format!(".{RECORD}.tmp"),
            format!(".{RECORD}.4711.tmp"),
            ".latest.01a21351-ff9b-736d-ac9d-0e7e3264969e.tmp".to_owned(),
        ] {
            assert!(is_temporary_name(&name), "{name}");
        }
        for name in
            [".notes.json.tmp", ".latest.lock", "x.tmp", ".tmp", ".latest.mine.tmp", &format!("{RECORD}.tmp"), RECORD]
        {
            assert!(!is_temporary_name(name), "{name}");
        }
    }

    #[test]
    fn only_files_without_a_writer_are_abandoned() {
        let dir = tempfile::tempdir().unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        let create = |name: &str, modified: Option<SystemTime>| {
            let file = File::create(dir.path().join(name)).unwrap();
            modified.into_iter().for_each(|time| file.set_modified(time).unwrap());
            file
        };
        let names = [name(RECORD), name(RECORD), name(RECORD), ".mine.tmp".to_owned()];
        let writing = create(&names[0], Some(long_ago));
        mark_in_use(&writing);
        create(&names[1], Some(long_ago));
        create(&names[2], None);
        create(&names[3], Some(long_ago));
        assert_eq!(find_abandoned(dir.path()).unwrap(), [dir.path().join(&names[1])]);
    }
}
