//! One at a time for each clone.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::PublishError;
use crate::store::about;

/// Waits for whoever publishes from the same clone. The lock belongs to the open file: it ends with the process, however
/// that ends.
pub(super) fn one_at_a_time(dir: &Path, patience: Duration) -> Result<File, PublishError> {
    let path = dir.join("lock");
    let failed = |error| PublishError::Io(about(&path, "cannot lock", error));
    let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) if started.elapsed() >= patience => return Err(PublishError::Busy(path)),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}
