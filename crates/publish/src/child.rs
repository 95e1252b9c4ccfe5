//! Runs a process with a deadline, terminates it with its children, and reads its output without a deadlock.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::waiting::wait_until;
use crate::watchdog::Watchdog;
use runtime::background;
use runtime::lock::lock;

/// Maximum size of the standard output. A process that writes more fails.
const MAX_STDOUT_BYTES: usize = 256 << 20;
/// Maximum size of the standard error that is read.
const MAX_STDERR_BYTES: usize = 64 << 10;

/// Interval between two checks of the limit.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Maximum time to wait for the end of stderr after the process has exited. A background process may keep it open.
const STDERR_GRACE: Duration = Duration::from_millis(250);

/// Maximum time between SIGTERM and SIGKILL.
#[cfg(unix)]
const TERMINATION_GRACE: Duration = Duration::from_millis(500);

/// Maximum time to wait for a killed process. A process that hangs in the kernel is abandoned.
const KILL_TIMEOUT: Duration = Duration::from_secs(1);

/// The status and the output of a process.
pub(crate) struct ProcessOutput {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// The limit of a run: a deadline and a flag that cancels it.
pub(crate) struct RunLimit<'a> {
    pub(crate) watchdog: &'a Watchdog,
    pub(crate) deadline: Instant,
    pub(crate) cancelled: &'a AtomicBool,
}

impl RunLimit<'_> {
    fn is_over(&self) -> bool {
        Instant::now() >= self.deadline || self.cancelled.load(Ordering::Relaxed)
    }
}

/// Runs the command. Returns `None` if the limit was exceeded and the process was terminated.
///
/// # Errors
///
/// Fails if the process cannot be started, or if it writes too much.
pub(crate) fn run(command: &mut Command, input: Vec<u8>, limit: &RunLimit<'_>) -> io::Result<Option<ProcessOutput>> {
    set_process_group(command);
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    let mut child = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let _watch = limit.watchdog.watch(child.id());
    let exited = supervise(&mut child, input, limit);
    if !matches!(exited, Ok(Some(_))) {
        terminate(&mut child);
    }
    exited
}

fn supervise(child: &mut Child, input: Vec<u8>, limit: &RunLimit<'_>) -> io::Result<Option<ProcessOutput>> {
    if let Some(mut stdin) = child.stdin.take() {
        // A process that does not read all its input reports the reason itself.
        background::run(move || drop(stdin.write_all(&input)))?;
    }
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("the output of git cannot be read"));
    };
    let stdout = PipeReader::of(stdout, MAX_STDOUT_BYTES)?;
    let stderr = PipeReader::of(stderr, MAX_STDERR_BYTES)?;
    while !stdout.ends_within(POLL_INTERVAL) {
        if limit.is_over() {
            return Ok(None);
        }
    }
    let Some(status) = wait_until(child, || limit.is_over())? else { return Ok(None) };
    // A shared ssh connection stays in the background and keeps stderr open.
    stderr.ends_within(STDERR_GRACE);
    let (stdout, stderr) = (stdout.take(), stderr.take());
    if stdout.len() == MAX_STDOUT_BYTES {
        return Err(io::Error::other("the output of git is too large"));
    }
    Ok(Some(ProcessOutput { status, stdout, stderr }))
}

/// The output of a pipe, read by a thread that may outlive this value.
struct PipeReader {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: Receiver<()>,
}

impl PipeReader {
    fn of(mut pipe: impl Read + Send + 'static, max_bytes: usize) -> io::Result<Self> {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (end, ended) = channel();
        let shared = Arc::clone(&bytes);
        background::run(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(length @ 1..) = retry(|| pipe.read(&mut buffer)) {
                let Some(mut shared) = lock(&shared) else { break };
                let room = max_bytes - shared.len();
                shared.extend_from_slice(&buffer[..length.min(room)]);
            }
            let _ = end.send(());
        })?;
        Ok(PipeReader { bytes, ended })
    }

    fn ends_within(&self, time: Duration) -> bool {
        self.ended.recv_timeout(time) != Err(RecvTimeoutError::Timeout)
    }

    fn take(&self) -> Vec<u8> {
        lock(&self.bytes).map(|mut bytes| std::mem::take(&mut *bytes)).unwrap_or_default()
    }
}

fn retry(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(unix)]
fn set_process_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

/// Terminates the process group. SIGTERM lets git remove its lock files; SIGKILL follows.
#[cfg(unix)]
fn terminate(child: &mut Child) {
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
    let group = Pid::from_child(child);
    let _ = kill_process_group(group, Signal::TERM);
    // The leader of the group is not reaped yet, so no other process can have its id.
    let has_exited = || {
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(group), how), Ok(None))
    };
    let deadline = Instant::now() + TERMINATION_GRACE;
    while !has_exited() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = kill_process_group(group, Signal::KILL);
    let deadline = Instant::now() + KILL_TIMEOUT;
    let _ = wait_until(child, || Instant::now() >= deadline);
}

#[cfg(not(unix))]
fn set_process_group(_: &mut Command) {}

#[cfg(not(unix))]
fn terminate(child: &mut Child) {
    let _ = child.kill();
    let deadline = Instant::now() + KILL_TIMEOUT;
    let _ = wait_until(child, || Instant::now() >= deadline);
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    static CANCELLED: AtomicBool = AtomicBool::new(false);

    fn sh(script: &str, input: Vec<u8>, timeout: Duration) -> Option<ProcessOutput> {
        let watchdog = Watchdog::default();
        let limit = RunLimit { deadline: Instant::now() + timeout, cancelled: &CANCELLED, watchdog: &watchdog };
        run(Command::new("sh").args(["-c", script]), input, &limit).unwrap()
    }

    #[test]
    fn much_input_and_output_at_once() {
        let input = vec![b'x'; 1 << 20];
        let script = "cat; cat /dev/zero | head -c 200000 >&2; exit 3";
        let ended = sh(script, input.clone(), Duration::from_secs(60)).unwrap();
        assert_eq!((ended.status.code(), ended.stdout == input), (Some(3), true));
        assert_eq!(ended.stderr.len(), MAX_STDERR_BYTES);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_whole_group_is_terminated() {
        let dir = tempfile::tempdir().unwrap();
        let pids = dir.path().join("pids");
        let script = format!("trap '' TERM; sleep 1000 & echo $! $$ > '{}'; wait; wait", pids.display());
        assert!(sh(&script, Vec::new(), Duration::from_millis(300)).is_none());
        let pids = std::fs::read_to_string(pids).unwrap();
        assert_eq!(pids.split_whitespace().count(), 2);
        for pid in pids.split_whitespace() {
            let has_exited = || {
                let state = std::fs::read_to_string(format!("/proc/{pid}/stat"));
                state.map_or(true, |state| state.contains(") Z ") || state.contains(") X "))
            };
            // The system delivers the signal after a moment.
            let started = Instant::now();
            while !has_exited() {
                assert!(started.elapsed() < Duration::from_secs(20), "{pid} still runs");
                std::thread::yield_now();
            }
        }
    }

    #[test]
    fn a_background_process_is_not_waited_for() {
        let ended = sh("sleep 1000 >/dev/null & echo $!", Vec::new(), Duration::from_secs(60)).unwrap();
        let pid = String::from_utf8(ended.stdout).unwrap();
        assert!(Command::new("kill").arg(pid.trim()).status().unwrap().success());
    }
}
