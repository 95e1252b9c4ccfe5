//! Reads logs, records and exported Parquet files as one corpus.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use corpus::{Corpus, CorpusError, ReadOptions, ReadProgress};
use export::{BucketParts, find_parts, read_parts, read_stored_parts};

use super::skipped_report::report_skipped;

/// Reads all computations below some directories and addresses of buckets. Runs of exported files that are also in logs
/// count once.
pub(super) fn read_corpus(
    dirs: &[PathBuf],
    options: &ReadOptions,
    progress: &mut dyn FnMut(ReadProgress) -> ControlFlow<()>,
) -> Result<Corpus, CorpusError> {
    let (addresses, local): (Vec<&PathBuf>, Vec<&PathBuf>) = dirs.iter().partition(|dir| is_bucket(dir));
    let parts: Vec<PathBuf> = local.iter().flat_map(|dir| find_parts(dir)).collect();
    if parts.is_empty() && addresses.is_empty() {
        return Corpus::read(dirs, options, progress);
    }
    let others: Vec<PathBuf> = local.into_iter().filter(|dir| !is_parquet(dir)).cloned().collect();
    let logs = Corpus::read(&others, options, progress);
    if matches!(logs, Err(CorpusError::Cancelled)) {
        return logs;
    }
    let mut exported = read_parts(&parts, options, progress)?;
    for address in addresses {
        let store = BucketParts::open(&address.to_string_lossy())
            .map_err(|error| CorpusError::Unreadable { path: address.clone(), error })?;
        let stored = read_stored_parts(&store, options, progress)?;
        exported.corpus.merge(stored.corpus);
        exported.other_computations.extend(stored.other_computations);
    }
    let has_runs = !exported.corpus.tables().is_empty();
    match logs {
        Ok(mut corpus) => {
            corpus.merge(exported.corpus);
            Ok(corpus)
        }
        Err(
            CorpusError::NoComputations(_) | CorpusError::UnknownComputation { .. } | CorpusError::NoneInTimeRange(_),
        ) if has_runs => Ok(exported.corpus),
        Err(error) => {
            report_skipped(&exported.corpus);
            Err(with_names(error, exported.other_computations, dirs, options))
        }
    }
}

/// Returns true for the address of a bucket.
pub(super) fn is_bucket(path: &Path) -> bool {
    path.to_str().is_some_and(BucketParts::is_address)
}

fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "parquet") && path.is_file()
}

/// Adds the names of exported computations to the error that names those of logs.
fn with_names(error: CorpusError, mut names: BTreeSet<String>, dirs: &[PathBuf], options: &ReadOptions) -> CorpusError {
    match (error, &options.computation) {
        (CorpusError::UnknownComputation { computation, known }, _) => {
            names.extend(known);
            CorpusError::UnknownComputation { computation, known: names.into_iter().collect() }
        }
        (CorpusError::NoComputations(_), Some(computation)) if !names.is_empty() => {
            CorpusError::UnknownComputation { computation: computation.clone(), known: names.into_iter().collect() }
        }
        (CorpusError::NoComputations(_), _) => CorpusError::NoComputations(dirs.to_vec()),
        (error, _) => error,
    }
}
