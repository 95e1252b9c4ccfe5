//! Writes messages of the recorder, and records that the store cannot write, to standard error.
//!
//! A write never panics and never takes longer than a second. `eprintln!` in a panic hook would abort the process if
//! standard error is closed. It would also wait for the lock of `std::io::stderr`, which a fork or a blocked thread can
//! leave locked, and for a pipe without a reader.

use std::fmt::Arguments;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use text::visible;

#[cfg(not(unix))]
use plain as channel;
#[cfg(unix)]
use unix as channel;

/// Writes a message. It escapes control characters, because the message may contain texts of a failure.
///
/// ```
/// tracing_failure_runtime::stderr::print(format_args!("the computation {:?} failed", "rg_flow"));
/// ```
pub fn print(text: Arguments<'_>) {
    // One write: lines of several processes do not run into each other.
    let _ = try_line(visible(&format!("{text}\n")).into_owned());
}

/// Writes complete lines. Fails if they cannot be written completely within a second.
///
/// ```
/// tracing_failure_runtime::stderr::try_line("a line\n".to_owned())?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn try_line(lines: String) -> io::Result<()> {
    channel::write(lines, None)
}

/// Replaces the status line of a terminal, which stays below all lines that this module writes. An empty text removes
/// it. The text is one line without control characters, shorter than the terminal is wide.
///
/// ```
/// use tracing_failure_runtime::stderr::{set_status, try_line};
///
/// set_status("1 of 2 runs".to_owned())?;
/// try_line("a message\n".to_owned())?; // the status line moves below it
/// set_status(String::new())?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn set_status(status: String) -> io::Result<()> {
    if HIDING.load(Ordering::Relaxed) > 0 && !status.is_empty() {
        return Ok(());
    }
    IS_SHOWN.store(!status.is_empty(), Ordering::Relaxed);
    channel::write(String::new(), Some(status))
}

/// True while there may be a status line.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

/// The number of [`HiddenStatus`] values.
static HIDING: AtomicUsize = AtomicUsize::new(0);

/// Hides the status line while other code writes to standard error.
///
/// ```
/// let _hidden = tracing_failure_runtime::stderr::HiddenStatus::new();
/// eprintln!("a line of the program");
/// ```
#[derive(Debug)]
pub struct HiddenStatus(());

impl HiddenStatus {
    /// Removes the status line. It stays hidden until the value is dropped and the status is set again.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "the value is a guard")]
    pub fn new() -> Self {
        HIDING.fetch_add(1, Ordering::Relaxed);
        if IS_SHOWN.load(Ordering::Relaxed) {
            let _ = set_status(String::new());
        }
        HiddenStatus(())
    }
}

impl Drop for HiddenStatus {
    fn drop(&mut self) {
        HIDING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns lines with what moves the status line below them.
fn around_status(lines: &str, shown: &str, next: &str) -> String {
    if shown.is_empty() {
        return format!("{lines}{next}");
    }
    // Spaces erase the old text on every terminal, also on one without escape sequences.
    let blank = " ".repeat(shown.chars().count());
    format!("\r{blank}\r{lines}{next}")
}

/// Returns a path as a user would type it: relative if it is below the working directory.
///
/// ```
/// let path = std::env::current_dir()?.join("io/failures");
/// assert_eq!(tracing_failure_runtime::stderr::relative_path(&path).to_string(), "io/failures");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn relative_path(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))).unwrap_or(path).display()
}

#[cfg(not(unix))]
mod plain {
    use std::io::{self, Write};
    use std::sync::{Mutex, PoisonError};

    use super::around_status;

    static STATUS: Mutex<String> = Mutex::new(String::new());

    pub(super) fn write(lines: String, status: Option<String>) -> io::Result<()> {
        let mut shown = STATUS.lock().unwrap_or_else(PoisonError::into_inner);
        let next = status.unwrap_or_else(|| shown.clone());
        let mut stderr = std::io::stderr().lock();
        stderr.write_all(around_status(&lines, &shown, &next).as_bytes())?;
        *shown = next;
        stderr.flush()
    }
}

#[cfg(unix)]
mod unix {
    use std::io::{self, ErrorKind};
    use std::os::fd::BorrowedFd;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{FileType, FlockOperation, OFlags, fcntl_getfl, fcntl_lock, fstat};

    use super::around_status;
    use crate::background;
    use crate::lock::{LOCK_TIMEOUT, Renewable};

    /// Maximum number of bytes that a pipe accepts in one piece, even with other writers (`PIPE_BUF` on Linux).
    const MAX_ATOMIC_BYTES: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

    /// Maximum time of a write after one that took too long. A pipe without a reader therefore costs a program only one
    /// second.
    const SLOW_TIMEOUT: Duration = Duration::from_millis(50);

    /// The state of standard error in this process.
    static CHANNEL: Renewable<Option<Channel>> = Renewable::none();

    #[derive(Debug, Default)]
    struct Channel {
        /// A write that exceeded its time. It may still be running.
        late: Option<Arc<WriteTask>>,
        /// True if the last write took too long. The next one waits only for [`SLOW_TIMEOUT`].
        is_slow: bool,
        /// True if the last line was cut. The next write then begins with a line break.
        is_cut: bool,
        /// The status line below the last line.
        status: String,
    }

    /// A write on a separate thread.
    #[derive(Debug)]
    struct WriteTask(AtomicU8);

    const RUNNING: u8 = 0;
    const WRITTEN: u8 = 1;
    const CUT: u8 = 2;
    const FAILED: u8 = 3;

    fn stderr() -> BorrowedFd<'static> {
        rustix::stdio::stderr()
    }

    pub(super) fn write(lines: String, status: Option<String>) -> io::Result<()> {
        let started = Instant::now();
        let mut channel = CHANNEL.lock_within(LOCK_TIMEOUT).ok_or(ErrorKind::TimedOut)?;
        let channel = channel.get_or_insert_default();
        let deadline = if channel.is_slow { Instant::now() + SLOW_TIMEOUT } else { started + LOCK_TIMEOUT };
        if let Some(late) = &channel.late {
            match late.0.load(Ordering::Acquire) {
                // While a write is blocked, the next one would block as well.
                RUNNING => return Err(ErrorKind::TimedOut.into()),
                state => channel.is_cut = state == CUT,
            }
            channel.late = None;
        }
        let next = status.unwrap_or_else(|| channel.status.clone());
        let mut lines = around_status(&lines, &channel.status, &next);
        if channel.is_cut {
            lines.insert(0, '\n');
        }
        let state = match mode()? {
            Mode::Immediate => write_until(&lines, deadline, false),
            Mode::Polled => write_until(&lines, deadline, true),
            Mode::Blocking => {
                let task = Arc::new(WriteTask(AtomicU8::new(RUNNING)));
                let state = write_on_thread(lines, deadline, &task);
                if state == RUNNING {
                    channel.late = Some(task);
                }
                state
            }
        };
        channel.is_slow = state != WRITTEN && Instant::now() >= deadline;
        match state {
            WRITTEN => {
                channel.is_cut = false;
                channel.status = next;
            }
            CUT => channel.is_cut = true,
            _ => {}
        }
        match state {
            WRITTEN => Ok(()),
            RUNNING => Err(ErrorKind::TimedOut.into()),
            _ => Err(ErrorKind::WriteZero.into()),
        }
    }

    /// The behaviour of a write.
    enum Mode {
        /// The write returns soon: a file, or a device such as `/dev/null`.
        Immediate,
        /// The write returns at once and may have to be repeated.
        Polled,
        /// The write can block until another process reads.
        Blocking,
    }

    fn mode() -> io::Result<Mode> {
        let kind = FileType::from_raw_mode(fstat(stderr())?.st_mode);
        let is_terminal = || std::io::IsTerminal::is_terminal(&stderr());
        Ok(match kind {
            FileType::RegularFile => Mode::Immediate,
            FileType::CharacterDevice if !is_terminal() => Mode::Immediate,
            _ if fcntl_getfl(stderr())?.contains(OFlags::NONBLOCK) => Mode::Polled,
            _ => Mode::Blocking,
        })
    }

    fn write_on_thread(lines: String, deadline: Instant, task: &Arc<WriteTask>) -> u8 {
        let caller = std::thread::current();
        let writing = Arc::clone(task);
        let started = background::run(move || {
            let state = write_until(&lines, deadline, true);
            writing.0.store(state, Ordering::Release);
            caller.unpark();
        });
        if started.is_err() {
            return FAILED;
        }
        loop {
            match (task.0.load(Ordering::Acquire), deadline.checked_duration_since(Instant::now())) {
                (RUNNING, Some(left)) if !left.is_zero() => std::thread::park_timeout(left),
                (state, _) => return state,
            }
        }
    }

    /// Writes lines without interruption by other processes, if possible.
    fn write_until(lines: &str, deadline: Instant, is_shared: bool) -> u8 {
        // Other processes could interrupt longer lines. Processes with this library exclude each other with a lock. The
        // lock belongs to the process, because the processes of a job share the open file itself.
        let is_exclusive = is_shared && lines.len() > MAX_ATOMIC_BYTES;
        if is_exclusive && !lock(deadline) {
            return FAILED;
        }
        let mut rest = lines.as_bytes();
        while !rest.is_empty() && wait_until_writable(deadline) {
            match rustix::io::write(stderr(), rest) {
                Ok(0) => break,
                Ok(count) => rest = &rest[count..],
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => std::thread::sleep(Duration::from_millis(1)),
                Err(_) => break,
            }
        }
        if is_exclusive {
            let _ = fcntl_lock(stderr(), FlockOperation::Unlock);
        }
        match rest.len() {
            0 => WRITTEN,
            left if left == lines.len() => FAILED,
            _ => CUT,
        }
    }

    /// Returns false if another process holds the lock for too long.
    fn lock(deadline: Instant) -> bool {
        loop {
            match fcntl_lock(stderr(), FlockOperation::NonBlockingLockExclusive) {
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => return false,
                // Without locks, lines may be interrupted.
                _ => return true,
            }
        }
    }

    fn wait_until_writable(deadline: Instant) -> bool {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = Timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos() as _ };
            let mut polled = [PollFd::from_borrowed_fd(stderr(), PollFlags::OUT)];
            match poll(&mut polled, Some(&timeout)) {
                Ok(0) => return false,
                Err(rustix::io::Errno::INTR) => {}
                // The write reports all other errors.
                _ => return true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_line_stays_below_all_lines() {
        assert_eq!(around_status("a line\n", "", ""), "a line\n");
        assert_eq!(around_status("", "", "1 of 2"), "1 of 2");
        assert_eq!(around_status("a line\n", "1 of 2", "1 of 2"), "\r      \ra line\n1 of 2");
        assert_eq!(around_status("", "10 of 20", "2 left"), "\r        \r2 left");
        assert_eq!(around_status("", "2 left", ""), "\r      \r");
    }
}
