//! One at a time for each clone.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::PublishError;
use crate::store::about;

/// Held as long as it lives, or the process.
pub(super) struct Lock(File);

impl Drop for Lock {
    /// A process that was forked off meanwhile has the file open as well: closing it would not do.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// The name of the file that is locked.
pub(super) const NAME: &str = "lock";

/// Waits for whoever publishes from the same clone.
pub(super) fn one_at_a_time(dir: &Path, patience: Duration) -> Result<Lock, PublishError> {
    let path = dir.join(NAME);
    let failed = |error| PublishError::Io(about(&path, "cannot lock", error));
    let opened = match File::options().create(true).append(true).open(&path) {
        // Another user made it. A lock needs no more than to read.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => File::open(&path),
        opened => opened,
    };
    let file = opened.map_err(failed)?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
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
