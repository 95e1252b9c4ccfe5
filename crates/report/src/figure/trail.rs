//! The trail of a failure: a chart for each series of numbers.

use std::cmp::Reverse;

use maud::{Markup, html};
use record::internal::{behaviour_text, brief, parameter};
use record::{Behaviour, Convergence, Failure, TrailEntry, Value};

use crate::chart::coordinate::percentage;
use crate::chart::frame::ChartFrame;
use crate::chart::marks::{curve, stretched};
use crate::chart::scale::{AxisScale, AxisTick};
use crate::chart::thinning::thin_series;
use crate::page::rest;
use crate::shown::line;

/// Minimum number of points of a curve.
const MIN_POINTS: usize = 2;
/// Maximum number of points of a curve.
const MAX_POINTS: usize = 120;
/// Maximum number of marks for numbers that are not finite.
const MAX_NON_FINITE: usize = 12;
const HEIGHT: u32 = 72;
/// Parts of the names of quantities that tell most about convergence.
const RESIDUALS: [&str; 6] = ["resid", "err", "norm", "loss", "defect", "tol"];

/// Returns the most telling series of the trail, at most this many, unless it has no numbers. `id` is unique on the
/// page.
pub(crate) fn telling_series(failure: &Failure, max: usize, id: &str) -> Option<Markup> {
    let trail = &failure.context.trail;
    let columns = (0..trail.len()).flat_map(|entry| trail[entry].columns.iter().map(move |column| (entry, column)));
    let mut series: Vec<TrailColumn<'_>> =
        columns.filter_map(|(entry, (name, column))| TrailColumn::new(failure, entry, name, column)).collect();
    let total = series.len();
    series.sort_by_key(|column| Reverse(column.weight()));
    series.truncate(max);
    series.sort_by_key(|column| column.entry);
    let first = series.first()?.entry;
    let is_same_entry = series.iter().all(|column| column.entry == first);
    Some(html! {
        figure class="trail" {
            figcaption {
                "Last values before the newest failure"
                @if is_same_entry { ": " (source_of(failure, &trail[first])) }
                "."
                @if total > max { " Drawn are " (max) " of " (total) " series." }
            }
            @for (index, column) in series.iter().enumerate() { (column.draw(&format!("{id}-{index}"))) }
        }
    })
}

/// Returns the series of an entry of the trail, at most this many.
pub(crate) fn entry_series(failure: &Failure, entry: usize, max: usize, id: &str) -> Markup {
    let trail = &failure.context.trail[entry];
    html! {
        figure class="trail" {
            figcaption { (source_of(failure, trail)) }
            @for (index, (name, column)) in trail.columns.iter().take(max).enumerate() {
                @if let Some(series) = TrailColumn::new(failure, entry, name, column) {
                    (series.draw(&format!("{id}-{index}")))
                } @else {
                    p class="series-name" { code { (line(name)) } " " (line(&last_text(column))) }
                }
            }
            (rest(trail.columns.len(), max, "series"))
        }
    }
}

fn last_text(column: &Value) -> String {
    column.as_list().and_then(<[Value]>::last).map(parameter).unwrap_or_default()
}

/// `500 × newton step in solve, 250 of them kept, src/solve.rs:12`.
fn source_of(failure: &Failure, entry: &TrailEntry) -> Markup {
    let source = entry.message.as_deref().or(entry.span.as_deref()).unwrap_or("numbers");
    let working_dir = failure.context.process.as_ref().and_then(|process| process.cwd.as_deref());
    let place = entry.location.as_ref().map(|at| text::place_of(at.file.as_deref(), at.line, working_dir));
    html! {
        (text::thousands(entry.seen)) " × " (line(source))
        @if let Some(span) = entry.spans.last() { " in " (line(span)) }
        @if entry.dropped > 0 { ", " (entry.elapsed_s.len()) " of them kept" }
        @if let Some(place) = place { ", " code { (line(&place)) } }
    }
}

/// A column of the trail that has numbers.
struct TrailColumn<'a> {
    entry: usize,
    name: &'a str,
    trail: &'a TrailEntry,
    /// NaN where the column has no number.
    numbers: Vec<f64>,
    is_present: Vec<bool>,
    convergence: Option<&'a Convergence>,
}

impl<'a> TrailColumn<'a> {
    fn new(failure: &'a Failure, entry: usize, name: &'a str, column: &'a Value) -> Option<Self> {
        let list = column.as_list()?;
        let is_present: Vec<bool> = list.iter().map(|value| value.as_f64().is_some()).collect();
        let numbers = list.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
        let mut series = failure.context.convergence.iter();
        let convergence = series.find(|series| series.trail == entry && series.column == name);
        let trail = failure.context.trail.get(entry)?;
        let count = is_present.iter().filter(|is_present| **is_present).count();
        (count >= MIN_POINTS).then_some(TrailColumn { entry, name, trail, numbers, is_present, convergence })
    }

    /// The columns with the largest weight say most about the failure.
    fn weight(&self) -> (u8, usize) {
        let behaviour = match self.convergence {
            Some(series) if series.first_non_finite.is_some() || series.crossed.is_some() => 4,
            Some(series) => match series.behaviour {
                Behaviour::Steady | Behaviour::Constant => 0,
                Behaviour::Irregular | Behaviour::Short => 1,
                _ => 3,
            },
            None => 0,
        };
        if self.is_counter() {
            return (0, 0);
        }
        let is_residual = RESIDUALS.iter().any(|part| self.name.contains(part));
        (1 + behaviour + 3 * u8::from(is_residual), self.numbers.len())
    }

    /// Returns true for the number of an iteration: it grows by one.
    fn is_counter(&self) -> bool {
        // The trail may have dropped rows once.
        let other_steps = self.numbers.windows(2).filter(|pair| pair[1] - pair[0] != 1.0).count();
        self.numbers.len() > 2 && other_steps <= usize::from(self.trail.dropped > 0)
    }

    /// The position of an event among all events of its place, from 0. The trail may have dropped events after the
    /// head.
    fn occurrence(&self, row: usize) -> f64 {
        let dropped = if row < self.trail.head.unwrap_or(0) { 0 } else { self.trail.dropped };
        row as f64 + dropped as f64
    }

    fn has_gap_before(&self, row: usize) -> bool {
        self.trail.dropped > 0 && self.trail.head == Some(row)
    }

    fn draw(&self, id: &str) -> Markup {
        let (name, text) = (line(self.name), line(&self.text()));
        let scale = AxisScale::of(self.numbers.iter().copied(), 0.08);
        let axis = if scale.is_some_and(|scale| scale.is_logarithmic()) { ", logarithmic axis" } else { "" };
        html! {
            p class="series-name" { code { (name) } " " (text) (axis) }
            @if let Some(scale) = scale { (self.chart(id, &scale, &format!("{name}: {text}{axis}"))) }
        }
    }

    fn chart(&self, id: &str, scale: &AxisScale, description: &str) -> Markup {
        let last = self.occurrence(self.numbers.len().saturating_sub(1));
        let x_scale = AxisScale::from_zero(last);
        let place = |row: usize| x_scale.position(self.occurrence(row)).unwrap_or_default();
        let mut points = Vec::new();
        let mut previous = 0;
        for row in thin_series(&self.numbers, MAX_POINTS) {
            if (previous + 1..=row).any(|row| self.has_gap_before(row)) {
                points.push(None);
            }
            points.push(scale.position(self.numbers[row]).map(|y| (place(row), y)));
            previous = row;
        }
        let broken = (0..self.numbers.len()).filter(|&row| self.is_present[row] && !self.numbers[row].is_finite());
        let marks = html! {
            (stretched(&curve(points)))
            @for row in broken.take(MAX_NON_FINITE) {
                text class={ "broken" @if place(row) > 0.5 { " last" } @else { " first" } }
                    x=(percentage(place(row))) y="6" { (symbol(self.numbers[row])) }
            }
        };
        let end = AxisTick { position: 1.0, label: format!("event {}", brief(last + 1.0)) };
        let x_ticks = [AxisTick { position: 0.0, label: "event 1".to_owned() }, end];
        let frame = ChartFrame {
            id,
            title: &format!("{} before the failure", line(self.name)),
            description,
            height: HEIGHT,
            x_ticks: if last > 0.0 { &x_ticks } else { &x_ticks[..1] },
            x_label: "",
            y_ticks: &scale.ticks(3),
            y_label: "",
        };
        frame.draw(&marks)
    }

    /// The ends of the series, and how it behaves.
    fn text(&self) -> String {
        let present = self.numbers.iter().zip(&self.is_present).filter(|(_, is_present)| **is_present);
        let present: Vec<f64> = present.map(|(number, _)| *number).collect();
        let ends = match present[..] {
            [first, .., last] => format!("{} → {}", brief(first), brief(last)),
            [only] => brief(only),
            [] => String::new(),
        };
        match self.convergence.and_then(behaviour_text) {
            Some(behaviour) => format!("{ends}, {behaviour}"),
            None => ends,
        }
    }
}

/// The mark of a number that is not finite.
fn symbol(x: f64) -> &'static str {
    match x {
        x if x.is_nan() => "NaN",
        x if x > 0.0 => "∞",
        _ => "−∞",
    }
}
