//! Buffers the lines of a series of log files and writes them on a background thread.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crate::log::file::{LogFile, LogLocation};
use runtime::background;
use runtime::fork::{self, Locks};
use runtime::lock::{LockGuard, Mutex, Renewable};

/// Maximum time that a line waits in memory. ERROR lines, failures and panics are written at once.
const FLUSH_INTERVAL: Duration = Duration::from_millis(200);
/// Number of bytes at which waiting lines are written without delay.
const FLUSH_BYTES: usize = 64 << 10;
/// Number of waiting bytes at which logging threads write lines themselves. If writing fails, further lines are lost.
const MAX_WAITING_BYTES: usize = 1 << 20;

/// The files of a series, and the lines that wait for them.
#[derive(Debug)]
pub(super) struct LogWriter {
    shared: Arc<LogState>,
}

#[derive(Debug)]
struct LogState {
    waiting: Renewable<LogQueue>,
    location: LogLocation,
    written: AtomicU64,
    lost: AtomicU64,
    /// True if lines are written at once, because no thread may be left to flush them.
    is_unbuffered: AtomicBool,
}

/// Lines that no thread writes yet.
#[derive(Debug, Default)]
struct LogQueue {
    lines: Vec<u8>,
    count: u64,
    /// The generation of the process to which the lines belong.
    generation: u64,
    writer: Option<Thread>,
    /// The file; `None` until the first line of this process.
    out: Option<Arc<Mutex<Output>>>,
}

/// The result of adding a line to the waiting ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Enqueue {
    Queued,
    /// Too many bytes are waiting already.
    Full,
    /// Another thread of the parent held the lock when this process was forked.
    Unavailable,
}

/// Lines that a thread is writing. Other threads can log meanwhile.
#[derive(Debug)]
struct Output {
    file: LogFile,
    lines: Vec<u8>,
    count: u64,
    /// True if a write error has been reported.
    has_reported_error: bool,
}

impl LogWriter {
    /// Creates a writer and its first file.
    pub(super) fn open(location: LogLocation) -> std::io::Result<Self> {
        Ok(Self::with_file(LogFile::open(location.clone())?, location))
    }

    /// Creates a writer whose first file is created with the first line.
    pub(super) fn unopened(location: LogLocation) -> Self {
        Self::with_file(LogFile::unopened(location.clone()), location)
    }

    fn with_file(file: LogFile, location: LogLocation) -> Self {
        let shared = LogState {
            waiting: Renewable::default(),
            location,
            written: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            is_unbuffered: AtomicBool::new(false),
        };
        if let Some(mut waiting) = shared.waiting.lock() {
            (waiting.generation, waiting.out) = (fork::generation(), Some(Output::shared(file)));
        }
        let shared = Arc::new(shared);
        fork::register(Arc::downgrade(&shared) as _);
        LogWriter { shared }
    }

    /// Adds a line, which ends with a newline.
    pub(super) fn write(&self, line: &[u8]) {
        let shared = &self.shared;
        let mut result = shared.enqueue(line);
        if result == Enqueue::Full {
            // Lines arrive faster than they can be written, so the logging thread has to wait.
            shared.write_waiting();
            result = shared.enqueue(line);
        }
        if result != Enqueue::Queued {
            return self.count_lost_line();
        }
        if shared.is_unbuffered.load(Ordering::Relaxed) {
            shared.write_waiting();
        }
    }

    fn count_lost_line(&self) {
        self.shared.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes the waiting lines. Afterwards they are with the operating system, or are lost and counted.
    pub(super) fn flush(&self) {
        fork::detect();
        self.shared.write_waiting();
    }

    /// Writes the waiting lines, and all later lines at once. Returns the number of lines that could not be written.
    pub(super) fn end_buffering(&self) -> u64 {
        self.shared.is_unbuffered.store(true, Ordering::Relaxed);
        self.flush();
        self.shared.unwritten() + self.lines_lost()
    }

    pub(super) fn lines_written(&self) -> u64 {
        self.shared.written.load(Ordering::Relaxed)
    }

    pub(super) fn lines_lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Returns the path of the current file, if this process has begun one.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let out = self.shared.out()?;
        let path = out.lock()?.file.path().to_owned();
        (!path.as_os_str().is_empty()).then_some(path)
    }
}

/// Writes the waiting lines.
impl Drop for LogWriter {
    fn drop(&mut self) {
        self.flush();
        if let Some(writer) = self.shared.waiting.lock().and_then(|waiting| waiting.writer.clone()) {
            writer.unpark();
        }
    }
}

/// Writes waiting lines on a separate thread, which sleeps while there are none.
fn run_writer(shared: &Weak<LogState>) {
    loop {
        std::thread::park();
        let woken = Instant::now();
        while let Some(left) = FLUSH_INTERVAL.checked_sub(woken.elapsed())
            && shared.upgrade().is_some_and(|shared| shared.is_below_flush_size())
        {
            std::thread::park_timeout(left);
        }
        let Some(shared) = shared.upgrade() else { return };
        shared.write_waiting();
    }
}

impl LogState {
    /// Adds a line to the waiting ones.
    fn enqueue(self: &Arc<Self>, line: &[u8]) -> Enqueue {
        let Some(mut waiting) = self.waiting() else { return Enqueue::Unavailable };
        let before = waiting.lines.len();
        let after = before + line.len();
        if after > MAX_WAITING_BYTES {
            return Enqueue::Full;
        }
        waiting.lines.extend_from_slice(line);
        waiting.count += 1;
        if (before == 0 || (before < FLUSH_BYTES && after >= FLUSH_BYTES)) && !self.wake_writer(&mut waiting) {
            drop(waiting);
            self.write_waiting();
        }
        Enqueue::Queued
    }

    /// Locks the waiting lines of this process. A forked child leaves the waiting lines and the file to its parent, so
    /// that nothing is written twice.
    fn waiting(&self) -> Option<LockGuard<'_, LogQueue>> {
        let mut waiting = self.waiting.lock()?;
        let generation = fork::generation();
        if waiting.generation != generation {
            *waiting = LogQueue { generation, ..LogQueue::default() };
        }
        Some(waiting)
    }

    /// Wakes or starts the writing thread. Returns true if there is one.
    fn wake_writer(self: &Arc<Self>, waiting: &mut LogQueue) -> bool {
        if waiting.writer.is_none() {
            let shared = Arc::downgrade(self);
            let write = move || run_writer(&shared);
            waiting.writer = background::spawn("failure-log", background::SMALL_STACK, write).ok();
        }
        waiting.writer.as_ref().map(Thread::unpark).is_some()
    }

    fn is_below_flush_size(&self) -> bool {
        self.waiting().is_none_or(|waiting| waiting.lines.len() < FLUSH_BYTES)
    }

    fn out(&self) -> Option<Arc<Mutex<Output>>> {
        let mut waiting = self.waiting()?;
        let out = waiting.out.get_or_insert_with(|| Output::shared(LogFile::unopened(self.location.clone())));
        Some(Arc::clone(out))
    }

    /// Returns the number of lines that the operating system has not accepted.
    fn unwritten(&self) -> u64 {
        let waiting = self.waiting().map_or(0, |waiting| waiting.count);
        waiting + self.out().and_then(|out| Some(out.lock()?.count)).unwrap_or_default()
    }

    /// Writes the waiting lines, after those that could not be written before.
    fn write_waiting(&self) {
        let Some(out) = self.out() else { return };
        let Some(mut out) = out.lock() else { return };
        while out.write(&self.written) {
            let Some(mut waiting) = self.waiting() else { return };
            if waiting.lines.is_empty() {
                return;
            }
            std::mem::swap(&mut out.lines, &mut waiting.lines);
            out.count = std::mem::take(&mut waiting.count);
        }
    }
}

impl Locks for LogState {
    fn are_free(&self) -> bool {
        // Writing a file may take longer than a fork waits for locks. A child opens its own file, so only this lock
        // matters.
        self.waiting.is_free()
    }
}

impl Output {
    fn shared(file: LogFile) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Output { file, lines: Vec::new(), count: 0, has_reported_error: false }))
    }

    /// Writes the lines. Returns true if all are written.
    fn write(&mut self, written: &AtomicU64) -> bool {
        if self.lines.is_empty() {
            return true;
        }
        match self.file.write(&mut self.lines) {
            Ok(()) => {
                written.fetch_add(std::mem::take(&mut self.count), Ordering::Relaxed);
                self.has_reported_error = false;
                true
            }
            Err(error) => {
                if !std::mem::replace(&mut self.has_reported_error, true) {
                    // A file that could not be created has no path. The error names its directory.
                    let path = self.file.path().display().to_string();
                    let file = if path.is_empty() { path } else { format!(" {path}") };
                    runtime::stderr::print(format_args!(
                        "tracing-failure: cannot write the runtime log{file}: {error}; its last lines are kept in memory"
                    ));
                }
                false
            }
        }
    }
}
