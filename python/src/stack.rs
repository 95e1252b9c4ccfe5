//! Room to work where a recursion without end has used up the stack.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// Calls a function on a thread of its own, and waits for it.
#[pyfunction]
pub(crate) fn on_another_stack(function: Bound<'_, PyAny>, arguments: Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
    let py = function.py();
    let (function, arguments) = (function.unbind(), arguments.unbind());
    let call = move || Python::attach(|py| function.call1(py, arguments.bind(py)));
    py.detach(|| std::thread::spawn(call).join())
        .unwrap_or_else(|_| Err(PyRuntimeError::new_err("the recorder panicked")))
}
