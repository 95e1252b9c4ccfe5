//! Replacing a file without changing whom it belongs to.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How long to wait for another process that amends the same record.
const PATIENCE: Duration = Duration::from_secs(10);
/// Characters of the file's name in that of its temporary file. Names of records are shorter.
const NAME: usize = 120;
/// Attempts to find an unused name for a temporary file.
const NAMES: usize = 16;

/// The lock on a record. It is a lock on the record's own file, so that no lock file is left behind.
pub struct Locked {
    file: File,
    path: PathBuf,
}

impl Locked {
    /// Waits for the lock. Another process may replace the file until then.
    pub(super) fn wait(path: &Path, stop: &AtomicBool) -> Result<Self> {
        let started = Instant::now();
        loop {
            if let Some(locked) = Self::now(path)? {
                return Ok(locked);
            }
            ensure!(!stop.load(Ordering::Relaxed), "interrupted while waiting for {}", path.display());
            ensure!(started.elapsed() < PATIENCE, "another process has been amending {} for long", path.display());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The lock, or `None` while another process has it.
    ///
    /// A file system without locks gives none to anybody: the record can be amended all the same.
    ///
    /// # Errors
    ///
    /// When it is no ordinary file, or cannot be opened.
    pub fn now(path: &Path) -> Result<Option<Self>> {
        if !fs::symlink_metadata(path)?.is_file() {
            bail!("{} is not an ordinary file", path.display());
        }
        let file = File::open(path).with_context(|| path.display().to_string())?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Ok(None);
        }
        let locked = Locked { file, path: path.to_owned() };
        Ok(locked.is_current().then_some(locked))
    }

    /// Whether the locked file still has its name.
    pub fn is_current(&self) -> bool {
        is_own_file(&self.path) && is_at(&self.file, &self.path)
    }
}

/// Whether there is an ordinary file, and not a link to one.
pub(super) fn is_own_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| there.is_file())
}

/// Whether an open file is the one of this name.
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

/// The new content of a file, complete on the disk under a temporary name. Dropping it removes the temporary file.
pub(super) struct Replacement {
    /// Open, and therefore locked, until the end.
    file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl Replacement {
    /// Writes the content beside the file, with the file's owner, group and mode.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or would belong to another user or group than the file does.
    pub(super) fn write(path: &Path, content: &str) -> Result<Self> {
        let write = || {
            let original = fs::symlink_metadata(path)?;
            let (file, temporary) = create_beside(path)?;
            let mut replacement = Replacement { file, temporary, path: path.to_owned() };
            keep_owner(&replacement.file, &original)?;
            replacement.file.write_all(content.as_bytes())?;
            // Last: until then only this user can read it.
            replacement.file.set_permissions(original.permissions())?;
            replacement.file.sync_all()?;
            Ok(replacement)
        };
        write().map_err(|error: io::Error| cannot_write(path, error))
    }

    /// Gives it the name of the file: readers see the old content or the new, also after a loss of power.
    pub(super) fn commit(self) -> Result<()> {
        fs::rename(&self.temporary, &self.path).map_err(|error| cannot_write(&self.path, error))
    }
}

/// After a commit there is no such file.
impl Drop for Replacement {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temporary);
    }
}

fn cannot_write(path: &Path, error: io::Error) -> anyhow::Error {
    anyhow::Error::new(error).context(format!("cannot write {}", path.display()))
}

/// A new file that only this user can read, under a name that readers of the directory pass over.
fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().take(NAME).collect();
    let mut attempts = 0;
    loop {
        let temporary = path.with_file_name(format!(".{name}.{:016x}.tmp", fastrand::u64(..)));
        match options.open(&temporary) {
            Ok(file) => {
                // `failures prune` removes those that nobody has locked.
                let _ = file.try_lock();
                return Ok((file, temporary));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempts < NAMES => attempts += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Gives a file to the owner and the group of another.
#[cfg(unix)]
fn keep_owner(file: &File, original: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let owner = |there: &Metadata| (there.uid(), there.gid());
    let (uid, gid) = owner(original);
    if owner(&file.metadata()?) == (uid, gid) {
        return Ok(());
    }
    fchown(file, Some(uid), Some(gid)).map_err(|error| {
        let why = format!(
            "it belongs to user {uid} and group {gid}, which a new file of yours cannot ({error}); let its owner do this"
        );
        io::Error::new(error.kind(), why)
    })
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}
