//! Python objects as values. Whatever cannot be taken becomes its `repr`, and an object whose `repr` raises says so: nothing
//! here fails.

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use tracing_failure::{Map, Value};

/// Levels of nesting before an object becomes its `repr`: fewer than the library's own limit.
const DEPTH: usize = 24;

/// The object as a value; arrays and texts over the limits are summarised.
pub(crate) fn value(object: &Bound<'_, PyAny>) -> Value {
    Value::from_serialize(&Object { object, within: None }).unwrap_or_else(|error| error.to_string().into())
}

/// Named values, whatever the object is.
pub(crate) fn map(object: &Bound<'_, PyAny>) -> Map {
    match value(object) {
        Value::Map(map) => map,
        Value::Null => Map::new(),
        other => Map::from_iter([("value", other)]),
    }
}

/// The object as JSON, whole.
pub(crate) fn json(object: &Bound<'_, PyAny>) -> String {
    serde_json::to_string(&Object { object, within: None }).unwrap_or_default()
}

/// The text of `str(object)`, or what came in its place.
pub(crate) fn text(object: &Bound<'_, PyAny>) -> String {
    match object.str() {
        Ok(text) => text.to_string_lossy().into_owned(),
        Err(error) => broken(object, "str", &error),
    }
}

fn repr(object: &Bound<'_, PyAny>) -> String {
    match object.repr() {
        Ok(text) => text.to_string_lossy().into_owned(),
        Err(error) => broken(object, "repr", &error),
    }
}

fn broken(object: &Bound<'_, PyAny>, what: &str, error: &PyErr) -> String {
    let name = |kind: Bound<'_, pyo3::types::PyType>| kind.name().map_or("object".into(), |name| name.to_string());
    format!("<{}: its {what} raised {}>", name(object.get_type()), name(error.get_type(object.py())))
}

/// An object, and those that it lies in.
struct Object<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    within: Option<&'a Within<'a>>,
}

struct Within<'a> {
    address: usize,
    depth: usize,
    outer: Option<&'a Within<'a>>,
}

impl Within<'_> {
    fn holds(&self, address: usize) -> bool {
        self.address == address || self.outer.is_some_and(|outer| outer.holds(address))
    }
}

impl Serialize for Object<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = self.object;
        if let Some(number) = number(object) {
            return number.serialize(serializer);
        }
        if let Ok(text) = object.cast_exact::<PyString>() {
            return serializer.serialize_str(&text.to_string_lossy());
        }
        let is_plain = object.is_exact_instance_of::<PyList>()
            || object.is_exact_instance_of::<PyDict>()
            || object.is_exact_instance_of::<PyTuple>();
        if is_plain {
            return self.container(serializer);
        }
        if let Ok(summary) = object.cast::<Summary>() {
            return summary.get().0.serialize(serializer);
        }
        match simpler(object) {
            Ok(simpler) if !simpler.is(object) => Object { object: &simpler, within: self.within }.as_it_is(serializer),
            Ok(_) => self.as_it_is(serializer),
            Err(_) => serializer.serialize_str(&repr(object)),
        }
    }
}

impl Object<'_, '_> {
    /// Serialises what no Python code has to look at.
    fn as_it_is<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(number) = number(self.object) {
            return number.serialize(serializer);
        }
        if let Ok(text) = self.object.cast::<PyString>() {
            return serializer.serialize_str(&text.to_string_lossy());
        }
        if let Ok(summary) = self.object.cast::<Summary>() {
            return summary.get().0.serialize(serializer);
        }
        self.container(serializer)
    }

    fn container<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = self.object;
        let address = object.as_ptr().addr();
        let depth = self.within.map_or(0, |within| within.depth + 1);
        if depth > DEPTH || self.within.is_some_and(|within| within.holds(address)) {
            return serializer.serialize_str(&repr(object));
        }
        let within = Within { address, depth, outer: self.within };
        if let Ok(dict) = object.cast::<PyDict>() {
            // A copy: another thread may change it meanwhile.
            let items = dict.items();
            let mut map = serializer.serialize_map(Some(items.len()))?;
            for item in items {
                let Ok((key, value)) = item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>() else { continue };
                map.serialize_entry(&text(&key), &Object { object: &value, within: Some(&within) })?;
            }
            return map.end();
        }
        match entries(object) {
            Some(entries) => {
                let mut seq = serializer.serialize_seq(None)?;
                for entry in entries.iter() {
                    seq.serialize_element(&Object { object: &entry, within: Some(&within) })?;
                }
                seq.end()
            }
            None => serializer.serialize_str(&repr(object)),
        }
    }
}

/// Nothing, a truth value or a number.
pub(crate) fn number(object: &Bound<'_, PyAny>) -> Option<Value> {
    if object.is_none() {
        return Some(Value::Null);
    }
    if let Ok(x) = object.cast::<PyFloat>() {
        return Some(x.value().into());
    }
    if let Ok(truth) = object.cast::<PyBool>() {
        return Some(truth.is_true().into());
    }
    let number = object.cast_exact::<PyInt>().ok()?;
    let small = number.extract::<i64>().map(Value::from).or_else(|_| number.extract::<u64>().map(Value::from));
    Some(small.unwrap_or_else(|_| large(object)))
}

/// An integer beyond 64 bits: its decimal digits, or where Python refuses to write so many, hexadecimal ones.
fn large(number: &Bound<'_, PyAny>) -> Value {
    let digits = number.str().or_else(|_| number.call_method1("__format__", ("#x",))?.str());
    digits.map_or_else(|_| repr(number), |digits| digits.to_string_lossy().into_owned()).into()
}

/// The entries of a list, tuple or set, which do not change any more.
fn entries<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyTuple>> {
    if let Ok(list) = object.cast::<PyList>() {
        return Some(list.to_tuple());
    }
    if let Ok(tuple) = object.cast::<PyTuple>() {
        return Some(tuple.clone());
    }
    let is_set = object.is_instance_of::<PySet>() || object.is_instance_of::<PyFrozenSet>();
    let entries = is_set.then(|| object.py().import("builtins")?.getattr("tuple")?.call1((object,)));
    entries?.ok()?.cast_into::<PyTuple>().ok()
}

/// What the package's own Python code makes of objects that are neither numbers, texts, lists nor dicts.
fn simpler<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static SIMPLER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let simpler = SIMPLER
        .get_or_try_init(py, || PyResult::Ok(py.import("tracing_failure._values")?.getattr("simpler")?.unbind()))?;
    simpler.bind(py).call1((object,))
}

/// A value that is known already: an array that was summarised.
#[pyclass(frozen, module = "tracing_failure._native")]
pub(crate) struct Summary(Value);

#[pymethods]
impl Summary {
    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}

/// An array's entries in row-major order, from any object that lends its memory.
#[pyfunction]
pub(crate) fn summary(shape: Vec<usize>, memory: &Bound<'_, PyAny>) -> PyResult<Summary> {
    macro_rules! of_types {
        ($($entry:ty),*) => {
            $(if let Ok(buffer) = PyBuffer::<$entry>::get(memory) {
                return Ok(Summary(Value::array(&shape, &buffer.to_vec(memory.py())?)));
            })*
        };
    }
    of_types!(f64, f32, i64, u64, i32, u32, i16, u16, i8, u8);
    Err(pyo3::exceptions::PyTypeError::new_err("neither floating point numbers nor integers"))
}
