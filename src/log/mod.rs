//! The runtime log: one JSON object a line, of events, and of computations when they close.

mod file;
mod filter;
mod line;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant, SystemTime};

pub use file::Rotation;
pub use filter::FilterError;
pub(crate) use filter::LogFilter;
pub(crate) use line::{
    ComputationLine, EventLine, LOG_FIELDS, write_failure, write_json, write_line, write_name, write_span,
};

use crate::sync::lock;
use file::{LogFile, Place};

/// How long a line may wait in memory. An ERROR line, a failure and a panic do not wait.
const DELAY: Duration = Duration::from_millis(200);
/// Bytes of lines that need not wait any longer.
const BUFFER: usize = 64 << 10;
/// Bytes that may wait before whoever logs helps to write them, and is lost for where they cannot be written.
const BACKLOG: usize = 1 << 20;
/// No process is forked and running in less.
const FORK: Duration = Duration::from_micros(2);

/// The log's files, and the lines on their way to them.
#[derive(Debug)]
pub(crate) struct RuntimeLog {
    filter: LogFilter,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    written: AtomicU64,
    lost: AtomicU64,
    /// Whether lines go out at once: nobody may be there to flush them later.
    unbuffered: AtomicBool,
}

/// Lines that nobody is writing yet.
#[derive(Debug)]
struct Waiting {
    lines: Vec<u8>,
    count: u64,
    /// When the last of them came.
    last: SystemTime,
    /// The process that they belong to.
    pid: u32,
    writer: Option<Thread>,
    out: Arc<Mutex<Out>>,
    place: Place,
}

/// Lines that are being written. Whoever writes them holds up nobody who logs.
#[derive(Debug)]
struct Out {
    file: LogFile,
    lines: Vec<u8>,
    count: u64,
    /// Whether trouble with the file has been said.
    said: bool,
}

impl RuntimeLog {
    /// A log whose first file is there at once.
    pub(crate) fn open(dir: &Path, session: &str, rotation: Rotation, filter: LogFilter) -> std::io::Result<Self> {
        let place = Place::new(dir, session, rotation)?;
        let file = LogFile::open(place.clone())?;
        Ok(Self::into(file, place, filter))
    }

    /// A log whose first file comes with its first line: most of those who have a logger never write one.
    pub(crate) fn unopened(dir: &Path, session: &str, rotation: Rotation, filter: LogFilter) -> std::io::Result<Self> {
        let place = Place::new(dir, session, rotation)?;
        Ok(Self::into(LogFile::unopened(place.clone()), place, filter))
    }

    fn into(file: LogFile, place: Place, filter: LogFilter) -> Self {
        let waiting = Waiting {
            lines: Vec::new(),
            count: 0,
            last: SystemTime::UNIX_EPOCH,
            pid: std::process::id(),
            writer: None,
            out: Out::into(file),
            place,
        };
        let shared = Shared {
            waiting: Mutex::new(waiting),
            written: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            unbuffered: AtomicBool::new(false),
        };
        RuntimeLog { filter, shared: Arc::new(shared) }
    }

    pub(crate) fn filter(&self) -> &LogFilter {
        &self.filter
    }

    /// Takes a line, which ends with a newline.
    pub(crate) fn write(&self, line: &[u8], at: SystemTime) {
        let shared = &self.shared;
        let Some(full) = shared.wait(line, at) else { return self.lose() };
        if full {
            // The lines come faster than they can be written: whoever logs has to wait.
            shared.write_out();
            if shared.wait(line, at) != Some(false) {
                return self.lose();
            }
        }
        if shared.unbuffered.load(Ordering::Relaxed) {
            shared.write_out();
        }
    }

    fn lose(&self) {
        self.shared.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes what waits. Returns when it is with the operating system, or lost and counted.
    pub(crate) fn flush(&self) {
        self.shared.write_out();
    }

    /// Writes what waits, and every later line at once: the program is about to end, and a span that an error holds open
    /// closes after the last flush.
    pub(crate) fn end_buffering(&self) {
        self.shared.unbuffered.store(true, Ordering::Relaxed);
        self.flush();
        let unwritten = self.shared.unwritten() + self.lines_lost();
        if unwritten > 0 {
            crate::stderr::say(format_args!(
                "tracing-failure: {unwritten} lines of the runtime log could not be written"
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
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let out = self.shared.out()?;
        lock(&out).map(|out| out.file.path().to_owned())
    }
}

/// What a log leaves behind goes out with it.
impl Drop for RuntimeLog {
    fn drop(&mut self) {
        self.flush();
        if let Some(writer) = lock(&self.shared.waiting).and_then(|waiting| waiting.writer.clone()) {
            writer.unpark();
        }
    }
}

/// Lines are written by a thread of their own, which sleeps while there are none.
fn write_later(shared: &Weak<Shared>) {
    loop {
        std::thread::park();
        let woken = Instant::now();
        while let Some(left) = DELAY.checked_sub(woken.elapsed())
            && shared.upgrade().is_some_and(|shared| shared.are_few_waiting())
        {
            std::thread::park_timeout(left);
        }
        let Some(shared) = shared.upgrade() else { return };
        shared.write_out();
    }
}

impl Shared {
    /// Lets a line wait, unless too much waits already: it says so. `None` where it cannot be told.
    fn wait(self: &Arc<Self>, line: &[u8], at: SystemTime) -> Option<bool> {
        let mut waiting = lock(&self.waiting)?;
        waiting.notice_fork(at);
        let before = waiting.lines.len();
        let after = before + line.len();
        if after > BACKLOG {
            return Some(true);
        }
        waiting.lines.extend_from_slice(line);
        waiting.count += 1;
        if (before == 0 || (before < BUFFER && after >= BUFFER)) && !self.wake_writer(&mut waiting) {
            drop(waiting);
            self.write_out();
        }
        Some(false)
    }

    /// Whether there is a thread that will write.
    fn wake_writer(self: &Arc<Self>, waiting: &mut Waiting) -> bool {
        if waiting.writer.is_none() {
            let shared = Arc::downgrade(self);
            let spawned =
                std::thread::Builder::new().name("failure-log".to_owned()).spawn(move || write_later(&shared));
            waiting.writer = spawned.ok().map(|handle| handle.thread().clone());
        }
        waiting.writer.as_ref().map(Thread::unpark).is_some()
    }

    fn are_few_waiting(&self) -> bool {
        lock(&self.waiting).is_none_or(|waiting| waiting.lines.len() < BUFFER)
    }

    fn out(&self) -> Option<Arc<Mutex<Out>>> {
        let mut waiting = lock(&self.waiting)?;
        waiting.notice_fork(SystemTime::UNIX_EPOCH);
        Some(Arc::clone(&waiting.out))
    }

    /// Lines that are not with the operating system.
    fn unwritten(&self) -> u64 {
        let waiting = lock(&self.waiting).map_or(0, |waiting| waiting.count);
        waiting + self.out().and_then(|out| Some(lock(&out)?.count)).unwrap_or_default()
    }

    /// Writes what waits, after what could not be written before.
    fn write_out(&self) {
        let Some(out) = self.out() else { return };
        let Some(mut out) = lock(&out) else { return };
        while out.write(&self.written) {
            let Some(mut waiting) = lock(&self.waiting) else { return };
            if waiting.lines.is_empty() {
                return;
            }
            std::mem::swap(&mut out.lines, &mut waiting.lines);
            out.count = std::mem::take(&mut waiting.count);
        }
    }
}

impl Waiting {
    /// A forked child leaves to its parent what waits, and the file: it must not be written twice.
    fn notice_fork(&mut self, at: SystemTime) {
        let at_once = at.duration_since(self.last).is_ok_and(|since| since < FORK);
        self.last = at;
        if at_once {
            return;
        }
        let pid = std::process::id();
        if pid != self.pid {
            self.pid = pid;
            self.lines.clear();
            self.count = 0;
            self.writer = None;
            // The lock of the parent's may be held by a thread that is not here.
            self.out = Out::into(LogFile::unopened(self.place.clone()));
        }
    }
}

impl Out {
    fn into(file: LogFile) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Out { file, lines: Vec::new(), count: 0, said: false }))
    }

    /// Whether everything is written.
    fn write(&mut self, written: &AtomicU64) -> bool {
        if self.lines.is_empty() {
            return true;
        }
        match self.file.write(&mut self.lines) {
            Ok(()) => {
                written.fetch_add(std::mem::take(&mut self.count), Ordering::Relaxed);
                self.said = false;
                true
            }
            Err(error) => {
                if !std::mem::replace(&mut self.said, true) {
                    crate::stderr::say(format_args!(
                        "tracing-failure: cannot write the runtime log {}: {error}; its last lines wait in memory",
                        self.file.path().display()
                    ));
                }
                false
            }
        }
    }
}
