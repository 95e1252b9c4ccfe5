//! Locks between processes. A lock belongs to an open file and ends with the process, however that ends.

use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

/// Time between two attempts to take a lock that another process holds.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// The result of an attempt to lock a file.
///
/// ```
/// use std::time::Duration;
/// use tracing_failure_runtime::file_lock::FileLock;
///
/// # let path = std::env::temp_dir().join(format!("tracing-failure-file-lock-{}", std::process::id()));
/// match FileLock::acquire(std::fs::File::create(&path)?, Duration::from_secs(1)) {
///     FileLock::Acquired(_lock) => println!("this process may write until the lock is dropped"),
///     FileLock::Busy => println!("another process writes"),
///     FileLock::Unsupported => println!("this file system has no locks"),
/// }
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub enum FileLock {
    /// This process has the lock until the value is dropped.
    Acquired(LockedFile),
    /// Another process, or another open file of this one, has the lock.
    Busy,
    /// The file system does not support locks.
    Unsupported,
}

/// A file that this process has locked. Dropping it unlocks the file.
///
/// ```
/// use std::time::Duration;
/// use tracing_failure_runtime::file_lock::{FileLock, LockedFile};
///
/// # let path = std::env::temp_dir().join(format!("tracing-failure-locked-{}", std::process::id()));
/// let lock: Option<LockedFile> = match FileLock::acquire(std::fs::File::create(&path)?, Duration::ZERO) {
///     FileLock::Acquired(lock) => Some(lock),
///     FileLock::Busy | FileLock::Unsupported => None,
/// };
/// assert!(lock.is_some());
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct LockedFile(File);

impl FileLock {
    /// Locks a file. It waits at most this long until the file is free.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tracing_failure_runtime::file_lock::FileLock;
    ///
    /// # let path = std::env::temp_dir().join(format!("tracing-failure-lock-{}", std::process::id()));
    /// let open = || std::fs::File::options().create(true).append(true).open(&path);
    /// let lock = FileLock::acquire(open()?, Duration::ZERO);
    /// assert!(matches!(FileLock::acquire(open()?, Duration::ZERO), FileLock::Busy));
    /// drop(lock);
    /// assert!(matches!(FileLock::acquire(open()?, Duration::ZERO), FileLock::Acquired(_)));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn acquire(file: File, timeout: Duration) -> Self {
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return FileLock::Acquired(LockedFile(file)),
                Err(TryLockError::Error(_)) => return FileLock::Unsupported,
                Err(TryLockError::WouldBlock) if started.elapsed() >= timeout => return FileLock::Busy,
                Err(TryLockError::WouldBlock) => std::thread::sleep(POLL_INTERVAL),
            }
        }
    }
}

impl LockedFile {
    /// Returns the file.
    ///
    /// ```
    /// use std::io::Write;
    /// use std::time::Duration;
    /// use tracing_failure_runtime::file_lock::FileLock;
    ///
    /// # let path = std::env::temp_dir().join(format!("tracing-failure-write-{}", std::process::id()));
    /// if let FileLock::Acquired(lock) = FileLock::acquire(std::fs::File::create(&path)?, Duration::ZERO) {
    ///     lock.file().write_all(b"{}")?;
    /// }
    /// assert_eq!(std::fs::read(&path)?, b"{}");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn file(&self) -> &File {
        &self.0
    }
}

impl Drop for LockedFile {
    /// Unlocks the file explicitly, because a forked process may still have it open. Closing it here would leave it
    /// locked.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}
