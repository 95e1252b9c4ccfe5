//! A table of all computations.

use corpus::RunSummary;
use maud::{Markup, html};
use record::internal::duration;

use super::overview::counts_of;
use crate::data::ReportTable;
use crate::page::{rest, table};
use crate::shown::{day, line, number};

/// Maximum number of computations.
const MAX_COMPUTATIONS: usize = 50;

/// Returns the table, the computation with most failures first.
pub(crate) fn computations(tables: &[&ReportTable<'_>]) -> Markup {
    let rows: Vec<Vec<Markup>> = tables.iter().take(MAX_COMPUTATIONS).map(|table| row(table)).collect();
    let head = ["Computation", "runs", "ok", "failed", "rate", "other", "median", "longest", "first", "last"];
    html! {
        (table("Runs, outcomes and durations of each computation", &head, 1, &rows))
        (rest(tables.len(), MAX_COMPUTATIONS, "computation"))
        p class="note" { "Other runs were cancelled or ended without a statement of success." }
    }
}

fn row(table: &ReportTable<'_>) -> Vec<Markup> {
    let summary = RunSummary::of(table.runs);
    let count = |count: usize| html! { (number(count)) };
    let seconds = |seconds: Option<f64>| html! { @if let Some(seconds) = seconds { (duration(seconds)) } };
    vec![
        html! {
            (line(&summary.computation))
            @if !table.runs.theoretical_ref().is_empty() { " " small { (line(table.runs.theoretical_ref())) } }
        },
        count(summary.runs),
        count(summary.ok),
        count(summary.failed),
        html! { (counts_of(table.runs).percent()) },
        count(summary.cancelled + summary.unknown),
        seconds(summary.median_s),
        seconds(summary.longest_s),
        html! { @if let Some(first) = summary.first { (day(first)) } },
        html! { @if let Some(last) = summary.last { (day(last)) } },
    ]
}
