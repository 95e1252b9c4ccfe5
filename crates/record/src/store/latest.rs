//! `latest.json`: a complete copy of the newest record of all processes that write into the directory.
//!
//! Replacing a file takes three times as long as creating one. A single record is therefore copied at once. During a
//! burst, a background thread copies the newest record at intervals, and the last one at the end.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use runtime::file_lock::FileLock;
use runtime::lock::{LOCK_TIMEOUT, Renewable};
use runtime::{background, fork};
use uuid::Uuid;

use super::names::LATEST_NAME;
use super::write::{Durability, create_dir, write_whole};
use crate::failure::Failure;
use crate::files::open_ordinary;

/// Maximum time between the last copy and the next record of a burst.
const BURST_INTERVAL: Duration = Duration::from_millis(100);

/// Maximum time by which a record may be ahead of the clock. Records further ahead were written while a clock was
/// wrong.
const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::minutes(1);

/// The file `latest.json` of a directory.
#[derive(Debug)]
pub(super) struct LatestFile {
    dir: PathBuf,
    durability: Durability,
    state: Renewable<LatestState>,
    /// Held while this process copies a record.
    copying: Renewable<()>,
    /// True if every record is copied at once, because a later copy may never happen.
    is_unbuffered: AtomicBool,
    /// Number of failed attempts to replace the file.
    failed_attempts: AtomicU64,
}

#[derive(Debug, Default)]
struct LatestState {
    /// The newest record that has not been copied.
    pending: Option<PendingCopy>,
    last_copy: Option<Instant>,
    /// The generation of the process whose background thread will copy the pending record. The thread does not survive
    /// a fork.
    scheduled_in: Option<u64>,
}

#[derive(Clone, Debug)]
struct PendingCopy {
    order: RecordOrder,
    json: Arc<String>,
}

/// The key that orders records: the time in milliseconds, as in the file name, then the id.
pub(super) type RecordOrder = (i64, Option<Uuid>);

pub(super) fn record_order(failure: &Failure) -> RecordOrder {
    (failure.timestamp.timestamp_millis(), failure.context.id)
}

impl LatestFile {
    pub(super) fn new(dir: &Path, durability: Durability) -> Self {
        LatestFile {
            dir: dir.to_owned(),
            durability,
            state: Renewable::default(),
            copying: Renewable::default(),
            is_unbuffered: AtomicBool::new(false),
            failed_attempts: AtomicU64::new(0),
        }
    }

    /// Adds a written record, and copies it if no burst is in progress.
    ///
    /// The record itself is already written. The failing computation therefore does not wait if another process is
    /// replacing `latest.json` or if it cannot be written.
    pub(super) fn add(self: &Arc<Self>, order: RecordOrder, json: String) {
        let Some(is_in_burst) = self.add_pending(PendingCopy { order, json: Arc::new(json) }) else { return };
        let is_copied = !is_in_burst && matches!(self.copy(Duration::ZERO), Ok(true));
        if !is_copied && (self.is_unbuffered.load(Ordering::Relaxed) || !self.schedule()) {
            let _ = self.flush();
        }
    }

    /// Stores the pending record. Returns whether it belongs to a burst, or `None` if its copy is already scheduled.
    fn add_pending(&self, record: PendingCopy) -> Option<bool> {
        let mut state = self.state.lock()?;
        if state.pending.as_ref().is_none_or(|pending| pending.order <= record.order) {
            state.pending = Some(record);
        }
        if self.is_unbuffered.load(Ordering::Relaxed) {
            return Some(false);
        }
        if state.scheduled_in == Some(fork::generation()) {
            return None;
        }
        let is_in_burst = state.last_copy.is_some_and(|copied| copied.elapsed() < BURST_INTERVAL);
        if !is_in_burst {
            state.last_copy = Some(Instant::now());
        }
        Some(is_in_burst)
    }

    /// Schedules a background copy of the pending record. Returns true if the copy is scheduled.
    fn schedule(self: &Arc<Self>) -> bool {
        let Some(mut state) = self.state.lock() else { return false };
        let generation = fork::generation();
        if state.scheduled_in == Some(generation) {
            return true;
        }
        let latest = Arc::clone(self);
        let copy = background::run(move || {
            std::thread::sleep(BURST_INTERVAL);
            if let Some(mut state) = latest.state.lock() {
                state.scheduled_in = None;
                state.last_copy = Some(Instant::now());
            }
            let _ = latest.flush();
        });
        let is_scheduled = copy.is_ok();
        if is_scheduled {
            state.scheduled_in = Some(generation);
        }
        is_scheduled
    }

    /// Copies every later record at once, because the program is about to end.
    pub(super) fn end_buffering(&self) {
        self.is_unbuffered.store(true, Ordering::Relaxed);
    }

    /// Copies the pending record now. It waits for other threads and processes that are replacing the file, for at most
    /// one second in total.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.copy(LOCK_TIMEOUT).map(|_| ())
    }

    /// Number of failed attempts to replace the file.
    pub(super) fn failed_attempts(&self) -> u64 {
        self.failed_attempts.load(Ordering::Relaxed)
    }

    /// Copies the pending record. Returns true if no record is pending any more. If others hold the file beyond the
    /// timeout, it is replaced without the lock, unless the timeout is zero.
    fn copy(&self, timeout: Duration) -> io::Result<bool> {
        let started = Instant::now();
        let guard = self.copying.lock_within(timeout);
        if guard.is_none() && timeout.is_zero() {
            return Ok(false);
        }
        let Some(pending) = self.state.lock().and_then(|state| state.pending.clone()) else {
            return Ok(true);
        };
        let exclusive = self.lock_directory(timeout.saturating_sub(started.elapsed()));
        if matches!(exclusive, FileLock::Busy) && timeout.is_zero() {
            return Ok(false);
        }
        self.replace(&pending).inspect_err(|error| self.report(error))?;
        if let Some(mut state) = self.state.lock()
            && state.pending.as_ref().is_some_and(|newest| Arc::ptr_eq(&newest.json, &pending.json))
        {
            state.pending = None;
        }
        Ok(true)
    }

    fn replace(&self, pending: &PendingCopy) -> io::Result<()> {
        if self.current_order().is_some_and(|current| current > pending.order) {
            return Ok(());
        }
        let write = || write_whole(&self.dir, LATEST_NAME, pending.json.as_bytes(), self.durability).map(drop);
        match write() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => create_dir(&self.dir).and_then(|()| write()),
            result => result,
        }
    }

    /// Returns the order of the record that the file contains. A record from the future is ignored, because it would
    /// never be replaced.
    fn current_order(&self) -> Option<RecordOrder> {
        let current = Failure::from_path(self.dir.join(LATEST_NAME)).ok()?;
        (current.timestamp <= crate::time::now() + MAX_CLOCK_SKEW).then(|| record_order(&current))
    }

    /// Reports once why the file is out of date.
    fn report(&self, error: &io::Error) {
        if self.failed_attempts.fetch_add(1, Ordering::Relaxed) == 0 {
            runtime::stderr::print(format_args!(
                "tracing-failure: latest.json is out of date: {error}. The records themselves are written. Further cases \
                 are counted in Stats::latest_failed."
            ));
        }
    }

    /// Prevents other processes from replacing `latest.json`. On a file system without locks, an older copy may briefly
    /// replace a newer one.
    pub(super) fn lock_directory(&self, timeout: Duration) -> FileLock {
        let path = self.dir.join(".latest.lock");
        match open_ordinary(File::options().create(true).append(true), &path) {
            Ok(file) => FileLock::acquire(file, timeout),
            Err(_) => FileLock::Unsupported,
        }
    }
}

impl fork::Locks for LatestFile {
    fn are_free(&self) -> bool {
        self.state.is_free()
    }
}
