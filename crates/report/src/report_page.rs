//! The page about all computations of a corpus.

use std::cmp::Reverse;

use corpus::RunTable;
use maud::{Markup, html};

use crate::data::{CorpusReport, ReportGroup, ReportTable};
use crate::figure::timeline::timeline;
use crate::page::{page, rest};
use crate::section::commits::commits;
use crate::section::computations::computations;
use crate::section::environments::environments;
use crate::section::glance::glance;
use crate::section::groups::group_items;
use crate::section::overview::{counts, overview};
use crate::section::regions::{has_comparison, regions};
use crate::section::suggestions::suggestions;
use crate::shown::{line, time};

/// Maximum number of notes.
const MAX_NOTES: usize = 50;

/// A section with its id, its name and its content.
type NamedSection = (&'static str, &'static str, Option<Markup>);

/// Returns the report as one self-contained HTML page.
///
/// The page has fewer than a million bytes, whatever the number of runs and failures. Texts of records are escaped and
/// shortened.
///
/// ```
/// use tracing_failure_report::{CorpusReport, render};
///
/// let html = render(&CorpusReport::new("<Sweep>", "2026-12-01T04:00:00Z".parse()?));
/// assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<h1>&lt;Sweep&gt;</h1>"));
/// # Ok::<(), chrono::ParseError>(())
/// ```
pub fn render(report: &CorpusReport<'_>) -> String {
    let mut tables: Vec<&ReportTable<'_>> = report.tables.iter().collect();
    tables
        .sort_by_key(|table| (Reverse(table.runs.failed_count()), Reverse(table.runs.len()), table.runs.computation()));
    let mut groups: Vec<&ReportGroup> = report.groups.iter().collect();
    groups
        .sort_by_key(|group| (Reverse(group.count), Reverse(group.last), group.newest.context.fingerprint.as_deref()));
    let runs: Vec<&RunTable> = tables.iter().map(|table| table.runs).collect();
    let items = group_items(&groups);
    let sections: [NamedSection; 8] = [
        ("timeline", "Over time", timeline(&runs)),
        ("computations", "Computations", (!tables.is_empty()).then(|| computations(&tables))),
        ("regions", "Where runs fail", (counts(report).runs > 0).then(|| regions(&tables))),
        ("suggestions", "What to try first", suggestions(&groups, items.len())),
        (
            "groups",
            "Groups of failures",
            (!groups.is_empty()).then(|| group_list(&items, groups.len() + report.omitted_groups)),
        ),
        ("environments", "Environments", environments(&tables, &groups)),
        ("commits", "Success rate by commit", commits(&tables)),
        ("notes", "Notes", notes(report, &tables)),
    ];
    let contents: Vec<(&str, &str)> =
        sections.iter().filter(|(_, _, content)| content.is_some()).map(|(id, name, _)| (*id, *name)).collect();
    let main = html! {
        @for (id, name, content) in &sections {
            @if let Some(content) = content {
                section aria-labelledby=(id) { h2 id=(id) { (name) } (content) }
            }
        }
    };
    let footer =
        html! { p { "Written by " code { "failures report" } " on " (time(report.generated)) ". Times are in UTC." } };
    page(&line(&report.title), &contents, &overview(report, glance(&tables, &groups).as_ref()), &main, &footer)
}

fn group_list(items: &[Markup], total: usize) -> Markup {
    html! {
        p { "Failures of one group have the same fingerprint. Each group shows its newest failure." }
        @for item in items { (item) }
        (rest(total, items.len(), "group"))
    }
}

fn notes(report: &CorpusReport<'_>, tables: &[&ReportTable<'_>]) -> Option<Markup> {
    let lacks_successes = counts(report).failed > 0 && !has_comparison(tables);
    (lacks_successes || !report.notes.is_empty()).then(|| {
        html! {
            ul {
                @if lacks_successes {
                    li { "No successes are available for comparison. The rates do not say how often runs fail." }
                }
                @for note in report.notes.iter().take(MAX_NOTES) { li { (line(note)) } }
            }
            (rest(report.notes.len(), MAX_NOTES, "note"))
        }
    })
}
