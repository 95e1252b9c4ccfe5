//! Python objects as values. Whatever cannot be taken becomes its `repr`, and an object whose `repr` raises says so: nothing
//! here fails, and nothing takes long.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use tracing_failure::{Map, Value};

/// Entries of an array at each end of its summary.
const END: usize = 8;
/// Steps of an object that Python code looks at, and of an entry of a dict, which is kept.
const OBJECT: usize = 64;
/// Steps of a list, beside those of its entries.
const LIST: usize = 8;
/// Bytes of a text that may be kept: the library's own limit.
const TEXT: usize = 16 << 10;
/// Bits of an integer whose decimal digits are quickly found; Python refuses to look for some more.
const DECIMAL: usize = 14_000;

thread_local! {
    /// What the handler of a signal raised while code of the user ran here.
    static SIGNALLED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Raises what came by a signal meanwhile: Ctrl-C, a time that is up. Whoever takes objects calls it when they are done.
pub(crate) fn signalled() -> PyResult<()> {
    SIGNALLED.take().map_or(Ok(()), Err)
}

/// The object as a value; arrays and texts over the limits are summarised.
pub(crate) fn value(object: &Bound<'_, PyAny>) -> Value {
    let value = Value::from_serialize(&Object { object, within: None, bounds: &Bounds::of_a_value() });
    value.unwrap_or_else(|error| error.to_string().into())
}

/// Named values, whatever the object is.
pub(crate) fn map(object: &Bound<'_, PyAny>) -> Map {
    match value(object) {
        Value::Map(map) if map.get("summary") != Some(&"array".into()) => map,
        Value::Null => Map::new(),
        other => Map::from_iter([("value", other)]),
    }
}

/// The object as JSON, whole.
pub(crate) fn json(object: &Bound<'_, PyAny>) -> String {
    serde_json::to_string(&Object { object, within: None, bounds: &Bounds::of_a_record() }).unwrap_or_default()
}

/// How far an object is followed.
struct Bounds {
    /// What is left of the work that it may make: an entry of a list is a step, and so is a byte of a text.
    steps: Cell<usize>,
    /// Levels of nesting.
    depth: usize,
    /// Entries of a dict.
    entries: usize,
}

impl Bounds {
    /// Half a second of work, fewer levels than the library's own limit, and as many entries.
    fn of_a_value() -> Self {
        Bounds { steps: Cell::new(1 << 22), depth: 24, entries: 256 }
    }

    /// All that JSON may hold.
    fn of_a_record() -> Self {
        Bounds { steps: Cell::new(usize::MAX), depth: 127, entries: usize::MAX }
    }

    fn pay(&self, steps: usize) -> bool {
        let left = self.steps.get().checked_sub(steps);
        self.steps.set(left.unwrap_or(self.steps.get()));
        left.is_some()
    }
}

/// Looks at what code of the user raised. What it raises itself is nobody's business.
fn caught(py: Python<'_>, error: PyErr) {
    let is_from_signal = py.import("tracing_failure._signals").and_then(|signals| {
        signals.getattr("is_from_signal")?.call1((error.value(py), error.traceback(py)))?.extract()
    });
    if is_from_signal.unwrap_or(false) {
        SIGNALLED.set(Some(error));
    }
}

/// An object, and those that it lies in.
#[derive(Clone, Copy)]
struct Object<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    within: Option<&'a Within<'a>>,
    bounds: &'a Bounds,
}

struct Within<'a> {
    address: usize,
    depth: usize,
    outer: Option<&'a Within<'a>>,
}

impl Within<'_> {
    fn object<'a, 'py>(&'a self, object: &'a Bound<'py, PyAny>, bounds: &'a Bounds) -> Object<'a, 'py> {
        Object { object, within: Some(self), bounds }
    }

    fn entries<'a, 'py>(&'a self, entries: &'a Bound<'py, PyTuple>, bounds: &'a Bounds) -> Entries<'a, 'py> {
        Entries { entries, within: self, bounds }
    }

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
        let is_plain = object.is_exact_instance_of::<PyString>()
            || object.is_exact_instance_of::<PyList>()
            || object.is_exact_instance_of::<PyTuple>()
            || object.cast_exact::<PyDict>().is_ok_and(|dict| dict.len() <= self.bounds.entries)
            || object.is_instance_of::<Summary>();
        if is_plain {
            return self.as_it_is(serializer);
        }
        if let Some(why) = self.why_not() {
            return serializer.serialize_str(&why);
        }
        if !self.bounds.pay(OBJECT) {
            return serializer.serialize_str(&self.no_room());
        }
        match simpler(object) {
            Ok(simpler) if simpler.is(object) => self.as_it_is(serializer),
            Ok(simpler) => {
                // What it holds is found in another object that is made anew each time.
                let within = Within { depth: self.depth(), ..self.inside() };
                Object { object: &simpler, within: Some(&within), ..*self }.as_it_is(serializer)
            }
            Err(error) => {
                caught(object.py(), error);
                serializer.serialize_str(&self.repr())
            }
        }
    }
}

impl<'py> Object<'_, 'py> {
    /// Serialises what no Python code has to look at.
    fn as_it_is<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = self.object;
        if let Some(number) = number(object) {
            return number.serialize(serializer);
        }
        if let Ok(text) = object.cast::<PyString>() {
            let text = utf8(text);
            let affordable = self.bounds.pay(text.len().min(TEXT));
            return serializer.serialize_str(if affordable { &text } else { "<str: no room is left>" });
        }
        if let Ok(summary) = object.cast::<Summary>() {
            return summary.get().0.serialize(serializer);
        }
        if let Some(why) = self.why_not() {
            return serializer.serialize_str(&why);
        }
        if let Ok(dict) = object.cast::<PyDict>() {
            return self.named(serializer, dict);
        }
        if let Ok(list) = object.cast::<PyList>() {
            return self.listed(serializer, list.len(), |from, to| list.get_slice(from, to).to_tuple());
        }
        if let Ok(tuple) = object.cast::<PyTuple>() {
            return self.listed(serializer, tuple.len(), |from, to| tuple.get_slice(from, to));
        }
        serializer.serialize_str(&self.repr())
    }

    fn depth(&self) -> usize {
        self.within.map_or(0, |within| within.depth)
    }

    fn inside(&self) -> Within<'_> {
        Within { address: self.object.as_ptr().addr(), depth: self.depth() + 1, outer: self.within }
    }

    /// Why it is not looked into.
    fn why_not(&self) -> Option<String> {
        if self.within.is_some_and(|within| within.holds(self.object.as_ptr().addr())) {
            return Some(format!("<{}: it holds itself>", type_name(&self.object.get_type())));
        }
        let is_deep = self.depth() >= self.bounds.depth;
        is_deep.then(|| format!("<{}: nested too deeply>", type_name(&self.object.get_type())))
    }

    fn no_room(&self) -> String {
        format!("<{}: no room is left>", type_name(&self.object.get_type()))
    }

    fn named<S: Serializer>(&self, serializer: S, dict: &Bound<'py, PyDict>) -> Result<S::Ok, S::Error> {
        let within = self.inside();
        // A copy: another thread may change it meanwhile.
        let items = dict.items();
        let pairs = || items.iter().filter_map(|item| item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>().ok());
        // Texts differ from each other; what `str` makes of other keys need not.
        let are_texts = pairs().all(|(key, _)| key.is_exact_instance_of::<PyString>());
        let mut names = (!are_texts).then(HashSet::new);
        let mut map = serializer.serialize_map(Some(items.len()))?;
        for (index, (key, value)) in pairs().enumerate() {
            if !self.bounds.pay(OBJECT) {
                map.serialize_entry("…", &format!("[{} entries left out]", items.len() - index))?;
                break;
            }
            let (key, value) = (within.object(&key, self.bounds), within.object(&value, self.bounds));
            match &mut names {
                Some(names) => map.serialize_entry(&key.name(names), &value)?,
                None => match key.object.cast::<PyString>() {
                    Ok(text) => map.serialize_entry(&utf8(text), &value)?,
                    Err(_) => continue,
                },
            }
        }
        map.end()
    }

    /// The name that it makes as a key beside those before it.
    fn name(&self, names: &mut HashSet<String>) -> String {
        let name = match self.object.str() {
            Ok(text) => without_addresses(&utf8(&text)),
            Err(error) => self.broken("str", error),
        };
        let repr = std::iter::once_with(|| self.repr());
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let free = std::iter::once(name.clone()).chain(repr).chain(numbered).find(|name| names.insert(name.clone()));
        free.unwrap_or(name)
    }

    fn listed<S: Serializer>(
        &self,
        serializer: S,
        length: usize,
        slice: impl Fn(usize, usize) -> Bound<'py, PyTuple>,
    ) -> Result<S::Ok, S::Error> {
        let within = self.inside();
        if steps(self.object) <= self.bounds.steps.get() && self.bounds.pay(LIST + length) {
            // A copy, as above.
            return within.entries(&slice(0, length), self.bounds).serialize(serializer);
        }
        if !self.bounds.pay(2 * END * OBJECT) {
            return serializer.serialize_str(&self.no_room());
        }
        // Its ends lie deeper, in the summary.
        let within = Within { depth: within.depth + 1, ..within };
        let end = END.min(length);
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("summary", "array")?;
        map.serialize_entry("length", &length)?;
        map.serialize_entry("head", &within.entries(&slice(0, end), self.bounds))?;
        map.serialize_entry("tail", &within.entries(&slice(length - end, length), self.bounds))?;
        map.end()
    }

    fn repr(&self) -> String {
        match self.object.repr() {
            Ok(text) => without_addresses(&utf8(&text)),
            Err(error) => self.broken("repr", error),
        }
    }

    fn broken(&self, what: &str, error: PyErr) -> String {
        let py = self.object.py();
        let kind = type_name(&error.get_type(py));
        caught(py, error);
        format!("<{}: its {what} raised {kind}>", type_name(&self.object.get_type()))
    }
}

/// The entries of a list.
struct Entries<'a, 'py> {
    entries: &'a Bound<'py, PyTuple>,
    within: &'a Within<'a>,
    bounds: &'a Bounds,
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

/// What a list costs, over all its dimensions, if its entries are all like the first.
fn steps(list: &Bound<'_, PyAny>) -> usize {
    let mut lists: usize = 0;
    let mut steps: usize = 1;
    let mut next = list.clone();
    loop {
        let (length, ends) = if let Ok(list) = next.cast::<PyList>() {
            (list.len(), (list.get_item(0), list.get_item(list.len().saturating_sub(1))))
        } else if let Ok(tuple) = next.cast::<PyTuple>() {
            (tuple.len(), (tuple.get_item(0), tuple.get_item(tuple.len().saturating_sub(1))))
        } else if let Ok(text) = next.cast::<PyString>() {
            return lists.saturating_add(steps.saturating_mul(text.len().unwrap_or(TEXT).min(TEXT)));
        } else if let Ok(dict) = next.cast::<PyDict>() {
            return lists.saturating_add(steps.saturating_mul(OBJECT * dict.len().min(256)));
        } else {
            let each = if number(&next).is_some() { 1 } else { OBJECT };
            return lists.saturating_add(steps.saturating_mul(each));
        };
        lists = lists.saturating_add(steps.saturating_mul(LIST));
        let (Ok(first), Ok(last)) = ends else { return lists };
        steps = steps.saturating_mul(length);
        if steps == usize::MAX || !first.get_type().is(last.get_type()) {
            return lists.saturating_add(steps);
        }
        next = first;
    }
}

fn type_name(kind: &Bound<'_, pyo3::types::PyType>) -> String {
    kind.name().map_or("object".into(), |name| utf8(&name).into_owned())
}

/// The text; a surrogate that is alone, which UTF-8 does not have, as its escape.
pub(crate) fn utf8<'a>(text: &'a Bound<'_, PyString>) -> Cow<'a, str> {
    text.to_str().map(Cow::Borrowed).unwrap_or_else(|_| {
        let escaped = text.py().get_type::<PyString>().call_method1("encode", (text, "utf-8", "backslashreplace"));
        match escaped.and_then(|bytes| bytes.extract::<Vec<u8>>()) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
            Err(_) => text.to_string_lossy(),
        }
    })
}

/// The text without `at 0x7f…`: the same in every run.
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

/// An integer beyond 64 bits: its decimal digits, or hexadecimal ones where those would take long.
fn large(number: &Bound<'_, PyAny>) -> Value {
    let bits = number.call_method0("bit_length").and_then(|bits| bits.extract::<usize>());
    let hex = || number.call_method1("__format__", ("#x",)).and_then(|hex| hex.str());
    // Python's own limit may be lower.
    let digits = if bits.is_ok_and(|bits| bits <= DECIMAL) { number.str().or_else(|_| hex()) } else { hex() };
    digits.map_or(Value::Null, |digits| utf8(&digits).into_owned().into())
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
