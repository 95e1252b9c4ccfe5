//! `failures refs`: lists theoretical references with the failures of each.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::exit_code::ExitCode;
use crate::records::{Collector, Selection, Summary, failures_dir, list_records, scan};
use crate::screen::{Column, Screen, Table, local_minute, one_line, paint, report};

#[derive(Debug, clap::Args)]
pub(crate) struct RefsOptions {
    /// Print the references as a JSON array.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    selection: Selection,
}

/// The failures of a theoretical reference.
#[derive(Debug, Default)]
struct ReferenceEntry {
    failures: usize,
    computations: BTreeSet<String>,
    runs: BTreeSet<String>,
    groups: BTreeSet<String>,
    last: DateTime<Utc>,
}

#[derive(Serialize)]
struct ReferenceRow<'a> {
    theoretical_ref: &'a str,
    failures: usize,
    groups: usize,
    runs: usize,
    computations: &'a BTreeSet<String>,
    last: DateTime<Utc>,
}

#[derive(Default)]
struct ReferenceIndex(BTreeMap<String, ReferenceEntry>);

impl Collector for ReferenceIndex {
    fn add(&mut self, _path: &Path, failure: Summary, _json: &[u8], matches: bool) {
        if !matches {
            return;
        }
        let entry = self.0.entry(failure.theoretical_ref).or_default();
        entry.failures += 1;
        entry.last = entry.last.max(failure.timestamp);
        entry.computations.insert(failure.computation);
        entry.groups.insert(failure.context.fingerprint);
        entry.runs.extend(failure.context.session_id);
    }

    fn join(&mut self, other: Self) {
        for (reference, other) in other.0 {
            let entry = self.0.entry(reference).or_default();
            entry.failures += other.failures;
            entry.last = entry.last.max(other.last);
            entry.computations.extend(other.computations);
            entry.groups.extend(other.groups);
            entry.runs.extend(other.runs);
        }
    }
}

const COLUMNS: [Column; 6] = [
    Column::new("REFERENCE").style(paint::STRONG).min_width(12).truncate_start(),
    Column::new("FAILURES").align_right(),
    Column::new("GROUPS").align_right(),
    Column::new("RUNS").align_right(),
    Column::new("LAST"),
    Column::new("COMPUTATIONS").style(paint::NAME).min_width(12),
];

pub(crate) fn run(options: &RefsOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let dir = failures_dir(dir)?;
    let (index, skipped) = scan(&list_records(&dir)?, &options.selection, ReferenceIndex::default);
    let mut lines: Vec<ReferenceRow<'_>> = index.0.iter().map(|(reference, entry)| entry.line(reference)).collect();
    lines.sort_by_cached_key(|line| natural_order(line.theoretical_ref));
    if options.json {
        screen.write_pretty(&lines)?;
    } else if !lines.is_empty() {
        write_table(&lines, screen)?;
    }
    screen.flush()?;
    skipped.report_all();
    if lines.is_empty() {
        report(format_args!("no failures in {}{}", dir.display(), options.selection.filter_suffix()));
    }
    Ok(ExitCode::of_check(skipped.is_empty()))
}

impl ReferenceEntry {
    fn line<'a>(&'a self, theoretical_ref: &'a str) -> ReferenceRow<'a> {
        ReferenceRow {
            theoretical_ref,
            failures: self.failures,
            groups: self.groups.len(),
            // Records without a session id come from at least one run.
            runs: self.runs.len().max(1),
            computations: &self.computations,
            last: self.last,
        }
    }
}

/// A sort key that compares numbers by value: Eq. 2 comes before Eq. 10.
fn natural_order(text: &str) -> Vec<(String, u64)> {
    let is_number = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    let parts = text.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    let parts = parts.map(|part| String::from_utf8_lossy(part).into_owned());
    parts
        .map(|part| if is_number(&part) { (String::new(), part.parse().unwrap_or(u64::MAX)) } else { (part, 0) })
        .collect()
}

fn write_table(lines: &[ReferenceRow<'_>], screen: &mut Screen) -> Result<()> {
    let mut table = Table::new(&COLUMNS);
    for line in lines {
        let computations: Vec<&str> = line.computations.iter().map(String::as_str).collect();
        table.push_row([
            one_line(line.theoretical_ref).into_owned(),
            line.failures.to_string(),
            line.groups.to_string(),
            line.runs.to_string(),
            local_minute(line.last),
            one_line(&computations.join(", ")).into_owned(),
        ]);
    }
    Ok(table.write(screen)?)
}

#[cfg(test)]
mod tests {
    use super::natural_order;

    #[test]
    fn an_index_is_in_the_order_of_its_numbers() {
        let mut references = ["Eq. 10", "Eq. 2", "§7.1", "Eq. 2.12", "Eq. 2.3", ""];
        references.sort_by_cached_key(|reference| natural_order(reference));
        assert_eq!(references, ["", "Eq. 2", "Eq. 2.3", "Eq. 2.12", "Eq. 10", "§7.1"]);
    }
}
