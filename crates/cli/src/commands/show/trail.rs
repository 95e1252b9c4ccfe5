//! The section "Trail": a sparkline for each column of each place.

use std::io::Write;

use anyhow::Result;
use record::internal::behaviour_text;
use record::{Convergence, Failure, TrailEntry, Value};

use super::sections::{working_dir, write_title};
use crate::screen::{Screen, brief, one_line, paint, place_of, sparkline, width};

/// Maximum number of bars of a sparkline.
const MAX_BARS: usize = 40;
/// Minimum number of bars of a sparkline.
const MIN_BARS: usize = 12;
/// Width of the other parts of a sparkline's line.
const OTHER_COLUMNS: usize = 72;

pub(super) fn write(failure: &Failure, screen: &mut Screen) -> Result<()> {
    if failure.context.trail.is_empty() {
        return Ok(());
    }
    write_title("Trail", screen)?;
    for (place, entry) in failure.context.trail.iter().enumerate() {
        let series = failure.context.convergence.iter().filter(|series| series.trail == place).collect();
        write_entry(entry, series, working_dir(failure), screen)?;
    }
    Ok(())
}

fn write_entry(
    entry: &TrailEntry,
    series: Vec<&Convergence>,
    working_dir: Option<&str>,
    screen: &mut Screen,
) -> Result<()> {
    let source = entry.message.as_deref().or(entry.span.as_deref()).unwrap_or("numbers");
    let line = [source.to_owned()].into_iter().chain(spans(entry)).collect::<Vec<_>>().join(" in ");
    let place = entry.location.as_ref().map(|at| place_of(at.file.as_deref(), at.line, working_dir));
    let place = place.map(|place| format!("  {place}")).unwrap_or_default();
    let dropped = if entry.dropped > 0 { format!(", {} of them kept", entry.elapsed_s.len()) } else { String::new() };
    let place = screen.paint(paint::FAINT, &place);
    writeln!(screen, "  {} × {}{dropped}{place}", entry.seen, one_line(&line))?;
    let widest = entry.columns.iter().map(|(name, _)| width(&one_line(name))).max().unwrap_or(0);
    for (name, column) in entry.columns.iter() {
        let course = series.iter().find(|series| series.column == name).and_then(|series| behaviour_text(series));
        let course = course.map(|course| screen.paint(paint::KIND, &format!("  {course}"))).unwrap_or_default();
        let name = one_line(name);
        let space = " ".repeat(widest - width(&name));
        let name = screen.paint(paint::NAME, &name);
        let bars =
            screen.width.map_or(MAX_BARS, |columns| columns.saturating_sub(OTHER_COLUMNS).clamp(MIN_BARS, MAX_BARS));
        let gap_after = if entry.dropped > 0 { entry.head } else { None };
        let curve = curve(column, gap_after, bars);
        writeln!(screen, "    {name}{space}  {curve}{course}")?;
    }
    Ok(())
}

/// The innermost span around the events of an entry, with its fields.
fn spans(entry: &TrailEntry) -> Option<String> {
    let fields = entry.span_fields.iter().map(|(name, value)| format!("{name}={}", value.to_string().replace('"', "")));
    let words: Vec<String> = entry.spans.last().map(|span| span.to_string()).into_iter().chain(fields).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// A sparkline, then the first and last value, and the extremes if they are neither.
fn curve(column: &Value, gap_after: Option<usize>, bars: usize) -> String {
    let Some(list) = column.as_list() else { return one_line(&column.to_string()).into_owned() };
    let series: Vec<Option<f64>> = list.iter().map(Value::as_f64).collect();
    let (head, tail) = series.split_at(gap_after.unwrap_or(0).min(series.len()));
    let (bars, is_logarithmic) = sparkline(head, tail, bars);
    let numbers: Vec<f64> = series.into_iter().flatten().collect();
    let (ends, mut notes) = match numbers[..] {
        [] => return list.last().map(|value| one_line(&value.to_string()).into_owned()).unwrap_or_default(),
        [only] => (brief(only), Vec::new()),
        [first, .., last] => (format!("{} → {}", brief(first), brief(last)), extremes(&numbers, first, last)),
    };
    if is_logarithmic {
        notes.push("log".to_owned());
    }
    let notes = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join(", ")) };
    format!("{bars}  {ends}{notes}")
}

/// The minimum and maximum, unless they are the first or last value.
fn extremes(numbers: &[f64], first: f64, last: f64) -> Vec<String> {
    let finite = || numbers.iter().copied().filter(|x| x.is_finite());
    let extremes = [("min", finite().reduce(f64::min)), ("max", finite().reduce(f64::max))];
    let known = extremes.into_iter().filter_map(|(name, x)| Some((name, x?)));
    known.filter(|(_, x)| *x != first && *x != last).map(|(name, x)| format!("{name} {}", brief(x))).collect()
}
