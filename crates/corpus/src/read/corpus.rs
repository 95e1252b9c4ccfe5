//! All computations below some directories.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

use super::closing_lines::{CorpusParts, read_closing_lines};
use super::comparable::remove_incomparable;
use super::error::CorpusError;
use super::line_fields::MAX_ARRAY_ENTRIES;
use super::options::ReadOptions;
use super::records::read_records;
use super::skipped::SkippedInput;
use super::sources::find_sources;
use crate::table::run_id::{RunId, run_ids};
use crate::table::run_table::{MAX_COLUMNS, RunTable};

/// Bytes of a record for the progress. Asking for the size of each file would take long.
const RECORD_BYTES: u64 = 16 << 10;

/// How much of a corpus is read.
///
/// ```
/// use std::ops::ControlFlow;
/// use tracing_failure_corpus::ReadProgress;
///
/// let show = |progress: ReadProgress| {
///     eprint!("\r{} %", progress.done * 100 / progress.total.max(1));
///     ControlFlow::<()>::Continue(())
/// };
/// # let _ = show;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadProgress {
    /// Number of bytes that are read.
    pub done: u64,
    /// Number of bytes of all files. The size of records is estimated. 0 while directories are searched.
    pub total: u64,
}

impl ReadProgress {
    /// Creates a progress.
    ///
    /// ```
    /// assert_eq!(tracing_failure_corpus::ReadProgress::new(1, 2).total, 2);
    /// ```
    pub fn new(done: u64, total: u64) -> Self {
        ReadProgress { done, total }
    }
}

/// All computations below some directories: those of closing lines in logs, and those of records.
///
/// ```
/// use std::ops::ControlFlow;
/// use tracing_failure_corpus::{Corpus, ReadOptions};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-corpus-{}", std::process::id()));
/// std::fs::create_dir_all(dir.join("logs"))?;
/// let line = r#"{"message":"computation closed","computation":"rg_flow","parameters":{"mu":1.5},"outcome":"ok"}"#;
/// std::fs::write(dir.join("logs/computations_20251227_s_0000.jsonl"), format!("{line}\n"))?;
///
/// let corpus = Corpus::read(&[dir.clone()], &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!(corpus.table("rg_flow").map(|runs| runs.len()), Some(1));
/// assert!(corpus.skipped().is_empty());
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    tables: Vec<RunTable>,
    skipped: SkippedInput,
    notes: Vec<String>,
}

impl Corpus {
    /// Reads all computations below the given directories, on all cores.
    ///
    /// A directory may be `io`, one of its directories `failures` and `logs`, or a directory above those of several
    /// hosts. Closing lines come from `computations_*.jsonl` and `runtime_*.jsonl` in directories named `logs`, records
    /// from directories named `failures`. A record and a closing line of the same failure are one run, whose parameters
    /// are those of the line, because successful runs have only a line. Copies count once.
    ///
    /// `progress` is called on this thread, several times per second. If it returns `Break`, the reading stops.
    ///
    /// # Errors
    ///
    /// Fails if a directory does not exist or is unreadable, if no computation is found, or if `progress` returns
    /// `Break`. Files and lines that are malformed are [skipped](Self::skipped) instead.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use tracing_failure_corpus::{Corpus, CorpusError, ReadOptions};
    ///
    /// let missing = Corpus::read(&["no/such/io".into()], &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
    /// assert!(matches!(missing, Err(CorpusError::NotFound(_))));
    /// ```
    pub fn read(
        dirs: &[PathBuf],
        options: &ReadOptions,
        progress: &mut dyn FnMut(ReadProgress) -> ControlFlow<()>,
    ) -> Result<Corpus, CorpusError> {
        let mut parts = CorpusParts::default();
        let is_cancelled = &mut || progress(ReadProgress { done: 0, total: 0 }).is_break();
        let sources = find_sources(dirs, &mut parts.skipped, is_cancelled)?;
        let log_bytes: u64 = sources.logs.iter().map(|log| log.bytes).sum();
        let total = log_bytes + sources.records.len() as u64 * RECORD_BYTES;
        let mut done = 0;
        let mut advance = |bytes: u64| {
            done += bytes;
            progress(ReadProgress { done: done.min(total), total })
        };
        let mut flow = read_closing_lines(&sources.logs, options, &mut parts, &mut advance);
        if flow.is_continue() {
            let add_records = |count: usize| advance(count as u64 * RECORD_BYTES);
            flow = read_records(&sources.records, options, &mut parts, add_records);
        }
        if flow.is_break() { Err(CorpusError::Cancelled) } else { Self::finish(parts, dirs, options) }
    }

    fn finish(parts: CorpusParts, dirs: &[PathBuf], options: &ReadOptions) -> Result<Corpus, CorpusError> {
        let mut notes = notes(&parts);
        let mut tables = parts.tables.tables;
        tables.sort_by(|a, b| a.computation().cmp(b.computation()));
        if tables.is_empty() {
            return Err(match &options.computation {
                _ if parts.outside_time_range > 0 => CorpusError::NoneInTimeRange(dirs.to_vec()),
                Some(computation) if !parts.other_computations.is_empty() => CorpusError::UnknownComputation {
                    computation: computation.clone(),
                    known: parts.other_computations.into_iter().collect(),
                },
                _ => CorpusError::NoComputations(dirs.to_vec()),
            });
        }
        for table in &mut tables {
            table.complete_sessions(&parts.sessions);
            notes.extend(remove_incomparable(table).iter().map(|name| incomparable_note(table, name)));
        }
        Ok(Corpus { tables, skipped: parts.skipped, notes })
    }

    /// Creates a corpus of runs from elsewhere. The tables need not be sorted. `notes` are sentences about the tables.
    ///
    /// ```
    /// use tracing_failure_corpus::{Corpus, RunTable, SkippedInput};
    ///
    /// let corpus = Corpus::new(vec![RunTable::new("rg_flow")], SkippedInput::default(), Vec::new());
    /// assert!(corpus.table("rg_flow").is_some());
    /// ```
    pub fn new(tables: Vec<RunTable>, skipped: SkippedInput, notes: Vec<String>) -> Corpus {
        let mut corpus = Corpus { tables: Vec::new(), skipped, notes };
        corpus.add_tables(tables);
        corpus
    }

    /// Adds the runs of another corpus. Runs with the same [`RunId`](crate::RunId) count once; those of `self` stay.
    ///
    /// ```
    /// use tracing_failure_corpus::{Corpus, RunFacts, RunOutcome, RunTable, SkippedInput};
    ///
    /// let mut runs = RunTable::new("rg_flow");
    /// runs.push(RunFacts::new(RunOutcome::Ok), []);
    /// let mut corpus = Corpus::new(vec![runs.clone()], SkippedInput::default(), Vec::new());
    /// corpus.merge(Corpus::new(vec![runs], SkippedInput::default(), Vec::new()));
    /// assert_eq!(corpus.table("rg_flow").map(|runs| runs.len()), Some(1));
    /// ```
    pub fn merge(&mut self, other: Corpus) {
        self.skipped.append(other.skipped);
        self.notes.extend(other.notes);
        self.add_tables(other.tables);
    }

    fn add_tables(&mut self, tables: Vec<RunTable>) {
        for mut table in tables {
            let Some(known) = self.tables.iter_mut().find(|known| known.computation() == table.computation()) else {
                self.tables.push(table);
                continue;
            };
            let ids: HashSet<RunId> = run_ids(known).into_iter().collect();
            let new: Vec<bool> = run_ids(&table).iter().map(|id| !ids.contains(id)).collect();
            table.retain_runs(|run| new[run]);
            known.append(table);
            self.notes.extend(remove_incomparable(known).iter().map(|name| incomparable_note(known, name)));
        }
        self.tables.sort_by(|a, b| a.computation().cmp(b.computation()));
    }

    /// Returns the runs of each computation, sorted by name.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::Corpus::default().tables().is_empty());
    /// ```
    pub fn tables(&self) -> &[RunTable] {
        &self.tables
    }

    /// Returns the runs of each computation, sorted by name, without a copy.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::Corpus::default().into_tables().is_empty());
    /// ```
    pub fn into_tables(self) -> Vec<RunTable> {
        self.tables
    }

    /// Returns the runs of a computation.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::Corpus::default().table("rg_flow").is_none());
    /// ```
    pub fn table(&self, computation: &str) -> Option<&RunTable> {
        let position = self.tables.binary_search_by(|table| table.computation().cmp(computation));
        position.ok().map(|position| &self.tables[position])
    }

    /// Returns the files and lines that were not read, and why.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::Corpus::default().skipped().is_empty());
    /// ```
    pub fn skipped(&self) -> &SkippedInput {
        &self.skipped
    }

    /// Returns the limits that apply to the tables, such as parameters without a column. Each is a sentence.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::Corpus::default().notes().is_empty());
    /// ```
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

fn incomparable_note(table: &RunTable, parameter: &str) -> String {
    format!(
        "Only failed runs of {} have {parameter}. It has no column, because it cannot be compared.",
        table.computation()
    )
}

fn notes(parts: &CorpusParts) -> Vec<String> {
    let many = parts.tables.tables.iter().filter(|table| table.omits_parameters());
    let many = many.map(|table| {
        format!(
            "{} has more than {MAX_COLUMNS} parameters: only the first {MAX_COLUMNS} are read.",
            table.computation()
        )
    });
    let long = parts.long_arrays.iter().map(|computation| {
        format!("{computation} has longer arrays: only the first {MAX_ARRAY_ENTRIES} entries of each are read.")
    });
    let unknown = parts.unknown_outcomes.iter().map(|outcome| {
        format!("The outcome {outcome:?} is not known to this version: it counts as an unknown outcome.")
    });
    many.chain(long).chain(unknown).collect()
}
