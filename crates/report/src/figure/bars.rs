//! Two charts of bars over the same axis: all runs above, and those that failed below.

use corpus::RunCounts;
use maud::{Markup, html};

use crate::chart::frame::ChartFrame;
use crate::chart::marks::{bar, boundary};
use crate::chart::scale::{AxisScale, AxisTick};
use crate::page::table;
use crate::shown::number;

/// Height of the chart of all runs and of the chart of failures in pixels.
const HEIGHTS: [u32; 2] = [64, 110];

/// Runs in equal intervals of an axis.
#[derive(Debug)]
pub(crate) struct RunBars<'a> {
    /// An id that is unique on the page.
    pub(crate) id: &'a str,
    /// The quantity on the horizontal axis.
    pub(crate) quantity: &'a str,
    /// The runs of each interval.
    pub(crate) intervals: &'a [RunCounts],
    /// The name of each interval.
    pub(crate) names: &'a [String],
    pub(crate) ticks: &'a [AxisTick],
    /// True if the lower chart shows the failure rate, false if it shows the number of failures.
    pub(crate) shows_rate: bool,
    /// Positions of dashed lines.
    pub(crate) boundaries: &'a [f64],
    /// A sentence for people who do not see the figure.
    pub(crate) description: &'a str,
}

impl RunBars<'_> {
    /// Returns both charts and their numbers.
    pub(crate) fn draw(&self) -> Markup {
        let runs: Vec<f64> = self.intervals.iter().map(|counts| counts.runs as f64).collect();
        let failed: Vec<f64> = if self.shows_rate {
            self.intervals.iter().map(|counts| counts.rate()).collect()
        } else {
            self.intervals.iter().map(|counts| counts.failed as f64).collect()
        };
        let (failed_scale, failed_ticks, failed_name) = if self.shows_rate {
            (AxisScale::from_zero(1.0), rate_ticks(), "failure rate")
        } else {
            let scale = count_scale(&failed);
            (scale, count_ticks(&scale, 4), "failed runs")
        };
        let runs_scale = count_scale(&runs);
        html! {
            (self.chart("runs", &runs, &runs_scale, &count_ticks(&runs_scale, 3), "runs"))
            (self.chart("failed", &failed, &failed_scale, &failed_ticks, failed_name))
            (self.numbers())
        }
    }

    fn chart(&self, class: &str, values: &[f64], scale: &AxisScale, y_ticks: &[AxisTick], name: &str) -> Markup {
        let is_lower = class == "failed";
        let width = 1.0 / values.len().max(1) as f64;
        let marks = html! {
            @for (index, value) in values.iter().enumerate() {
                @let from = index as f64 * width;
                (bar(class, from, from + width, scale.position(*value).unwrap_or_default()))
            }
            @for x in self.boundaries { (boundary((*x, 0.0), (*x, 1.0))) }
        };
        let frame = ChartFrame {
            id: &format!("{}-{class}", self.id),
            title: &format!("{name} by {}", self.quantity),
            description: self.description,
            height: HEIGHTS[usize::from(is_lower)],
            x_ticks: if is_lower { self.ticks } else { &[] },
            x_label: if is_lower { self.quantity } else { "" },
            y_ticks,
            y_label: name,
        };
        frame.draw(&marks)
    }

    fn numbers(&self) -> Markup {
        let known = self.intervals.iter().zip(self.names).filter(|(counts, _)| counts.runs > 0);
        let row = |(counts, name): (&RunCounts, &String)| {
            let numbers = [number(counts.runs as usize), number(counts.failed as usize), counts.percent()];
            [html! { (name) }].into_iter().chain(numbers.map(|text| html! { (text) })).collect()
        };
        let rows: Vec<Vec<Markup>> = known.map(row).collect();
        let caption = format!("Runs by {}", self.quantity);
        html! {
            details class="numbers" {
                summary { "Numbers of this figure" }
                (table(&caption, &[self.quantity, "runs", "failed", "rate"], 1, &rows))
            }
        }
    }
}

fn count_scale(counts: &[f64]) -> AxisScale {
    AxisScale::from_zero(counts.iter().copied().filter(|count| count.is_finite()).fold(0.0, f64::max))
}

/// Ticks at whole numbers.
fn count_ticks(scale: &AxisScale, max: usize) -> Vec<AxisTick> {
    scale.ticks(max).into_iter().filter(|tick| !tick.label.contains('.')).collect()
}

fn rate_ticks() -> Vec<AxisTick> {
    [0.0, 0.5, 1.0].map(|rate| AxisTick { position: rate, label: format!("{} %", rate * 100.0) }).to_vec()
}
