//! `failures list`: the newest first.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::exit_code::ExitCode;
use crate::records::{Gather, Selection, Summary, failures_dir, in_order, json_of, list, on_one_line, scan};
use crate::screen::{Column, Screen, Table, count, fit, in_words, local_minute, one_line, paint, say};

/// Rows of a table where nothing else is said.
const ROWS: usize = 25;
/// Columns of an error that are kept.
const LONGEST_ERROR: usize = 500;

#[derive(Debug, Default, PartialEq, clap::Args)]
pub(crate) struct Options {
    /// How many at most; 0 for all. A table has 25, JSON all.
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
    Column::new("COMPUTATION").style(paint::NAME).least(12),
    Column::new("REFERENCE").least(10).keep_end().from(72),
    Column::new("ERROR").style(paint::ERROR).least(18),
    Column::new("CATEGORY").style(paint::KIND).least(10).from(100),
    Column::new("SEEN").right().from(64),
    Column::new("ID").style(paint::FAINT).least(8).keep_end(),
];

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let dir = failures_dir(dir)?;
    let listing = list(&dir)?;
    let all = |limit| if limit == 0 { usize::MAX } else { limit };
    let (wanted, shown, left_out) = if options.json || options.jsonl {
        let limit = all(options.limit.unwrap_or(0));
        let (newest, left_out) = scan(&listing, &options.selection, || Newest::new(limit, drop::<Summary>));
        let wanted = newest.wanted;
        write_json(newest, options.jsonl, screen)?;
        (wanted, wanted, left_out)
    } else {
        let limit = all(options.limit.unwrap_or(ROWS));
        let (newest, left_out) = scan(&listing, &options.selection, || Newest::new(limit, shortened));
        let (wanted, shown) = (newest.wanted, newest.rows.len());
        write_table(newest, screen)?;
        (wanted, shown, left_out)
    };
    screen.flush()?;
    left_out.tell();
    if wanted == 0 {
        say(format_args!("no failures{} in {}", options.selection.of_that_kind(), dir.display()));
    } else if wanted > shown {
        say(format_args!("{shown} of {}; all of them: --limit 0", count(wanted, "failure")));
    }
    Ok(ExitCode::of_check(left_out.is_empty()))
}

/// The newest of the records that are wanted, and how often each failure was seen at all.
struct Newest<T> {
    limit: usize,
    wanted: usize,
    /// What is kept of a record.
    kept: fn(Summary) -> T,
    rows: BTreeMap<(DateTime<Utc>, PathBuf), T>,
    seen: HashMap<String, usize>,
}

/// A message can be as long as a file.
fn shortened(mut failure: Summary) -> Summary {
    failure.error_message = fit(&failure.error(), LONGEST_ERROR).into_owned();
    failure
}

impl<T> Newest<T> {
    fn new(limit: usize, kept: fn(Summary) -> T) -> Self {
        Newest { limit, wanted: 0, kept, rows: BTreeMap::new(), seen: HashMap::new() }
    }

    fn keep(&mut self, key: (DateTime<Utc>, PathBuf), row: T) {
        self.rows.insert(key, row);
        if self.rows.len() > self.limit {
            self.rows.pop_first();
        }
    }
}

impl<T: Send> Gather for Newest<T> {
    fn add(&mut self, path: &Path, failure: Summary, _json: &[u8], wanted: bool) {
        match self.seen.get_mut(&failure.context.fingerprint) {
            Some(seen) => *seen += 1,
            None => drop(self.seen.insert(failure.context.fingerprint.clone(), 1)),
        }
        if wanted {
            self.wanted += 1;
            self.keep((failure.timestamp, path.to_owned()), (self.kept)(failure));
        }
    }

    fn join(&mut self, other: Self) {
        self.wanted += other.wanted;
        other.rows.into_iter().for_each(|(key, row)| self.keep(key, row));
        for (fingerprint, seen) in other.seen {
            *self.seen.entry(fingerprint).or_default() += seen;
        }
    }
}

fn write_table(newest: Newest<Summary>, screen: &mut Screen) -> Result<()> {
    if newest.rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&COLUMNS);
    for ((at, path), failure) in newest.rows.into_iter().rev() {
        table.row([
            local_minute(at),
            one_line(&failure.computation).into_owned(),
            one_line(&failure.theoretical_ref).into_owned(),
            failure.error_message.clone(),
            failure.category().to_owned(),
            newest.seen.get(&failure.context.fingerprint).copied().unwrap_or(1).to_string(),
            failure.short_id(&path),
        ]);
    }
    Ok(table.write(screen)?)
}

/// The records themselves, as they are in their files but for white space.
fn write_json(newest: Newest<()>, lines: bool, screen: &mut Screen) -> Result<()> {
    let paths: Vec<PathBuf> = newest.rows.into_keys().rev().map(|(_, path)| path).collect();
    let (open, between, close) = if lines { ("", "\n", "\n") } else { ("[", ",\n ", "]\n") };
    let record = |path: &Path| json_of(path).map(|json| on_one_line(&String::from_utf8_lossy(&json)));
    let mut before = open;
    in_order(&paths, record, |record| {
        match record {
            Ok(record) => {
                screen.write_all(before.as_bytes())?;
                screen.write_json(&record)?;
                before = between;
            }
            Err(error) => say(format_args!("failures: {}", in_words(&error))),
        }
        Ok(())
    })?;
    match (lines, before == between) {
        (true, false) => Ok(()),
        (_, some) => Ok(write!(screen, "{}{close}", if some { "" } else { open })?),
    }
}
