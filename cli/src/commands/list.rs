//! `failures list`: the newest first.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::{DateTime, Utc};
use tracing_failure::Failure;

use crate::records::{Gather, Selection, Summary, failures_dir, in_order, paths, scan};
use crate::screen::{Column, Screen, Table, count, local_minute, one_line, paint, say};

/// Rows of a table where nothing else is said.
const ROWS: usize = 25;

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
    Column::new("COMPUTATION").style(paint::NAME).least(16),
    Column::new("REFERENCE").least(10).keep_end(),
    Column::new("ERROR").style(paint::ERROR).least(24),
    Column::new("CATEGORY").style(paint::KIND).least(10),
    Column::new("SEEN").right(),
    Column::new("ID").style(paint::FAINT).least(8).keep_end(),
];

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<()> {
    let dir = failures_dir(dir)?;
    let as_json = options.json || options.jsonl;
    let limit = match options.limit.unwrap_or(if as_json { 0 } else { ROWS }) {
        0 => usize::MAX,
        limit => limit,
    };
    let (newest, broken) = scan(&paths(&dir)?, &options.selection, || Newest::new(limit))?;
    let wanted = newest.wanted;
    match as_json {
        true => write_json(newest, options.jsonl, screen)?,
        false => write_table(newest, screen)?,
    }
    screen.flush()?;
    broken.tell();
    if wanted == 0 {
        say(format_args!("no failures{} in {}", options.selection.of_that_kind(), dir.display()));
    } else if wanted > limit && !as_json {
        say(format_args!("{limit} of {}; all of them: --limit 0", count(wanted, "failure")));
    }
    Ok(())
}

/// The newest of the records that are wanted, and how often each failure was seen at all.
struct Newest {
    limit: usize,
    wanted: usize,
    rows: BTreeMap<(DateTime<Utc>, PathBuf), Summary>,
    seen: HashMap<String, usize>,
}

impl Newest {
    fn new(limit: usize) -> Self {
        Newest { limit, wanted: 0, rows: BTreeMap::new(), seen: HashMap::new() }
    }

    fn keep(&mut self, key: (DateTime<Utc>, PathBuf), failure: Summary) {
        self.rows.insert(key, failure);
        if self.rows.len() > self.limit {
            self.rows.pop_first();
        }
    }
}

impl Gather for Newest {
    fn add(&mut self, path: &Path, failure: Summary, _json: &[u8], wanted: bool) {
        match self.seen.get_mut(&failure.context.fingerprint) {
            Some(seen) => *seen += 1,
            None => drop(self.seen.insert(failure.context.fingerprint.clone(), 1)),
        }
        if wanted {
            self.wanted += 1;
            self.keep((failure.timestamp, path.to_owned()), failure);
        }
    }

    fn join(&mut self, other: Self) {
        self.wanted += other.wanted;
        other.rows.into_iter().for_each(|(key, failure)| self.keep(key, failure));
        for (fingerprint, seen) in other.seen {
            *self.seen.entry(fingerprint).or_default() += seen;
        }
    }
}

fn write_table(newest: Newest, screen: &mut Screen) -> Result<()> {
    if newest.rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&COLUMNS);
    for ((at, path), failure) in newest.rows.into_iter().rev() {
        table.row([
            local_minute(at),
            one_line(&failure.computation).into_owned(),
            one_line(&failure.theoretical_ref).into_owned(),
            failure.error(),
            failure.category().to_owned(),
            newest.seen.get(&failure.context.fingerprint).copied().unwrap_or(1).to_string(),
            failure.short_id(&path),
        ]);
    }
    Ok(table.write(screen)?)
}

/// The records themselves, as they are in their files but for white space.
fn write_json(newest: Newest, lines: bool, screen: &mut Screen) -> Result<()> {
    let paths: Vec<PathBuf> = newest.rows.into_keys().rev().map(|(_, path)| path).collect();
    let (open, between, close) = if lines { ("", "\n", "\n") } else { ("[", ",\n ", "]\n") };
    let mut before = open;
    in_order(
        &paths,
        |path| Failure::from_path(path),
        |failure| {
            // A record that has gone since is none any more.
            if let Ok(failure) = failure {
                write!(screen, "{before}{}", failure.to_json_line())?;
                before = between;
            }
            Ok(())
        },
    )?;
    match (lines, before == between) {
        (true, false) => Ok(()),
        (_, some) => Ok(write!(screen, "{}{close}", if some { "" } else { open })?),
    }
}
