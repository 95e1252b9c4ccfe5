//! A second stack for recording, for a thread whose stack is full after an infinite recursion.

use std::cell::Cell;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// Bytes of a stack, and additional bytes for each level of the recursion limit. Unused bytes take no memory.
const BASE_BYTES: usize = 64 << 20;
const BYTES_PER_LEVEL: usize = 16 << 10;
const MAX_BYTES: usize = 1 << 30;
/// The size if memory is limited.
const MIN_BYTES: usize = 2 << 20;

/// Maximum time to wait for the result. User code on the new stack may need a lock that this thread holds.
const RESULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The number of new stacks. It is negative for a moment if a thread ends before it is counted.
static OPEN_STACKS: AtomicIsize = AtomicIsize::new(0);

thread_local! {
    /// The thread whose stack is full, if this thread is its new stack.
    static STACK_OWNER: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The `threading.get_ident()` of the thread whose stack is full, if this thread is its new stack.
#[pyfunction]
pub(crate) fn stack_owner() -> Option<u64> {
    STACK_OWNER.get()
}

/// Called at the end of the interpreter, which must not stop threads in the middle of a record.
#[pyfunction]
pub(crate) fn wait_for_stacks(py: Python<'_>) {
    py.detach(|| {
        let started = Instant::now();
        while OPEN_STACKS.load(Ordering::Relaxed) > 0 && started.elapsed() < RESULT_TIMEOUT {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// Resets the count in a forked child, which has no other threads.
pub(crate) fn forget_stacks() {
    OPEN_STACKS.store(0, Ordering::Relaxed);
}

/// Calls a function on a new thread, and waits for it with a timeout.
///
/// It reports problems on stderr, because the caller has no stack left to handle an exception.
#[pyfunction]
pub(crate) fn call_on_new_stack(function: Bound<'_, PyAny>, arguments: Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
    let py = function.py();
    if STACK_OWNER.get().is_some() {
        return Ok(report_lost(py, "and so is the stack that replaced it"));
    }
    let levels = call_function(py, "sys", "getrecursionlimit").unwrap_or(1000);
    let thread_id = call_function(py, "_thread", "get_ident").unwrap_or(0);
    let bytes = usize::try_from(levels)
        .unwrap_or(MAX_BYTES)
        .saturating_mul(BYTES_PER_LEVEL)
        .saturating_add(BASE_BYTES)
        .min(MAX_BYTES);
    let receiver =
        [bytes, BASE_BYTES, MIN_BYTES].into_iter().find_map(|size| start(size, thread_id, &function, &arguments).ok());
    let Some(receiver) = receiver else { return Ok(report_lost(py, "and no thread can be started")) };
    match py.detach(move || receiver.recv_timeout(RESULT_TIMEOUT)) {
        Ok(result) => result,
        Err(RecvTimeoutError::Disconnected) => Ok(report_lost(py, "and the recorder panicked")),
        Err(RecvTimeoutError::Timeout) => Ok(report_lost(py, "and the recorder did not finish in time")),
    }
}

fn call_function(py: Python<'_>, module: &str, function: &str) -> PyResult<u64> {
    py.import(module)?.call_method0(function)?.extract()
}

fn report_lost(py: Python<'_>, reason: &str) -> Py<PyAny> {
    let _ = writeln!(io::stderr(), "tracing-failure: a failure is not recorded: the stack is full, {reason}");
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
    Builder::new().stack_size(size).spawn(move || {
        STACK_OWNER.set(Some(stack_owner));
        let result = Python::attach(|py| {
            let result = function.call1(py, arguments.bind(py));
            drop((function, arguments));
            result
        });
        // The receiver may have given up.
        let _ = sender.send(result);
        OPEN_STACKS.fetch_sub(1, Ordering::Relaxed);
    })?;
    OPEN_STACKS.fetch_add(1, Ordering::Relaxed);
    Ok(receiver)
}
