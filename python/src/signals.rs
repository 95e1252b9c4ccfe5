//! Exceptions of signal handlers that run while an object is traversed. They are raised at the end of the traversal.

use std::cell::RefCell;

use pyo3::prelude::*;

thread_local! {
    /// The exception of a signal's handler that ran during a traversal on this thread.
    static SIGNAL_ERROR: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Raises the exception of a signal handler that ran during a traversal. Called at the end of each traversal.
pub(crate) fn raise_signal() -> PyResult<()> {
    SIGNAL_ERROR.take().map_or(Ok(()), Err)
}

/// Keeps the exception of a signal's handler for [`raise_signal`].
pub(crate) fn keep_signal(error: PyErr) {
    SIGNAL_ERROR.set(Some(error));
}

/// Keeps an exception of user code for [`raise_signal`] if a signal handler raised it. Drops other exceptions.
pub(crate) fn keep_if_signal(py: Python<'_>, error: PyErr) {
    match is_from_signal(py, &error) {
        Ok(true) => keep_signal(error),
        Ok(false) => {}
        // The signal arrived during the call.
        Err(meanwhile) => {
            if is_from_signal(py, &meanwhile).unwrap_or(false) {
                keep_signal(meanwhile);
            }
        }
    }
}

fn is_from_signal(py: Python<'_>, error: &PyErr) -> PyResult<bool> {
    let signals = py.import("tracing_failure._runtime.signals")?;
    signals.getattr("is_from_signal")?.call1((error.value(py), error.traceback(py)))?.extract()
}
