//! Runs and failures over time.

use chrono::{DateTime, Utc};
use corpus::{RunCounts, RunOutcome, RunTable};
use maud::{Markup, html};

use super::bars::RunBars;
use super::legend::{LegendMark, legend};
use crate::chart::time_axis::TimeAxis;
use crate::shown::{counted, number, period};

/// Maximum number of intervals.
const MAX_INTERVALS: usize = 60;
/// Maximum number of labels of the time axis.
const MAX_LABELS: usize = 6;

/// Returns the figure, if the time of a run is known.
pub(crate) fn timeline(tables: &[&RunTable]) -> Option<Markup> {
    let runs = || tables.iter().flat_map(|table| table.runs()).filter(|run| run.outcome != RunOutcome::Cancelled);
    let times = || runs().filter_map(|run| run.ended);
    let (first, last) = (times().min()?, times().max()?);
    let axis = TimeAxis::new(first, last, MAX_INTERVALS);
    let mut intervals = vec![RunCounts::default(); axis.len];
    for run in runs() {
        if let Some(ended) = run.ended {
            intervals[axis.interval(ended)] += RunCounts { failed: run.outcome.is_failure().into(), runs: 1 };
        }
    }
    let name = |index: usize| axis.start_of(index).map(interval_name).unwrap_or_default();
    let names: Vec<String> = (0..axis.len).map(name).collect();
    let without_time = runs().count() - times().count();
    let description = format!(
        "Runs by the time at which they ended, {}. {}",
        period(first, last),
        worst_interval(&intervals, &names, &axis)
    );
    let bars = RunBars {
        id: "time-chart",
        quantity: "time (UTC)",
        intervals: &intervals,
        names: &names,
        ticks: &axis.ticks(MAX_LABELS),
        shows_rate: false,
        boundaries: &[],
        description: &description,
    };
    Some(html! {
        figure {
            figcaption {
                (description) " Each bar covers " (axis.step_text()) ". The two charts have scales of their own."
                @if without_time > 0 { " The time of " (counted(without_time, "run")) " is unknown." }
            }
            (legend(&[(LegendMark::RunsBar, "all runs"), (LegendMark::FailedBar, "failed runs")]))
            (bars.draw())
        }
    })
}

/// A sentence about the interval with most failures.
fn worst_interval(intervals: &[RunCounts], names: &[String], axis: &TimeAxis) -> String {
    let worst = intervals.iter().zip(names).rev().max_by_key(|(counts, _)| counts.failed);
    match worst.filter(|(counts, _)| counts.failed > 0) {
        None => "No run failed.".to_owned(),
        Some((counts, name)) => {
            let (failed, runs) = (number(counts.failed as usize), counted(counts.runs as usize, "run"));
            format!("Most failures are in the {} from {name}: {failed} of {runs}.", axis.step_text())
        }
    }
}

fn interval_name(start: DateTime<Utc>) -> String {
    let format = if start.timestamp() % 60 == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    start.format(format).to_string()
}
