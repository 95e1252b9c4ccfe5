//! The lock of a clone, which only one publisher holds at a time.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use runtime::file_lock::FileLock;

use crate::error::PublishError;
use record::internal::open_ordinary;
use runtime::io_error::about;

/// The name of the lock file.
pub(crate) const FILE_NAME: &str = "lock";

/// Waits until no other process publishes from the same clone. On a file system without locks, the locks of git protect
/// the repository.
pub(crate) fn lock_clone(dir: &Path, timeout: Duration) -> Result<FileLock, PublishError> {
    let path = dir.join(FILE_NAME);
    let failed = |error| PublishError::Io(about(&path, "cannot lock", error));
    let opened = match open_ordinary(File::options().create(true).append(true), &path) {
        // Another user created the file. Read access suffices for a lock.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => open_ordinary(File::options().read(true), &path),
        opened => opened,
    };
    match FileLock::acquire(opened.map_err(failed)?, timeout) {
        FileLock::Busy => Err(PublishError::Busy(path)),
        lock => Ok(lock),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_was_forked_off_does_not_keep_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let lock = lock_clone(dir.path(), Duration::ZERO).unwrap();
        let child = match fork::fork().unwrap() {
            fork::Fork::Child => loop {
                std::thread::park();
            },
            fork::Fork::Parent(child) => child,
        };
        assert!(matches!(lock_clone(dir.path(), Duration::ZERO), Err(PublishError::Busy(_))));
        drop(lock);
        let again = lock_clone(dir.path(), Duration::ZERO);
        std::process::Command::new("kill").args(["-9", &child.to_string()]).status().unwrap();
        let _ = fork::waitpid(child);
        assert!(again.is_ok());
    }
}
