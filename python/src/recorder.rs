//! The recorder: writes records and log lines through the Rust library.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;
use tracing::Level;
use tracing_failure::publish::Publisher;
use tracing_failure::record::{Durability, ErrorEntry, Frame, Location, Map, Relation};
use tracing_failure::{Category, Failure, InitError, StructuredLogger, Successes, Value};

use crate::computation::Computation;
use crate::fork::begin_work;
use crate::from_python;
use crate::signals;
use crate::text::Text;

/// A new id. Ids sort by the time when they were made.
#[pyfunction]
pub(crate) fn new_id() -> String {
    tracing_failure::record::time::new_id().to_string()
}

/// The names of all categories.
#[pyfunction]
pub(crate) fn category_names() -> Vec<&'static str> {
    Category::all().iter().map(|category| category.name()).collect()
}

/// The logger of the Rust library.
#[pyclass(frozen, weakref, module = "tracing_failure._native")]
pub(crate) struct Recorder {
    logger: StructuredLogger,
    has_log: bool,
}

/// Type, message, data, notes, relation to another error, and the index of that error.
type Entry<'py> = (Text, Text, Option<Bound<'py, PyAny>>, Vec<Text>, Option<String>, Option<usize>);

/// The description of an exception.
#[derive(FromPyObject)]
struct ExceptionRecord<'py> {
    #[pyo3(item)]
    error_type: Text,
    #[pyo3(item)]
    error_message: Text,
    #[pyo3(item)]
    stack_trace: Text,
    /// Each error of the chain, outermost first, the members of a group after it.
    #[pyo3(item)]
    errors: Vec<Entry<'py>>,
    #[pyo3(item)]
    errors_cut: bool,
    /// Function, file, line, and whether the file belongs to the program, innermost first.
    #[pyo3(item)]
    frames: Vec<(Text, Text, Option<u32>, bool)>,
    /// File, line and module where it was raised.
    #[pyo3(item)]
    location: (Option<Text>, Option<u32>, Option<Text>),
}

/// The circumstances of a failure: everything but the exception.
#[derive(FromPyObject)]
struct Call<'py> {
    #[pyo3(item)]
    computation: Text,
    #[pyo3(item)]
    theoretical_ref: Text,
    /// The default is the parameters of the computation `within`.
    #[pyo3(item)]
    parameters: Option<Bound<'py, PyAny>>,
    #[pyo3(item)]
    within: Option<Py<Computation>>,
    #[pyo3(item)]
    thread: Text,
    #[pyo3(item)]
    notebook: Option<Text>,
    #[pyo3(item)]
    cell_number: Option<i64>,
    #[pyo3(item)]
    caused_by: Option<String>,
    #[pyo3(item)]
    category: Option<Text>,
    #[pyo3(item)]
    context: Option<Bound<'py, PyAny>>,
}

#[pymethods]
impl Recorder {
    #[new]
    #[pyo3(signature = (failures, *, logs, session_id, redact, areas, durable, auto_push, branch, remote, without_dir=false,
        trail_of_successes=false))]
    #[expect(clippy::too_many_arguments, reason = "they are named in Python")]
    fn new(
        py: Python<'_>,
        failures: PathBuf,
        logs: Option<PathBuf>,
        session_id: String,
        redact: Vec<String>,
        areas: Vec<(String, Vec<String>)>,
        durable: bool,
        auto_push: bool,
        branch: Option<String>,
        remote: Option<String>,
        without_dir: bool,
        trail_of_successes: bool,
    ) -> PyResult<Self> {
        let mut successes = Successes::default();
        successes.trail = trail_of_successes;
        let mut builder = tracing_failure::builder(&failures)
            .failures_dir(&failures)
            .without_log()
            .stderr_notice(false)
            .without_dir(without_dir)
            .session_id(session_id)
            .auto_push(auto_push)
            .successes(successes)
            .publisher(|publisher| set_destination(publisher, branch, remote));
        let has_log = logs.is_some();
        if let Some(logs) = logs {
            builder = builder.logs_dir(logs);
        }
        if durable {
            builder = builder.durability(Durability::Disk);
        }
        for name in redact {
            builder = builder.redact(name);
        }
        for (area, names) in &areas {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            builder = builder.area(area, &names);
        }
        let logger = py.detach(|| builder.logger()).map_err(init_error)?;
        Ok(Recorder { logger, has_log })
    }

    /// Records a failure. Appends its id, and its file or the reason why it is on stderr, to `outcomes`.
    ///
    /// They are not returned, because a signal handler may raise before the caller has the result.
    fn record(
        &self,
        py: Python<'_>,
        error: ExceptionRecord<'_>,
        call: Call<'_>,
        outcomes: &Bound<'_, PyList>,
    ) -> PyResult<()> {
        let failure = failure_record(py, error, call);
        let id = failure.context.id.map(|id| id.to_string()).unwrap_or_default();
        // The program handles an exception. A panic here must not replace it.
        let result = py.detach(|| {
            let _work = begin_work();
            catch_unwind(AssertUnwindSafe(|| self.logger.record(failure)))
        });
        match result {
            // An `OsString`, because Python code would make a `Path`, and Ctrl-C could interrupt it.
            Ok(Ok(path)) => outcomes.append((id, Some(path.into_os_string()), None::<String>)),
            Ok(Err(error)) => outcomes.append((id, None::<OsString>, Some(error.to_string()))),
            Err(payload) => {
                // The destructor of the payload may panic as well.
                std::mem::forget(payload);
                Err(PyRuntimeError::new_err("the recorder panicked"))
            }
        }?;
        signals::raise_signal()
    }

    /// Writes a line of the runtime log.
    #[pyo3(signature = (level, target, message, fields, within=None))]
    fn log(
        &self,
        py: Python<'_>,
        level: &str,
        target: Text,
        message: Text,
        fields: &Bound<'_, PyAny>,
        within: Option<Py<Computation>>,
    ) -> PyResult<()> {
        if !self.has_log {
            return Ok(());
        }
        let mut spans = Vec::new();
        if let Some(within) = &within {
            within.get().visit_outwards(py, |computation| {
                let span = computation.span();
                spans.push(Value::from(Map::from_iter([
                    ("name", Value::from(&*span.name)),
                    ("fields", span.fields.into()),
                ])));
            });
        }
        let entries =
            Map::from_iter([("fields", Value::from(from_python::map(fields))), ("spans", Value::List(spans))]);
        self.log_line(py, level, &target.0, &message.0, entries);
        signals::raise_signal()
    }

    /// Logs the end of a computation.
    #[pyo3(signature = (computation, outcome, failure_id=None))]
    fn log_end(&self, py: Python<'_>, computation: &Bound<'_, Computation>, outcome: &str, failure_id: Option<String>) {
        if !self.has_log {
            return;
        }
        let computation = computation.get();
        let span = computation.span();
        let mut entries = Map::from_iter([
            ("computation", span.fields.get("computation").cloned().unwrap_or_default()),
            ("theoretical_ref", span.fields.get("theoretical_ref").cloned().unwrap_or_default()),
            ("parameters", computation.parameters(py).into()),
            ("outcome", outcome.into()),
        ]);
        entries.insert("duration_s", computation.elapsed_s());
        if let Some(id) = failure_id {
            entries.insert("failure_id", id);
        }
        py.detach(|| {
            let _work = begin_work();
            self.logger.log_computation_with_trail(&span.target, entries, computation.rows());
        });
    }

    /// Waits until all records and log lines are with the operating system.
    fn flush(&self, py: Python<'_>) {
        py.detach(|| {
            let _work = begin_work();
            self.logger.flush();
        });
    }

    /// Like `flush`, and pushes the records that are not pushed yet. A fork does not wait for the push.
    fn finish(&self, py: Python<'_>) {
        self.flush(py);
        py.detach(|| self.logger.finish());
    }

    /// Counts of records, log lines and pushes so far.
    fn stats(&self) -> std::collections::BTreeMap<&'static str, u64> {
        let stats = self.logger.stats();
        [
            ("recorded", stats.recorded),
            ("diverted", stats.diverted),
            ("lost", stats.lost),
            ("log_lines", stats.log_lines),
            ("log_lines_lost", stats.log_lines_lost),
            ("latest_failed", stats.latest_failed),
            ("pushes", stats.pushes),
            ("pushes_failed", stats.pushes_failed),
        ]
        .into()
    }
}

impl Recorder {
    fn log_line(&self, py: Python<'_>, level: &str, target: &str, message: &str, entries: Map) {
        let level = level.parse().unwrap_or(Level::INFO);
        py.detach(|| {
            let _work = begin_work();
            self.logger.log(level, target, message, entries);
        });
    }
}

impl Drop for Recorder {
    /// Flushes without the interpreter lock, unless the interpreter shuts down.
    fn drop(&mut self) {
        if Python::try_attach(|py| self.flush(py)).is_none() {
            self.logger.flush();
        }
    }
}

fn set_destination(mut publisher: Publisher, branch: Option<String>, remote: Option<String>) -> Publisher {
    if let Some(branch) = branch {
        publisher = publisher.branch(branch);
    }
    if let Some(remote) = remote {
        publisher = publisher.remote(remote);
    }
    publisher
}

/// Builds the record of a failure.
fn failure_record(py: Python<'_>, error: ExceptionRecord<'_>, call: Call<'_>) -> Failure {
    let mut failure =
        Failure::new(call.computation.0, call.theoretical_ref.0, error.error_type.0, error.error_message.0);
    failure.stack_trace = error.stack_trace.0;
    let within = call.within.as_ref().map(Py::get);
    failure.parameters = match (&call.parameters, within) {
        (Some(parameters), _) => from_python::map(parameters),
        (None, Some(within)) => within.parameters(py),
        (None, None) => Map::new(),
    };
    let context = &mut failure.context;
    // The id starts with the timestamp of the record.
    context.id = Some(tracing_failure::record::time::id_at(failure.timestamp));
    if let Some(Text(named)) = call.category {
        context.category = Some(Category::from_name(&named).unwrap_or(Category::Other));
        context.reason = (context.category == Some(Category::Other)).then_some(named);
    }
    context.thread = Some(call.thread.0);
    context.notebook = call.notebook.map(|name| name.0);
    context.cell_number = call.cell_number;
    context.caused_by = call.caused_by.and_then(|id| id.parse().ok());
    context.errors = error.errors.into_iter().map(error_entry).collect();
    context.errors_cut = error.errors_cut;
    context.frames = error.frames.into_iter().map(frame).collect();
    context.location = location(error.location);
    context.other = call.context.as_ref().map(from_python::map).unwrap_or_default();
    if let Some(within) = within {
        within.describe(py, context);
    }
    failure
}

fn error_entry((type_name, message, data, notes, relation, related_to): Entry<'_>) -> ErrorEntry {
    let mut entry = ErrorEntry::default();
    entry.type_name = Some(type_name.0);
    entry.message = message.0;
    entry.data = data.map(|data| from_python::value(&data));
    entry.notes = notes.into_iter().map(|note| note.0).collect();
    entry.relation = relation.map(|relation| match relation.as_str() {
        "member" => Relation::Member,
        _ => Relation::Context,
    });
    entry.related_to = related_to;
    entry
}

fn frame((function, file, line, in_app): (Text, Text, Option<u32>, bool)) -> Frame {
    let mut frame = Frame::default();
    frame.function = function.0.into();
    frame.file = Some(file.0.into());
    frame.line = line;
    frame.in_app = in_app;
    frame
}

fn location((file, line, module): (Option<Text>, Option<u32>, Option<Text>)) -> Option<Location> {
    let mut location = Location::default();
    location.file = file.map(|file| file.0.into());
    location.line = line;
    location.module = module.map(|module| module.0.into());
    (location != Location::default()).then_some(location)
}

fn init_error(error: InitError) -> PyErr {
    match error {
        InitError::Io(error) => PyOSError::new_err(error.to_string()),
        other => PyValueError::new_err(other.to_string()),
    }
}
