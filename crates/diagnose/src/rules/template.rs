//! Fills the template of a rule with the findings of its conditions.

use super::condition::ConditionMatch;
use super::facts::{Facts, NamedValue, TrailSeries};
use super::non_finite_value::describe;
use super::number::{brief, distinct, exact, factor_of};
use crate::convergence::SeriesRole;
use record::Value;
use record::internal::WordSequence;
use record::{Evidence, TrailEntry};
use text::shorten_to_line;

/// Maximum length of a value in a suggestion.
const MAX_VALUE_CHARS: usize = 80;
/// Maximum length of a text in the evidence.
const MAX_EVIDENCE_CHARS: usize = 200;
/// Maximum number of entries of a list that a suggestion contains.
const MAX_LISTED_ENTRIES: usize = 4;
/// Maximum number of entries of a list or an object in the evidence.
const MAX_EVIDENCE_ENTRIES: usize = 8;
/// Minimum fit of a rate that is written with four digits.
const MIN_PRECISE_FIT: f64 = 0.99;
/// Maximum number of remaining iterations that a suggestion states.
const MAX_REMAINING_ROWS: f64 = 1e9;

/// Fills the placeholders of a template. Returns the text, and true if every placeholder outside brackets has a value.
///
/// A part in brackets is left out if one of its placeholders has no value. Outside brackets, such a placeholder
/// remains.
pub(super) fn fill(text: &str, found: &[(Option<&str>, ConditionMatch<'_>)], facts: &Facts<'_>) -> (String, bool) {
    let mut filled = String::with_capacity(2 * text.len());
    let mut all_complete = true;
    let mut rest = text;
    while let Some(start) = rest.find('[') {
        let (before, from) = rest.split_at(start);
        let Some(length) = from.find(']') else { break };
        let (outside, is_complete) = fill_part(before, found, facts);
        filled.push_str(&outside);
        all_complete &= is_complete;
        let (inside, is_complete) = fill_part(&from[1..length], found, facts);
        filled.push_str(if is_complete { &inside } else { "" });
        rest = &from[length + 1..];
    }
    let (last, is_complete) = fill_part(rest, found, facts);
    (filled + &last, all_complete && is_complete)
}

/// Fills the placeholders of a part. Returns the text, and true if every placeholder has a value.
fn fill_part(text: &str, found: &[(Option<&str>, ConditionMatch<'_>)], facts: &Facts<'_>) -> (String, bool) {
    let mut filled = String::with_capacity(2 * text.len());
    let mut is_complete = true;
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        let Some(length) = from.find('}') else { break };
        filled.push_str(before);
        match placeholder_text(&from[1..length], found, facts) {
            Some(value) => filled.push_str(&value),
            None => {
                filled.push_str(&from[..=length]);
                is_complete = false;
            }
        }
        rest = &from[length + 1..];
    }
    (filled + rest, is_complete)
}

/// Returns the text of a placeholder such as `rtol` or `residual.rate`.
fn placeholder_text(
    placeholder: &str,
    found: &[(Option<&str>, ConditionMatch<'_>)],
    facts: &Facts<'_>,
) -> Option<String> {
    let (name, attribute) = placeholder.split_once('.').unwrap_or((placeholder, ""));
    // Several conditions may have found something under the same name.
    let named = found.iter().filter(|(known, _)| *known == Some(name));
    named.map(|(_, found)| found).find_map(|found| match found {
        ConditionMatch::Value(value) => value_attribute(value, attribute),
        ConditionMatch::NonFiniteValue(value) => attribute.is_empty().then(|| describe(value)).flatten(),
        ConditionMatch::Series(series) => series_attribute(series, attribute, facts),
        ConditionMatch::NonFinite(series) => {
            non_finite_attribute(series, attribute).or_else(|| series_attribute(series, attribute, facts))
        }
        ConditionMatch::BoundCrossing(series) => {
            crossing_attribute(series, attribute).or_else(|| series_attribute(series, attribute, facts))
        }
        ConditionMatch::Text { text, .. } => attribute.is_empty().then(|| shorten_to_line(text, MAX_VALUE_CHARS)),
        ConditionMatch::Absence | ConditionMatch::Computation => None,
    })
}

fn value_attribute(value: &NamedValue<'_>, attribute: &str) -> Option<String> {
    match attribute {
        "" => Some(value_text(value.value)),
        "name" => Some(shorten_to_line(value.name, MAX_VALUE_CHARS)),
        _ => None,
    }
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Float(x) => distinct(*x),
        Value::String(text) => shorten_to_line(text, MAX_VALUE_CHARS),
        // A vector may be recorded as a matrix with one row.
        Value::List(list) if matches!(&list[..], [Value::List(_)]) => value_text(&list[0]),
        Value::List(list) if list.len() <= MAX_LISTED_ENTRIES => {
            format!("({})", list.iter().map(value_text).collect::<Vec<_>>().join(", "))
        }
        other => shorten_to_line(&other.to_string(), MAX_VALUE_CHARS),
    }
}

fn series_attribute(series: &TrailSeries<'_>, attribute: &str, facts: &Facts<'_>) -> Option<String> {
    let convergence = series.convergence;
    let slope = || convergence.rate.map(f64::ln).filter(|slope| *slope != 0.0);
    match attribute {
        "" => Some(shorten_to_line(&convergence.column, MAX_VALUE_CHARS)),
        "first" => convergence.first.map(brief),
        "last" => convergence.last.map(brief),
        "smallest" => convergence.smallest.map(brief),
        "largest" => convergence.largest.map(brief),
        "factor" => factor(convergence.first?, convergence.last?),
        "rate" => convergence.rate.map(|rate| match convergence.fit {
            Some(fit) if fit < MIN_PRECISE_FIT => format!("about {}", factor_of(rate)),
            _ => brief(rate),
        }),
        "fit" => convergence.fit.map(brief),
        "rows" => Some(convergence.rows.to_string()),
        "period" => convergence.period.map(|period| period.to_string()),
        "decade" => row_count(stride(series) * std::f64::consts::LN_10 / slope()?.abs()),
        "tolerance" => tolerance(series, facts).map(brief),
        "needed" => {
            let left = tolerance(series, facts)? / convergence.last?.abs();
            let slope = slope().filter(|slope| *slope < 0.0)?;
            if left < 1.0 { row_count(stride(series) * left.ln() / slope) } else { None }
        }
        "from" => position(series.entry, *rows(series).get(rows(series).len().checked_sub(convergence.rows)?)?),
        "to" => position(series.entry, *rows(series).last()?),
        _ => None,
    }
}

/// Formats a number of rows, unless there are too many.
fn row_count(rows: f64) -> Option<String> {
    (rows < MAX_REMAINING_ROWS).then(|| format!("{:.0}", rows.ceil()))
}

/// Returns an attribute of the first non-finite value.
fn non_finite_attribute(series: &TrailSeries<'_>, attribute: &str) -> Option<String> {
    let non_finite = series.convergence.first_non_finite.as_ref()?;
    match attribute {
        "bad" => Some(value_text(&non_finite.value)),
        "at" => position(series.entry, non_finite.row),
        _ => None,
    }
}

/// Returns an attribute of the first value beyond a bound.
fn crossing_attribute(series: &TrailSeries<'_>, attribute: &str) -> Option<String> {
    let crossing = series.convergence.crossed.as_ref()?;
    match attribute {
        // All digits, since four do not distinguish the value from the bound.
        "bad" if brief(crossing.value) == brief(crossing.bound) => Some(format!("{:e}", crossing.value)),
        "bad" => Some(brief(crossing.value)),
        "bound" => Some(brief(crossing.bound)),
        "at" => position(series.entry, crossing.row),
        _ => None,
    }
}

/// Formats the factor between two values, which is at least one.
fn factor(first: f64, last: f64) -> Option<String> {
    let factor = (last / first).abs();
    let factor = if factor < 1.0 { 1.0 / factor } else { factor };
    factor.is_finite().then(|| brief(factor))
}

/// Returns the target of a residual: the bound of a failed check, a tolerance, or a relative tolerance times the first
/// value. A cost has no target.
fn tolerance(series: &TrailSeries<'_>, facts: &Facts<'_>) -> Option<f64> {
    if series.role == SeriesRole::Objective {
        return None;
    }
    let relative = || Some(facts.number(&["rtol"])? * series.convergence.first?.abs());
    let named = || facts.number(&["tolerance", "tol", "atol", "eps", "epsilon"]);
    let tolerance = series.required_bound(facts.failure).or_else(named).or_else(relative);
    tolerance.filter(|tolerance| *tolerance > 0.0)
}

/// Returns the number of iterations from one row to the next if the event counts them, otherwise 1.
fn stride(series: &TrailSeries<'_>) -> f64 {
    let counters = series
        .entry
        .columns
        .iter()
        .filter(|(name, column)| SeriesRole::of(&WordSequence::of(name), column) == SeriesRole::Counter);
    let step = |column: &Value| {
        let list = column.as_list()?;
        let (before, last) = (list.len().checked_sub(2)?, list.len().checked_sub(1)?);
        Some(list[last].as_f64()? - list[before].as_f64()?)
    };
    counters.filter_map(|(_, column)| step(column)).find(|step| *step >= 1.0).unwrap_or(1.0)
}

/// Returns the rows of the finite values before the first non-finite one.
fn rows(series: &TrailSeries<'_>) -> Vec<usize> {
    let list = series.column.as_list().unwrap_or_default();
    let end =
        series.convergence.first_non_finite.as_ref().map_or(list.len(), |non_finite| non_finite.row.min(list.len()));
    let of_series = series.entry.rows_of_last_series();
    let belongs = |row: usize| of_series.as_ref().is_none_or(|rows| rows.get(row).is_some_and(|belongs| *belongs));
    let numbers = list[..end].iter().enumerate().filter_map(|(row, value)| Some((row, value.as_f64()?)));
    numbers.filter(|(row, x)| x.is_finite() && belongs(*row)).map(|(row, _)| row).collect()
}

/// Describes a row by its time, its iteration, or its number among the occurrences.
fn position(entry: &TrailEntry, row: usize) -> Option<String> {
    let value = |column: &Value| column.as_list().and_then(|list| list.get(row)).and_then(Value::as_f64);
    let of_role = |role: SeriesRole| {
        let mut columns =
            entry.columns.iter().filter(|(name, column)| SeriesRole::of(&WordSequence::of(name), column) == role);
        columns.find_map(|(name, column)| Some((name, value(column).filter(|x| x.is_finite())?)))
    };
    // `x` may also name the unknown of an iteration, which is not monotone. `t` may go back within the stages of a
    // step.
    let is_usable = |name: &str| matches!(name, "t" | "time") || entry.columns.get(name).is_some_and(is_monotone);
    if let Some((name, time)) = of_role(SeriesRole::Time).filter(|(name, _)| is_usable(name)) {
        return Some(format!("{name} = {}", exact(time)));
    }
    if let Some((name, number)) = of_role(SeriesRole::Counter) {
        return Some(format!("{name} {number}"));
    }
    let dropped = if row < entry.head.unwrap_or(usize::MAX) { 0 } else { entry.dropped };
    let number = (row as u64).saturating_add(dropped).saturating_add(1);
    Some(format!("occurrence {number} of {}", entry.seen.max(number)))
}

fn is_monotone(column: &Value) -> bool {
    let numbers = || column.as_list().unwrap_or_default().iter().filter_map(Value::as_f64);
    let pairs = || numbers().zip(numbers().skip(1));
    pairs().all(|(a, b)| a <= b) || pairs().all(|(a, b)| a >= b)
}

/// Returns the evidence that the record keeps of a finding.
pub(super) fn evidence(found: &ConditionMatch<'_>, facts: &Facts<'_>) -> Option<Evidence> {
    let (field, value) = match found {
        ConditionMatch::Absence => return None,
        ConditionMatch::Computation => ("computation".to_owned(), Value::from(facts.failure.computation.as_str())),
        ConditionMatch::Text { field, text } => {
            ((*field).to_owned(), Value::from(shorten_to_line(text, MAX_EVIDENCE_CHARS)))
        }
        ConditionMatch::Value(value) | ConditionMatch::NonFiniteValue(value) => {
            (value.field(), shorten_value(value.value))
        }
        ConditionMatch::Series(series) => (column_path(series), Value::from(series.convergence.behaviour.name())),
        ConditionMatch::NonFinite(series) => {
            (column_path(series), series.convergence.first_non_finite.as_ref()?.value.clone())
        }
        ConditionMatch::BoundCrossing(series) => {
            (column_path(series), Value::from(series.convergence.crossed.as_ref()?.value))
        }
    };
    Some(Evidence::new(field, value))
}

fn column_path(series: &TrailSeries<'_>) -> String {
    format!("context.trail[{}].columns.{}", series.convergence.trail, series.convergence.column)
}

fn shorten_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(shorten_to_line(text, MAX_EVIDENCE_CHARS)),
        Value::List(list) if list.len() > MAX_EVIDENCE_ENTRIES => Value::from(format!("{} entries", list.len())),
        Value::Map(map) if map.len() > MAX_EVIDENCE_ENTRIES => Value::from(format!("{} entries", map.len())),
        other => other.clone(),
    }
}
