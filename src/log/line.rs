//! Writes a line of the runtime log from typed fields.

use std::borrow::Cow;
use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use tracing::{Level, Metadata};
use uuid::Uuid;

use crate::log::file::LogSeries;
use crate::log::runtime_log::RuntimeLog;
use crate::log::successes::Successes;
use crate::observe::callsite::{COMPUTATION, LOG_FIELDS, RESERVED_IN_SPANS, THEORETICAL_REF, is_log_record};
use crate::observe::fields::Fields;
use crate::observe::outcome::ComputationOutcome;
use record::internal::json_writer::{write_json, write_name};
use record::internal::{Redactor, free_name, rfc3339_of};
use record::{Failure, Limits, Map, Value};

fn write_entry<T: Serialize + ?Sized>(json: &mut Vec<u8>, name: &str, value: &T) {
    json.extend_from_slice(b",\"");
    json.extend_from_slice(name.as_bytes());
    json.extend_from_slice(b"\":");
    write_json(json, value);
}

/// The log and the settings with which lines are written.
#[derive(Clone, Copy)]
pub(crate) struct LineContext<'a> {
    pub(crate) log: &'a RuntimeLog,
    pub(crate) limits: &'a Limits,
    pub(crate) redactor: &'a Redactor,
    /// The details in closing lines.
    pub(crate) successes: Successes,
    /// The session id as JSON.
    pub(crate) session_json: &'a [u8],
}

/// Appends the name and the fields of a span.
pub(crate) fn write_span(json: &mut Vec<u8>, meta: &Metadata<'_>, fields: Option<&Fields>, line: &LineContext<'_>) {
    json.extend_from_slice(b"{\"name\":");
    write_json(json, meta.name());
    if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
        json.extend_from_slice(b",\"fields\":{");
        fields.write_json(json, &[], line.limits, line.redactor);
        json.push(b'}');
    }
    json.push(b'}');
}

/// Starts a line: `{"timestamp":…,"level":…,"target":…`.
fn begin(time: SystemTime, level: &str, target: &str) -> Vec<u8> {
    let mut json = buffer();
    json.extend_from_slice(b"{\"timestamp\":\"");
    json.extend_from_slice(&rfc3339_of(time));
    json.extend_from_slice(b"\",\"level\":\"");
    json.extend_from_slice(level.as_bytes());
    json.push(b'"');
    write_entry(&mut json, "target", target);
    json
}

/// Ends a line and passes it to the log.
fn end(mut json: Vec<u8>, failure: Option<Uuid>, series: LogSeries, line: &LineContext<'_>) {
    json.extend_from_slice(b",\"session_id\":");
    json.extend_from_slice(line.session_json);
    if let Some(id) = failure {
        write_entry(&mut json, "failure_id", &id);
    }
    json.extend_from_slice(b"}\n");
    line.log.write(series, &json);
    recycle(json);
}

thread_local! {
    /// The memory of the previous line, for reuse.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn buffer() -> Vec<u8> {
    let pooled = BUFFER.try_with(|buffer| buffer.try_borrow_mut().map(|mut buffer| std::mem::take(&mut *buffer)));
    let mut buffer = pooled.ok().and_then(Result::ok).unwrap_or_default();
    buffer.reserve(512);
    buffer
}

fn recycle(mut buffer: Vec<u8>) {
    const MAX_POOLED_BYTES: usize = 16 << 10;
    if buffer.capacity() <= MAX_POOLED_BYTES {
        buffer.clear();
        let _ = BUFFER.try_with(|pool| pool.replace(buffer));
    }
}

/// The line of an event.
pub(crate) struct EventLine {
    json: Vec<u8>,
    is_first_span: bool,
}

impl EventLine {
    pub(crate) fn new(time: SystemTime, meta: &Metadata<'_>, fields: &Fields, line: &LineContext<'_>) -> Self {
        let is_log_record = is_log_record(meta);
        let target = if is_log_record { fields.raw_text("log.target") } else { None };
        let target = target.unwrap_or(meta.target());
        let mut json = begin(time, meta.level().as_str(), target);
        let message = fields.raw_text("message");
        // An event of `#[instrument(err)]` has no message but that of the error.
        let text = message.or_else(|| Some(fields.error_text()?.1));
        write_entry(&mut json, "message", &*line.redactor.text(text.unwrap_or_default()));
        let excluded: &[&str] = match (is_log_record, message) {
            (true, _) => LOG_FIELDS,
            (false, Some(_)) => &["message"],
            (false, None) => &[],
        };
        json.extend_from_slice(b",\"fields\":{");
        fields.write_json(&mut json, excluded, line.limits, line.redactor);
        json.extend_from_slice(b"},\"spans\":[");
        EventLine { json, is_first_span: true }
    }

    /// Appends the next outer span.
    pub(crate) fn add_span(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if !std::mem::take(&mut self.is_first_span) {
            self.json.push(b',');
        }
        write(&mut self.json);
    }

    /// Passes the line to the log.
    pub(crate) fn write(mut self, failure: Option<Uuid>, line: &LineContext<'_>) {
        self.json.push(b']');
        end(self.json, failure, LogSeries::Events, line);
    }
}

/// The line of a computation that has closed.
pub(crate) struct ComputationLine {
    json: Vec<u8>,
    parameters: Vec<u8>,
    /// Fields that are already in the line, or do not belong in it.
    excluded: Vec<&'static str>,
    /// Arguments for which the line has no room.
    omitted: Vec<&'static str>,
    has_own_span: bool,
    trail: Map,
    computation: Option<String>,
    theoretical_ref: Option<String>,
}

impl ComputationLine {
    pub(crate) fn new(meta: &Metadata<'_>) -> Self {
        let time = SystemTime::now();
        let mut json = begin(time, meta.level().as_str(), meta.target());
        write_entry(&mut json, "message", COMPUTATION_CLOSED);
        ComputationLine {
            json,
            parameters: Vec::with_capacity(256),
            excluded: RESERVED_IN_SPANS.to_vec(),
            omitted: Vec::new(),
            has_own_span: false,
            trail: Map::new(),
            computation: None,
            theoretical_ref: None,
        }
    }

    /// Adds the computation's span, then the spans around it. Inner values hide outer ones.
    pub(crate) fn add_span(&mut self, fields: &Fields, line: &LineContext<'_>) {
        self.computation = self.computation.take().or_else(|| fields.text(COMPUTATION, line.limits));
        self.theoretical_ref = self.theoretical_ref.take().or_else(|| fields.text(THEORETICAL_REF, line.limits));
        let is_own = !std::mem::replace(&mut self.has_own_span, true);
        if let Some(arguments) = fields.argument_use() {
            self.excluded.extend(if is_own { arguments.omitted() } else { arguments.all() });
            self.omitted.extend(arguments.omitted().iter().filter(|_| is_own));
        }
        let before = self.parameters.len();
        if before > 0 {
            self.parameters.push(b',');
        }
        let after_comma = self.parameters.len();
        fields.write_json(&mut self.parameters, &self.excluded, line.limits, line.redactor);
        if self.parameters.len() == after_comma {
            self.parameters.truncate(before);
        }
        self.excluded.extend(fields.names());
    }

    /// Sets the digest of the trail.
    pub(crate) fn set_trail(&mut self, digest: Map) {
        self.trail = digest;
    }

    /// Passes the line to the log.
    pub(crate) fn write(
        mut self,
        outcome: ComputationOutcome,
        duration: Duration,
        failure: Option<Uuid>,
        line: &LineContext<'_>,
    ) {
        let clean = |text: &Option<String>| text.as_deref().map(|text| line.redactor.text(text).into_owned());
        write_entry(&mut self.json, COMPUTATION, &clean(&self.computation));
        write_entry(&mut self.json, THEORETICAL_REF, &clean(&self.theoretical_ref));
        self.json.extend_from_slice(b",\"parameters\":{");
        self.json.extend_from_slice(&self.parameters);
        self.json.push(b'}');
        if line.successes.arguments && !self.omitted.is_empty() {
            write_entry(&mut self.json, "omitted", &self.omitted);
        }
        write_entry(&mut self.json, "outcome", outcome.name());
        write_entry(&mut self.json, "duration_s", &duration.as_secs_f64());
        if !self.trail.is_empty() {
            write_entry(&mut self.json, "trail", &self.trail);
        }
        end(self.json, failure, LogSeries::Computations, line);
    }
}

/// The message of a closing line.
const COMPUTATION_CLOSED: &str = "computation closed";

/// Keys that every line has.
const RESERVED_IN_LINES: &[&str] = &["timestamp", "level", "target", "message", "session_id"];

/// Returns the name of an entry, with an underscore appended if it would repeat a key of the line.
fn unreserved_name<'a>(name: &'a str, entries: &Map) -> Cow<'a, str> {
    if RESERVED_IN_LINES.contains(&name) { free_name(name, entries).into() } else { name.into() }
}

/// Writes a line with additional entries.
pub(crate) fn write_line(level: Level, target: &str, message: &str, entries: &Map, line: &LineContext<'_>) {
    write_entries(level, target, message, entries, LogSeries::Events, line);
}

/// Writes the closing line of a computation without a span.
pub(crate) fn write_closing_line(target: &str, entries: &Map, line: &LineContext<'_>) {
    write_entries(Level::INFO, target, COMPUTATION_CLOSED, entries, LogSeries::Computations, line);
}

fn write_entries(level: Level, target: &str, message: &str, entries: &Map, series: LogSeries, line: &LineContext<'_>) {
    let time = SystemTime::now();
    let mut json = begin(time, level.as_str(), target);
    write_entry(&mut json, "message", &*line.redactor.text(message));
    for (name, value) in entries.iter() {
        json.push(b',');
        write_name(&mut json, &unreserved_name(name, entries), false);
        write_json(&mut json, value);
    }
    end(json, None, series, line);
}

/// Writes the line of a failure without an event: a panic, a call, or an ERROR-level span.
pub(crate) fn write_failure(failure: &Failure, line: &LineContext<'_>) {
    let location = failure.context.location.as_ref();
    let span = failure.context.spans.first().map(|span| &*span.target);
    let target = location.and_then(|location| location.target.as_deref()).or(span);
    let time = failure.timestamp.into();
    let mut json = begin(time, "ERROR", target.unwrap_or("tracing_failure"));
    write_entry(&mut json, "message", &failure.error_message);
    let fields = Map::from_iter([
        (COMPUTATION, failure.computation.as_str()),
        (THEORETICAL_REF, failure.theoretical_ref.as_str()),
        ("error_type", failure.error_type.as_str()),
    ]);
    write_entry(&mut json, "fields", &fields);
    let spans = failure
        .context
        .spans
        .iter()
        .map(|span| Map::from_iter([("name", Value::from(&*span.name)), ("fields", span.fields.clone().into())]));
    write_entry(&mut json, "spans", &spans.collect::<Vec<_>>());
    end(json, failure.context.id, LogSeries::Events, line);
}
