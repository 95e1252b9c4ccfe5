//! Running jq filters in a separate process.
//!
//! A filter is a user's program: it can recurse or run forever, or exhaust the memory. A process cannot stop this in
//! its own threads. The command therefore starts itself as a worker, sends it one record at a time, and starts a new
//! worker when one dies.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Result, anyhow};

use super::filter::JqFilter;

/// The first argument of a worker process. The second one is the filter.
const WORKER_ARGUMENT: &str = "__filter";
/// Maximum run time of a filter for one record.
const FILTER_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum memory of a worker, which contains a record and the values that the filter computes.
#[cfg(unix)]
const MAX_WORKER_MEMORY: u64 = 4 << 30;
/// Exit code of a worker that exceeded `FILTER_TIMEOUT`.
const TIMEOUT_EXIT_CODE: u8 = 99;
/// Exit code of a Rust program that panics.
const PANIC_EXIT_CODE: i32 = 101;
/// Number of timeouts after which the filter is not tried again.
const MAX_TIMEOUTS: u32 = 3;
/// Number of worker crashes after which the filter is not tried again.
const MAX_CRASHES: u32 = 64;

const REPLY_PASS: u8 = 1;
const REPLY_FAIL: u8 = 0;
const REPLY_ERROR: u8 = 2;

/// A filter and the worker process that runs it.
pub(crate) struct Sandbox {
    code: String,
    state: RefCell<WorkerState>,
}

#[derive(Default)]
struct WorkerState {
    worker: Option<FilterProcess>,
    timeouts: u32,
    crashes: u32,
}

impl Sandbox {
    /// Creates a sandbox for a filter, without compiling the filter.
    pub(crate) fn new(code: &str) -> Self {
        Sandbox { code: code.to_owned(), state: RefCell::default() }
    }

    /// Checks that the filter compiles.
    ///
    /// # Errors
    ///
    /// Returns the position and reason of the first mistake.
    pub(crate) fn check(&self) -> Result<()> {
        // For an empty message, the worker only reports whether the filter compiles.
        self.ask(&[]).map(drop).map_err(|error| anyhow!("{error}"))
    }

    /// Returns whether the record passes, or why the filter failed.
    pub(crate) fn passes(&self, json: &[u8]) -> Result<bool, String> {
        self.ask(json)
    }

    fn ask(&self, json: &[u8]) -> Result<bool, String> {
        let mut state = self.state.borrow_mut();
        if state.timeouts == MAX_TIMEOUTS || state.crashes == MAX_CRASHES {
            return Err("not tried: the filter has failed too often".to_owned());
        }
        let mut worker = match state.worker.take() {
            Some(worker) => worker,
            None => {
                FilterProcess::start(&self.code).map_err(|error| format!("cannot start the filter process: {error}"))?
            }
        };
        match worker.ask(json) {
            Ok(reply) => {
                state.worker = Some(worker);
                reply
            }
            Err(_) => {
                let exit_reason = worker.exit_reason();
                match exit_reason {
                    WorkerExit::Timeout => state.timeouts += 1,
                    WorkerExit::Panic | WorkerExit::Crash => state.crashes += 1,
                }
                Err(exit_reason.to_string())
            }
        }
    }
}

/// The reason why a worker process ended.
enum WorkerExit {
    Timeout,
    Panic,
    Crash,
}

impl fmt::Display for WorkerExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkerExit::Timeout => write!(f, "the filter ran for more than {} s", FILTER_TIMEOUT.as_secs()),
            WorkerExit::Panic => f.write_str("the filter uses an unsupported feature, such as modules"),
            WorkerExit::Crash => f.write_str("the filter recurses too deeply or uses too much memory"),
        }
    }
}

struct FilterProcess {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl FilterProcess {
    fn start(code: &str) -> io::Result<Self> {
        let mut command = Command::new(this_program()?);
        command.args([WORKER_ARGUMENT, code]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or_else(|| io::Error::other("no pipe"))?;
        Ok(FilterProcess { child, input, output })
    }

    /// # Errors
    ///
    /// If the worker has died.
    fn ask(&mut self, json: &[u8]) -> io::Result<Result<bool, String>> {
        write_message(&mut self.input, json)?;
        let mut kind = [0];
        self.output.read_exact(&mut kind)?;
        Ok(match kind[0] {
            REPLY_ERROR => Err(String::from_utf8_lossy(&read_message(&mut self.output)?).into_owned()),
            kind => Ok(kind == REPLY_PASS),
        })
    }

    fn exit_reason(mut self) -> WorkerExit {
        match self.child.wait().ok().and_then(|status| status.code()) {
            Some(code) if code == i32::from(TIMEOUT_EXIT_CODE) => WorkerExit::Timeout,
            Some(PANIC_EXIT_CODE) => WorkerExit::Panic,
            _ => WorkerExit::Crash,
        }
    }
}

impl Drop for FilterProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path of this program. On Linux it is valid even if the file has been replaced.
fn this_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() }
}

fn write_message(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&(bytes.len() as u64).to_le_bytes())?;
    to.write_all(bytes)?;
    to.flush()
}

fn read_message(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let mut bytes = Vec::new();
    from.take(u64::from_le_bytes(length)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Runs the worker loop if this process is a worker.
pub(crate) fn run_worker() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != OsStr::new(WORKER_ARGUMENT) {
        return None;
    }
    let code = arguments.next()?;
    limit_memory();
    // An error means that the command has exited.
    let _ = answer_requests(&code.to_string_lossy());
    Some(ExitCode::SUCCESS)
}

/// Answers requests until the pipe closes.
fn answer_requests(code: &str) -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let timer = FilterTimer::start()?;
    // Parsing can also recurse without end.
    timer.begin();
    let filter = JqFilter::compile(code).map_err(|error| error.to_string());
    timer.end();
    loop {
        let json = read_message(&mut input)?;
        timer.begin();
        let answer = match &filter {
            Ok(_) if json.is_empty() => Ok(true),
            Ok(filter) => filter.passes(&json),
            Err(error) => Err(error.clone()),
        };
        timer.end();
        match answer {
            Ok(passes) => output.write_all(&[if passes { REPLY_PASS } else { REPLY_FAIL }])?,
            Err(error) => {
                output.write_all(&[REPLY_ERROR])?;
                write_message(&mut output, error.as_bytes())?;
            }
        }
        output.flush()?;
    }
}

/// Ends the process when a filter runs too long.
struct FilterTimer(mpsc::Sender<bool>);

impl FilterTimer {
    fn start() -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        std::thread::Builder::new().name("filter-timer".to_owned()).spawn(move || Self::run(&receiver))?;
        Ok(FilterTimer(sender))
    }

    fn run(receiver: &mpsc::Receiver<bool>) {
        let mut is_running = false;
        loop {
            let timeout = if is_running { FILTER_TIMEOUT } else { Duration::MAX };
            match receiver.recv_timeout(timeout) {
                Ok(state) => is_running = state,
                Err(RecvTimeoutError::Timeout) => std::process::exit(i32::from(TIMEOUT_EXIT_CODE)),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn begin(&self) {
        self.send(true);
    }

    fn end(&self) {
        self.send(false);
    }

    fn send(&self, is_running: bool) {
        let _ = self.0.send(is_running);
    }
}

/// Limits the memory of the worker, so that a filter cannot exhaust the machine's memory, and disables core dumps.
#[cfg(unix)]
fn limit_memory() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let set_limit = |resource, bytes: u64| {
        let maximum = getrlimit(resource).maximum;
        let bytes = maximum.map_or(bytes, |maximum| maximum.min(bytes));
        let _ = setrlimit(resource, Rlimit { current: Some(bytes), maximum });
    };
    set_limit(Resource::As, MAX_WORKER_MEMORY);
    set_limit(Resource::Core, 0);
}

#[cfg(not(unix))]
fn limit_memory() {}
