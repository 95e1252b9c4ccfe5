//! Reads the fields of an event or a span into an observation.

use std::borrow::Cow;

use tracing::Metadata;

use crate::observe::callsite;
use crate::observe::callsite::{
    COMPUTATION, ERROR_TYPE_FIELDS, LOG_CRATE_FIELDS, SPAN_ERROR_FIELDS, THEORETICAL_REF, is_log_record,
};
use crate::observe::error_chain::ErrorChain;
use crate::observe::fields::{Fields, TypedError};
use crate::observe::open_spans::OpenSpan;
use crate::observe::report::{ReportContent, ReportSite};
use crate::observe::report_parser::ParsedReport;
use crate::observe::reported_error::REPORT_NAME;
use crate::recorder::Recorder;
use crate::recorder::observation::{Observation, Trigger};
use record::Category;
use record::Location;
use record::{Limits, Map, Value};
use text::shorten_to_line;

/// Maximum number of fields in a message that is built from fields, and of characters per value.
const MAX_FIELDS_IN_MESSAGE: usize = 8;
const MAX_VALUE_CHARS: usize = 80;

/// Reads the fields of an event or a span. It remembers the fields that have their own place in the record; the other
/// fields become values.
struct FieldReader<'a> {
    fields: &'a Fields,
    limits: &'a Limits,
    used: Vec<&'static str>,
}

impl<'a> FieldReader<'a> {
    fn new(fields: &'a Fields, limits: &'a Limits) -> Self {
        FieldReader { fields, limits, used: Vec::new() }
    }

    /// Returns a field that names something, whatever its type.
    fn name(&mut self, field: &'static str) -> Option<String> {
        let name = self.fields.text(field, self.limits)?;
        self.used.push(field);
        Some(name)
    }

    /// Returns a text field. A number under this name is a value of the user and stays one.
    fn text(&mut self, field: &'static str) -> Option<String> {
        let Some(Value::String(text)) = self.fields.value(field, self.limits) else { return None };
        if text.is_empty() {
            return None;
        }
        self.used.push(field);
        Some(text)
    }

    /// Returns the name of the category. A name that is no category serves as the reason if there is no other;
    /// otherwise it remains a value as well.
    fn category(&mut self, has_reason: bool) -> Option<String> {
        let name = self.text("category")?;
        if has_reason && Category::from_name(&name).is_none() {
            self.used.pop();
        }
        Some(name)
    }
}

/// Builds the observation of an ERROR event.
pub(super) fn observe_event(
    meta: &'static Metadata<'static>,
    fields: &Fields,
    error: Option<TypedError>,
    recorder: &Recorder,
) -> Observation {
    let limits = &recorder.limits;
    let mut reader = FieldReader::new(fields, limits);
    let is_result = meta.name() == REPORT_NAME;
    let site = if is_result { ReportSite::Return(meta.callsite()) } else { ReportSite::Callsite(meta.callsite()) };
    let mut observation = Observation::new(Trigger::Event, site);
    observation.computation = reader.name(COMPUTATION);
    observation.theoretical_ref = reader.name(THEORETICAL_REF);
    observation.error_type = ERROR_TYPE_FIELDS.iter().find_map(|name| reader.text(name));
    observation.reason = reader.text("reason");
    observation.category = reader.category(observation.reason.is_some());

    let message = fields.raw_text("message").filter(|message| !message.trim().is_empty());
    if message.is_some() {
        reader.used.push("message");
    }
    let error = error.map(|error| (error.field, error.chain));
    let error = error.or_else(|| fields.error_text().map(|(field, text)| (field, ErrorChain::of_text(text, limits))));
    observation.content = match (&error, message) {
        (Some((_, chain)), None) if chain.is_bare => ReportContent::BareResult,
        (Some(_), None) => ReportContent::ErrorOnly,
        (Some(_), Some(_)) => ReportContent::ErrorWithMessage,
        (None, _) => ReportContent::MessageOnly,
    };
    if let Some((field, chain)) = error {
        reader.used.push(field);
        observation.error = chain;
    }

    if is_log_record(meta) {
        reader.used.extend(LOG_CRATE_FIELDS);
    }
    let others = fields.to_map(&reader.used, limits, &recorder.redactor);
    observation.message = match message {
        Some(message) => message.to_owned(),
        None if observation.error.entries.is_empty() => message_of_fields(&others),
        None => String::new(),
    };
    match observation.computation {
        // The event names the computation itself, so its fields are the parameters.
        Some(_) => observation.parameters = Some(others),
        None => observation.event = others,
    }
    if let Some(message) = message
        && !observation.error.entries.is_empty()
    {
        // The error lists its sources, so the message need not repeat them.
        let headline = ParsedReport::parse(message).map(|report| report.errors[0].clone());
        observation.event.insert("message", headline.unwrap_or_else(|| message.to_owned()));
    }
    observation.location = location(meta, fields, recorder);
    observation
}

/// Builds the message of an event without one: `code=3 solver=lu`.
fn message_of_fields(fields: &Map) -> String {
    if fields.iter().next().is_none() {
        return "an ERROR event without a message".to_owned();
    }
    let shown = |value: &Value| match value.as_str() {
        Some(text) => shorten_to_line(text, MAX_VALUE_CHARS),
        None => shorten_to_line(&value.to_string(), MAX_VALUE_CHARS),
    };
    let named = fields.iter().take(MAX_FIELDS_IN_MESSAGE).map(|(name, value)| format!("{name}={}", shown(value)));
    let message = named.collect::<Vec<_>>().join(" ");
    if fields.len() > MAX_FIELDS_IN_MESSAGE { message + " …" } else { message }
}

/// Builds the observation of an ERROR-level span that closes.
pub(super) fn observe_span(open_span: &OpenSpan, recorder: &Recorder) -> Observation {
    let mut reader = FieldReader::new(&open_span.fields, &recorder.limits);
    let mut observation = Observation::new(Trigger::SpanClose, ReportSite::Close);
    // These two fields remain parameters as well, because they may be arguments of the function.
    observation.error_type = reader.text("error_type");
    observation.reason = reader.text("reason");
    let message = SPAN_ERROR_FIELDS.iter().find_map(|name| Some((*name, open_span.fields.message_text(name)?)));
    observation.message = match message {
        Some((name, text)) => {
            observation.used.push(name);
            text.to_owned()
        }
        None => format!("the error-level span `{}` closed", open_span.meta.name()),
    };
    observation.location = location(open_span.meta, &open_span.fields, recorder);
    observation
}

/// Returns the source location. Records of the `log` crate carry it in fields.
fn location(meta: &'static Metadata<'static>, fields: &Fields, recorder: &Recorder) -> Location {
    let mut location = callsite::location(meta);
    if !is_log_record(meta) {
        return location;
    }
    let text = |name| fields.text(name, &recorder.limits).map(Cow::Owned);
    location.file = text("log.file").or(location.file);
    let line = fields.value("log.line", &recorder.limits).and_then(|line| line.as_f64());
    location.line = line.map(|line| line as u32).or(location.line);
    location.module = text("log.module_path").or(location.module);
    location.target = text("log.target").or(location.target);
    location
}
