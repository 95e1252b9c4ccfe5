//! The regions in which each computation fails, as bars, and a figure of the first.

use corpus::{Region, RegionReport, RunOutcome};
use maud::{Markup, html};

use super::budget::SizeBudget;
use super::overview::result;
use crate::data::ReportTable;
use crate::figure::rate_bar::failure_bar;
use crate::figure::region::region_figure;
use crate::page::rest;
use crate::shown::{line, number};

/// Maximum number of computations.
const MAX_COMPUTATIONS: usize = 12;
/// Maximum number of regions of a computation.
const MAX_REGIONS: usize = 10;
/// Maximum number of notes of a computation.
const MAX_NOTES: usize = 10;
const MAX_BYTES: usize = 350_000;

/// Returns the regions of the computations that have failures.
pub(crate) fn regions(tables: &[&ReportTable<'_>]) -> Markup {
    let failing: Vec<&ReportTable<'_>> = tables.iter().copied().filter(|table| table.runs.failed_count() > 0).collect();
    let items = failing.iter().take(MAX_COMPUTATIONS).enumerate();
    let shown = SizeBudget::new(MAX_BYTES).take(items.map(|(index, table)| computation(table, index)));
    html! {
        @if failing.is_empty() { p { "No run failed." } }
        @if failing.iter().any(|table| !table.regions.rules.is_empty()) {
            p class="note" {
                "The mark on a bar is the lower bound: the lower end of the 95 % interval for the failure rate. It "
                "counts held-out runs if there are any."
            }
        }
        @for item in &shown { (item) }
        (rest(failing.len(), shown.len(), "computation"))
    }
}

fn computation(table: &ReportTable<'_>, index: usize) -> Markup {
    let RegionReport { counts, rules, notes, .. } = table.regions;
    let has_successes = table.runs.runs().iter().any(|run| run.outcome.is_success());
    let says_so = notes.iter().any(|note| note.contains("successes"));
    html! {
        section aria-labelledby={ "computation-" (index) } {
            h3 id={ "computation-" (index) } { (line(table.runs.computation())) }
            @if counts.runs > 0 { p { (result(*counts)) ". " (introduction(rules)) } }
            @if !has_successes && !says_so { p class="note" { "No successes are available for comparison." } }
            @if !rules.is_empty() {
                ol class="regions" { @for region in rules.iter().take(MAX_REGIONS) { li { (item(region)) } } }
                (rest(rules.len(), MAX_REGIONS, "region"))
            }
            @for note in notes.iter().take(MAX_NOTES) { p class="note" { (line(note)) } }
            (rest(notes.len(), MAX_NOTES, "note"))
            @if let Some(first) = rules.first() {
                @if let Some(figure) = region_figure(table.runs, first, &format!("region-{index}")) {
                    h4 { "Region 1: " (line(&first.to_string())) }
                    (figure)
                }
            }
        }
    }
}

fn introduction(rules: &[Region]) -> &'static str {
    match rules {
        [] => "No region was found in which runs fail more often.",
        [_] => "They fail most often in this region:",
        _ => "They fail most often in these regions:",
    }
}

/// A region with a bar: failed runs of all its runs, with a mark at the lower bound.
fn item(region: &Region) -> Markup {
    let basis = region.held_out.filter(|counts| counts.runs > 0).unwrap_or(region.counts);
    let lower_bound = basis.lower_bound();
    let (failed, runs) = (number(region.counts.failed as usize), number(region.counts.runs as usize));
    html! {
        p class="rule" { code { (line(&region.to_string())) } }
        (failure_bar(region.counts, Some(lower_bound)))
        p {
            strong { (failed) " of " (runs) " failed (" (region.counts.percent()) ")" }
            @match region.held_out {
                Some(counts) => {
                    "; held out: " (number(counts.failed as usize)) " of " (number(counts.runs as usize))
                }
                None => "; nothing could be held out",
            }
            "; lower bound " (format!("{:.1} %", lower_bound * 100.0)) "."
            @if let Some(nearest) = region.nearest_text() { " The nearest success has " (line(&nearest)) "." }
        }
    }
}

/// Returns true if a run of any table did not fail.
pub(crate) fn has_comparison(tables: &[&ReportTable<'_>]) -> bool {
    let mut runs = tables.iter().flat_map(|table| table.runs.runs());
    runs.any(|run| !matches!(run.outcome, RunOutcome::Failed | RunOutcome::Panicked | RunOutcome::Cancelled))
}
