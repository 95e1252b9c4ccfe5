//! Room to work where a recursion without end has used up the stack.

use std::cell::Cell;
use std::io::{self, Write as _};
use std::thread::{Builder, JoinHandle};

use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// Bytes of such a stack: some, and more for each level that Python allows. What is not used takes no memory.
const ALWAYS: usize = 64 << 20;
const LEVEL: usize = 16 << 10;
const MOST: usize = 1 << 30;
/// Where memory is limited.
const LEAST: usize = 2 << 20;

thread_local! {
    /// The thread that this one is the other stack of.
    static IN_PLACE_OF: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The thread whose stack is full, by its `threading.get_ident()`, where this is another stack for it.
#[pyfunction]
pub(crate) fn in_place_of() -> Option<u64> {
    IN_PLACE_OF.get()
}

/// Calls a function on a thread of its own, and waits for it. Where that cannot be, stderr says so: who calls this has no room
/// for an exception.
#[pyfunction]
pub(crate) fn on_another_stack(function: Bound<'_, PyAny>, arguments: Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
    let py = function.py();
    if IN_PLACE_OF.get().is_some() {
        return Ok(not_recorded(py, "and so is the other one"));
    }
    let levels = from_module(py, "sys", "getrecursionlimit").unwrap_or(1000);
    let this = from_module(py, "_thread", "get_ident").unwrap_or(0);
    let wanted = usize::try_from(levels).unwrap_or(MOST).saturating_mul(LEVEL).saturating_add(ALWAYS).min(MOST);
    let thread = [wanted, ALWAYS, LEAST].into_iter().find_map(|size| begin(size, this, &function, &arguments).ok());
    match thread.map(|thread| py.detach(|| thread.join())) {
        Some(Ok(result)) => result,
        Some(Err(_)) => Ok(not_recorded(py, "and the recorder panicked")),
        None => Ok(not_recorded(py, "and no thread can be started")),
    }
}

fn from_module(py: Python<'_>, module: &str, function: &str) -> PyResult<u64> {
    py.import(module)?.call_method0(function)?.extract()
}

fn not_recorded(py: Python<'_>, why: &str) -> Py<PyAny> {
    let _ = writeln!(io::stderr(), "tracing-failure: a failure is not recorded: the stack is full, {why}");
    py.None()
}

fn begin(
    size: usize,
    in_place_of: u64,
    function: &Bound<'_, PyAny>,
    arguments: &Bound<'_, PyTuple>,
) -> io::Result<JoinHandle<PyResult<Py<PyAny>>>> {
    let (function, arguments) = (function.clone().unbind(), arguments.clone().unbind());
    Builder::new().stack_size(size).spawn(move || {
        IN_PLACE_OF.set(Some(in_place_of));
        Python::attach(|py| function.call1(py, arguments.bind(py)))
    })
}
