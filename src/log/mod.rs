//! The runtime log: one JSON object a line, of events, and of computations when they close.

mod file;
mod filter;
mod line;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::Thread;
use std::time::Duration;

pub use file::Rotation;
pub use filter::FilterError;
pub(crate) use filter::LogFilter;
pub(crate) use line::{ComputationLine, EventLine, Outcome, failure_line, write_json};

use crate::sync::lock;
use file::LogFile;

/// How long a line may wait in memory. An ERROR line, a failure and a panic do not wait.
const DELAY: Duration = Duration::from_millis(200);
/// Bytes of lines that wait at most.
const BUFFER: usize = 64 << 10;
/// Bytes that are kept while the file cannot be written, before lines are lost.
const BACKLOG: usize = 1 << 20;

/// The log's files, and the lines on their way to them.
#[derive(Debug)]
pub(crate) struct RuntimeLog {
    filter: LogFilter,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    buffer: Mutex<Buffer>,
    written: AtomicU64,
    lost: AtomicU64,
    /// Whether lines go out at once: nobody may be there to flush them later.
    unbuffered: AtomicBool,
}

#[derive(Debug)]
struct Buffer {
    file: LogFile,
    lines: Vec<u8>,
    count: u64,
    /// The process that fills the buffer: a forked child must not write its parent's lines a second time.
    pid: u32,
    writer: Option<Thread>,
    /// Whether trouble with the file has been said.
    said: bool,
}

impl RuntimeLog {
    pub(crate) fn open(dir: &Path, session: &str, rotation: Rotation, filter: LogFilter) -> std::io::Result<Self> {
        let file = LogFile::open(dir, session, rotation)?;
        let pid = std::process::id();
        let buffer = Buffer { file, lines: Vec::new(), count: 0, pid, writer: None, said: false };
        let shared = Shared {
            buffer: Mutex::new(buffer),
            written: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            unbuffered: AtomicBool::new(false),
        };
        Ok(RuntimeLog { filter, shared: Arc::new(shared) })
    }

    pub(crate) fn filter(&self) -> &LogFilter {
        &self.filter
    }

    /// Takes a line, which ends with a newline.
    pub(crate) fn write(&self, line: Vec<u8>) {
        let Some(mut buffer) = lock(&self.shared.buffer) else {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        buffer.notice_fork();
        if buffer.lines.len() + line.len() > BACKLOG {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let was_empty = buffer.lines.is_empty();
        buffer.lines.extend_from_slice(&line);
        buffer.count += 1;
        if buffer.lines.len() >= BUFFER || self.shared.unbuffered.load(Ordering::Relaxed) {
            self.shared.write_out(&mut buffer);
        } else if was_empty {
            self.wake_writer(&mut buffer);
        }
    }

    /// Lines are written by a thread of their own, which sleeps while there are none.
    fn wake_writer(&self, buffer: &mut Buffer) {
        if buffer.writer.is_none() {
            let shared = Arc::downgrade(&self.shared);
            let spawned =
                std::thread::Builder::new().name("failure-log".to_owned()).spawn(move || write_later(&shared));
            buffer.writer = spawned.ok().map(|handle| handle.thread().clone());
        }
        match &buffer.writer {
            Some(writer) => writer.unpark(),
            None => self.shared.write_out(buffer),
        }
    }

    /// Writes what waits. Returns when it is with the operating system, or lost and counted.
    pub(crate) fn flush(&self) {
        if let Some(mut buffer) = lock(&self.shared.buffer) {
            buffer.notice_fork();
            self.shared.write_out(&mut buffer);
        }
    }

    /// Writes what waits, and every later line at once: the program is about to end, and a span that an error holds open
    /// closes after the last flush.
    pub(crate) fn end_buffering(&self) {
        self.shared.unbuffered.store(true, Ordering::Relaxed);
        self.flush();
        let waiting = lock(&self.shared.buffer).map_or(0, |buffer| buffer.count);
        let lost = self.lines_lost();
        if waiting + lost > 0 {
            crate::stderr::say(format_args!(
                "tracing-failure: {} lines of the runtime log could not be written",
                waiting + lost
            ));
        }
    }

    pub(crate) fn lines_written(&self) -> u64 {
        self.shared.written.load(Ordering::Relaxed)
    }

    pub(crate) fn lines_lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// The file that lines go to at present.
    pub(crate) fn path(&self) -> Option<std::path::PathBuf> {
        lock(&self.shared.buffer).map(|buffer| buffer.file.path().to_owned())
    }
}

/// What a log leaves behind goes out with it.
impl Drop for RuntimeLog {
    fn drop(&mut self) {
        self.flush();
        if let Some(writer) = lock(&self.shared.buffer).and_then(|buffer| buffer.writer.clone()) {
            writer.unpark();
        }
    }
}

fn write_later(shared: &Weak<Shared>) {
    loop {
        std::thread::park();
        std::thread::sleep(DELAY);
        let Some(shared) = shared.upgrade() else { return };
        if let Some(mut buffer) = lock(&shared.buffer) {
            shared.write_out(&mut buffer);
        }
    }
}

impl Shared {
    fn write_out(&self, buffer: &mut Buffer) {
        if buffer.lines.is_empty() {
            return;
        }
        match buffer.file.write(&mut buffer.lines) {
            Ok(()) => {
                self.written.fetch_add(std::mem::take(&mut buffer.count), Ordering::Relaxed);
                buffer.said = false;
            }
            Err(error) if !std::mem::replace(&mut buffer.said, true) => {
                crate::stderr::say(format_args!(
                    "tracing-failure: cannot write the runtime log {}: {error}; its last lines wait in memory",
                    buffer.file.path().display()
                ));
            }
            Err(_) => {}
        }
    }
}

impl Buffer {
    fn notice_fork(&mut self) {
        let pid = std::process::id();
        if pid != self.pid {
            self.pid = pid;
            self.lines.clear();
            self.count = 0;
            self.writer = None;
            self.file.start_another();
        }
    }
}
