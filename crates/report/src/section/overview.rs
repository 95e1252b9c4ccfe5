//! The head of a report: the numbers that matter most.

use std::collections::HashSet;

use corpus::{RunCounts, RunOutcome, RunTable};
use maud::{Markup, html};

use crate::data::CorpusReport;
use crate::page::pairs;
use crate::shown::{counted, line, number, period, time};

/// Returns the title, the failure rate, the failing computations, and the size of the corpus.
pub(crate) fn overview(report: &CorpusReport<'_>, glance: Option<&Markup>) -> Markup {
    html! {
        h1 { (line(&report.title)) }
        p class="lead" { (lead(report)) }
        @if let Some(glance) = glance { (glance) }
        p class="faint" {
            @if let Some(runs) = runs_period(report) { "Runs from " (runs) ". " }
            "Report of " (time(report.generated)) "."
        }
        (pairs(&facts(report)))
    }
}

/// The runs of all tables that count, without the cancelled ones.
pub(crate) fn counts(report: &CorpusReport<'_>) -> RunCounts {
    report.tables.iter().map(|table| counts_of(table.runs)).fold(RunCounts::default(), |all, counts| all + counts)
}

/// The runs of a table that count, without the cancelled ones.
pub(crate) fn counts_of(table: &RunTable) -> RunCounts {
    let runs = table.len() - table.count(RunOutcome::Cancelled);
    RunCounts { failed: table.failed_count() as u64, runs: runs as u64 }
}

/// `1,203 of 100,000 runs failed (1.2 %)`.
pub(crate) fn result(counts: RunCounts) -> String {
    let (failed, runs) = (number(counts.failed as usize), number(counts.runs as usize));
    format!("{failed} of {runs} run{} failed ({})", if counts.runs == 1 { "" } else { "s" }, counts.percent())
}

fn lead(report: &CorpusReport<'_>) -> Markup {
    let counts = counts(report);
    let failures: u64 = report.groups.iter().map(|group| group.count).sum();
    html! {
        @if counts.runs > 0 { (result(counts)) "." }
        @else if failures > 0 { (counted(failures as usize, "failure")) " recorded." }
        @else { "No runs." }
    }
}

fn facts(report: &CorpusReport<'_>) -> Vec<(String, Markup)> {
    let sessions = report.tables.iter().flat_map(|table| table.runs.sessions());
    let ids: HashSet<&str> = sessions.clone().map(|session| &*session.id).collect();
    let hosts: HashSet<&str> = sessions.filter_map(|session| session.host.as_deref()).collect();
    let count = |name: &str, count: usize| (count > 0).then(|| (name.to_owned(), html! { (number(count)) }));
    [
        count("Computations", report.tables.len()),
        count("Groups of failures", report.groups.len() + report.omitted_groups),
        count("Sessions", ids.len()),
        count("Hosts", hosts.len()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The time from the first to the last run or failure.
fn runs_period(report: &CorpusReport<'_>) -> Option<String> {
    let ends = || report.tables.iter().flat_map(|table| table.runs.runs()).filter_map(|run| run.ended);
    let first = ends().min().into_iter().chain(report.groups.iter().map(|group| group.first)).min();
    let last = ends().max().into_iter().chain(report.groups.iter().map(|group| group.last)).max();
    Some(period(first?, last?))
}
