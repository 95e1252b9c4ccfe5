//! Reads the runs of exported Parquet files.

use std::ops::ControlFlow;
use std::path::PathBuf;

#[cfg(not(feature = "parquet"))]
use corpus::{Corpus, SkippedInput};
use corpus::{CorpusError, ReadOptions, ReadProgress};

use super::exported_runs::ExportedRuns;
use super::part_place::PartPlace;
use super::part_search::is_part_with_runs;
#[cfg(feature = "parquet")]
use super::parts_corpus::read_files as read_places;
use crate::store::part_store::PartStore;

/// Reads the runs of exported Parquet files. Runs that several files contain count once.
///
/// `progress` is called on this thread, for each part of a file. If it returns `Break`, the reading stops.
///
/// # Errors
///
/// Fails if `progress` returns `Break`. Files that are unreadable, or that no export has written, are skipped. Without
/// the feature `parquet`, all are.
///
/// ```
/// use std::ops::ControlFlow;
/// use corpus::ReadOptions;
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-read-parts-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// let foreign = dir.join("foreign.parquet");
/// std::fs::write(&foreign, "no Parquet")?;
/// let options = ReadOptions::default();
/// let runs = tracing_failure_export::read_parts(&[foreign], &options, &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!(runs.corpus.skipped().files(), 1);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_parts(
    paths: &[PathBuf],
    options: &ReadOptions,
    progress: &mut dyn FnMut(ReadProgress) -> ControlFlow<()>,
) -> Result<ExportedRuns, CorpusError> {
    let places: Vec<PartPlace<'_>> = paths.iter().map(|path| PartPlace::File(path)).collect();
    read_places(&places, options, progress)
}

/// Reads the runs of the Parquet files in a store.
///
/// # Errors
///
/// As [`read_parts`], and if the parts of the store cannot be listed.
///
/// ```
/// use std::ops::ControlFlow;
/// use corpus::ReadOptions;
/// use tracing_failure_export::{PartDirectory, read_stored_parts};
///
/// let store = PartDirectory::new("no/such/corpus");
/// let runs = read_stored_parts(&store, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))?;
/// assert!(runs.corpus.tables().is_empty());
/// # Ok::<(), corpus::CorpusError>(())
/// ```
pub fn read_stored_parts(
    store: &dyn PartStore,
    options: &ReadOptions,
    progress: &mut dyn FnMut(ReadProgress) -> ControlFlow<()>,
) -> Result<ExportedRuns, CorpusError> {
    let parts = store.list().map_err(|error| CorpusError::Unreadable { path: store.address().into(), error })?;
    let parts = parts.into_iter().filter(|part| is_part_with_runs(&part.name));
    let places: Vec<PartPlace<'_>> = parts.map(|part| PartPlace::Stored(store, part)).collect();
    read_places(&places, options, progress)
}

/// Skips all files, because this build does not read them.
#[cfg(not(feature = "parquet"))]
fn read_places(
    places: &[PartPlace<'_>],
    _: &ReadOptions,
    _: &mut dyn FnMut(ReadProgress) -> ControlFlow<()>,
) -> Result<ExportedRuns, CorpusError> {
    let mut skipped = SkippedInput::default();
    for place in places {
        skipped.add_file(&place.path(), "this build does not read Parquet: install it with the feature 'parquet'");
    }
    Ok(ExportedRuns { corpus: Corpus::new(Vec::new(), skipped, Vec::new()), ..ExportedRuns::default() })
}
