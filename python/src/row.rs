//! The values of one call of `record`.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};
use tracing_failure::Value;

use crate::from_python;
use crate::shorten::truncate;
use crate::signals;

/// Maximum number of values in a row.
const MAX_COLUMNS: usize = 64;
/// Maximum number of bytes of a text in a row.
const MAX_TEXT_BYTES: usize = 64;
/// Maximum number of entries of an array in a row.
pub(crate) const MAX_ROW_ENTRIES: usize = 16;

/// A row of the trail.
pub(crate) struct Row<'py> {
    pub(crate) names: Vec<Bound<'py, PyString>>,
    pub(crate) values: Vec<Value>,
    /// The number of arguments that have no column.
    pub(crate) omitted: usize,
}

impl<'py> Row<'py> {
    /// Converts keyword arguments. This runs code of the user's numbers, so nothing may be locked.
    pub(crate) fn of(arguments: &Bound<'py, PyDict>) -> Self {
        let count = arguments.len();
        let mut row = Row { names: Vec::with_capacity(count), values: Vec::with_capacity(count), omitted: 0 };
        for (index, (name, value)) in arguments.iter().enumerate() {
            if row.names.len() >= MAX_COLUMNS {
                row.omitted = count - index;
                break;
            }
            if let Ok(name) = name.cast_into::<PyString>() {
                row.push(name, &value);
            }
        }
        row
    }

    /// Returns the names as text.
    pub(crate) fn columns(&self) -> Vec<Cow<'_, str>> {
        self.names.iter().map(|name| name.to_string_lossy()).collect()
    }

    fn push(&mut self, name: Bound<'py, PyString>, value: &Bound<'py, PyAny>) {
        if let Some(number) = from_python::number(value) {
            self.names.push(name);
            self.values.push(number);
            return;
        }
        for (part, value) in parts(value) {
            self.names.push(if part.is_empty() {
                name.clone()
            } else {
                PyString::new(name.py(), &format!("{}.{part}", name.to_string_lossy()))
            });
            self.values.push(value);
        }
    }
}

/// The parts of a value that a row has columns for: `re` and `im` of a complex number, the unit of a quantity. The part
/// without a name is the value itself.
fn parts(object: &Bound<'_, PyAny>) -> Vec<(&'static str, Value)> {
    let simple = if object.is_exact_instance_of::<PyString>() { None } else { trail_value(object).ok() };
    match from_python::value_in_memory(simple.as_ref().unwrap_or(object)) {
        Value::Map(map) if map.get("re").is_some() || map.get("value").is_some() => {
            [("", "value"), ("re", "re"), ("im", "im"), ("unit", "unit")]
                .into_iter()
                .filter_map(|(name, key)| Some((name, short(map.get(key)?.clone()))))
                .collect()
        }
        other => vec![("", short(other))],
    }
}

/// Calls the Python function `trail_value`, which runs code of the user's numbers.
fn trail_value<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static TRAIL_VALUE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let trail_value = TRAIL_VALUE.get_or_try_init(py, || {
        PyResult::Ok(py.import("tracing_failure._values.trail_value")?.getattr("trail_value")?.unbind())
    })?;
    trail_value.bind(py).call1((object,)).inspect_err(|error| signals::keep_if_signal(py, error.clone_ref(py)))
}

/// A number, a short text, or a short list of numbers.
fn short(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > MAX_TEXT_BYTES => truncate(&text, MAX_TEXT_BYTES).into(),
        Value::List(list) if list.len() > MAX_ROW_ENTRIES || list.iter().any(|entry| entry.as_f64().is_none()) => {
            format!("[{} entries]", list.len()).into()
        }
        Value::Map(map) => match map.get("length") {
            Some(length) => format!("[{length} entries]").into(),
            None => format!("{{{} entries}}", map.len()).into(),
        },
        other => other,
    }
}
