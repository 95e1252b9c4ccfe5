//! The corpus in exported files.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::ops::ControlFlow;

use corpus::{Corpus, CorpusError, ReadOptions, ReadProgress, RunId, RunTable, SkippedInput};

use super::exported_runs::ExportedRuns;
use super::opened_parts::OpenedParts;
use super::part_place::PartPlace;
use super::part_runs::PartRuns;
use crate::formats::parquet_reader::ParquetPart;
use crate::store::part_store::PartSource;

/// Reads the runs of all files.
pub(crate) fn read_files(
    places: &[PartPlace<'_>],
    options: &ReadOptions,
    progress: &mut dyn FnMut(ReadProgress) -> ControlFlow<()>,
) -> Result<ExportedRuns, CorpusError> {
    let sizes: Vec<u64> = places.iter().map(bytes_of).collect();
    let total: u64 = sizes.iter().sum();
    let (mut tables, mut other_computations) = (HashMap::<String, ReadTable>::new(), BTreeSet::new());
    let (mut skipped, mut done) = (SkippedInput::default(), 0);
    for ((place, size), source) in places.iter().zip(sizes).zip(OpenedParts::new(places)) {
        let mut is_cancelled = false;
        let mut advance = |share: f64| {
            let done = done + (size as f64 * share) as u64;
            is_cancelled |= progress(ReadProgress::new(done, total)).is_break();
            !is_cancelled
        };
        match source.and_then(|source| read_part(source, options, &mut advance)) {
            Ok(ReadPart::Runs(computation, runs)) => {
                let table = tables.entry(computation).or_default();
                runs.into_iter().for_each(|runs| table.add(runs));
            }
            Ok(ReadPart::OtherComputation(name)) => {
                other_computations.insert(name);
            }
            Ok(ReadPart::Trails) => {}
            Err(error) => skipped.add_file(&place.path(), error),
        }
        if is_cancelled {
            return Err(CorpusError::Cancelled);
        }
        done += size;
    }
    let tables = tables.into_values().map(|table| table.runs);
    let tables = tables.filter(|table| !table.is_empty()).collect();
    Ok(ExportedRuns { corpus: Corpus::new(tables, skipped, Vec::new()), other_computations })
}

/// The runs of a computation that were read so far.
#[derive(Default)]
struct ReadTable {
    runs: RunTable,
    ids: HashSet<RunId>,
}

impl ReadTable {
    fn add(&mut self, part: PartRuns) {
        let ids = &mut self.ids;
        let table = part.into_table(|id| ids.insert(id));
        if self.runs.is_empty() {
            self.runs = table;
        } else {
            self.runs.append(table);
        }
    }
}

/// The content of a file.
enum ReadPart {
    Runs(String, Vec<PartRuns>),
    OtherComputation(String),
    Trails,
}

/// Reads a file completely before any of its runs counts.
fn read_part(source: PartSource, options: &ReadOptions, advance: &mut dyn FnMut(f64) -> bool) -> io::Result<ReadPart> {
    let part = ParquetPart::open(source)?;
    if part.is_trail() {
        return Ok(ReadPart::Trails);
    }
    if options.computation.as_ref().is_some_and(|only| *only != part.computation) {
        return Ok(ReadPart::OtherComputation(part.computation));
    }
    let (groups, mut runs) = (part.row_groups(), Vec::new());
    for group in 0..groups {
        let rows = part.read(group, &|_| true)?;
        runs.push(PartRuns::new(&part.computation, rows, options)?);
        if !advance((group + 1) as f64 / groups as f64) {
            break;
        }
    }
    Ok(ReadPart::Runs(part.computation, runs))
}

/// The size of a file, as far as it is known.
fn bytes_of(place: &PartPlace<'_>) -> u64 {
    match place {
        PartPlace::File(path) => path.metadata().map_or(0, |metadata| metadata.len()),
        PartPlace::Stored(_, part) => part.bytes,
    }
}
