//! The computations with most failures at a glance: how often they fail, where, and what to try.

use corpus::RunCounts;
use maud::{Markup, html};

use super::overview::{counts_of, result};
use crate::data::{ReportGroup, ReportTable};
use crate::page::rest;
use crate::shown::{bounded_block, counted, line, number};

/// Maximum number of computations.
const MAX_COMPUTATIONS: usize = 3;
/// Maximum length of a suggestion in bytes.
const MAX_TEXT: usize = 600;

/// Returns the list, or nothing if no run failed. Tables and groups are in the order of the page.
pub(crate) fn glance(tables: &[&ReportTable<'_>], groups: &[&ReportGroup]) -> Option<Markup> {
    let failing: Vec<&ReportTable<'_>> = tables.iter().copied().filter(|table| table.runs.failed_count() > 0).collect();
    (!failing.is_empty()).then(|| {
        html! {
            ul class="glance" role="list" aria-label="Computations with most failures" {
                @for (index, table) in failing.iter().take(MAX_COMPUTATIONS).enumerate() {
                    li { (item(table, groups, index)) }
                }
            }
            (rest(failing.len(), MAX_COMPUTATIONS, "failing computation"))
        }
    })
}

fn item(table: &ReportTable<'_>, groups: &[&ReportGroup], index: usize) -> Markup {
    let name = table.runs.computation();
    let largest = groups.iter().find(|group| group.newest.computation == name);
    let fix = largest.and_then(|group| group.newest.suggested_fixes.first());
    let more = table.regions.rules.len().saturating_sub(1);
    html! {
        p { a href={ "#computation-" (index) } { (line(name)) } ": " (result(counts_of(table.runs))) "." }
        @if let Some(region) = table.regions.rules.first() {
            p {
                b { "Where: " } code { (line(&region.to_string())) } ", " (failed(region.counts)) "."
                @if more > 0 { " " (counted(more, "more region")) "." }
            }
        }
        @if let Some(fix) = fix { p { b { "Suggestion: " } (bounded_block(fix, MAX_TEXT)) } }
    }
}

fn failed(counts: RunCounts) -> String {
    format!("{} of {} failed", number(counts.failed as usize), number(counts.runs as usize))
}
