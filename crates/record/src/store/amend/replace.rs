//! Replaces a file and preserves its owner, group and mode.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use runtime::file_lock::{FileLock, LockedFile};
use runtime::io_error::about;

use super::{ensure, with_context};
use crate::store::write::Replacement;

/// Maximum time to wait for another process that amends the same record.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

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
    /// Waits for the lock. Another process may replace the file in the meantime.
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
    let identity = |there: Metadata| (there.dev(), there.ino());
    file.metadata().ok().map(identity) == fs::symlink_metadata(path).ok().map(identity)
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// Replaces the content of a file, which keeps its owner, group and mode. It calls `before_rename` directly before the
/// last step. An error of it leaves the file unchanged.
///
/// Readers see either the old or the new content, also after a loss of power.
///
/// # Errors
///
/// Fails if the content cannot be written, or if the new file would belong to another user or group.
pub(super) fn replace(path: &Path, content: &str, before_rename: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let failed = |error| about(path, "cannot write", error);
    let replacement = write_temporary(path, content).map_err(failed)?;
    before_rename()?;
    replacement.commit().map_err(failed)
}

/// Writes the content to a temporary file in the same directory. Only this user can read it until it is complete.
fn write_temporary(path: &Path, content: &str) -> io::Result<Replacement> {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let original = fs::symlink_metadata(path)?;
    let mut replacement = Replacement::create(path, &mut options)?;
    set_owner(&replacement.file, &original)?;
    replacement.file.write_all(content.as_bytes())?;
    replacement.file.set_permissions(original.permissions())?;
    replacement.file.sync_all()?;
    Ok(replacement)
}

/// Gives a file the owner and the group of another.
#[cfg(unix)]
fn set_owner(file: &File, original: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let owner = |there: &Metadata| (there.uid(), there.gid());
    let (uid, gid) = owner(original);
    if owner(&file.metadata()?) == (uid, gid) {
        return Ok(());
    }
    fchown(file, Some(uid), Some(gid)).map_err(|error| {
        let why = format!(
            "it belongs to user {uid} and group {gid}, and a new file cannot be given to them ({error}): let its \
             owner do this"
        );
        io::Error::new(error.kind(), why)
    })
}

#[cfg(not(unix))]
fn set_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}
