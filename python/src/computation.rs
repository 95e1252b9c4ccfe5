//! A computation in Python: its parameters, its place and its trail.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use tracing_failure::internal::ValueTrail;
use tracing_failure::record::{Breadcrumb, Context, Limits, Location, Map, SpanEntry};

use crate::breadcrumbs::Source;
use crate::caller::Caller;
use crate::from_python;
use crate::row::Row;
use crate::shorten::truncate;
use crate::signals;
use crate::text::Text;
use crate::trail::Trail;

/// Maximum computations around a failure.
const MAX_SPANS: usize = Limits::DEFAULT.spans;
/// Maximum bytes of a breadcrumb.
const MAX_BREADCRUMB_BYTES: usize = 1024;

/// The base class of a computation.
#[pyclass(frozen, subclass, module = "tracing_failure._native")]
pub(crate) struct Computation {
    name: String,
    theoretical_ref: String,
    parameters: Map,
    /// Set when the computation begins.
    open: OnceLock<Open>,
    is_open: AtomicBool,
    trail: Trail,
}

struct Open {
    /// The computation around this one. When it has ended, `release` replaces it with the next one that is open.
    parent: Mutex<Option<Py<Computation>>>,
    function: String,
    location: Location,
    started: Instant,
}

#[pymethods]
impl Computation {
    #[new]
    fn new(name: Text, theoretical_ref: Text, parameters: &Bound<'_, PyAny>, trail: (usize, usize)) -> PyResult<Self> {
        let (head, tail) = trail;
        let computation = Computation {
            name: name.0,
            theoretical_ref: theoretical_ref.0,
            parameters: from_python::map_in_memory(parameters),
            open: OnceLock::new(),
            is_open: AtomicBool::new(false),
            trail: Trail::new(head, tail),
        };
        signals::raise_signal().map(|()| computation)
    }

    /// Begins the computation inside of another one. Returns false if it has begun before.
    fn enter(
        &self,
        parent: Option<Py<Computation>>,
        function: Text,
        file: Text,
        line: Option<u32>,
        module: Option<Text>,
    ) -> bool {
        let mut location = Location::default();
        location.file = Some(file.0.into());
        location.line = line;
        location.module = module.map(|module| module.0.into());
        let parent = Mutex::new(parent);
        let is_first = self.open.set(Open { parent, function: function.0, location, started: Instant::now() }).is_ok();
        self.is_open.fetch_or(is_first, Ordering::Relaxed);
        is_first
    }

    /// Ends the computation, and returns the next one around it that is open.
    fn end(&self, py: Python<'_>) -> Option<Py<Computation>> {
        self.is_open.store(false, Ordering::Relaxed);
        self.parent(py).and_then(|parent| Computation::innermost(parent, py))
    }

    /// Drops the references to computations around it that ended first.
    fn release(&self, py: Python<'_>) {
        let outer = self.end(py);
        let replaced = self.open.get().map(|open| std::mem::replace(&mut *lock(&open.parent), outer));
        // Dropped after the lock is released: a destructor may run Python code.
        drop(replaced);
    }

    /// This computation, or the next one around it that is open. A computation can end in another context.
    #[pyo3(name = "innermost")]
    fn innermost_open(slf: Bound<'_, Self>) -> Option<Py<Computation>> {
        Computation::innermost(slf.clone().unbind(), slf.py())
    }

    /// Adds a row of numbers to the trail, or a breadcrumb. The callsite is that of the caller.
    #[pyo3(signature = (message=None, /, **values))]
    fn record(slf: &Bound<'_, Self>, message: Option<Text>, values: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let py = slf.py();
        Computation::add_row_or_breadcrumb(
            slf,
            Caller::current(py).unwrap_or_else(|_| Caller::unknown(py)),
            message,
            values,
        )
    }

    /// Like `record`, with another frame as the caller.
    fn record_at(
        slf: &Bound<'_, Self>,
        frame: Bound<'_, PyAny>,
        message: Option<Text>,
        values: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        Computation::add_row_or_breadcrumb(slf, Caller::of(frame)?, message, values)
    }

    /// Adds a breadcrumb. `in_app` is true for one of the program, false for one of a library.
    #[pyo3(signature = (level, message, target, in_app, file=None, line=None))]
    fn add_breadcrumb(
        &self,
        level: &str,
        message: Text,
        target: Text,
        in_app: bool,
        file: Option<Text>,
        line: Option<i64>,
    ) {
        let mut location = Location::default();
        location.file = file.map(|file| file.0.into());
        location.line = line.and_then(|line| line.try_into().ok());
        self.push_breadcrumb(level, &message.0, Source { target: target.0, in_app }, location);
    }

    /// The module in which it began.
    #[getter]
    fn module(&self) -> Option<&str> {
        self.open.get()?.location.module.as_deref()
    }

    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    #[getter]
    fn theoretical_ref(&self) -> &str {
        &self.theoretical_ref
    }

    #[getter]
    fn parent(&self, py: Python<'_>) -> Option<Py<Computation>> {
        lock(&self.open.get()?.parent).as_ref().map(|parent| parent.clone_ref(py))
    }

    /// Visits the parent, which may refer to an object that refers to this computation.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.open.get().map(|open| open.parent.try_lock()) {
            Some(Ok(parent)) => visit.call(parent.as_ref()),
            _ => Ok(()),
        }
    }

    /// Seconds since it began.
    #[getter]
    pub(crate) fn elapsed_s(&self) -> f64 {
        self.open.get().map_or(0.0, |open| open.started.elapsed().as_secs_f64())
    }
}

impl Computation {
    fn push_breadcrumb(&self, level: &str, message: &str, source: Source, location: Location) {
        let mut breadcrumb = Breadcrumb::default();
        breadcrumb.elapsed_s = self.elapsed_s();
        breadcrumb.level = level.to_owned().into();
        breadcrumb.message = truncate(message, MAX_BREADCRUMB_BYTES);
        breadcrumb.location = (location != Location::default()).then_some(location);
        self.trail.add_breadcrumb(source, breadcrumb);
    }

    fn add_row_or_breadcrumb(
        slf: &Bound<'_, Self>,
        caller: Caller<'_>,
        message: Option<Text>,
        values: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let computation = slf.get();
        let Some(values) = values.filter(|values| !values.is_empty()) else {
            let text = message.as_ref().map_or("", |message| &message.0);
            computation.push_breadcrumb("INFO", text, Computation::source(slf, &caller), caller.location());
            return signals::raise_signal();
        };
        let trail = &computation.trail;
        let row = Row::of(values);
        if trail.keeps_any() {
            let key = trail.key_of(&caller, &row).or_else(|| {
                let in_app = Computation::source(slf, &caller).in_app;
                trail.make_room(&caller, &row, message.as_ref().map(|message| &*message.0), in_app)
            });
            if let Some(key) = key {
                trail.add_row(key, row);
            }
        }
        signals::raise_signal()
    }

    /// The module of a caller, and whether it belongs to the program. An unknown caller does.
    fn source(slf: &Bound<'_, Self>, caller: &Caller<'_>) -> Source {
        let py = slf.py();
        let (target, file) = caller.origin().unwrap_or_else(|_| (String::new(), PyString::new(py, "").into_any()));
        let in_app = slf
            .call_method1(intern!(py, "_is_in_app"), (&target, file))
            .and_then(|in_app| in_app.extract())
            .inspect_err(|error| signals::keep_if_signal(py, error.clone_ref(py)))
            .unwrap_or(true);
        Source { target, in_app }
    }

    /// The parameters of the computation and of those around it.
    pub(crate) fn parameters(&self, py: Python<'_>) -> Map {
        let mut all = self.parameters.clone();
        self.visit_outwards(py, |computation| {
            for (name, value) in computation.parameters.iter() {
                if all.get(name).is_none() {
                    all.insert(name.to_owned(), value.clone());
                }
            }
        });
        all
    }

    /// Adds the computation to the context of a record.
    pub(crate) fn describe(&self, py: Python<'_>, context: &mut Context) {
        context.elapsed_s = Some(self.elapsed_s());
        let opened = self.open.get().map_or_else(Instant::now, |open| open.started);
        context.trail = self.trail.entries(opened);
        context.breadcrumbs = self.trail.breadcrumbs();
        self.visit_outwards(py, |computation| {
            context.spans.push(computation.span());
        });
    }

    /// The rows of the trail.
    pub(crate) fn rows(&self) -> &ValueTrail {
        self.trail.rows()
    }

    /// The computation as a span of a record.
    pub(crate) fn span(&self) -> SpanEntry {
        let mut fields =
            Map::from_iter([("computation", self.name.as_str()), ("theoretical_ref", self.theoretical_ref.as_str())]);
        for (name, value) in self.parameters.iter() {
            // A parameter with the name `computation` does not replace the name of the computation.
            let name =
                if ["computation", "theoretical_ref"].contains(&name) { format!("{name}_") } else { name.to_owned() };
            fields.insert(name, value.clone());
        }
        let mut span = SpanEntry::default();
        span.name = self.name.clone().into();
        span.level = "INFO".into();
        span.fields = fields;
        if let Some(open) = self.open.get() {
            span.name = open.function.clone().into();
            span.target = open.location.module.clone().unwrap_or_default();
            span.file = open.location.file.clone();
            span.line = open.location.line;
        }
        span
    }

    /// Visits the computation and those around it, innermost first.
    pub(crate) fn visit_outwards(&self, py: Python<'_>, mut visit: impl FnMut(&Computation)) {
        visit(self);
        let mut next = self.parent(py);
        for _ in 1..MAX_SPANS {
            let Some(computation) = next else { break };
            visit(computation.get());
            next = computation.get().parent(py);
        }
    }

    fn innermost(computation: Py<Computation>, py: Python<'_>) -> Option<Py<Computation>> {
        let mut next = Some(computation);
        while let Some(computation) = next {
            if computation.get().is_open.load(Ordering::Relaxed) {
                return Some(computation);
            }
            next = computation.get().parent(py);
        }
        None
    }
}

impl Drop for Computation {
    /// Drops the computations around it in a loop: a recursion over many of them would overflow the stack.
    fn drop(&mut self) {
        thread_local! {
            static PENDING: RefCell<Option<Vec<Py<Computation>>>> = const { RefCell::new(None) };
        }
        let open = self.open.take();
        let Some(parent) = open.and_then(|open| open.parent.into_inner().unwrap_or_else(PoisonError::into_inner))
        else {
            return;
        };
        let is_nested = PENDING.with_borrow_mut(|pending| {
            let is_nested = pending.is_some();
            pending.get_or_insert_default().push(parent);
            is_nested
        });
        if !is_nested {
            while let Some(next) = PENDING.with_borrow_mut(|pending| pending.as_mut().and_then(Vec::pop)) {
                drop(next);
            }
            PENDING.set(None);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
