//! The visitor that reads fields for failures and the runtime log.

use std::error::Error;
use std::fmt::{self, Write};

use tracing::Metadata;
use tracing::field::{Field, Visit};

use crate::observe::argument_use::ArgumentUse;
use crate::observe::arguments::ReadArgument;
use crate::observe::callsite::{COMPUTATION, ERROR_FIELDS, THEORETICAL_REF};
use crate::observe::error_chain::ErrorChain;
use crate::observe::panic_payload::catch_panic;
use record::internal::json_writer::{write_json, write_name};
use record::internal::{DebugSink, Redactor, read_debug, without_numbers};
use record::{Limits, Map, Value};
use text::shorten;

/// Maximum number of bytes in a short text.
const MAX_SMALL_TEXT_BYTES: usize = 64;

/// Maximum number of unused bytes in the text buffer, after which it is compacted.
const MAX_UNUSED_BYTES: usize = 4096;

/// Fields in the form in which they arrive: plain numbers, and text in one buffer. Once the buffers have grown, a field
/// needs no allocation. Text is parsed into values only on request.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    entries: Vec<(&'static str, Plain)>,
    text: String,
    unused: usize,
    /// True if the message has arguments.
    message_varies: bool,
    /// Fields that were recorded late.
    late: Vec<&'static str>,
    /// Absent before the first argument, because most spans have none.
    arguments: Option<Box<ArgumentUse>>,
}

#[derive(Clone, Debug)]
enum Plain {
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    /// Text for people.
    Text(Span),
    /// Output of `Debug` or `Display`.
    Debug(Span),
    Value(Box<Value>),
}

/// A range of bytes in the text buffer.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
}

/// The fields that are formatted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Formatting {
    /// All fields.
    All,
    /// No fields: `?value` and `%value` are left out.
    PlainOnly,
    /// Only the message, which an event always formats.
    MessageOnly,
}

impl Fields {
    pub(crate) fn visitor<'a>(&'a mut self, limits: &'a Limits, formatting: Formatting) -> FieldVisitor<'a> {
        FieldVisitor { fields: self, limits, formatting, error: None }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.text.clear();
        self.unused = 0;
        self.message_varies = false;
        self.late.clear();
        if let Some(arguments) = &mut self.arguments {
            arguments.clear();
        }
    }

    /// Returns the number of bytes that the buffers own.
    pub(crate) fn capacity(&self) -> usize {
        self.text.capacity() + self.entries.capacity() * size_of::<(&str, Plain)>()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|(name, _)| *name)
    }

    pub(crate) fn value(&self, name: &str, limits: &Limits) -> Option<Value> {
        let (_, plain) = self.entries.iter().find(|(known, _)| *known == name)?;
        Some(self.typed(plain, limits))
    }

    /// Returns a field as text, or `None` if it is missing or empty.
    pub(crate) fn text(&self, name: &str, limits: &Limits) -> Option<String> {
        let text = match self.value(name, limits)? {
            Value::String(text) => text,
            Value::Null => return None,
            other => other.to_string(),
        };
        (!text.is_empty()).then_some(text)
    }

    /// Returns the unparsed text of a field.
    pub(crate) fn raw_text(&self, name: &str) -> Option<&str> {
        match self.entries.iter().find(|(known, _)| *known == name)?.1 {
            Plain::Text(span) | Plain::Debug(span) => Some(self.slice(span)),
            Plain::Value(ref value) => value.as_str(),
            _ => None,
        }
    }

    /// Returns the text of a field, unless it is empty or a formatted number or boolean.
    pub(crate) fn message_text(&self, name: &str) -> Option<&str> {
        let text = self.raw_text(name).filter(|text| !text.trim().is_empty())?;
        let is_literal = matches!(self.entries.iter().find(|(known, _)| *known == name)?.1, Plain::Text(_));
        let is_value = || text.parse::<f64>().is_ok() || matches!(text, "true" | "false" | "None" | "()");
        (is_literal || !is_value()).then_some(text)
    }

    /// Returns the field of an event that holds the error, and its text.
    ///
    /// `source` is also a usual name for a file or another origin, so it counts only if its text reads like an error.
    pub(crate) fn error_text(&self) -> Option<(&'static str, &str)> {
        ERROR_FIELDS.iter().find_map(|name| {
            let text = self.message_text(name)?;
            (*name != "source" || reads_like_error(text)).then_some((*name, text))
        })
    }

    /// Returns the message without the numbers that were inserted into it, which is equal for all events of a callsite.
    pub(crate) fn message_template(&self) -> Option<String> {
        let message = self.raw_text("message")?;
        Some(if self.message_varies { without_numbers(message) } else { message.to_owned() })
    }

    /// Returns all other fields as typed values, with secrets redacted.
    pub(crate) fn to_map(&self, without: &[&str], limits: &Limits, redactor: &Redactor) -> Map {
        let entries = self.entries.iter().filter(|(name, _)| !without.contains(name));
        entries
            .map(|(name, plain)| (*name, redactor.under(redactor.field(name).kind, self.typed(plain, limits))))
            .collect()
    }

    /// Writes all other fields as entries of a JSON object, with secrets redacted.
    pub(crate) fn write_json(&self, json: &mut Vec<u8>, without: &[&str], limits: &Limits, redactor: &Redactor) {
        let mut first = true;
        for (name, plain) in &self.entries {
            if without.contains(name) {
                continue;
            }
            if !std::mem::take(&mut first) {
                json.push(b',');
            }
            let known = redactor.field(name);
            write_name(json, name, known.is_plain);
            match plain {
                plain if known.is_secret() => {
                    write_json(json, &redactor.under(known.kind, self.typed(plain, limits)));
                }
                Plain::Int(n) => write_json(json, n),
                Plain::UInt(n) => write_json(json, n),
                Plain::Float(x) if x.is_finite() => write_json(json, x),
                Plain::Bool(b) => write_json(json, b),
                Plain::Text(span) => write_json(json, &*redactor.text(self.slice(*span))),
                other => write_json(json, &redactor.inside(self.typed(other, limits))),
            }
        }
    }

    /// Adds the values of fields that were recorded late.
    pub(crate) fn record(&mut self, later: &Fields) {
        for (name, plain) in &later.entries {
            let copied = match plain {
                Plain::Text(span) => Plain::Text(self.push_text(later.slice(*span))),
                Plain::Debug(span) => Plain::Debug(self.push_text(later.slice(*span))),
                other => other.clone(),
            };
            self.set(name, copied);
            if !self.late.contains(name) {
                self.late.push(name);
            }
        }
        if self.unused > MAX_UNUSED_BYTES {
            self.compact();
        }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.entries.iter().any(|(known, _)| *known == name)
    }

    /// Adds arguments of the function whose names are new, and restores the order in which the span declares its
    /// fields. Removes the other arguments from the list.
    pub(crate) fn add_arguments(&mut self, arguments: &mut Vec<ReadArgument>, meta: &Metadata<'_>) {
        arguments.retain(|argument| !self.contains(argument.name));
        for argument in arguments {
            self.set(argument.name, Plain::Value(argument.value.clone().into()));
            self.argument_use_mut().add(argument.name, argument.is_in_closing_line);
        }
        let place = |name: &str| meta.fields().iter().position(|field| field.name() == name);
        self.entries.sort_by_key(|(name, _)| place(name));
    }

    pub(crate) fn argument_use(&self) -> Option<&ArgumentUse> {
        self.arguments.as_deref()
    }

    pub(crate) fn argument_use_mut(&mut self) -> &mut ArgumentUse {
        self.arguments.get_or_insert_default()
    }

    /// Returns the arguments that were added, with secrets redacted.
    pub(crate) fn added_arguments(&self, limits: &Limits, redactor: &Redactor) -> Map {
        let arguments = self.entries.iter().filter(|(_, plain)| matches!(plain, Plain::Value(_)));
        arguments
            .map(|(name, plain)| (*name, redactor.under(redactor.field(name).kind, self.typed(plain, limits))))
            .collect()
    }

    /// Returns numbers, booleans and short texts that were not recorded late, without the names of a computation.
    pub(crate) fn small_values(&self, limits: &Limits) -> impl Iterator<Item = (&'static str, Value)> {
        let early = self.entries.iter().filter(|(name, _)| !self.late.contains(name));
        let early = early.filter(|(name, _)| ![COMPUTATION, THEORETICAL_REF].contains(name));
        early.filter_map(move |(name, plain)| Some((*name, self.small_value(plain, limits)?)))
    }

    fn small_value(&self, plain: &Plain, limits: &Limits) -> Option<Value> {
        let is_large = match plain {
            Plain::Text(span) | Plain::Debug(span) => span.end - span.start > MAX_SMALL_TEXT_BYTES,
            Plain::Value(_) => true,
            _ => false,
        };
        if is_large {
            return None;
        }
        let value = self.typed(plain, limits);
        (!matches!(value, Value::Null | Value::List(_) | Value::Map(_))).then_some(value)
    }

    fn push_text(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span { start, end: self.text.len() }
    }

    fn set(&mut self, name: &'static str, value: Plain) {
        match self.entries.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => {
                if let Plain::Text(span) | Plain::Debug(span) = old {
                    self.unused += span.end - span.start;
                }
                *old = value;
            }
            None => self.entries.push((name, value)),
        }
    }

    fn compact(&mut self) {
        let old = std::mem::take(&mut self.text);
        for (_, plain) in &mut self.entries {
            if let Plain::Text(span) | Plain::Debug(span) = plain {
                let start = self.text.len();
                self.text.push_str(&old[span.start..span.end]);
                *span = Span { start, end: self.text.len() };
            }
        }
        self.unused = 0;
    }

    fn slice(&self, span: Span) -> &str {
        &self.text[span.start..span.end]
    }

    fn typed(&self, plain: &Plain, limits: &Limits) -> Value {
        match plain {
            Plain::Bool(b) => (*b).into(),
            Plain::Int(n) => (*n).into(),
            Plain::UInt(n) => (*n).into(),
            Plain::Float(x) => (*x).into(),
            Plain::Text(span) => self.slice(*span).into(),
            Plain::Debug(span) => read_debug(self.slice(*span), limits),
            Plain::Value(value) => (**value).clone(),
        }
    }
}

/// Reads fields. Only this visitor runs code of the values. If a value panics, only this value is lost.
pub(crate) struct FieldVisitor<'a> {
    fields: &'a mut Fields,
    limits: &'a Limits,
    formatting: Formatting,
    error: Option<&'a mut Option<TypedError>>,
}

/// A field with an error, its type and its sources.
pub(crate) struct TypedError {
    pub(crate) field: &'static str,
    pub(crate) chain: ErrorChain,
}

impl TypedError {
    /// Returns the precedence of a field that may hold the error.
    fn rank(field: &str) -> usize {
        ERROR_FIELDS.iter().position(|name| *name == field).unwrap_or(ERROR_FIELDS.len())
    }
}

impl<'a> FieldVisitor<'a> {
    /// Reads a typed error with its sources as well.
    pub(crate) fn with_error(self, error: &'a mut Option<TypedError>) -> Self {
        FieldVisitor { error: Some(error), ..self }
    }

    fn format(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let start = self.fields.text.len();
        let mut is_one_piece = false;
        let formatted = catch_panic(|| {
            let mut sink = DebugSink::new(&mut self.fields.text, self.limits);
            let result = write!(sink, "{value:?}");
            is_one_piece = sink.is_one_piece();
            (sink.finish(), result)
        });
        self.fields.message_varies |= field.name() == "message" && !is_one_piece;
        let plain = match formatted {
            Ok((Some(summary), _)) => Plain::Value(summary.into()),
            Ok((None, Ok(()))) => Plain::Debug(Span { start, end: self.fields.text.len() }),
            Ok((None, Err(_))) => {
                self.fields.text.push_str(" [its Debug failed]");
                Plain::Text(Span { start, end: self.fields.text.len() })
            }
            Err(panic) => {
                self.fields.text.truncate(start);
                let text = shorten(&panic, self.limits.text);
                Plain::Text(self.fields.push_text(&format!("[its Debug panicked: {text}]")))
            }
        };
        self.fields.set(field.name(), plain);
    }
}

/// Returns true if a text is a sentence or begins with the name of a type.
fn reads_like_error(text: &str) -> bool {
    let starts_with = |test: fn(char) -> bool| text.starts_with(test);
    starts_with(char::is_alphabetic) && (starts_with(char::is_uppercase) || text.contains(' '))
}

impl Visit for FieldVisitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.fields.set(field.name(), Plain::Float(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields.set(field.name(), Plain::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.set(field.name(), Plain::UInt(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.fields.set(field.name(), Plain::Value(Value::from(value).into()));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.fields.set(field.name(), Plain::Value(Value::from(value).into()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.fields.set(field.name(), Plain::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let text = self.fields.push_text(&shorten(value, self.limits.text));
        self.fields.set(field.name(), Plain::Text(text));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        let bytes = Value::from_serialize_within(value, self.limits).unwrap_or_default();
        self.fields.set(field.name(), Plain::Value(bytes.into()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if self.formatting != Formatting::All {
            return;
        }
        self.format(field, &format_args!("{value}"));
        if let Some(error) = &mut self.error {
            let rank = TypedError::rank(field.name());
            if error.as_ref().is_none_or(|known| rank < TypedError::rank(known.field)) {
                let chain = ErrorChain::of(value, None, self.limits);
                **error = Some(TypedError { field: field.name(), chain });
            }
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let is_formatted = match self.formatting {
            Formatting::All => true,
            Formatting::PlainOnly => false,
            Formatting::MessageOnly => field.name() == "message",
        };
        if is_formatted {
            self.format(field, value);
        }
    }
}
