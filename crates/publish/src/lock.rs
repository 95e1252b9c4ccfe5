//! One at a time for each clone.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::PublishError;
use crate::store::{about, open_ordinary};

/// Held as long as it lives, or the process.
///
/// It holds nothing where the file system has no locks. Git's own locks then keep the repository whole.
pub(super) struct Lock(Option<File>);

impl Drop for Lock {
    /// A process that was forked off meanwhile has the file open as well: closing it would not do.
    fn drop(&mut self) {
        if let Some(file) = &self.0 {
            let _ = file.unlock();
        }
    }
}

/// The name of the file that is locked.
pub(super) const NAME: &str = "lock";

/// Waits for whoever publishes from the same clone.
pub(super) fn one_at_a_time(dir: &Path, patience: Duration) -> Result<Lock, PublishError> {
    let path = dir.join(NAME);
    let failed = |error| PublishError::Io(about(&path, "cannot lock", error));
    let opened = match open_ordinary(File::options().create(true).append(true), &path) {
        // Another user made it. A lock needs no more than to read.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => open_ordinary(File::options().read(true), &path),
        opened => opened,
    };
    let file = opened.map_err(failed)?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock(Some(file))),
            Err(TryLockError::Error(_)) => return Ok(Lock(None)),
            Err(TryLockError::WouldBlock) if started.elapsed() >= patience => return Err(PublishError::Busy(path)),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_was_forked_off_does_not_keep_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let lock = one_at_a_time(dir.path(), Duration::ZERO).unwrap();
        let child = match fork::fork().unwrap() {
            fork::Fork::Child => loop {
                std::thread::park();
            },
            fork::Fork::Parent(child) => child,
        };
        assert!(matches!(one_at_a_time(dir.path(), Duration::ZERO), Err(PublishError::Busy(_))));
        drop(lock);
        let again = one_at_a_time(dir.path(), Duration::ZERO);
        std::process::Command::new("kill").args(["-9", &child.to_string()]).status().unwrap();
        let _ = fork::waitpid(child);
        assert!(again.is_ok());
    }
}
