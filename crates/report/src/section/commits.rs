//! The success rate of each commit from which a program was built.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use corpus::{RunCounts, RunOutcome};
use maud::{Markup, html};

use crate::data::ReportTable;
use crate::figure::rate_bar::success_bar;
use crate::page::{rest, table};
use crate::shown::{line, number, time};

/// Maximum number of commits.
const MAX_COMMITS: usize = 30;

/// Returns the table, the newest commit first, or nothing if no commit is known.
pub(crate) fn commits(tables: &[&ReportTable<'_>]) -> Option<Markup> {
    let mut commits: HashMap<&str, (RunCounts, Option<DateTime<Utc>>)> = HashMap::new();
    let mut unknown = 0;
    for table in tables {
        for run in table.runs.runs().iter().filter(|run| run.outcome != RunOutcome::Cancelled) {
            let session = table.runs.sessions().get(run.session as usize);
            let Some(commit) = session.and_then(|session| session.git_commit.as_deref()) else {
                unknown += 1;
                continue;
            };
            let (counts, last) = commits.entry(commit).or_default();
            *counts += RunCounts { failed: run.outcome.is_failure().into(), runs: 1 };
            *last = (*last).max(run.ended);
        }
    }
    let mut commits: Vec<_> = commits.into_iter().collect();
    commits.sort_by(|(a, (_, x)), (b, (_, y))| (y, a).cmp(&(x, b)));
    let row = |(commit, (counts, last)): &(&str, (RunCounts, Option<DateTime<Utc>>))| {
        let succeeded = RunCounts { failed: counts.runs - counts.failed, runs: counts.runs };
        vec![
            html! { code { (line(commit)) } },
            html! { (success_bar(*counts)) },
            html! { (succeeded.percent()) },
            html! { (number(counts.runs as usize)) },
            html! { (number(counts.failed as usize)) },
            html! { @if let Some(last) = last { (time(*last)) } },
        ]
    };
    let rows: Vec<Vec<Markup>> = commits.iter().take(MAX_COMMITS).map(row).collect();
    let head = ["Commit", "success rate", "rate", "runs", "failed", "last run"];
    (!commits.is_empty()).then(|| {
        html! {
            (table("Success rate by commit, the newest run first", &head, 2, &rows))
            (rest(commits.len(), MAX_COMMITS, "commit"))
            @if unknown > 0 { p class="note" { "Runs without a known commit: " (number(unknown)) "." } }
        }
    })
}
