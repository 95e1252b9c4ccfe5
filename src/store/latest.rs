//! `latest.json`: a whole copy of the newest record, over all processes that write into the directory.
//!
//! Replacing a file costs three times what creating one does. So a record that comes alone is copied at once, and in a
//! burst a background thread copies the newest now and then, and the last one at the end.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use uuid::Uuid;

use super::Durability;
use super::write::write_whole;
use crate::failure::Failure;
use crate::sync::{PATIENCE, lock};

/// A record that follows the last copy sooner than this belongs to a burst.
const BURST: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Latest {
    dir: PathBuf,
    durability: Durability,
    state: Mutex<State>,
    /// One copy at a time in this process.
    copying: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// The newest record that is not copied yet.
    pending: Option<(Uuid, String)>,
    copied: Option<Instant>,
    /// The process whose background thread will copy what is pending: a fork leaves the thread behind.
    scheduled_in: Option<u32>,
}

impl Latest {
    pub(super) fn new(dir: &Path, durability: Durability) -> Self {
        Latest { dir: dir.to_owned(), durability, state: Mutex::default(), copying: Mutex::default() }
    }

    /// Takes note of a record that was written.
    ///
    /// The record itself is safe: where another process is at `latest.json`, or it cannot be written, who failed does not
    /// wait for the copy.
    pub(super) fn written(self: &Arc<Self>, id: Uuid, json: String) {
        let Some(in_burst) = self.note(id, json) else { return };
        let copied = !in_burst && matches!(self.copy(Duration::ZERO), Ok(true));
        if !copied && !self.schedule() {
            let _ = self.flush();
        }
    }

    /// Whether the record belongs to a burst; `None` where its copy is arranged for.
    fn note(&self, id: Uuid, json: String) -> Option<bool> {
        let mut state = lock(&self.state)?;
        if state.pending.as_ref().is_none_or(|(pending, _)| *pending < id) {
            state.pending = Some((id, json));
        }
        if state.scheduled_in == Some(std::process::id()) {
            return None;
        }
        let in_burst = state.copied.is_some_and(|copied| copied.elapsed() < BURST);
        if !in_burst {
            state.copied = Some(Instant::now());
        }
        Some(in_burst)
    }

    /// Copies what is pending in a while, in the background; says whether that is arranged.
    fn schedule(self: &Arc<Self>) -> bool {
        let Some(mut state) = lock(&self.state) else { return false };
        let pid = std::process::id();
        if state.scheduled_in == Some(pid) {
            return true;
        }
        let latest = Arc::clone(self);
        let copy = move || {
            std::thread::sleep(BURST);
            if let Some(mut state) = lock(&latest.state) {
                state.scheduled_in = None;
                state.copied = Some(Instant::now());
            }
            let _ = latest.flush();
        };
        let spawned = std::thread::Builder::new().name("failure-latest".to_owned()).spawn(copy).is_ok();
        if spawned {
            state.scheduled_in = Some(pid);
        }
        spawned
    }

    /// Copies what is pending now.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.copy(PATIENCE).map(|_| ())
    }

    /// Copies what is pending; says whether nothing is pending any more. Another process that is at the file is waited
    /// for so long, and then taken for stopped, unless it is not waited for at all.
    fn copy(&self, patience: Duration) -> io::Result<bool> {
        let _one = lock(&self.copying);
        let Some((id, json)) = lock(&self.state).and_then(|mut state| state.pending.take()) else {
            return Ok(true);
        };
        let locked = self.lock_directory(patience);
        let copied = match locked {
            None if patience.is_zero() => Ok(false),
            _ => self.replace(id, &json).map(|()| true),
        };
        if !matches!(copied, Ok(true))
            && let Some(mut state) = lock(&self.state)
        {
            state.pending.get_or_insert((id, json));
        }
        copied
    }

    fn replace(&self, id: Uuid, json: &str) -> io::Result<()> {
        let path = self.dir.join("latest.json");
        if Failure::from_path(&path).is_ok_and(|latest| is_newer(&latest, id)) {
            return Ok(());
        }
        write_whole(&self.dir, "latest.json", &format!("latest.{id}"), json.as_bytes(), self.durability).map(|_| ())
    }

    /// Keeps other processes from replacing `latest.json` until the file is dropped. The lock belongs to the open
    /// file: it ends with the process, however that ends. Where it cannot be had, the worst is an older copy.
    fn lock_directory(&self, patience: Duration) -> Option<File> {
        let file = File::options().create(true).append(true).open(self.dir.join(".latest.lock")).ok()?;
        let started = Instant::now();
        while let Err(std::fs::TryLockError::WouldBlock) = file.try_lock() {
            if started.elapsed() >= patience {
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Some(file)
    }
}

/// Whether a record is newer than the one of this id. One from the future is not: a clock was wrong, and it would stay
/// for ever.
fn is_newer(record: &Failure, id: Uuid) -> bool {
    record.context.id > Some(id) && record.timestamp <= Utc::now() + TimeDelta::minutes(1)
}
