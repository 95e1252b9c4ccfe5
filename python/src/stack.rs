//! Room to work where a recursion without end has used up the stack.

use std::cell::Cell;

use pyo3::exceptions::{PyRecursionError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// Bytes of such a stack: some, and more for each level that Python allows. What is not used takes no memory.
const ALWAYS: usize = 64 << 20;
const LEVEL: usize = 16 << 10;
const MOST: usize = 1 << 30;

thread_local! {
    static ANOTHER: Cell<bool> = const { Cell::new(false) };
}

/// Whether this stack is another one than the program's.
#[pyfunction]
pub(crate) fn is_on_another_stack() -> bool {
    ANOTHER.get()
}

/// Calls a function on a thread of its own, and waits for it. There is no further one where that is full as well.
#[pyfunction]
pub(crate) fn on_another_stack(function: Bound<'_, PyAny>, arguments: Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
    if ANOTHER.get() {
        return Err(PyRecursionError::new_err("this stack is full as well"));
    }
    let py = function.py();
    let levels: usize = py.import("sys")?.call_method0("getrecursionlimit")?.extract()?;
    let size = levels.saturating_mul(LEVEL).saturating_add(ALWAYS).min(MOST);
    let (function, arguments) = (function.unbind(), arguments.unbind());
    let call = move || {
        ANOTHER.set(true);
        Python::attach(|py| function.call1(py, arguments.bind(py)))
    };
    let thread = std::thread::Builder::new().stack_size(size).spawn(call)?;
    py.detach(|| thread.join()).unwrap_or_else(|_| Err(PyRuntimeError::new_err("the recorder panicked")))
}
