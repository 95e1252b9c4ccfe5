//! Room to work where a recursion without end has used up the stack.

use std::cell::Cell;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// Bytes of such a stack: some, and more for each level that Python allows. What is not used takes no memory.
const BASE_BYTES: usize = 64 << 20;
const BYTES_PER_LEVEL: usize = 16 << 10;
const MAX_BYTES: usize = 1 << 30;
/// Where memory is limited.
const MIN_BYTES: usize = 2 << 20;

/// How long it is waited for: code of the user may want a lock there that this thread holds.
const RESULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Threads that are such stacks; below zero for a moment, where one is done before it is counted.
static OPEN_STACKS: AtomicIsize = AtomicIsize::new(0);

thread_local! {
    /// The thread that this one is the other stack of.
    static STACK_OWNER: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The thread whose stack is full, by its `threading.get_ident()`, where this is another stack for it.
#[pyfunction]
pub(crate) fn stack_owner() -> Option<u64> {
    STACK_OWNER.get()
}

/// Called at the end of the interpreter, which ends threads that are in the middle of something badly.
#[pyfunction]
pub(crate) fn wait_for_stacks(py: Python<'_>) {
    py.detach(|| {
        let started = Instant::now();
        while OPEN_STACKS.load(Ordering::Relaxed) > 0 && started.elapsed() < RESULT_TIMEOUT {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// In a process that was forked off there are none.
pub(crate) fn forget_stacks() {
    OPEN_STACKS.store(0, Ordering::Relaxed);
}

/// Calls a function on a thread of its own, and waits for it, but not for ever. Where that cannot be, stderr says so: who calls this has no room
/// for an exception.
#[pyfunction]
pub(crate) fn call_on_new_stack(function: Bound<'_, PyAny>, arguments: Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
    let py = function.py();
    if STACK_OWNER.get().is_some() {
        return Ok(report_lost(py, "and so is the other one"));
    }
    let levels = from_module(py, "sys", "getrecursionlimit").unwrap_or(1000);
    let this = from_module(py, "_thread", "get_ident").unwrap_or(0);
    let bytes = usize::try_from(levels)
        .unwrap_or(MAX_BYTES)
        .saturating_mul(BYTES_PER_LEVEL)
        .saturating_add(BASE_BYTES)
        .min(MAX_BYTES);
    let started_thread =
        [bytes, BASE_BYTES, MIN_BYTES].into_iter().find_map(|size| start(size, this, &function, &arguments).ok());
    let Some(done) = started_thread else { return Ok(report_lost(py, "and no thread can be started")) };
    match py.detach(move || done.recv_timeout(RESULT_TIMEOUT)) {
        Ok(result) => result,
        Err(RecvTimeoutError::Disconnected) => Ok(report_lost(py, "and the recorder panicked")),
        Err(RecvTimeoutError::Timeout) => Ok(report_lost(py, "and another thread waits for this one")),
    }
}

fn from_module(py: Python<'_>, module: &str, function: &str) -> PyResult<u64> {
    py.import(module)?.call_method0(function)?.extract()
}

fn report_lost(py: Python<'_>, why: &str) -> Py<PyAny> {
    let _ = writeln!(io::stderr(), "tracing-failure: a failure is not recorded: the stack is full, {why}");
    py.None()
}

fn start(
    size: usize,
    stack_owner: u64,
    function: &Bound<'_, PyAny>,
    arguments: &Bound<'_, PyTuple>,
) -> io::Result<Receiver<PyResult<Py<PyAny>>>> {
    let (function, arguments) = (function.clone().unbind(), arguments.clone().unbind());
    let (sender, receiver) = mpsc::channel();
    let call = move || {
        STACK_OWNER.set(Some(stack_owner));
        let result = Python::attach(|py| {
            let result = function.call1(py, arguments.bind(py));
            drop((function, arguments));
            result
        });
        // Nobody waits any more, perhaps.
        let _ = sender.send(result);
        OPEN_STACKS.fetch_sub(1, Ordering::Relaxed);
    };
    Builder::new().stack_size(size).spawn(call)?;
    OPEN_STACKS.fetch_add(1, Ordering::Relaxed);
    Ok(receiver)
}
