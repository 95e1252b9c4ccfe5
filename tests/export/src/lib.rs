//! Exports runs into a temporary directory, and reads them again.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use corpus::{Cell, Corpus, ReadOptions, RunTable, SkippedInput, run_ids};
use export::{ExportFormat, ExportReport, ExportedRuns, PartDirectory, find_parts, read_parts};

/// A run as it is compared: its facts, its parameters and its digests by name.
pub type Run = (String, BTreeMap<String, String>);

/// Makes a corpus of tables.
pub fn corpus_of(tables: Vec<RunTable>) -> Corpus {
    Corpus::new(tables, SkippedInput::default(), Vec::new())
}

/// Exports a corpus as Parquet.
pub fn export_to(corpus: &Corpus, dir: &Path) -> ExportReport {
    let store = PartDirectory::new(dir);
    export::export(corpus, &store, ExportFormat::Parquet, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// Reads all exported files below a directory.
pub fn read_from(dir: &Path) -> ExportedRuns {
    read_parts(&find_parts(dir), &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap()
}

/// All files below a directory, relative to it, with the hidden ones.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let (mut files, mut directories) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(next) = directories.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => directories.push(path),
                false => files.push(path.strip_prefix(dir).unwrap().to_owned()),
            }
        }
    }
    files.sort();
    files
}

/// The bits of a number: -0 is not 0, and all NaN are equal.
fn cell_text(cell: Cell<'_>) -> String {
    match cell {
        Cell::NotFinite(number) if number.is_nan() => "NaN".to_owned(),
        Cell::Number(number) | Cell::NotFinite(number) => format!("number {:x}", number.to_bits()),
        cell => format!("{cell:?}"),
    }
}

/// The runs of a table by id.
pub fn runs_of(table: &RunTable) -> BTreeMap<String, Run> {
    let ids = run_ids(table);
    let runs = table.runs().iter().enumerate().map(|(index, run)| {
        let failure = run.failure.map(|failure| &table.failures()[failure as usize]);
        let failure = failure.map(|failure| {
            (failure.id, &failure.category, &failure.fingerprint, &failure.error_type, &failure.error_message)
        });
        let ended = run.ended.map(|ended| ended.timestamp_micros());
        let session = &table.sessions()[run.session as usize];
        let facts = format!(
            "{:?} {ended:?} {} {session:?} {failure:?} {}",
            run.outcome,
            cell_text(run.duration_s.into()),
            table.theoretical_ref()
        );
        let mut values = BTreeMap::new();
        for column in table.parameters().iter().filter(|column| column.cell(index) != Cell::Missing) {
            values.insert(format!("p {}", column.name()), cell_text(column.cell(index)));
        }
        for column in table.digests().iter().filter(|column| index < column.len()) {
            if column.cell(index) != Cell::Missing {
                values.insert(format!("d {}", column.name()), cell_text(column.cell(index)));
            }
        }
        (ids[index].to_string(), (facts, values))
    });
    runs.collect()
}
