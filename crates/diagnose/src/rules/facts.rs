//! The facts about a failure that conditions look at. They are extracted once for all rules.

use std::borrow::Cow;

use crate::convergence::SeriesRole;
use record::internal::{REDACTED, RETURNED, WordSequence, is_unrelated, returned_texts};
use record::{Behaviour, Convergence, ErrorEntry, Failure, TrailEntry};
use record::{Map, Value};
use text::boundary_before;

/// Maximum number of values that are examined.
const MAX_VALUES: usize = 256;
/// Maximum number of series that are examined.
const MAX_SERIES: usize = 256;
/// Maximum number of bytes of a text that are examined.
const MAX_TEXT_BYTES: usize = 2048;
/// Minimum magnitude that is large in any unit.
const LARGE_MAGNITUDE: f64 = 1e10;

/// The paths of the event and of the parameters in the record.
const EVENT: &str = "context.event";
const PARAMETERS: &str = "parameters";

/// Entries of the event that describe a failed check.
const CHECK_RESULTS: &[&str] = &["check", "name", "value", "index", "bound", "bound_name", "trail_end"];

pub(super) struct Facts<'a> {
    pub(super) failure: &'a Failure,
    pub(super) computation: WordSequence,
    /// Error types, messages and the reason, the outermost first.
    pub(super) texts: Vec<SearchText<'a>>,
    /// Texts that name the method: parameters, the computation and the innermost span.
    pub(super) methods: Vec<SearchText<'a>>,
    /// Filter bits of all words in `texts`.
    pub(super) text_bits: u64,
    /// Filter bits of all words in `methods`.
    pub(super) method_bits: u64,
    /// Fields of the failing event, fields of the errors' data, and parameters, in this order.
    pub(super) values: Vec<NamedValue<'a>>,
    /// The value that the function returned, and the fields of its objects.
    pub(super) returned: Vec<NamedValue<'a>>,
    pub(super) series: Vec<TrailSeries<'a>>,
}

/// A text and its words.
pub(super) struct SearchText<'a> {
    /// The path in the record.
    pub(super) field: Cow<'static, str>,
    pub(super) text: &'a str,
    pub(super) words: WordSequence,
}

/// A value and the words of its name.
#[derive(Debug)]
pub(super) struct NamedValue<'a> {
    /// The path of the enclosing object in the record.
    place: Cow<'static, str>,
    pub(super) name: &'a str,
    pub(super) words: WordSequence,
    pub(super) value: &'a Value,
}

/// A series of the trail.
#[derive(Debug)]
pub(super) struct TrailSeries<'a> {
    pub(super) convergence: &'a Convergence,
    pub(super) entry: &'a TrailEntry,
    pub(super) column: &'a Value,
    pub(super) role: SeriesRole,
    pub(super) words: WordSequence,
}

impl<'a> Facts<'a> {
    pub(super) fn of(failure: &'a Failure) -> Self {
        let (texts, methods) = (texts(failure), methods(failure));
        let bits = |texts: &[SearchText<'_>]| texts.iter().fold(0, |bits, text| bits | text.words.filter_bits());
        Facts {
            failure,
            text_bits: bits(&texts),
            method_bits: bits(&methods),
            computation: WordSequence::of(&failure.computation),
            texts,
            methods,
            values: values(failure),
            returned: returned_values(failure),
            series: series(failure),
        }
    }

    /// Returns the number with the first of these names that has one.
    pub(super) fn number(&self, names: &[&str]) -> Option<f64> {
        let named = |name: &&str| self.values.iter().find(|value| value.words.iter().eq([*name]));
        names.iter().filter_map(named).find_map(|value| value.value.as_f64()).filter(|x| x.is_finite())
    }
}

impl TrailSeries<'_> {
    /// Returns the bound that a failed check required of this series.
    pub(super) fn required_bound(&self, failure: &Failure) -> Option<f64> {
        let event = &failure.context.event;
        let is_checked = event.get("check")?.as_str()? == "converged"
            && event.get("name").and_then(Value::as_str) == Some(&*self.convergence.column);
        if is_checked { event.get("bound")?.as_f64() } else { None }
    }

    /// Returns true if the series grew by this factor, in total or along the fitted rows at its end.
    pub(super) fn has_grown(&self, factor: f64) -> bool {
        let convergence = self.convergence;
        let (Some(first), Some(last)) = (convergence.first, convergence.last) else { return false };
        let total = last.abs() / first.abs();
        let recent = convergence.rate.unwrap_or(1.0).powf(convergence.rows.saturating_sub(1) as f64);
        let grows = convergence.behaviour == Behaviour::GeometricGrowth;
        // A series that starts at zero has no growth factor.
        let is_large_change = if first == 0.0 { last.abs() >= LARGE_MAGNITUDE.max(factor) } else { total >= factor };
        grows && (is_large_change || (recent >= factor && total >= 1.0))
    }

    /// Returns true if the series became non-finite after it had grown by this factor to a large magnitude.
    pub(super) fn has_overflowed(&self, factor: f64) -> bool {
        let convergence = self.convergence;
        let is_large = convergence.last.is_some_and(|last| last.abs() >= LARGE_MAGNITUDE);
        convergence.first_non_finite.is_some() && is_large && self.has_grown(factor)
    }
}

impl NamedValue<'_> {
    pub(super) fn field(&self) -> String {
        format!("{}.{}", self.place, self.name)
    }

    /// Returns true if the value is a parameter, or a field of one.
    pub(super) fn is_parameter(&self) -> bool {
        self.place == PARAMETERS || self.place.starts_with("parameters.")
    }

    /// Returns true if the function returned the value.
    pub(super) fn is_returned(&self) -> bool {
        self.place == EVENT && self.name == RETURNED
    }

    /// Returns the name with the names of the objects around it: `options.rtol`.
    pub(super) fn path(&self) -> String {
        let around = [PARAMETERS, EVENT].iter().find_map(|root| self.place.strip_prefix(root)?.strip_prefix('.'));
        around.map_or_else(|| self.name.to_owned(), |around| format!("{around}.{}", self.name))
    }
}

fn texts(failure: &Failure) -> Vec<SearchText<'_>> {
    let text =
        |field: Cow<'static, str>, text| SearchText { field, text, words: WordSequence::of_message(truncate(text)) };
    let mut texts = vec![text("error_message".into(), failure.error_message.as_str())];
    texts.push(text("error_type".into(), &failure.error_type));
    texts.extend(failure.context.reason.as_deref().map(|reason| text("context.reason".into(), reason)));
    for (depth, error) in relevant_errors(failure) {
        let at = |key: &str| format!("context.errors[{depth}].{key}").into();
        let is_new = |text: &&str| *text != failure.error_message && *text != failure.error_type;
        texts.extend(error.variant.as_deref().filter(is_new).map(|variant| text(at("variant"), variant)));
        texts.extend(error.type_name.as_deref().map(|name| text(at("type"), last_part(name))));
        texts.extend(Some(error.message.as_str()).filter(is_new).map(|message| text(at("message"), message)));
        texts.extend(error.notes.iter().enumerate().map(|(index, note)| text(at(&format!("notes[{index}]")), note)));
    }
    texts.extend(returned_texts(&failure.context.event).into_iter().map(|(path, words)| text(path.into(), words)));
    texts.retain(|text| !is_unrelated(text.text));
    texts
}

/// Returns the errors that rules examine. Errors that were being handled count only if no other describes the failure.
fn relevant_errors(failure: &Failure) -> impl DoubleEndedIterator<Item = (usize, &ErrorEntry)> {
    let all = failure.needs_handled_errors();
    failure.context.errors.iter().enumerate().filter(move |(index, _)| all || !failure.is_handled(*index))
}

fn methods(failure: &Failure) -> Vec<SearchText<'_>> {
    const METHOD_PARAMETERS: &[&str] = &["method", "solver", "integrator", "scheme", "stepper", "algorithm"];
    let named = METHOD_PARAMETERS.iter().filter_map(|name| Some((*name, failure.parameters.get(name)?.as_str()?)));
    let parameters = named.map(|(name, text)| (format!("parameters.{name}").into(), text));
    let computation = [(Cow::Borrowed("computation"), failure.computation.as_str())];
    let span = failure.context.spans.first().map(|span| (Cow::Borrowed("context.spans[0].name"), &*span.name));
    let texts = parameters.chain(computation).chain(span);
    texts.map(|(field, text)| SearchText { field, text, words: WordSequence::of(truncate(text)) }).collect()
}

/// Returns `LinAlgError` for `numpy.linalg.LinAlgError`.
fn last_part(type_name: &str) -> &str {
    type_name.rsplit([':', '.']).next().unwrap_or(type_name)
}

fn truncate(text: &str) -> &str {
    &text[..boundary_before(text, MAX_TEXT_BYTES.min(text.len()))]
}

fn values(failure: &Failure) -> Vec<NamedValue<'_>> {
    let mut values = Vec::new();
    collect_values(&failure.context.event, EVENT.into(), &mut values);
    if failure.context.event.get("check").is_some() {
        // The result of a check is no input.
        values.retain(|value| !CHECK_RESULTS.contains(&value.name));
    }
    for (depth, error) in relevant_errors(failure).rev() {
        if let Some(Value::Map(data)) = &error.data {
            collect_values(data, format!("context.errors[{depth}].data").into(), &mut values);
        }
    }
    collect_values(&failure.parameters, PARAMETERS.into(), &mut values);
    for (name, value) in failure.parameters.iter() {
        // Settings of a solver are often grouped in an object.
        if let Value::Map(inner) = value {
            collect_values(inner, format!("parameters.{name}").into(), &mut values);
        }
    }
    values
}

fn returned_values(failure: &Failure) -> Vec<NamedValue<'_>> {
    let mut values = Vec::new();
    let Some((name, value)) = failure.context.event.iter().find(|(name, _)| *name == RETURNED) else { return values };
    values.push(NamedValue { place: EVENT.into(), name, words: WordSequence::of(name), value });
    let Value::Map(fields) = value else { return values };
    let place = format!("{EVENT}.{RETURNED}");
    collect_values(fields, place.clone().into(), &mut values);
    for (name, value) in fields.iter() {
        if let Value::Map(inner) = value {
            collect_values(inner, format!("{place}.{name}").into(), &mut values);
        }
    }
    values
}

fn collect_values<'a>(map: &'a Map, place: Cow<'static, str>, values: &mut Vec<NamedValue<'a>>) {
    let room = MAX_VALUES.saturating_sub(values.len());
    let known = map.iter().filter(|(_, value)| value.as_str() != Some(REDACTED)).take(room);
    values.extend(known.map(|(name, value)| {
        let words = WordSequence::of(truncate(name));
        NamedValue { place: place.clone(), name, words, value }
    }));
}

fn series(failure: &Failure) -> Vec<TrailSeries<'_>> {
    let context = &failure.context;
    let series = context.convergence.iter().take(MAX_SERIES).filter_map(|convergence| {
        let entry = context.trail.get(convergence.trail)?;
        let column = entry.columns.get(&convergence.column)?;
        let words = WordSequence::of(truncate(&convergence.column));
        Some(TrailSeries { convergence, entry, column, role: SeriesRole::of(&words, column), words })
    });
    series.collect()
}
