//! Reads records, and joins them with the closing lines of the same failures.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

use uuid::Uuid;

use super::closing_lines::CorpusParts;
use super::comparable::root;
use super::flatten::flatten_map;
use super::line_fields::{EntryList, LineFields};
use super::options::ReadOptions;
use super::ordered::{process_in_order, thread_count};
use super::run_record::RunRecord;
use crate::table::run::{RunFacts, RunOutcome};
use crate::table::run_table::RunTable;
use region::Cell;

/// Number of records that a thread reads at a time.
const RECORDS_PER_BATCH: usize = 32;

/// Reads the records on all cores.
pub(super) fn read_records(
    paths: &[PathBuf],
    options: &ReadOptions,
    parts: &mut CorpusParts,
    mut add_records: impl FnMut(usize) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut batches = paths.chunks(RECORDS_PER_BATCH);
    let read = |batch: &[PathBuf]| {
        let mut json = Vec::new();
        batch.iter().map(|path| RunRecord::read(path, &mut json).map_err(|error| (path.clone(), error))).collect()
    };
    let mut join = RecordJoin::new(parts, options);
    let merge = |records: Vec<Result<RunRecord, (PathBuf, String)>>| {
        let count = records.len();
        for record in records {
            match record {
                Ok(record) => join.add(record),
                Err((path, error)) => join.parts.skipped.add_file(&path, error),
            }
        }
        add_records(count)
    };
    process_in_order(thread_count().min(paths.len().div_ceil(RECORDS_PER_BATCH)), || batches.next(), read, merge)
}

/// The run of a closing line with a failure: the id of the failure, the index of the table, and the run.
type LineOfFailure = (Uuid, usize, usize);

struct RecordJoin<'a> {
    parts: &'a mut CorpusParts,
    options: &'a ReadOptions,
    /// The runs with failures, sorted by id. Nested computations can share a failure.
    lines: Vec<LineOfFailure>,
    /// The parameters of each table that closing lines have, without the rest of their paths.
    line_parameters: Vec<HashSet<String>>,
    ids: HashSet<Uuid>,
}

impl<'a> RecordJoin<'a> {
    fn new(parts: &'a mut CorpusParts, options: &'a ReadOptions) -> Self {
        let (mut lines, mut line_parameters) = (Vec::new(), Vec::new());
        for (table_index, table) in parts.tables.tables.iter().enumerate() {
            let failures = table.runs().iter().enumerate().filter_map(|(run, facts)| {
                let failure = table.failures().get(facts.failure? as usize)?;
                Some((failure.id?, table_index, run))
            });
            lines.extend(failures);
            line_parameters.push(table.parameters().iter().map(|column| root(column.name()).to_owned()).collect());
        }
        lines.sort_unstable();
        RecordJoin { parts, options, lines, line_parameters, ids: HashSet::new() }
    }

    fn add(&mut self, record: RunRecord) {
        if let Some(id) = record.failure.id
            && !self.ids.insert(id)
        {
            self.parts.skipped.add_copies(1);
            return;
        }
        if !record.session.id.is_empty() {
            self.parts.add_session(record.session.clone());
        }
        if !self.add_to_lines(&record) {
            self.add_run(record);
        }
    }

    /// Adds the facts of a record to the runs of its failure. Returns true if one of them is a run of the computation
    /// that the record names.
    fn add_to_lines(&mut self, record: &RunRecord) -> bool {
        let Some(id) = record.failure.id else { return false };
        let start = self.lines.partition_point(|(known, ..)| *known < id);
        let mut has_own_line = self.parts.outside_failures.contains(&id);
        for &(_, table, run) in self.lines[start..].iter().take_while(|(known, ..)| *known == id) {
            let table = &mut self.parts.tables.tables[table];
            has_own_line |= table.computation() == record.computation;
            if let Some(failure) = table.runs()[run].failure {
                table.set_failure(failure, record.failure.clone());
            }
            if !table.has_digest(run) {
                add_digests(table, run, record);
            }
        }
        has_own_line
    }

    /// Adds the run of a record without a closing line.
    fn add_run(&mut self, record: RunRecord) {
        if self.options.computation.as_ref().is_some_and(|only| *only != record.computation) {
            self.parts.other_computations.insert(record.computation);
            return;
        }
        if !self.options.contains(record.ended) {
            self.parts.outside_time_range += 1;
            return;
        }
        let mut fields = LineFields::default();
        flatten_map(&record.parameters, EntryList::Parameters, &mut fields);
        if fields.omits_entries {
            self.parts.long_arrays.insert(record.computation.clone());
        }
        let position = self.parts.tables.position(&record.computation);
        let table = &mut self.parts.tables.tables[position];
        table.set_theoretical_ref(&record.theoretical_ref);
        let mut run = RunFacts::new(RunOutcome::Failed);
        run.ended = record.ended;
        run.duration_s = record.duration_s;
        run.session = table.session_index(&record.session.id);
        run.failure = Some(table.push_failure(record.failure.clone()));
        // A parameter that only records have would look like a cause of failure.
        let comparable = self.line_parameters.get(position);
        let is_comparable = |name: &str| comparable.is_none_or(|names| names.contains(root(name)));
        table.push(run, fields.entries(EntryList::Parameters).filter(|(name, _)| is_comparable(name)));
        add_digests(table, table.len() - 1, &record);
    }
}

fn add_digests(table: &mut RunTable, run: usize, record: &RunRecord) {
    for (name, value) in &record.digests {
        table.set_digest(run, name, Cell::from(*value));
    }
}
