//! The lock on a record while it is amended.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use runtime::file_lock::{FileLock, LockedFile};

use super::error::{ensure, with_context};

/// Maximum time to wait for another process that amends the same record or replaces `latest.json`.
pub(super) const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// The lock on a record. It locks the record's own file, so that no lock file remains.
pub struct RecordLock {
    file: RecordFile,
    path: PathBuf,
}

/// The record's file, and its lock where the file system has locks.
enum RecordFile {
    Locked(LockedFile),
    Unlocked(File),
}

impl RecordLock {
    /// Waits for the lock. Each attempt opens the file again, because another process may have replaced it.
    pub(super) fn acquire(path: &Path, stop: &AtomicBool) -> io::Result<Self> {
        let started = Instant::now();
        loop {
            if let Some(lock) = Self::try_acquire(path)? {
                return Ok(lock);
            }
            ensure(!stop.load(Ordering::Relaxed), || format!("interrupted while waiting for {}", path.display()))?;
            ensure(started.elapsed() < LOCK_TIMEOUT, || {
                format!("timed out: another process is amending {}", path.display())
            })?;
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Returns the lock, or `None` if another process has it.
    ///
    /// On a file system without locks, it always succeeds.
    ///
    /// # Errors
    ///
    /// Fails if the path is no regular file or cannot be opened.
    pub fn try_acquire(path: &Path) -> io::Result<Option<Self>> {
        ensure(fs::symlink_metadata(path)?.is_file(), || format!("{} is not an ordinary file", path.display()))?;
        let open = || File::open(path).map_err(|error| with_context(path.display(), error));
        let file = match FileLock::acquire(open()?, Duration::ZERO) {
            FileLock::Acquired(file) => RecordFile::Locked(file),
            FileLock::Unsupported => RecordFile::Unlocked(open()?),
            FileLock::Busy => return Ok(None),
        };
        let lock = RecordLock { file, path: path.to_owned() };
        Ok(lock.is_current().then_some(lock))
    }

    /// Returns true if the locked file still has its name.
    pub fn is_current(&self) -> bool {
        let file = match &self.file {
            RecordFile::Locked(file) => file.file(),
            RecordFile::Unlocked(file) => file,
        };
        is_ordinary_file(&self.path) && is_at(file, &self.path)
    }
}

/// Returns true if the path is a regular file and not a link.
pub(super) fn is_ordinary_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| there.is_file())
}

/// Returns true if the path names this open file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |there: fs::Metadata| (there.dev(), there.ino());
    file.metadata().ok().map(identity) == fs::symlink_metadata(path).ok().map(identity)
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}
