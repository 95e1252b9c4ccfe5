//! Conversion of Python objects to values.
//!
//! An object of an unknown type becomes its `repr`, or a note if that raises. Nothing here fails. [`Bounds`] limit the
//! work and the time.

use std::borrow::Cow;
use std::collections::HashSet;

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use tracing_failure::Value;
use tracing_failure::record::{Limits, Map};

use crate::bounds::{Bounds, MAX_ENTRIES, STEPS_PER_OBJECT, SUMMARY_ENDS};
use crate::shorten::beginning;
use crate::signals::{keep_if_signal, raise_signal};

/// Steps of a list in addition to those of its entries.
const STEPS_PER_LIST: usize = 8;
/// Maximum bytes of a text.
const MAX_TEXT_BYTES: usize = Limits::DEFAULT.text;
/// Maximum dimensions of a list in the estimate of its steps.
const MAX_DIMENSIONS: usize = 32;
/// Maximum bits of an integer in decimal. Python refuses to convert slightly larger ones.
const MAX_DECIMAL_BITS: usize = 14_000;

/// The value of an object. Arrays and texts over the limits are summarised.
pub(crate) fn value(object: &Bound<'_, PyAny>) -> Value {
    value_within(object, &Bounds::for_value(object.py()))
}

/// Like [`value`], without reading data that are not in memory.
pub(crate) fn value_in_memory(object: &Bound<'_, PyAny>) -> Value {
    value_within(object, &Bounds::for_value_in_memory(object.py()))
}

fn value_within<'py>(object: &Bound<'py, PyAny>, bounds: &Bounds<'py>) -> Value {
    let value = Value::from_serialize(&Object { object, within: None, bounds });
    value.unwrap_or_else(|error| error.to_string().into())
}

/// Named values of any object.
pub(crate) fn map(object: &Bound<'_, PyAny>) -> Map {
    named_values(value(object))
}

/// Like [`map`], without reading data that are not in memory.
pub(crate) fn map_in_memory(object: &Bound<'_, PyAny>) -> Map {
    named_values(value_in_memory(object))
}

fn named_values(value: Value) -> Map {
    match value {
        Value::Map(map) if map.get("summary") != Some(&"array".into()) => map,
        Value::Null => Map::new(),
        other => Map::from_iter([("value", other)]),
    }
}

/// The complete object as JSON, or `None` if it is too large.
pub(crate) fn json(object: &Bound<'_, PyAny>) -> Option<String> {
    let bounds = Bounds::for_record(object.py());
    let json = serde_json::to_string(&Object { object, within: None, bounds: &bounds }).unwrap_or_default();
    (!bounds.is_exceeded()).then_some(json)
}

/// An object and the objects that contain it.
#[derive(Clone, Copy)]
struct Object<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    within: Option<&'a Container<'a>>,
    bounds: &'a Bounds<'py>,
}

/// An object that contains others, and the objects that contain it.
struct Container<'a> {
    address: usize,
    depth: usize,
    outer: Option<&'a Container<'a>>,
}

impl Container<'_> {
    fn object<'a, 'py>(&'a self, object: &'a Bound<'py, PyAny>, bounds: &'a Bounds<'py>) -> Object<'a, 'py> {
        Object { object, within: Some(self), bounds }
    }

    fn entries<'a, 'py>(&'a self, entries: &'a Bound<'py, PyTuple>, bounds: &'a Bounds<'py>) -> Entries<'a, 'py> {
        Entries { entries, within: self, bounds }
    }

    fn contains(&self, address: usize) -> bool {
        self.address == address || self.outer.is_some_and(|outer| outer.contains(address))
    }
}

impl Serialize for Object<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = self.object;
        if let Some(number) = number(object) {
            return number.serialize(serializer);
        }
        if object.is_exact_instance_of::<PyString>() || object.is_instance_of::<ArraySummary>() {
            return self.serialize_directly(serializer);
        }
        if let Some(note) = self.refusal() {
            return serializer.serialize_str(&note);
        }
        let Some(visit) = self.bounds.visit(object) else {
            return serializer.serialize_str(&self.with_note("shown before"));
        };
        let is_plain = object.is_exact_instance_of::<PyList>()
            || object.is_exact_instance_of::<PyTuple>()
            || object.cast_exact::<PyDict>().is_ok_and(|dict| dict.len() <= self.bounds.entries);
        let result = if is_plain { self.serialize_directly(serializer) } else { self.serialize_simplified(serializer) };
        if self.within.is_some() {
            self.bounds.leave(object, &visit);
        }
        result
    }
}

impl<'py> Object<'_, 'py> {
    /// Serialises the result of the Python function `simplify`.
    fn serialize_simplified<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = self.object;
        if !self.bounds.pay_for_code() {
            return serializer.serialize_str(&self.with_note("no room is left"));
        }
        match simplify(object, self.bounds.may_read) {
            Ok(simpler) if simpler.is(object) => self.serialize_directly(serializer),
            Ok(simpler) => {
                // The path has the original object: `simplify` makes a new one each time.
                let within = Container { depth: self.depth(), ..self.as_container() };
                Object { object: &simpler, within: Some(&within), ..*self }.serialize_directly(serializer)
            }
            Err(error) => {
                keep_if_signal(object.py(), error);
                serializer.serialize_str(&self.repr())
            }
        }
    }

    /// Serialises an object without `simplify`.
    fn serialize_directly<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = self.object;
        if let Some(number) = number(object) {
            return number.serialize(serializer);
        }
        if let Ok(text) = object.cast::<PyString>() {
            let text = to_utf8(text);
            let is_affordable = self.bounds.pay(text.len().min(MAX_TEXT_BYTES));
            return serializer.serialize_str(if is_affordable { &text } else { "<str: no room is left>" });
        }
        if let Ok(summary) = object.cast::<ArraySummary>() {
            return summary.get().0.serialize(serializer);
        }
        if let Ok(dict) = object.cast::<PyDict>() {
            return self.serialize_dict(serializer, dict);
        }
        if let Ok(list) = object.cast::<PyList>() {
            return self.serialize_list(serializer, list.len(), |from, to| list.get_slice(from, to).to_tuple());
        }
        if let Ok(tuple) = object.cast::<PyTuple>() {
            return self.serialize_list(serializer, tuple.len(), |from, to| tuple.get_slice(from, to));
        }
        serializer.serialize_str(&self.repr())
    }

    fn depth(&self) -> usize {
        self.within.map_or(0, |within| within.depth)
    }

    fn as_container(&self) -> Container<'_> {
        Container { address: self.object.as_ptr().addr(), depth: self.depth() + 1, outer: self.within }
    }

    /// A note that stands for the object if it must not be visited.
    fn refusal(&self) -> Option<String> {
        if self.within.is_some_and(|within| within.contains(self.object.as_ptr().addr())) {
            return Some(self.with_note("it holds itself"));
        }
        (self.depth() >= self.bounds.depth).then(|| self.with_note("nested too deeply"))
    }

    /// A note that stands for the object.
    fn with_note(&self, note: &str) -> String {
        format!("<{}: {note}>", type_name(&self.object.get_type()))
    }

    fn serialize_dict<S: Serializer>(&self, serializer: S, dict: &Bound<'py, PyDict>) -> Result<S::Ok, S::Error> {
        let within = self.as_container();
        // A copy, because another thread may change the dict.
        let items = dict.items();
        let pairs = || items.iter().filter_map(|item| item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>().ok());
        // Short text keys are distinct. Shortened ones and the texts of other objects need not be.
        let are_texts = pairs().all(|(key, _)| {
            key.cast_exact::<PyString>().is_ok_and(|text| text.len().is_ok_and(|length| length <= self.bounds.key / 4))
        });
        let mut names = (!are_texts).then(HashSet::new);
        let mut map = serializer.serialize_map(Some(items.len()))?;
        for (index, (key, value)) in pairs().enumerate() {
            let is_affordable = if are_texts { self.bounds.pay(STEPS_PER_OBJECT) } else { self.bounds.pay_for_code() };
            if !is_affordable {
                map.serialize_entry("…", &format!("[{} entries left out]", items.len() - index))?;
                break;
            }
            let (key, value) = (within.object(&key, self.bounds), within.object(&value, self.bounds));
            match &mut names {
                Some(names) => map.serialize_entry(&key.distinct_name(names), &value)?,
                None => match key.object.cast::<PyString>() {
                    Ok(text) => map.serialize_entry(&to_utf8(text), &value)?,
                    Err(_) => continue,
                },
            }
        }
        map.end()
    }

    /// The name of the object as a key of a dict, distinct from other names.
    fn distinct_name(&self, names: &mut HashSet<String>) -> String {
        let name = match self.object.str() {
            Ok(text) => shorten(&to_utf8(&text), self.bounds.key),
            Err(error) => self.error_note("str", error),
        };
        let repr = std::iter::once_with(|| self.repr());
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let distinct =
            std::iter::once(name.clone()).chain(repr).chain(numbered).find(|name| names.insert(name.clone()));
        distinct.unwrap_or(name)
    }

    fn serialize_list<S: Serializer>(
        &self,
        serializer: S,
        length: usize,
        slice: impl Fn(usize, usize) -> Bound<'py, PyTuple>,
    ) -> Result<S::Ok, S::Error> {
        let within = self.as_container();
        let is_affordable = length <= 2 * SUMMARY_ENDS || steps(self.object) <= self.bounds.steps_left();
        if is_affordable && self.bounds.pay(STEPS_PER_LIST + length) {
            // A copy, as for a dict.
            return within.entries(&slice(0, length), self.bounds).serialize(serializer);
        }
        if !self.bounds.pay(2 * SUMMARY_ENDS * STEPS_PER_OBJECT) {
            return serializer.serialize_str(&self.with_note("no room is left"));
        }
        // The entries are one level deeper, in the summary.
        let within = Container { depth: within.depth + 1, ..within };
        let end = SUMMARY_ENDS.min(length);
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("summary", "array")?;
        map.serialize_entry("length", &length)?;
        map.serialize_entry("head", &within.entries(&slice(0, end), self.bounds))?;
        map.serialize_entry("tail", &within.entries(&slice(length - end, length), self.bounds))?;
        map.end()
    }

    fn repr(&self) -> String {
        match self.object.repr() {
            Ok(text) => shorten(&to_utf8(&text), MAX_TEXT_BYTES),
            Err(error) => self.error_note("repr", error),
        }
    }

    fn error_note(&self, method: &str, error: PyErr) -> String {
        let py = self.object.py();
        let kind = type_name(&error.get_type(py));
        keep_if_signal(py, error);
        format!("<{}: its {method} raised {kind}>", type_name(&self.object.get_type()))
    }
}

/// The entries of a list.
struct Entries<'a, 'py> {
    entries: &'a Bound<'py, PyTuple>,
    within: &'a Container<'a>,
    bounds: &'a Bounds<'py>,
}

impl Serialize for Entries<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.entries.len()))?;
        for entry in self.entries {
            seq.serialize_element(&self.within.object(&entry, self.bounds))?;
        }
        seq.end()
    }
}

/// The steps of a list in all dimensions, if all entries are like the first.
fn steps(list: &Bound<'_, PyAny>) -> usize {
    let mut lists: usize = 0;
    let mut steps: usize = 1;
    let mut next = list.clone();
    let mut outer = [std::ptr::null_mut(); MAX_DIMENSIONS];
    for dimension in 0..MAX_DIMENSIONS {
        if outer[..dimension].contains(&next.as_ptr()) {
            // A list that contains itself is visited once.
            return lists.saturating_add(steps);
        }
        outer[dimension] = next.as_ptr();
        let (length, ends) = if let Ok(list) = next.cast::<PyList>() {
            (list.len(), (list.get_item(0), list.get_item(list.len().saturating_sub(1))))
        } else if let Ok(tuple) = next.cast::<PyTuple>() {
            (tuple.len(), (tuple.get_item(0), tuple.get_item(tuple.len().saturating_sub(1))))
        } else if let Ok(text) = next.cast::<PyString>() {
            return lists
                .saturating_add(steps.saturating_mul(text.len().unwrap_or(MAX_TEXT_BYTES).min(MAX_TEXT_BYTES)));
        } else if let Ok(dict) = next.cast::<PyDict>() {
            return lists.saturating_add(steps.saturating_mul(STEPS_PER_OBJECT * dict.len().min(MAX_ENTRIES)));
        } else {
            let each = if number(&next).is_some() { 1 } else { STEPS_PER_OBJECT };
            return lists.saturating_add(steps.saturating_mul(each));
        };
        lists = lists.saturating_add(steps.saturating_mul(STEPS_PER_LIST));
        let (Ok(first), Ok(last)) = ends else { return lists };
        steps = steps.saturating_mul(length);
        if steps == usize::MAX || !first.get_type().is(last.get_type()) {
            break;
        }
        next = first;
    }
    lists.saturating_add(steps)
}

fn type_name(kind: &Bound<'_, pyo3::types::PyType>) -> String {
    kind.name().map_or("object".into(), |name| to_utf8(&name).into_owned())
}

/// The text as UTF-8. Lone surrogates become escapes.
pub(crate) fn to_utf8<'a>(text: &'a Bound<'_, PyString>) -> Cow<'a, str> {
    text.to_str().map(Cow::Borrowed).unwrap_or_else(|_| {
        let escaped = text.py().get_type::<PyString>().call_method1("encode", (text, "utf-8", "backslashreplace"));
        match escaped.and_then(|bytes| bytes.extract::<Vec<u8>>()) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
            Err(_) => text.to_string_lossy(),
        }
    })
}

/// The text without addresses, or its beginning and end if it is long.
fn shorten(text: &str, max_bytes: usize) -> String {
    if text.len() <= max_bytes {
        return without_addresses(text);
    }
    let head = beginning(text, max_bytes / 2);
    let tail = &text[beginning(text, text.len() - max_bytes / 4).len()..];
    let omitted = text.len() - head.len() - tail.len();
    format!("{}… [{omitted} bytes left out] …{}", without_addresses(head), without_addresses(tail))
}

/// The text without addresses such as `at 0x7f…`, which differ from run to run.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split(" at 0x");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.bytes().take_while(u8::is_ascii_hexdigit).count() {
            0..6 => short.extend([" at 0x", part]),
            digits => short.push_str(&part[digits..]),
        }
    }
    short
}

/// The value of `None`, a boolean or a number.
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
    Some(small.unwrap_or_else(|_| large_integer(object)))
}

/// The text of an integer with more than 64 bits: in decimal, or in hexadecimal if that would take long.
fn large_integer(number: &Bound<'_, PyAny>) -> Value {
    let bits = number.call_method0("bit_length").and_then(|bits| bits.extract::<usize>());
    let hex = || number.call_method1("__format__", ("#x",)).and_then(|hex| hex.str());
    // The limit of Python is configurable and may be lower.
    let digits = match bits {
        Ok(bits) if bits <= MAX_DECIMAL_BITS => number.str().or_else(|_| hex()),
        // It has more hexadecimal digits than a text may have.
        Ok(bits) if bits > 4 * MAX_TEXT_BYTES => return format!("<int: {bits} bits>").into(),
        _ => hex(),
    };
    digits.map_or(Value::Null, |digits| to_utf8(&digits).into_owned().into())
}

/// Calls the Python function `simplify` for an object that is no number, text, list or dict.
fn simplify<'py>(object: &Bound<'py, PyAny>, may_read: bool) -> PyResult<Bound<'py, PyAny>> {
    static SIMPLIFY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let simplify = SIMPLIFY.get_or_try_init(py, || {
        PyResult::Ok(py.import("tracing_failure._values.convert")?.getattr("simplify")?.unbind())
    })?;
    simplify.bind(py).call1((object, may_read))
}

/// The value of an object as text. It is bounded, unlike `repr` of objects with shared parts.
#[pyfunction]
pub(crate) fn value_text(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let text = value(object).to_string();
    raise_signal().map(|()| text)
}

/// The summary of an array.
#[pyclass(frozen, module = "tracing_failure._native")]
pub(crate) struct ArraySummary(Value);

#[pymethods]
impl ArraySummary {
    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}

/// Summarises an array, from an object with the buffer protocol that has its entries in row-major order.
#[pyfunction]
pub(crate) fn summarize(shape: Vec<usize>, memory: &Bound<'_, PyAny>) -> PyResult<ArraySummary> {
    macro_rules! of_types {
        ($($entry:ty),*) => {
            $(if let Ok(buffer) = PyBuffer::<$entry>::get(memory) {
                return Ok(ArraySummary(Value::array(&shape, &buffer.to_vec(memory.py())?)));
            })*
        };
    }
    of_types!(f64, f32, i64, u64, i32, u32, i16, u16, i8, u8);
    Err(pyo3::exceptions::PyTypeError::new_err("neither floating point numbers nor integers"))
}
