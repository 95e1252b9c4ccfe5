//! Reads the closing lines of all logs.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;

use uuid::Uuid;

use super::chunk::ChunkReader;
use super::log_source::LogSource;
use super::options::ReadOptions;
use super::ordered::{process_in_order, thread_count};
use super::partial::{ChunkRuns, TableSet, read_lines};
use super::skipped::SkippedInput;
use crate::table::run::Session;

/// Everything that was read so far.
#[derive(Debug, Default)]
pub(super) struct CorpusParts {
    pub(super) tables: TableSet,
    pub(super) sessions: HashMap<String, Session>,
    pub(super) skipped: SkippedInput,
    pub(super) other_computations: BTreeSet<String>,
    pub(super) outside_time_range: u64,
    pub(super) outside_failures: HashSet<Uuid>,
    pub(super) unknown_outcomes: BTreeSet<String>,
    pub(super) long_arrays: BTreeSet<String>,
}

impl CorpusParts {
    pub(super) fn add_session(&mut self, session: Session) {
        match self.sessions.get_mut(&session.id) {
            Some(known) => known.complete(session),
            None => {
                self.sessions.insert(session.id.clone(), session);
            }
        }
    }

    fn add_chunk(&mut self, chunk: ChunkRuns, source: &LogSource, lines_before: u64) {
        self.tables.append(chunk.tables);
        chunk.sessions.into_iter().for_each(|session| self.add_session(session));
        for (line, reason) in &chunk.malformed {
            self.skipped.add_line(&source.path, lines_before + line + 1, reason);
        }
        self.skipped.add_lines(chunk.malformed_lines - chunk.malformed.len() as u64);
        if chunk.is_unfinished {
            self.skipped.add_unfinished_line();
        }
        if let Some(error) = chunk.unreadable {
            self.skipped.add_file(&source.path, error);
        }
        self.other_computations.extend(chunk.other_computations);
        self.outside_time_range += chunk.outside_time_range;
        self.outside_failures.extend(chunk.outside_failures);
        self.unknown_outcomes.extend(chunk.unknown_outcomes);
        self.long_arrays.extend(chunk.long_arrays);
    }
}

/// Reads the lines of all logs on all cores. The order of the runs does not depend on the number of threads.
pub(super) fn read_closing_lines(
    logs: &[LogSource],
    options: &ReadOptions,
    parts: &mut CorpusParts,
    mut add_bytes: impl FnMut(u64) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut chunks = ChunkReader::new(logs);
    // The file of the last chunk, and the number of lines before the next chunk.
    let (mut log, mut lines) = (0, 0);
    let merge = |chunk: ChunkRuns| {
        if chunk.log != log {
            (log, lines) = (chunk.log, 0);
        }
        let (bytes, more) = (chunk.bytes, chunk.lines);
        parts.add_chunk(chunk, &logs[log], lines);
        lines += more;
        add_bytes(bytes)
    };
    process_in_order(thread_count(), || chunks.next_chunk(), |chunk| read_lines(chunk, options), merge)
}
