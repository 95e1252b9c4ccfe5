//! `latest.json`: a whole copy of the newest record, over all processes that write into the directory.
//!
//! Replacing a file costs three times what creating one does. So a record that comes alone is copied at once, and in a
//! burst a background thread copies the newest now and then, and the last one at the end.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

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
    pub(super) fn written(self: &Arc<Self>, id: Uuid, json: String) {
        let Some(mut state) = lock(&self.state) else { return };
        if state.pending.as_ref().is_none_or(|(pending, _)| *pending < id) {
            state.pending = Some((id, json));
        }
        let pid = std::process::id();
        if state.scheduled_in == Some(pid) {
            return;
        }
        let in_burst = state.copied.is_some_and(|copied| copied.elapsed() < BURST);
        if in_burst && self.schedule() {
            state.scheduled_in = Some(pid);
            return;
        }
        state.copied = Some(Instant::now());
        drop(state);
        // The record itself is safe; a copy that fails is tried again with the next record and at the flush.
        let _ = self.flush();
    }

    /// Copies what is pending once the burst has gone on for a while; says whether that is arranged.
    fn schedule(self: &Arc<Self>) -> bool {
        let latest = Arc::clone(self);
        let copy = move || {
            std::thread::sleep(BURST);
            if let Some(mut state) = lock(&latest.state) {
                state.scheduled_in = None;
                state.copied = Some(Instant::now());
            }
            let _ = latest.flush();
        };
        std::thread::Builder::new().name("failure-latest".to_owned()).spawn(copy).is_ok()
    }

    /// Copies what is pending now.
    pub(super) fn flush(&self) -> io::Result<()> {
        let _one = lock(&self.copying);
        let Some((id, json)) = lock(&self.state).and_then(|mut state| state.pending.take()) else {
            return Ok(());
        };
        let copied = self.replace(id, &json);
        if copied.is_err()
            && let Some(mut state) = lock(&self.state)
        {
            state.pending.get_or_insert((id, json));
        }
        copied
    }

    fn replace(&self, id: Uuid, json: &str) -> io::Result<()> {
        let _locked = self.lock_directory();
        let path = self.dir.join("latest.json");
        let newer = Failure::from_path(&path).is_ok_and(|latest| latest.context.id > Some(id));
        if newer {
            return Ok(());
        }
        write_whole(&path, &format!("latest.{id}"), json.as_bytes(), self.durability)
    }

    /// Keeps other processes from replacing `latest.json` until the file is dropped. The lock belongs to the open
    /// file: it ends with the process, however that ends. Where it cannot be had, the worst is an older copy.
    fn lock_directory(&self) -> Option<File> {
        let file = File::options().create(true).append(true).open(self.dir.join(".latest.lock")).ok()?;
        let started = Instant::now();
        while let Err(std::fs::TryLockError::WouldBlock) = file.try_lock() {
            if started.elapsed() > PATIENCE {
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Some(file)
    }
}
