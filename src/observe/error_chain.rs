//! An error and its sources as owned data.

use std::any::Any;
use std::error::Error;
use std::fmt::Write;

use tracing::Metadata;
use tracing_error::{ExtractSpanTrace, SpanTrace};

use crate::check::error::Check;
use crate::check::failed::FailedCheck;
use crate::check::site::parse_location;
use crate::observe::panic_payload;
use crate::observe::panic_payload::catch_panic;
use crate::observe::report_parser::ParsedReport;
use record::internal::{DebugSink, read_debug};
use record::{ErrorEntry, Location};
use record::{Limits, Value};
use text::{shorten, strip_colours};

/// The chain of an error, and the spans in which the error was created.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorChain {
    pub(crate) entries: Vec<ErrorEntry>,
    pub(crate) cut: bool,
    pub(crate) created_in: Vec<TracedSpan>,
    /// The failed check that is the error or its cause.
    pub(crate) check: Option<Box<FailedCheck>>,
    /// The location of the failed check.
    pub(crate) checked_at: Option<Location>,
    /// True for a result that states that the function has failed, but not why: `None`.
    pub(crate) is_bare: bool,
    /// Suggestions by the author of the error.
    pub(crate) suggestions: Vec<String>,
    /// The address of a panic payload's text if the error is a payload, otherwise 0.
    pub(crate) payload: usize,
}

/// A span of a SpanTrace, innermost first, with its fields as text.
#[derive(Clone, Debug)]
pub(crate) struct TracedSpan {
    pub(crate) meta: &'static Metadata<'static>,
    pub(crate) fields: String,
}

impl ErrorChain {
    /// Reads an error. Only the caller knows the outermost type; the names of the source types come from their `Debug`
    /// output.
    pub(crate) fn of(error: &(dyn Error + 'static), type_name: Option<&str>, limits: &Limits) -> Self {
        let mut chain = ErrorChain::default();
        let mut visited: Vec<&(dyn Error + 'static)> = Vec::new();
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(check) = error.downcast_ref::<FailedCheck>() {
                chain.checked_at = Some(check.site.location());
                chain.check = Some(Box::new(check.clone()));
                break;
            }
            if visited.len() >= limits.errors || visited.iter().any(|known| is_same(*known, error)) {
                chain.cut = true;
                break;
            }
            visited.push(error);
            match error.span_trace() {
                // The chain contains a SpanTrace as a separate error. The deepest one is the closest to the origin.
                Some(trace) => chain.created_in = read_span_trace(trace),
                None => {
                    let is_outermost = chain.entries.is_empty();
                    let type_name = if is_outermost { type_name } else { None };
                    chain.entries.push(read(error, type_name.or_else(|| known_type_name(error)), limits));
                }
            }
            next = catch_panic(|| error.source()).unwrap_or_default();
        }
        chain.split_report_texts(limits);
        chain
    }

    /// Reads an error that may borrow, such as the error of a parser. Its sources do not borrow.
    pub(crate) fn of_borrowed(error: &dyn Error, type_name: &str, limits: &Limits) -> Self {
        let source = catch_panic(|| error.source()).unwrap_or_default();
        let mut chain = source.map(|source| Self::of(source, None, limits)).unwrap_or_default();
        chain.entries.insert(0, read(error, Some(type_name), limits));
        chain.cut |= chain.entries.len() > limits.errors;
        chain.entries.truncate(limits.errors);
        chain.split_report_texts(limits);
        chain
    }

    /// Creates an error of this type from the text that `write` writes.
    pub(crate) fn of_value(
        write: impl FnOnce(&mut DebugSink<'_>) -> std::fmt::Result,
        type_name: &str,
        limits: &Limits,
    ) -> Self {
        let mut chain = Self::of_text(&format_within(limits, write), limits);
        let is_text = ["str", "String", "Cow"].contains(&short_type_name(type_name).trim_start_matches('&'));
        if !is_text && let Some(entry) = chain.entries.first_mut() {
            entry.type_name = Some(type_name.to_owned());
        }
        chain
    }

    /// Creates an error from text, as `#[instrument(err)]` passes it.
    pub(crate) fn of_text(text: &str, limits: &Limits) -> Self {
        ParsedReport::parse(text).map_or_else(|| Self::of_line(text, limits), |report| Self::of_report(report, limits))
    }

    fn of_line(text: &str, limits: &Limits) -> Self {
        let variant =
            leading_name(text).filter(|name| name.len() < text.len() || name[1..].contains(char::is_uppercase));
        let mut entry = ErrorEntry::new(text);
        entry.data = variant.and_then(|_| data(text, limits));
        entry.variant = variant.map(str::to_owned);
        ErrorChain { entries: vec![entry], ..ErrorChain::default() }
    }

    /// Creates the errors of a report from its `Debug` text.
    pub(crate) fn of_report(mut report: ParsedReport, limits: &Limits) -> Self {
        let mut errors = std::mem::take(&mut report.errors).into_iter();
        let mut chain = Self::of_line(&errors.next().unwrap_or_default(), limits);
        chain.entries.extend(errors.map(ErrorEntry::new));
        if let Some(location) = chain.entries.last().and_then(|error| parse_location(&error.message)) {
            chain.entries.pop();
            chain.checked_at = Some(location);
        }
        chain.cut = chain.entries.len() > limits.errors;
        chain.entries.truncate(limits.errors);
        chain.add_details(report, limits);
        chain
    }

    /// Adds the parts of a report other than its errors.
    pub(crate) fn add_details(&mut self, report: ParsedReport, limits: &Limits) {
        let short = |text: String| shorten(&text, limits.text).into_owned();
        self.suggestions.extend(report.suggestions.into_iter().map(short).take(limits.errors));
        let Some(outermost) = self.entries.first_mut() else { return };
        outermost.notes.extend(report.notes.into_iter().map(short).take(limits.errors));
        outermost.backtrace = outermost.backtrace.take().or(report.backtrace.map(short));
        if let Some((file, line)) = report.location
            && outermost.location.is_none()
        {
            let location = outermost.location.insert(Location::default());
            location.file = Some(file.into());
            location.line = Some(line);
        }
    }

    /// Splits messages that contain the `Debug` text of a report. Their sources become errors of the chain, unless the
    /// chain already has them.
    fn split_report_texts(&mut self, limits: &Limits) {
        let last = self.entries.len().saturating_sub(1);
        let mut inner = None;
        for (index, entry) in self.entries.iter_mut().enumerate() {
            let Some(report) = ParsedReport::parse(&entry.message) else { continue };
            entry.message = report.errors[0].clone();
            if index == last {
                inner = Some(Self::of_report(report, limits));
            }
        }
        if let Some(mut inner) = inner {
            self.suggestions.append(&mut inner.suggestions);
            self.cut |= inner.cut;
            self.checked_at = self.checked_at.take().or(inner.checked_at);
            self.entries.extend(inner.entries.into_iter().skip(1));
            self.cut |= self.entries.len() > limits.errors;
            self.entries.truncate(limits.errors);
        }
    }

    /// Creates an error from a caught panic payload.
    pub(crate) fn of_payload(payload: &(dyn Any + Send), limits: &Limits) -> Self {
        let text = panic_payload::text(payload).unwrap_or_else(|| runtime::unwind::OPAQUE_PAYLOAD.to_owned());
        let message = shorten(&text, limits.text).into_owned();
        let mut entry = ErrorEntry::new(message);
        entry.type_name = Some("Panic".to_owned());
        ErrorChain { entries: vec![entry], payload: panic_payload::address(payload), ..ErrorChain::default() }
    }

    /// Returns the short name of the error's type, from the first error in the chain that has one.
    pub(crate) fn error_type(&self) -> Option<&str> {
        let entry = self.entries.iter().find(|entry| entry.type_name.is_some() || entry.variant.is_some())?;
        entry.type_name.as_deref().map(short_type_name).or(entry.variant.as_deref())
    }

    /// Returns the reason in the words of the library that failed.
    pub(crate) fn reason(&self) -> Option<&str> {
        let reason = self.entries.iter().rev().find_map(|entry| entry.variant.as_deref());
        // A variant that wraps a check is usually named after it.
        let is_known = |reason: &str| Some(reason) == self.error_type() || (self.check.is_some() && reason == "Check");
        reason.filter(|reason| !is_known(reason))
    }

    pub(crate) fn message(&self) -> Option<&str> {
        self.entries.first().map(|entry| entry.message.as_str())
    }
}

/// Returns true for the same object of the same type. An error and its first field have the same address.
#[allow(ambiguous_wide_pointer_comparisons)]
fn is_same(a: &(dyn Error + 'static), b: &(dyn Error + 'static)) -> bool {
    std::ptr::eq(a, b)
}

fn read(error: &dyn Error, type_name: Option<&str>, limits: &Limits) -> ErrorEntry {
    let message = format_within(limits, |sink| write!(sink, "{error}"));
    // The facts of a check have their own place.
    let is_check = type_name == Some(std::any::type_name::<Check>());
    let details = if is_check { None } else { read_debug_output(error, limits) };
    let (variant, data) = details.unwrap_or_default();
    let mut entry = ErrorEntry::new(message);
    entry.type_name = type_name.map(inner_type_name).map(str::to_owned);
    entry.data = data;
    entry.variant = variant;
    entry
}

/// Runs a `Display` or `Debug` of the user and returns its text within the limit. A panic is caught.
pub(crate) fn format_within(limits: &Limits, write: impl FnOnce(&mut DebugSink<'_>) -> std::fmt::Result) -> String {
    let mut text = String::new();
    let written = catch_panic(|| {
        let mut sink = DebugSink::new(&mut text, limits);
        let _ = write(&mut sink);
        sink.finish()
    });
    match written {
        Ok(None) => text,
        Ok(Some(Value::String(shortened))) => shortened,
        Ok(Some(summary)) => summary.to_string(),
        Err(panic) => format!("[its text panicked: {}]", shorten(&panic, limits.text)),
    }
}

/// Returns the name and the data at the beginning of an error's `Debug` output.
fn read_debug_output(error: &dyn Error, limits: &Limits) -> Option<(Option<String>, Option<Value>)> {
    let mut text = String::new();
    let written = catch_panic(|| {
        let mut sink = DebugSink::new(&mut text, limits);
        let _ = write!(sink, "{error:?}");
        let name = leading_name(sink.as_str()).map(str::to_owned);
        (name, sink.finish())
    });
    let (name, summary) = written.ok()?;
    let value = name.is_some().then(|| summary.unwrap_or_else(|| read_debug(&text, limits)));
    Some((name, value.and_then(data_of)))
}

/// Returns the name at the beginning of the `Debug` output of a struct or enum.
fn leading_name(debug: &str) -> Option<&str> {
    let end = debug.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(debug.len());
    let (name, rest) = debug.split_at(end);
    let opens = rest.is_empty() || rest.starts_with('(') || rest.trim_start().starts_with('{');
    // Wrappers of text are often called `Error`.
    (opens && name.starts_with(char::is_uppercase) && name != "Error").then_some(name)
}

/// Returns the fields of a struct or an enum variant. The source has its own entry.
fn data(debug: &str, limits: &Limits) -> Option<Value> {
    data_of(read_debug(debug, limits))
}

fn data_of(value: Value) -> Option<Value> {
    let Value::Map(mut map) = value else { return None };
    map.remove("source");
    map.remove("backtrace");
    (!map.is_empty()).then_some(Value::Map(map))
}

fn known_type_name(error: &(dyn Error + 'static)) -> Option<&'static str> {
    macro_rules! known {
        ($($known:ty),* $(,)?) => {
            $(if error.is::<$known>() {
                return Some(std::any::type_name::<$known>());
            })*
        };
    }
    known!(
        Check,
        std::io::Error,
        std::fmt::Error,
        std::num::ParseFloatError,
        std::num::ParseIntError,
        std::num::TryFromIntError,
        std::str::Utf8Error,
        std::array::TryFromSliceError,
        std::time::SystemTimeError,
        serde_json::Error,
    );
    None
}

/// Returns the type name inside a wrapper that carries a SpanTrace.
fn inner_type_name(name: &str) -> &str {
    match name.split_once("TracedError<") {
        Some((_, inner)) => inner.strip_suffix('>').unwrap_or(inner),
        None => name,
    }
}

/// Returns `IntegrationError` for `ode_solvers::dop_shared::IntegrationError`. Type arguments are left out.
fn short_type_name(name: &str) -> &str {
    let path = name.split('<').next().unwrap_or(name);
    path.rsplit("::").next().unwrap_or(path)
}

/// Copies the spans of a trace. The trace itself would keep its spans open.
pub(crate) fn read_span_trace(trace: &SpanTrace) -> Vec<TracedSpan> {
    let mut spans = Vec::new();
    trace.with_spans(|meta, fields| {
        spans.push(TracedSpan { meta, fields: strip_colours(fields) });
        true
    });
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("flow failed")]
    struct FlowError(#[from] StepError);

    #[derive(Debug, thiserror::Error)]
    enum StepError {
        #[error("underflow at x = {x}")]
        StepSizeUnderflow { x: f64 },
    }

    #[test]
    fn types_variants_and_data_are_recorded() {
        let error = FlowError(StepError::StepSizeUnderflow { x: -9.78 });
        let chain = ErrorChain::of(&error, Some(std::any::type_name::<FlowError>()), &Limits::default());
        assert_eq!(chain.error_type(), Some("FlowError"));
        assert_eq!(chain.reason(), Some("StepSizeUnderflow"));
        assert_eq!(chain.entries[1].data.as_ref().and_then(|data| data.get("x")), Some(&Value::Float(-9.78)));
        assert_eq!(chain.entries[1].message, "underflow at x = -9.78");
        assert!(!chain.cut);
    }

    #[derive(Debug)]
    struct Cycle;

    impl std::fmt::Display for Cycle {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("round and round")
        }
    }

    impl Error for Cycle {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }

    #[test]
    fn a_cycle_is_truncated() {
        let chain = ErrorChain::of(&Cycle, None, &Limits::default());
        assert!(chain.cut);
        assert!(chain.entries.len() <= 2);
    }

    #[test]
    fn the_facts_of_a_check_do_not_count_as_an_error() {
        let mut limits = Limits::default();
        limits.errors = 1;
        let check = crate::ensure_finite!(f64::NAN).unwrap_err();
        let chain = ErrorChain::of(&check, None, &limits);
        assert_eq!((chain.entries.len(), chain.cut), (1, false));
        assert_eq!(chain.check.map(|check| check.category()), Some(record::Category::NonFinite));
    }

    #[test]
    fn a_panicking_display_loses_only_its_text() {
        #[derive(Debug)]
        struct Bad;
        impl std::fmt::Display for Bad {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                panic!("no text")
            }
        }
        impl Error for Bad {}
        let chain = ErrorChain::of(&Bad, None, &Limits::default());
        assert_eq!(chain.message(), Some("[its text panicked: no text]"));
        assert_eq!(chain.error_type(), Some("Bad"));
    }

    #[test]
    fn messages_do_not_pass_for_names() {
        for debug in ["Matrix is singular", "\"quoted\"", "Error { msg: \"x\" }", "", "lower(1)"] {
            assert_eq!(leading_name(debug), None, "{debug}");
        }
    }
}
