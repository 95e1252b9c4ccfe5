//! The failure rate over one parameter: over its numbers, or for each of its texts.

use std::collections::HashMap;

use corpus::{Cell, RunCounts};
use maud::{Markup, html};
use record::internal::brief;

use super::bars::RunBars;
use super::legend::{LegendMark, legend};
use super::rate_bar::failure_bar;
use super::region_runs::RegionRuns;
use crate::chart::scale::AxisScale;
use crate::page::{rest, table};
use crate::shown::{counted, line, number};

/// Number of intervals of numbers.
const INTERVALS: usize = 30;
/// Maximum number of texts.
const MAX_LABELS: usize = 12;

/// Returns the failure rate over the numbers of a parameter, unless it has none.
pub(crate) fn number_rates(runs: &RegionRuns<'_>, parameter: &str, id: &str) -> Option<Markup> {
    let all: Vec<(f64, bool)> = runs.indices().map(|run| (runs.number(parameter, run), runs.is_failure(run))).collect();
    let scale = AxisScale::of_parameter(all.iter().map(|run| run.0), 0.0)?;
    let mut intervals = vec![RunCounts::default(); INTERVALS];
    let mut known = RunCounts::default();
    for (position, failed) in all.iter().filter_map(|run| Some((scale.position(run.0)?, run.1))) {
        let interval = ((position * INTERVALS as f64).max(0.0) as usize).min(INTERVALS - 1);
        let counts = RunCounts { failed: failed.into(), runs: 1 };
        intervals[interval] += counts;
        known += counts;
    }
    let edge = |index: usize| brief(scale.number_at(index as f64 / INTERVALS as f64));
    let names: Vec<String> = (0..INTERVALS).map(|index| format!("{} to {}", edge(index), edge(index + 1))).collect();
    let (low, high) = runs.bounds(parameter);
    let bounds = [low, high].into_iter().flatten().filter_map(|bound| scale.position(bound));
    let boundaries: Vec<f64> = bounds.filter(|position| (0.0..=1.0).contains(position)).collect();
    let description = format!(
        "Failure rate by {}{}: {} of {} failed. The dashed lines bound the region {}.",
        line(parameter),
        line(&runs.restriction()),
        number(known.failed as usize),
        counted(known.runs as usize, "run"),
        line(&runs.region.to_string())
    );
    let quantity = format!("{}{}", line(parameter), if scale.is_logarithmic() { " (logarithmic)" } else { "" });
    let bars = RunBars {
        id,
        quantity: &quantity,
        intervals: &intervals,
        names: &names,
        ticks: &scale.ticks(5),
        shows_rate: true,
        boundaries: &boundaries,
        description: &description,
    };
    let omitted = all.len() - known.runs as usize;
    Some(html! {
        figure {
            figcaption {
                (description)
                @if omitted > 0 {
                    " Not drawn because the value is missing or not finite: " (counted(omitted, "run")) "."
                }
            }
            (legend(&[
                (LegendMark::RunsBar, "runs"),
                (LegendMark::FailedBar, "failure rate"),
                (LegendMark::Boundary, "boundary of the region"),
            ]))
            (bars.draw())
        }
    })
}

/// Returns the failure rate for each text of a parameter, unless there are no runs.
pub(crate) fn label_rates(runs: &RegionRuns<'_>, parameter: &str) -> Option<Markup> {
    let mut labels: HashMap<String, RunCounts> = HashMap::new();
    for run in runs.indices() {
        let label = match runs.cell(parameter, run) {
            Cell::Missing => "missing".to_owned(),
            Cell::Number(_) => "a finite number".to_owned(),
            Cell::NotFinite(_) => "not finite".to_owned(),
            Cell::Bool(value) => value.to_string(),
            Cell::Text(text) => line(text),
        };
        *labels.entry(label).or_default() += RunCounts { failed: runs.is_failure(run).into(), runs: 1 };
    }
    let mut labels: Vec<(String, RunCounts)> = labels.into_iter().collect();
    labels.sort_by(|(a, x), (b, y)| y.failed.cmp(&x.failed).then(y.runs.cmp(&x.runs)).then(a.cmp(b)));
    if labels.is_empty() {
        return None;
    }
    let row = |(label, counts): &(String, RunCounts)| {
        vec![
            html! { (label) },
            html! { (failure_bar(*counts, None)) },
            html! { (number(counts.failed as usize)) },
            html! { (number(counts.runs as usize)) },
            html! { (counts.percent()) },
        ]
    };
    let rows: Vec<Vec<Markup>> = labels.iter().take(MAX_LABELS).map(row).collect();
    let name = line(parameter);
    let caption = format!("Failure rate by {name}{}", line(&runs.restriction()));
    Some(html! {
        (table(&caption, &[&name, "failure rate", "failed", "runs", "rate"], 2, &rows))
        (rest(labels.len(), MAX_LABELS, "value"))
    })
}
