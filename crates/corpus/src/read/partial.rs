//! The runs in a chunk of lines.

use std::collections::{BTreeSet, HashMap};

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memrchr};
use uuid::Uuid;

use super::chunk::{LogChunk, MAX_LINE_BYTES};
use super::fast_line::read_fast;
use super::line_fields::{EntryList, LineFields, TextKey};
use super::options::ReadOptions;
use super::slow_line::read_slow;
use super::timestamp::TimestampReader;
use crate::table::run::{FailedRun, RunFacts, RunOutcome, Session};
use crate::table::run_table::RunTable;

/// The message of a closing line, and of the line that describes a session.
const CLOSED: &str = "computation closed";
const SESSION: &str = "session";
/// Maximum number of malformed lines that a chunk describes, and of names of other computations.
const MAX_LISTED: usize = 100;

/// The tables of several computations.
#[derive(Debug, Default)]
pub(super) struct TableSet {
    pub(super) tables: Vec<RunTable>,
    positions: HashMap<String, usize>,
    /// The position of the last table that was asked for.
    last: usize,
}

impl TableSet {
    /// Returns the table of a computation, and creates it if it is missing.
    pub(super) fn table(&mut self, computation: &str) -> &mut RunTable {
        if self.tables.get(self.last).is_none_or(|table| table.computation() != computation) {
            self.last = self.position(computation);
        }
        &mut self.tables[self.last]
    }

    /// Returns the position of the table of a computation, and creates the table if it is missing.
    pub(super) fn position(&mut self, computation: &str) -> usize {
        if let Some(&position) = self.positions.get(computation) {
            return position;
        }
        self.positions.insert(computation.to_owned(), self.tables.len());
        self.tables.push(RunTable::new(computation));
        self.tables.len() - 1
    }

    pub(super) fn append(&mut self, other: TableSet) {
        for table in other.tables {
            let position = self.position(table.computation());
            self.tables[position].append(table);
        }
    }
}

/// The runs of a chunk, and the facts that concern the whole corpus.
#[derive(Debug, Default)]
pub(super) struct ChunkRuns {
    pub(super) log: usize,
    pub(super) bytes: u64,
    pub(super) lines: u64,
    pub(super) tables: TableSet,
    pub(super) sessions: Vec<Session>,
    /// The first malformed lines: number in the chunk from 0, and reason.
    pub(super) malformed: Vec<(u64, String)>,
    pub(super) malformed_lines: u64,
    pub(super) is_unfinished: bool,
    pub(super) unreadable: Option<std::io::Error>,
    /// Names of computations that the options exclude.
    pub(super) other_computations: BTreeSet<String>,
    /// Number of runs outside the time range, and their failures.
    pub(super) outside_time_range: u64,
    pub(super) outside_failures: Vec<Uuid>,
    /// Outcomes that this version does not know.
    pub(super) unknown_outcomes: BTreeSet<String>,
    /// Computations with arrays that are longer than the limit.
    pub(super) long_arrays: BTreeSet<String>,
}

/// Reads all lines of a chunk.
pub(super) fn read_lines(chunk: LogChunk, options: &ReadOptions) -> ChunkRuns {
    let runs = ChunkRuns { log: chunk.log, bytes: chunk.bytes, ..ChunkRuns::default() };
    let mut reader = LineReader { options, times: TimestampReader::default(), runs };
    if chunk.is_long_line {
        reader.runs.lines = 1;
        reader.add_malformed(|| 0, too_long());
    } else if chunk.unreadable.is_some() {
        reader.runs.unreadable = chunk.unreadable;
    } else {
        reader.runs.lines = memchr_iter(b'\n', &chunk.text).count() as u64;
        reader.read_chunk(&chunk);
    }
    reader.runs
}

fn too_long() -> String {
    format!("the line is longer than {} MiB", MAX_LINE_BYTES >> 20)
}

struct LineReader<'o> {
    options: &'o ReadOptions,
    times: TimestampReader,
    runs: ChunkRuns,
}

impl LineReader<'_> {
    fn read_chunk(&mut self, chunk: &LogChunk) {
        let mut fields = LineFields::default();
        // Texts are parts of lines, which are parts of this text.
        let text = std::str::from_utf8(&chunk.text);
        let closed = Finder::new(CLOSED);
        let mut start = 0;
        while start < chunk.text.len() {
            if chunk.is_mixed {
                let Some(found) = closed.find(&chunk.text[start..]) else { return };
                start += memrchr(b'\n', &chunk.text[start..start + found]).map_or(0, |newline| newline + 1);
            }
            let newline = memchr(b'\n', &chunk.text[start..]).map(|len| start + len);
            let end = newline.unwrap_or(chunk.text.len());
            let line = match text {
                Ok(text) => text.get(start..end),
                Err(_) => std::str::from_utf8(&chunk.text[start..end]).ok(),
            };
            let result = match line {
                Some(line) if line.len() > MAX_LINE_BYTES => Err(too_long()),
                Some(line) => self.read_line(line.trim_end(), &mut fields),
                None => Err("the line is not UTF-8".to_owned()),
            };
            match result {
                Err(_) if newline.is_none() => self.runs.is_unfinished = true,
                Err(reason) => {
                    self.add_malformed(|| memchr_iter(b'\n', &chunk.text[..start]).count() as u64, reason);
                }
                Ok(()) => {}
            }
            start = end + 1;
        }
    }

    fn add_malformed(&mut self, line: impl FnOnce() -> u64, reason: String) {
        self.runs.malformed_lines += 1;
        if self.runs.malformed.len() < MAX_LISTED {
            self.runs.malformed.push((line(), reason));
        }
    }

    fn read_line<'a>(&mut self, line: &'a str, fields: &mut LineFields<'a>) -> Result<(), String> {
        if line.is_empty() {
            return Ok(());
        }
        if read_fast(line, fields).is_none() {
            read_slow(line, fields).map_err(|error| error.to_string())?;
        }
        match fields.text(TextKey::Message) {
            Some(CLOSED) => self.add_run(fields),
            Some(SESSION) => {
                self.runs.sessions.extend(session(fields));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn add_run(&mut self, fields: &LineFields<'_>) -> Result<(), String> {
        let (computation, outcome) = match (fields.text(TextKey::Computation), fields.text(TextKey::Outcome)) {
            (Some(computation), Some(outcome)) => (computation, outcome),
            // An event of the program can have the same message.
            (None, None) => return Ok(()),
            (None, Some(_)) => return Err("the line has no computation".to_owned()),
            (Some(_), None) => return Err("the line has no outcome".to_owned()),
        };
        if self.options.computation.as_ref().is_some_and(|only| only != computation) {
            let others = &mut self.runs.other_computations;
            if others.len() < MAX_LISTED && !others.contains(computation) {
                others.insert(computation.to_owned());
            }
            return Ok(());
        }
        let failure = fields.text(TextKey::FailureId).and_then(|id| Uuid::try_parse(id).ok());
        let ended = fields.text(TextKey::Timestamp).and_then(|text| self.times.read(text));
        if !self.options.contains(ended) {
            self.runs.outside_time_range += 1;
            self.runs.outside_failures.extend(failure);
            return Ok(());
        }
        if fields.omits_entries && !self.runs.long_arrays.contains(computation) {
            self.runs.long_arrays.insert(computation.to_owned());
        }
        let outcome = RunOutcome::from_name(outcome).unwrap_or_else(|| {
            if self.runs.unknown_outcomes.len() < MAX_LISTED {
                self.runs.unknown_outcomes.insert(outcome.to_owned());
            }
            RunOutcome::Unknown
        });
        let table = self.runs.tables.table(computation);
        if let Some(reference) = fields.text(TextKey::TheoreticalRef) {
            table.set_theoretical_ref(reference);
        }
        let mut run = RunFacts::new(outcome);
        run.ended = ended;
        run.duration_s = fields.duration_s.unwrap_or(f64::NAN);
        run.session = table.session_index(fields.text(TextKey::SessionId).unwrap_or_default());
        run.failure = failure.map(|id| table.push_failure(FailedRun { id: Some(id), ..FailedRun::default() }));
        table.push(run, fields.entries(EntryList::Parameters));
        for (name, cell) in fields.entries(EntryList::Digests) {
            table.push_digest(name, cell);
        }
        Ok(())
    }
}

fn session(fields: &LineFields<'_>) -> Option<Session> {
    let text = |key| fields.text(key).map(str::to_owned);
    let mut session = Session::new(fields.text(TextKey::SessionId)?);
    session.host = text(TextKey::Host);
    session.rank = fields.rank.filter(|rank| *rank >= 0.0).map(|rank| rank as u64);
    session.job_id = text(TextKey::JobId);
    session.version = text(TextKey::Version);
    session.git_commit = text(TextKey::GitCommit);
    session.package = text(TextKey::Package);
    Some(session)
}
