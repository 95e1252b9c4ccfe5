//! `latest.json`: a complete copy of the newest record, over all processes that write into the directory.
//!
//! Replacing a file costs three times what creating one does. So a record that comes alone is copied at once, and in a
//! burst a background thread copies the newest now and then, and the last one at the end.

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

use super::write::write_whole;
use super::{Durability, create_dir};
use crate::failure::Failure;
use crate::files::open_ordinary;

/// A record that follows the last copy sooner than this belongs to a burst.
const BURST_INTERVAL: Duration = Duration::from_millis(100);

/// A record that is further ahead of the clock was written while a clock was wrong.
const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::minutes(1);

#[derive(Debug)]
pub(super) struct Latest {
    dir: PathBuf,
    durability: Durability,
    state: Renewable<State>,
    /// One copy at a time in this process.
    copying: Renewable<()>,
    /// Whether every record is copied at once: nobody may be there to do so later.
    is_unbuffered: AtomicBool,
    /// Failed attempts to replace the file.
    failed_attempts: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// The newest record that is not copied yet.
    pending: Option<Pending>,
    last_copy: Option<Instant>,
    /// The generation of the process whose background thread will copy what is pending: a fork leaves the thread behind.
    scheduled_in: Option<u64>,
}

#[derive(Clone, Debug)]
struct Pending {
    order: RecordOrder,
    json: Arc<String>,
}

/// The order of a record in the order of all: by time as its name tells it, then by id.
pub(super) type RecordOrder = (i64, Option<Uuid>);

pub(super) fn record_order(failure: &Failure) -> RecordOrder {
    (failure.timestamp.timestamp_millis(), failure.context.id)
}

impl Latest {
    pub(super) fn new(dir: &Path, durability: Durability) -> Self {
        Latest {
            dir: dir.to_owned(),
            durability,
            state: Renewable::default(),
            copying: Renewable::default(),
            is_unbuffered: AtomicBool::new(false),
            failed_attempts: AtomicU64::new(0),
        }
    }

    /// Takes note of a record that was written.
    ///
    /// The record itself is safe: where another process is at `latest.json`, or it cannot be written, who failed does not
    /// wait for the copy.
    pub(super) fn add(self: &Arc<Self>, order: RecordOrder, json: String) {
        let Some(in_burst) = self.add_pending(Pending { order, json: Arc::new(json) }) else { return };
        let copied = !in_burst && matches!(self.copy(Duration::ZERO), Ok(true));
        if !copied && (self.is_unbuffered.load(Ordering::Relaxed) || !self.schedule()) {
            let _ = self.flush();
        }
    }

    /// Whether the record belongs to a burst; `None` where its copy is arranged for.
    fn add_pending(&self, record: Pending) -> Option<bool> {
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
        let in_burst = state.last_copy.is_some_and(|copied| copied.elapsed() < BURST_INTERVAL);
        if !in_burst {
            state.last_copy = Some(Instant::now());
        }
        Some(in_burst)
    }

    /// Copies what is pending in a while, in the background; says whether that is arranged.
    fn schedule(self: &Arc<Self>) -> bool {
        let Some(mut state) = self.state.lock() else { return false };
        let generation = fork::generation();
        if state.scheduled_in == Some(generation) {
            return true;
        }
        let latest = Arc::clone(self);
        let copy = move || {
            std::thread::sleep(BURST_INTERVAL);
            if let Some(mut state) = latest.state.lock() {
                state.scheduled_in = None;
                state.last_copy = Some(Instant::now());
            }
            let _ = latest.flush();
        };
        let spawned = background::run(copy).is_ok();
        if spawned {
            state.scheduled_in = Some(generation);
        }
        spawned
    }

    /// Copies what is pending, and every later record at once: the program is about to end.
    pub(super) fn end_buffering(&self) {
        self.is_unbuffered.store(true, Ordering::Relaxed);
    }

    /// Copies what is pending now. Another thread that copies, and another process that is at the file, are waited for, but
    /// not for longer than a second altogether.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.copy(LOCK_TIMEOUT).map(|_| ())
    }

    /// Failed attempts to replace the file.
    pub(super) fn failed_attempts(&self) -> u64 {
        self.failed_attempts.load(Ordering::Relaxed)
    }

    /// Copies what is pending; says whether nothing is pending any more. Where others are at the file for longer than the
    /// time that is given, it is replaced all the same, unless there was no time.
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

    fn replace(&self, pending: &Pending) -> io::Result<()> {
        if self.current_order().is_some_and(|current| current > pending.order) {
            return Ok(());
        }
        let write = || write_whole(&self.dir, "latest.json", pending.json.as_bytes(), self.durability).map(drop);
        match write() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => create_dir(&self.dir).and_then(|()| write()),
            result => result,
        }
    }

    /// The order of the record that the file holds now. One from the future has none: a clock was wrong, and it would stay
    /// for ever.
    fn current_order(&self) -> Option<RecordOrder> {
        let current = Failure::from_path(self.dir.join("latest.json")).ok()?;
        (current.timestamp <= crate::time::now() + MAX_CLOCK_SKEW).then(|| record_order(&current))
    }

    /// Says once why the file is out of date.
    fn report(&self, error: &io::Error) {
        if self.failed_attempts.fetch_add(1, Ordering::Relaxed) == 0 {
            runtime::stderr::say(format_args!(
                "tracing-failure: latest.json is out of date: {error}. The records themselves are written. Further cases \
                 are counted in Stats::latest_failed."
            ));
        }
    }

    /// Keeps other processes from replacing `latest.json`. Without locks, a copy may be older for a moment.
    pub(super) fn lock_directory(&self, timeout: Duration) -> FileLock {
        let path = self.dir.join(".latest.lock");
        match open_ordinary(File::options().create(true).append(true), &path) {
            Ok(file) => FileLock::acquire(file, timeout),
            Err(_) => FileLock::Unsupported,
        }
    }
}

impl fork::Locks for Latest {
    fn are_free(&self) -> bool {
        self.state.is_free()
    }
}
