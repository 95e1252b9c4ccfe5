//! The sections with the content of the record.

use record::{Convergence, Failure, Map, PanicMatch, Relation, TrailEntry, Value};

use super::budget::{REQUIRED, Section};
use super::excerpt::{excerpt_end, excerpt_start, sanitize};
use record::internal::brief;
use text::place_of;

/// Maximum size of the error message.
const MAX_MESSAGE_BYTES: usize = 1_500;
/// Maximum number of fields of a span, and of series.
const MAX_FIELDS: usize = 24;
/// Maximum size of a value in the short variant.
const MAX_VALUE_BYTES: usize = 80;

pub(super) fn sections(failure: &Failure) -> Vec<Section> {
    let sections = [
        Section::new("What failed", REQUIRED, vec![head(failure)]),
        Section::new(
            "Parameters",
            90,
            vec![map(&failure.parameters, usize::MAX), map(&failure.parameters, MAX_VALUE_BYTES)],
        ),
        Section::new("Behaviour of the numbers", 85, vec![convergence(failure)]),
        Section::new("Event fields", 80, vec![map(&failure.context.event, 400)]),
        Section::new("Chain of errors, outermost first", 70, vec![errors(failure)]),
        Section::new(panics_title(failure), 71, vec![panics(failure)]),
        Section::new("Traceback of Python, with its source, innermost last", 72, traceback(failure)),
        Section::new("End of the trail", 65, vec![trail(failure, 16), trail(failure, 6), trail(failure, 3)]),
        Section::new("Stack, own code, innermost first", 60, vec![frames(failure)]),
        Section::new("Spans, innermost first", 40, vec![spans(failure)]),
        Section::new("Known suggestions, from rules", 50, vec![known_advice(failure)]),
        Section::new("Breadcrumbs", 30, vec![breadcrumbs(failure)]),
    ];
    sections.into_iter().flatten().collect()
}

fn lines(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| line + "\n").collect()
}

/// A name and a text, on one line.
fn pair(name: &str, text: &str) -> String {
    format!("{}: {}", excerpt_start(name, MAX_VALUE_BYTES).replace('\n', " "), sanitize(text).replace('\n', "\n  "))
}

fn head(failure: &Failure) -> String {
    let context = &failure.context;
    let known = [
        ("computation", excerpt_start(&failure.computation, 200)),
        ("theoretical reference", excerpt_start(&failure.theoretical_ref, 300)),
        ("error type", excerpt_start(&failure.error_type, 200)),
        ("error", excerpt_start(&failure.error_message, MAX_MESSAGE_BYTES)),
        ("category", context.category.map_or("", |category| category.name()).to_owned()),
        ("reason", excerpt_start(context.reason.as_deref().unwrap_or_default(), 200)),
        ("seconds since it began", context.elapsed_s.map(brief).unwrap_or_default()),
    ];
    lines(known.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| pair(name, text)))
}

fn map(map: &Map, max_bytes: usize) -> String {
    lines(map.iter().map(|(name, value)| pair(name, &excerpt_start(&value.to_string(), max_bytes))))
}

fn convergence(failure: &Failure) -> String {
    let series = failure.context.convergence.iter().filter(|series| is_informative(series)).take(MAX_FIELDS);
    lines(series.map(|series| behaviour(series, failure)))
}

/// Returns false for series without news, such as counters.
fn is_informative(series: &Convergence) -> bool {
    !matches!(series.behaviour.name(), "steady" | "constant" | "short")
        || series.first_non_finite.is_some()
        || series.crossed.is_some()
}

fn behaviour(series: &Convergence, failure: &Failure) -> String {
    let entry = failure.context.trail.get(series.trail);
    let source = entry.map(entry_title).unwrap_or_default();
    let number = |name: &str, x: Option<f64>| x.map(|x| format!(", {name} {}", brief(x))).unwrap_or_default();
    let mut text = format!("{} ({}): {}", series.column, source, series.behaviour.name().replace('_', " "));
    text += &number("factor from one to the next", series.rate);
    text += &number("R²", series.fit);
    text += &series.period.map(|period| format!(", period {period}")).unwrap_or_default();
    text += &format!(", over the last {} rows", series.rows);
    text += &number("first", series.first);
    text += &number("last finite", series.last);
    text += &number("smallest", series.smallest);
    text += &number("largest", series.largest);
    if let Some(broken) = &series.first_non_finite {
        text += &format!(", then {} at occurrence {}", broken.value, occurrence(broken.row, entry));
    }
    if let Some(crossed) = &series.crossed {
        text += &format!(", crossed {} ({}) with {}", brief(crossed.bound), crossed.of, brief(crossed.value));
    }
    sanitize(&text)
}

/// The number of a row among all occurrences, including those that the trail has dropped.
fn occurrence(row: usize, entry: Option<&TrailEntry>) -> u64 {
    let dropped = entry.filter(|entry| entry.head.is_some_and(|head| row >= head)).map_or(0, |entry| entry.dropped);
    (row as u64).saturating_add(dropped).saturating_add(1)
}

fn errors(failure: &Failure) -> String {
    let errors = &failure.context.errors;
    let is_informative = errors.len() > 1 || errors.iter().any(|error| error.data.is_some() || !error.notes.is_empty());
    if !is_informative {
        return String::new();
    }
    lines(errors.iter().map(|error| {
        let name = error.type_name.as_deref().unwrap_or("error");
        let variant = error.variant.as_deref().map(|variant| format!(" {variant}")).unwrap_or_default();
        let data =
            error.data.as_ref().map(|data| format!(" {}", excerpt_start(&data.to_string(), 400))).unwrap_or_default();
        let relation = match error.relation {
            Some(Relation::Context) => "being handled: ",
            Some(Relation::Member) => "in the group: ",
            _ => "",
        };
        let notes: String = error.notes.iter().take(4).map(|note| format!(" [{}]", excerpt_start(note, 400))).collect();
        pair(&format!("{relation}{name}{variant}"), &format!("{}{notes}{data}", excerpt_start(&error.message, 500)))
    }))
}

fn panics_title(failure: &Failure) -> &'static str {
    match failure.context.panic_origin.as_ref().map(|origin| origin.matched_by) {
        Some(PanicMatch::Unknown) => "Panics of other threads that may be the cause",
        _ => "Panics that caused the failure",
    }
}

fn panics(failure: &Failure) -> String {
    let raised = failure.context.panic_origin.iter().flat_map(|origin| &origin.raised).take(4);
    lines(raised.map(|panic| {
        let thread = panic.thread.as_deref().map(|thread| format!("in thread {thread}"));
        let place = panic.location.as_ref().map(|at| place_of(at.file.as_deref(), at.line, working_dir(failure)));
        let functions = panic.frames.iter().filter(|frame| frame.in_app).take(4).map(|frame| &*frame.function);
        let functions = Some(functions.collect::<Vec<_>>().join(" < ")).filter(|functions| !functions.is_empty());
        let known =
            [thread, place.map(|place| format!("at {place}")), functions.map(|functions| format!("in {functions}"))];
        let known: Vec<String> = ["panic".to_owned()].into_iter().chain(known.into_iter().flatten()).collect();
        pair(&known.join(" "), &excerpt_start(&panic.message, 500))
    }))
}

fn working_dir(failure: &Failure) -> Option<&str> {
    failure.context.process.as_ref()?.cwd.as_deref()
}

/// ` in level depth=2`: the innermost span around an event, with the fields of all spans.
fn within(span: Option<&str>, fields: &Map) -> String {
    let fields = fields
        .iter()
        .take(MAX_FIELDS)
        .map(|(name, value)| format!(" {name}={}", excerpt_start(&value.to_string(), MAX_VALUE_BYTES)));
    let words = fields.collect::<String>();
    match (span, words.is_empty()) {
        (None, true) => String::new(),
        (span, _) => format!(" in {}{words}", span.unwrap_or("spans with")),
    }
}

/// The title of an entry: its message and spans.
fn entry_title(entry: &TrailEntry) -> String {
    let words = entry.message.as_deref().or(entry.span.as_deref()).unwrap_or("numbers");
    format!("{words}{}", within(entry.spans.last().map(|span| &**span), &entry.span_fields))
}

/// The last rows of each entry as tables.
fn trail(failure: &Failure, rows: usize) -> String {
    failure.context.trail.iter().map(|entry| table(entry, rows)).collect()
}

fn table(entry: &TrailEntry, rows: usize) -> String {
    let columns: Vec<(&str, &[Value])> =
        entry.columns.iter().filter_map(|(name, column)| Some((name, column.as_list()?))).collect();
    let Some(length) = columns.iter().map(|(_, column)| column.len()).max() else { return String::new() };
    let title = entry_title(entry);
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let rows = lines((length.saturating_sub(rows)..length).map(|row| {
        let values = columns.iter().map(|(_, column)| column.get(row).map(Value::to_string).unwrap_or_default());
        values.collect::<Vec<_>>().join(" | ")
    }));
    sanitize(&format!("{title}, {} times:\n{}\n{}\n", entry.seen, names.join(" | "), rows.trim_end()))
}

fn frames(failure: &Failure) -> String {
    let working_dir = working_dir(failure);
    let app_frames = failure.context.frames.iter().filter(|frame| frame.in_app).take(12);
    let app_frames = lines(app_frames.map(|frame| {
        sanitize(&format!("{} at {}", frame.function, place_of(frame.file.as_deref(), frame.line, working_dir)))
    }));
    // Records of other programs have a stack as text only.
    let is_text = failure.context.frames.is_empty() && !is_python_traceback(&failure.stack_trace);
    if is_text { excerpt_start(&failure.stack_trace, 3_000) } else { app_frames }
}

/// The traceback of Python. It contains source lines, also those of notebook cells.
fn traceback(failure: &Failure) -> Vec<String> {
    let text = failure.stack_trace.as_str();
    if is_python_traceback(text) { vec![excerpt_end(text, 3_000), excerpt_end(text, 1_200)] } else { Vec::new() }
}

fn is_python_traceback(stack: &str) -> bool {
    stack.contains("Traceback (most recent call last):")
}

fn spans(failure: &Failure) -> String {
    let is_in_head = |name: &str| name == "computation" || name == "theoretical_ref";
    lines(failure.context.spans.iter().take(8).map(|span| {
        let fields: Vec<String> = span
            .fields
            .iter()
            .take(MAX_FIELDS)
            .filter(|(name, value)| !is_in_head(name) && failure.parameters.get(name) != Some(*value))
            .map(|(name, value)| format!(" {name}={}", excerpt_start(&value.to_string(), MAX_VALUE_BYTES)))
            .collect();
        sanitize(&format!("{}{}", span.name, fields.concat()))
    }))
}

fn known_advice(failure: &Failure) -> String {
    lines(failure.suggested_fixes.iter().take(5).map(|fix| format!("- {}", excerpt_start(fix, 500).replace('\n', " "))))
}

fn breadcrumbs(failure: &Failure) -> String {
    let last = failure.context.breadcrumbs.iter().rev().take(6).rev();
    lines(last.map(|breadcrumb| {
        let within = within(breadcrumb.span.as_deref(), &breadcrumb.span_fields);
        sanitize(&format!(
            "{} {}{within}",
            breadcrumb.level,
            excerpt_start(&breadcrumb.message, 200).replace('\n', " ")
        ))
    }))
}
