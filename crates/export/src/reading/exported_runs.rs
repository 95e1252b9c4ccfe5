//! The result of reading exported files.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

#[cfg(not(feature = "parquet"))]
use corpus::SkippedInput;
use corpus::{Corpus, CorpusError, ReadOptions, ReadProgress};

#[cfg(feature = "parquet")]
use super::parts_corpus::read_files;

/// The runs of exported files.
///
/// ```
/// assert!(tracing_failure_export::ExportedRuns::default().corpus.tables().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct ExportedRuns {
    /// The runs that the options choose.
    pub corpus: Corpus,
    /// The names of other computations.
    pub other_computations: BTreeSet<String>,
}

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
    #[cfg(feature = "parquet")]
    let runs = read_files(paths, options, progress);
    #[cfg(not(feature = "parquet"))]
    let runs = {
        let _ = (options, progress);
        let mut skipped = SkippedInput::default();
        for path in paths {
            skipped.add_file(path, "this build does not read Parquet: install it with the feature 'parquet'");
        }
        Ok(ExportedRuns { corpus: Corpus::new(Vec::new(), skipped, Vec::new()), ..ExportedRuns::default() })
    };
    runs
}
