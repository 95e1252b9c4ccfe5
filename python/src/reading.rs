//! Reading, formatting and amending of records.

use std::path::{Path, PathBuf};

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use tracing_failure::record::ReadError;
use tracing_failure::{Failure, Store};

use crate::{from_python, signals, to_python};

/// The paths of the records in a directory, oldest first.
#[pyfunction]
pub(crate) fn record_paths(py: Python<'_>, dir: PathBuf) -> PyResult<Vec<PathBuf>> {
    py.detach(|| {
        // `Store::open` would create the directory.
        std::fs::read_dir(&dir).map_err(|error| os_error(&dir, &error))?;
        Ok(Store::open(&dir)?.paths()?)
    })
}

/// Conflict copies of records in a directory, each with its original.
#[pyfunction]
pub(crate) fn conflict_copies(py: Python<'_>, dir: PathBuf) -> PyResult<Vec<(PathBuf, PathBuf)>> {
    Ok(py.detach(|| Store::open(dir)?.paths_and_copies())?.1)
}

/// Reads the record in a file.
#[pyfunction]
pub(crate) fn read_record(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyAny>> {
    let failure = py.detach(|| Failure::from_path(&path)).map_err(|error| read_error(&path, &error))?;
    to_python::object(py, &failure)
}

/// Parses a record.
#[pyfunction]
pub(crate) fn parse_record<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    let failure = py.detach(|| Failure::from_json(text)).map_err(|error| invalid_record(&error))?;
    to_python::object(py, &failure)
}

/// The text of a record, as in its file.
#[pyfunction]
pub(crate) fn format_record(record: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(failure(record)?.to_json())
}

/// The record with the analysis of its trail and with suggestions.
#[pyfunction]
pub(crate) fn diagnose<'py>(record: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let mut failure = failure(record)?;
    tracing_failure::diagnose(&mut failure);
    to_python::object(record.py(), &failure)
}

/// Saves the fix of a failure in the directory of its record.
#[pyfunction]
pub(crate) fn add_resolution(dir: PathBuf, record: &Bound<'_, PyAny>, fix: &str) -> PyResult<()> {
    let failure = failure(record)?;
    record.py().detach(|| Store::open(dir)?.resolve(&failure, fix))?;
    Ok(())
}

/// The JSON Schema of a record.
#[pyfunction]
pub(crate) fn schema() -> &'static str {
    tracing_failure::record::SCHEMA
}

/// The record in a Python dict.
pub(crate) fn failure(record: &Bound<'_, PyAny>) -> PyResult<Failure> {
    let json = from_python::json(record);
    signals::raise_signal()?;
    let json = json.ok_or_else(|| PyValueError::new_err("not a failure record: it is too large"))?;
    Failure::from_json(&json).map_err(|error| invalid_record(&error))
}

fn invalid_record(error: &serde_json::Error) -> PyErr {
    PyValueError::new_err(format!("not a failure record: {error}"))
}

fn read_error(path: &Path, error: &ReadError) -> PyErr {
    match error.io_error() {
        Some(cause) => os_error(path, cause),
        None => PyValueError::new_err(error.to_string()),
    }
}

/// An `OSError` as Python's file functions raise it: the subclass for the error number, with the file name.
fn os_error(path: &Path, error: &std::io::Error) -> PyErr {
    match error.raw_os_error() {
        Some(number) => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default().to_owned();
            PyOSError::new_err((number, text, path.as_os_str().to_owned()))
        }
        None => PyOSError::new_err(format!("{}: {error}", path.display())),
    }
}
