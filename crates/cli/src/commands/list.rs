//! `failures list`: lists failures, newest first.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::exit_code::ExitCode;
use crate::records::{
    Collector, Selection, Summary, compact_json, failures_dir, list_records, load_json, map_in_order, scan,
};
use crate::screen::{Column, Screen, Table, count, local_minute, one_line, paint, report, truncate_to_width};
use text::error_chain;

/// Default number of rows in a table.
const DEFAULT_ROWS: usize = 25;
/// Maximum width of an error. A message can be as long as a file.
const MAX_ERROR_COLUMNS: usize = 500;

#[derive(Debug, Default, PartialEq, clap::Args)]
pub(crate) struct ListOptions {
    /// Maximum number of failures; 0 for all [default: 25 in a table, all in JSON].
    #[arg(long, short = 'n', value_name = "N")]
    limit: Option<usize>,
    /// Print the records as a JSON array.
    #[arg(long, conflicts_with = "jsonl")]
    json: bool,
    /// Print the records as JSON Lines.
    #[arg(long)]
    jsonl: bool,
    #[command(flatten)]
    selection: Selection,
}

const COLUMNS: [Column; 7] = [
    Column::new("WHEN"),
    Column::new("COMPUTATION").style(paint::NAME).min_width(12),
    Column::new("REFERENCE").min_width(10).truncate_start().min_screen_width(72),
    Column::new("ERROR").style(paint::ERROR).min_width(18),
    Column::new("CATEGORY").style(paint::KIND).min_width(10).min_screen_width(100),
    Column::new("COUNT").align_right().min_screen_width(64),
    Column::new("ID").style(paint::FAINT).min_width(8).truncate_start(),
];

pub(crate) fn run(options: &ListOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let dir = failures_dir(dir)?;
    let listing = list_records(&dir)?;
    let (matching, shown, skipped) = if options.json || options.jsonl {
        let limit = row_limit(options.limit.unwrap_or(0));
        let (newest, skipped) = scan(&listing, &options.selection, || NewestRecords::new(limit, drop::<Summary>));
        let matching = newest.matching;
        write_json(newest, options.jsonl, screen)?;
        (matching, matching, skipped)
    } else {
        let limit = row_limit(options.limit.unwrap_or(DEFAULT_ROWS));
        let (newest, skipped) = scan(&listing, &options.selection, || NewestRecords::new(limit, truncate_error));
        let (matching, shown) = (newest.matching, newest.rows.len());
        write_table(newest, screen)?;
        (matching, shown, skipped)
    };
    screen.flush()?;
    skipped.report_all();
    if matching == 0 {
        report(format_args!("no failures in {}{}", dir.display(), options.selection.filter_suffix()));
    } else if matching > shown {
        report(format_args!("{shown} of {} shown; use --limit 0 for all", count(matching, "failure")));
    }
    Ok(ExitCode::of_check(skipped.is_empty()))
}

/// Collects the newest matching records, and the number of occurrences of each failure among all records.
struct NewestRecords<T> {
    limit: usize,
    matching: usize,
    /// Reduces a summary to the data of a row.
    to_row: fn(Summary) -> T,
    rows: BTreeMap<(DateTime<Utc>, PathBuf), T>,
    occurrences: HashMap<String, usize>,
}

fn truncate_error(mut failure: Summary) -> Summary {
    failure.error_message = truncate_to_width(&failure.error(), MAX_ERROR_COLUMNS).into_owned();
    failure
}

impl<T> NewestRecords<T> {
    fn new(limit: usize, to_row: fn(Summary) -> T) -> Self {
        NewestRecords { limit, matching: 0, to_row, rows: BTreeMap::new(), occurrences: HashMap::new() }
    }

    fn insert(&mut self, key: (DateTime<Utc>, PathBuf), row: T) {
        self.rows.insert(key, row);
        if self.rows.len() > self.limit {
            self.rows.pop_first();
        }
    }
}

impl<T: Send> Collector for NewestRecords<T> {
    fn add(&mut self, path: &Path, failure: Summary, _json: &[u8], matching: bool) {
        match self.occurrences.get_mut(&failure.context.fingerprint) {
            Some(occurrences) => *occurrences += 1,
            None => drop(self.occurrences.insert(failure.context.fingerprint.clone(), 1)),
        }
        if matching {
            self.matching += 1;
            self.insert((failure.timestamp, path.to_owned()), (self.to_row)(failure));
        }
    }

    fn join(&mut self, other: Self) {
        self.matching += other.matching;
        other.rows.into_iter().for_each(|(key, row)| self.insert(key, row));
        for (fingerprint, occurrences) in other.occurrences {
            *self.occurrences.entry(fingerprint).or_default() += occurrences;
        }
    }
}

fn write_table(newest: NewestRecords<Summary>, screen: &mut Screen) -> Result<()> {
    if newest.rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&COLUMNS);
    for ((at, path), failure) in newest.rows.into_iter().rev() {
        table.push_row([
            local_minute(at),
            one_line(&failure.computation).into_owned(),
            one_line(&failure.theoretical_ref).into_owned(),
            failure.error_message.clone(),
            failure.category().to_owned(),
            newest.occurrences.get(&failure.context.fingerprint).copied().unwrap_or(1).to_string(),
            failure.short_id(&path),
        ]);
    }
    Ok(table.write(screen)?)
}

/// The maximum number of rows. The option 0 means all.
fn row_limit(option: usize) -> usize {
    if option == 0 { usize::MAX } else { option }
}

fn load_compact_json(path: &Path) -> Result<String> {
    Ok(compact_json(&String::from_utf8_lossy(&load_json(path)?)))
}

/// Writes the records as in their files, without white space.
fn write_json(newest: NewestRecords<()>, lines: bool, screen: &mut Screen) -> Result<()> {
    let paths: Vec<PathBuf> = newest.rows.into_keys().rev().map(|(_, path)| path).collect();
    let (open, between, close) = if lines { ("", "\n", "\n") } else { ("[", ",\n ", "]\n") };
    let mut before = open;
    map_in_order(&paths, load_compact_json, |record| {
        match record {
            Ok(record) => {
                screen.write_all(before.as_bytes())?;
                screen.write_json(&record)?;
                before = between;
            }
            Err(error) => report(format_args!("failures: {}", error_chain(error.chain()))),
        }
        Ok(())
    })?;
    let is_empty = before != between;
    if is_empty && lines {
        return Ok(());
    }
    Ok(write!(screen, "{}{close}", if is_empty { open } else { "" })?)
}
