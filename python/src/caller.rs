//! The Python code that calls the package.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tracing_failure::record::Location;

use crate::signals;

/// A caller: its frame, and its code with the instruction that calls.
pub(crate) struct Caller<'py> {
    frame: Bound<'py, PyAny>,
    pub(crate) code: Bound<'py, PyAny>,
    pub(crate) instruction: i32,
}

impl<'py> Caller<'py> {
    /// Returns the caller with this frame.
    pub(crate) fn of(frame: Bound<'py, PyAny>) -> PyResult<Self> {
        let code = frame.getattr(intern!(frame.py(), "f_code"))?;
        let instruction = frame.getattr(intern!(frame.py(), "f_lasti"))?.extract()?;
        Ok(Caller { frame, code, instruction })
    }

    /// Returns the caller of this function, in Python.
    pub(crate) fn current(py: Python<'py>) -> PyResult<Self> {
        static GETFRAME: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let getframe =
            GETFRAME.get_or_try_init(py, || PyResult::Ok(py.import("sys")?.getattr("_getframe")?.unbind()))?;
        Caller::of(getframe.bind(py).call0()?)
    }

    /// A caller that is no Python code.
    pub(crate) fn unknown(py: Python<'py>) -> Self {
        let none = py.None().into_bound(py);
        Caller { frame: none.clone(), code: none, instruction: 0 }
    }

    /// Returns the module and the file.
    pub(crate) fn origin(&self) -> PyResult<(String, Bound<'py, PyAny>)> {
        let py = self.frame.py();
        let module = self.frame.getattr(intern!(py, "f_globals"))?.get_item(intern!(py, "__name__"));
        let module = module.and_then(|name| name.extract::<String>()).unwrap_or_default();
        Ok((module, self.code.getattr(intern!(py, "co_filename"))?))
    }

    /// Returns the location, as far as it is known.
    pub(crate) fn location(&self) -> Location {
        let py = self.frame.py();
        let location = location(&self.frame, &self.code);
        location.inspect_err(|error| signals::keep_if_signal(py, error.clone_ref(py))).unwrap_or_default()
    }
}

fn location(frame: &Bound<'_, PyAny>, code: &Bound<'_, PyAny>) -> PyResult<Location> {
    let mut location = Location::default();
    // A cell of a notebook has a name that people know it by.
    let file = frame.py().import("tracing_failure._runtime.notebook")?.getattr("display_file")?;
    location.file = Some(file.call1((code.getattr("co_filename")?,))?.extract::<String>()?.into());
    location.line = frame.getattr("f_lineno")?.extract().ok();
    let module = frame.getattr("f_globals")?.get_item("__name__").and_then(|name| name.extract::<String>());
    location.module = module.ok().map(Into::into);
    Ok(location)
}
