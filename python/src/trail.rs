//! What a computation reports while it runs: numbers by the place in the program that reports them, and texts beside
//! them.

use std::collections::VecDeque;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};
use tracing_failure::Value;
use tracing_failure::record::{Breadcrumb, Location, Map, TrailEntry};

use crate::breadcrumbs::{Breadcrumbs, Source};
use crate::from_python;

/// Rows of a place that can be kept at its beginning, and up to the present.
const ROWS: usize = 1 << 16;
/// Places of a computation.
const SITES: usize = 64;
/// Rows of a place that makes way for a new one of the same kind, once all are in use.
const MOST_EVICTED_ROWS: u64 = 7;
/// How often that may happen: places that take turns must not replace each other for ever.
const MOST_EVICTIONS: u32 = 64;
/// Values of a row.
const COLUMNS: usize = 64;
/// Bytes of a text in a row.
const TEXT: usize = 64;
/// Numbers of an array in a row.
const ARRAY: usize = 16;

/// A place that calls `record`, by its code and the instruction in it.
pub(crate) struct Place<'py> {
    pub(crate) frame: Bound<'py, PyAny>,
    pub(crate) code: Bound<'py, PyAny>,
    pub(crate) instruction: i32,
}

/// The number of places is limited, and what is kept of a place does not depend on the others. If there are more
/// places, those of libraries and those with the fewest rows make way, and their rows are counted.
pub(crate) struct Trail {
    plan: Plan,
    /// In the order of their first rows.
    sites: Vec<Site>,
    evictions: u32,
    /// Rows of places that have no room.
    unplaced: u64,
    breadcrumbs: Breadcrumbs,
}

/// How many rows of each place are kept.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    first: usize,
    last: usize,
}

/// A place, and what it reported.
pub(crate) struct Site {
    is_own: bool,
    code: Py<PyAny>,
    instruction: i32,
    names: Vec<Py<PyString>>,
    message: Option<String>,
    location: Location,
    seen: u64,
    first: Vec<Row>,
    last: VecDeque<Row>,
}

pub(crate) struct Row {
    elapsed_s: f64,
    cells: Vec<Value>,
    /// Values beyond the columns of a row.
    omitted: usize,
}

/// What the values of a row are called.
pub(crate) type Names<'py> = Vec<Bound<'py, PyString>>;

impl Row {
    /// Runs code of the user, who may have numbers of their own: nothing may be locked.
    pub(crate) fn of<'py>(values: &Bound<'py, PyDict>, elapsed_s: f64) -> (Self, Names<'py>) {
        let mut names = Vec::with_capacity(values.len());
        let mut cells = Vec::with_capacity(values.len());
        for (name, value) in values {
            if names.len() >= COLUMNS {
                break;
            }
            let Ok(name) = name.cast_into::<PyString>() else { continue };
            if let Some(number) = from_python::number(&value) {
                names.push(name);
                cells.push(number);
                continue;
            }
            for (part, cell) in parts(&value) {
                let of_part = || PyString::new(value.py(), &format!("{}.{part}", name.to_string_lossy()));
                names.push(if part.is_empty() { name.clone() } else { of_part() });
                cells.push(cell);
            }
        }
        let omitted = values.len().saturating_sub(names.len());
        (Row { elapsed_s, cells, omitted }, names)
    }
}

impl Plan {
    pub(crate) fn new(first: usize, last: usize) -> Self {
        Plan { first: first.min(ROWS), last: last.min(ROWS) }
    }

    fn keeps_any(self) -> bool {
        self.first + self.last > 0
    }
}

impl Trail {
    pub(crate) fn new(plan: Plan) -> Self {
        Trail { plan, sites: Vec::new(), evictions: 0, unplaced: 0, breadcrumbs: Breadcrumbs::default() }
    }

    /// Takes a report from a place that has reported before; gives it back where it has not.
    pub(crate) fn add<'py>(&mut self, place: &Place<'_>, row: Row, names: Names<'py>) -> Option<(Row, Names<'py>)> {
        if !self.plan.keeps_any() {
            return None;
        }
        match self.sites.iter_mut().find(|site| site.is_at(place, &names)) {
            Some(site) => site.push(row, self.plan),
            None => return Some((row, names)),
        }
        None
    }

    /// Counts a row whose place has no room, if that is so.
    pub(crate) fn leaves_out(&mut self, is_own: bool) -> bool {
        let leaves_out = self.sites.len() >= SITES && self.least_valuable(is_own).is_none();
        self.unplaced += u64::from(leaves_out);
        leaves_out
    }

    /// Takes the first report from a place, unless another thread was there in between. Returns the place that made
    /// way.
    #[must_use = "no Python code may run while the trail is locked"]
    pub(crate) fn begin(&mut self, mut site: Site, row: Row) -> Option<Site> {
        if let Some(known) = self.sites.iter_mut().find(|known| known.is_same_as(&site)) {
            known.push(row, self.plan);
            return Some(site);
        }
        let victim = match self.sites.len() < SITES {
            true => None,
            false => match self.least_valuable(site.is_own) {
                Some(victim) => Some(self.sites.remove(victim)),
                None => {
                    self.unplaced += 1;
                    return Some(site);
                }
            },
        };
        if let Some(victim) = &victim {
            self.unplaced += victim.seen;
            self.evictions += u32::from(victim.is_own == site.is_own);
        }
        site.push(row, self.plan);
        self.sites.push(site);
        victim
    }

    /// The place that matters least, if it matters less than a new one: of a library before one of the program, with
    /// few rows before one with many.
    fn least_valuable(&self, is_own: bool) -> Option<usize> {
        let (place, site) = self.sites.iter().enumerate().min_by_key(|(_, site)| (site.is_own, site.seen))?;
        let is_of_less_value = is_own && !site.is_own;
        let makes_way = site.is_own == is_own && site.seen <= MOST_EVICTED_ROWS && self.evictions < MOST_EVICTIONS;
        (is_of_less_value || makes_way).then_some(place)
    }

    pub(crate) fn note(&mut self, source: Source, breadcrumb: Breadcrumb) {
        if self.plan.keeps_any() {
            self.breadcrumbs.add(source, breadcrumb);
        }
    }

    pub(crate) fn entries(&self, py: Python<'_>) -> Vec<TrailEntry> {
        self.sites.iter().map(|site| site.entry(py)).chain(self.unplaced()).collect()
    }

    pub(crate) fn breadcrumbs(&self) -> Vec<Breadcrumb> {
        self.breadcrumbs.iter().cloned().collect()
    }

    /// What there was no room for at all.
    fn unplaced(&self) -> Option<TrailEntry> {
        let mut entry = TrailEntry::default();
        entry.message = Some("more places than a trail has room for".to_owned());
        entry.seen = self.unplaced;
        entry.dropped = self.unplaced;
        (self.unplaced > 0).then_some(entry)
    }
}

impl Site {
    pub(crate) fn new(place: &Place<'_>, is_own: bool, message: Option<String>, names: &[Bound<'_, PyString>]) -> Self {
        Site {
            is_own,
            code: place.code.clone().unbind(),
            instruction: place.instruction,
            names: names.iter().map(|name| name.clone().unbind()).collect(),
            message,
            location: place.location(),
            seen: 0,
            first: Vec::new(),
            last: VecDeque::new(),
        }
    }

    fn is_at(&self, place: &Place<'_>, names: &[Bound<'_, PyString>]) -> bool {
        self.instruction == place.instruction
            && place.code.is(&self.code)
            && self.names.len() == names.len()
            && self.names.iter().zip(names).all(|(known, name)| name.is(known) || same(known.bind(name.py()), name))
    }

    fn is_same_as(&self, other: &Site) -> bool {
        let same_names = self.names.len() == other.names.len()
            && self.names.iter().zip(&other.names).all(|(a, b)| a.as_ptr() == b.as_ptr());
        self.instruction == other.instruction && self.code.as_ptr() == other.code.as_ptr() && same_names
    }

    fn push(&mut self, row: Row, plan: Plan) {
        self.seen += 1;
        if self.first.len() < plan.first {
            return self.first.push(row);
        }
        self.last.push_back(row);
        if self.last.len() > plan.last {
            self.last.pop_front();
        }
    }

    fn entry(&self, py: Python<'_>) -> TrailEntry {
        let rows = || self.first.iter().chain(&self.last);
        let kept = self.first.len() + self.last.len();
        let column = |index: usize| rows().map(|row| row.cells[index].clone()).collect::<Vec<Value>>();
        let columns = self.names.iter().enumerate();
        let columns = columns.map(|(index, name)| (name.to_string_lossy(py).into_owned(), column(index)));
        let mut entry = TrailEntry::default();
        entry.message = self.message.clone();
        entry.level = "DEBUG".into();
        entry.location = Some(self.location.clone());
        entry.seen = self.seen;
        entry.dropped = self.seen - kept as u64;
        entry.head = (entry.dropped > 0).then_some(self.first.len());
        entry.elapsed_s = rows().map(|row| row.elapsed_s).collect();
        entry.columns = columns.collect::<Map>();
        entry.omitted_columns = rows().map(|row| row.omitted).max().unwrap_or_default();
        entry
    }
}

impl<'py> Place<'py> {
    pub(crate) fn of(frame: Bound<'py, PyAny>) -> PyResult<Self> {
        let code = frame.getattr(intern!(frame.py(), "f_code"))?;
        let instruction = frame.getattr(intern!(frame.py(), "f_lasti"))?.extract()?;
        Ok(Place { frame, code, instruction })
    }

    /// Where no Python code calls.
    pub(crate) fn nowhere(py: Python<'py>) -> Self {
        let none = py.None().into_bound(py);
        Place { frame: none.clone(), code: none, instruction: 0 }
    }

    /// The module and the file of the caller.
    pub(crate) fn origin(&self) -> PyResult<(String, Bound<'py, PyAny>)> {
        let py = self.frame.py();
        let module = self.frame.getattr(intern!(py, "f_globals"))?.get_item(intern!(py, "__name__"));
        let module = module.and_then(|name| name.extract::<String>()).unwrap_or_default();
        Ok((module, self.code.getattr(intern!(py, "co_filename"))?))
    }

    /// The caller's place, as far as it is known.
    pub(crate) fn location(&self) -> Location {
        location(&self.frame, &self.code).unwrap_or_default()
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

/// Names of keyword arguments are one object each, unless they come out of a dict.
fn same(a: &Bound<'_, PyString>, b: &Bound<'_, PyString>) -> bool {
    a.to_string_lossy() == b.to_string_lossy()
}

/// The parts of a value that a row has columns for: `re` and `im` of a complex number, the unit of a quantity. The part
/// without a name is the value itself.
fn parts(object: &Bound<'_, PyAny>) -> Vec<(&'static str, Value)> {
    let simple = if object.is_exact_instance_of::<PyString>() { Ok(object.clone()) } else { cell_of(object) };
    let value = match &simple {
        Ok(simple) => from_python::value_in_memory(simple),
        Err(_) => from_python::value_in_memory(object),
    };
    match value {
        Value::Map(map) if map.get("re").is_some() || map.get("value").is_some() => {
            let of = |(name, key): (&'static str, &str)| map.get(key).map(|part| (name, short(part.clone())));
            [("", "value"), ("re", "re"), ("im", "im"), ("unit", "unit")].into_iter().filter_map(of).collect()
        }
        other => vec![("", short(other))],
    }
}

/// What the package's own Python code makes of a value for a row. Code of the user's numbers runs there.
fn cell_of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static CELL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let cell = CELL.get_or_try_init(py, || {
        PyResult::Ok(py.import("tracing_failure._values.trail_value")?.getattr("trail_value")?.unbind())
    })?;
    cell.bind(py).call1((object,)).inspect_err(|error| from_python::keep_if_signal(py, error.clone_ref(py)))
}

/// A number, a short text, or a short list of numbers.
fn short(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > TEXT => {
            let end = (0..=TEXT).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            format!("{}…", &text[..end]).into()
        }
        Value::List(list) if list.len() > ARRAY || list.iter().any(|entry| entry.as_f64().is_none()) => {
            format!("[{} entries]", list.len()).into()
        }
        Value::Map(map) => match map.get("length") {
            Some(length) => format!("[{length} entries]").into(),
            None => format!("{{{} entries}}", map.len()).into(),
        },
        other => other,
    }
}
