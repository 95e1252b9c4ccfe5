//! What an event or a span says about a failure.

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
use crate::observe::report_text::ReportText;
use crate::recorder::Recorder;
use crate::recorder::observation::{Observation, Trigger};
use record::Category;
use record::Location;
use record::{Limits, Map, Value};
use text::shorten_to_line;

/// Fields that a message names which is built from them, and the characters of each value.
const MAX_FIELDS_IN_MESSAGE: usize = 8;
const MAX_VALUE_CHARS: usize = 80;

/// The fields of an event or a span, and which of them have a place of their own in the record. The others are kept as
/// values.
struct Reader<'a> {
    fields: &'a Fields,
    limits: &'a Limits,
    used: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    fn new(fields: &'a Fields, limits: &'a Limits) -> Self {
        Reader { fields, limits, used: Vec::new() }
    }

    /// The value of a field that names something, whatever its type.
    fn name(&mut self, field: &'static str) -> Option<String> {
        let name = self.fields.text(field, self.limits)?;
        self.used.push(field);
        Some(name)
    }

    /// A field that is a text. A number of this name is a value of the user.
    fn text(&mut self, field: &'static str) -> Option<String> {
        let Some(Value::String(text)) = self.fields.value(field, self.limits) else { return None };
        if text.is_empty() {
            return None;
        }
        self.used.push(field);
        Some(text)
    }

    /// The category by name. An unknown name says the reason if nothing else does.
    fn category(&mut self, has_reason: bool) -> Option<String> {
        let name = self.text("category")?;
        if has_reason && Category::from_name(&name).is_none() {
            self.used.pop();
        }
        Some(name)
    }
}

/// What an ERROR event says about the failure.
pub(super) fn observe_event(
    meta: &'static Metadata<'static>,
    fields: &Fields,
    error: Option<TypedError>,
    recorder: &Recorder,
) -> Observation {
    // Beside an error, the message does not have to repeat its sources.
    let headline = |text: &str| ReportText::parse(text).map(|report| report.errors[0].clone());
    let limits = &recorder.limits;
    let mut reader = Reader::new(fields, limits);
    let mut observation = Observation::new(Trigger::Event, ReportSite::Callsite(meta.callsite()));
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
    let of_text = |(field, text)| (field, ErrorChain::of_text(text, limits));
    let error = error.or_else(|| fields.error_text().map(of_text));
    observation.content = match (&error, message) {
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
        // A lone event: what it carries are the computation's parameters.
        Some(_) => observation.parameters = Some(others),
        None => observation.event = others,
    }
    if let (false, Some(message)) = (observation.error.entries.is_empty(), message) {
        observation.event.insert("message", headline(message).unwrap_or_else(|| message.to_owned()));
    }
    observation.location = location(meta, fields, recorder);
    observation
}

/// The message of an event that has none: `code=3 solver=lu`.
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

/// What the span of an error says when it closes.
pub(super) fn observe_span(open_span: &OpenSpan, recorder: &Recorder) -> Observation {
    let mut reader = Reader::new(&open_span.fields, &recorder.limits);
    let mut observation = Observation::new(Trigger::SpanClose, ReportSite::Close);
    // These two remain parameters as well: they may be arguments of the function.
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

/// Records of the `log` crate carry their place in fields.
fn location(meta: &'static Metadata<'static>, fields: &Fields, recorder: &Recorder) -> Location {
    let mut location = callsite::location(meta);
    if !is_log_record(meta) {
        return location;
    }
    let text = |name| fields.text(name, &recorder.limits).map(Cow::Owned);
    let line = || fields.value("log.line", &recorder.limits)?.as_f64();
    location.file = text("log.file").or(location.file);
    location.line = line().map(|line| line as u32).or(location.line);
    location.module = text("log.module_path").or(location.module);
    location.target = text("log.target").or(location.target);
    location
}
