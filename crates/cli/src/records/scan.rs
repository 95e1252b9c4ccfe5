//! Parallel reading of many records.

use std::collections::HashMap;
use std::ops::Range;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use text::error_chain;

use anyhow::{Result, ensure};
use chrono::{DateTime, Utc};
use record::Store;
use record::internal::read_json;
use uuid::Uuid;

use super::dir::Listing;
use super::file::exceeds_max_depth;
use super::progress::Progress;
use super::selection::Selection;
use super::skipped::SkippedFiles;
use super::summary::Summary;

/// Number of files that a thread takes from the queue at a time.
const FILES_PER_CHUNK: usize = 16;
/// Minimum number of threads. With more threads than cores, the disk is busy while other threads parse.
const MIN_THREADS: usize = 4;
/// Interval between updates of the progress bar.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);

/// A result that is built from many records. Each thread has its own collector; the collectors are joined at the end.
pub(crate) trait Collector: Send {
    /// Adds a record. `matches` tells whether the selection contains it.
    fn add(&mut self, path: &Path, failure: Summary, json: &[u8], matches: bool);

    /// Adds the records of another thread's collector.
    fn join(&mut self, other: Self);
}

/// Reads all records of a directory into a collector. Copies of a record are not added.
pub(crate) fn scan<G: Collector>(
    listing: &Listing,
    selection: &Selection,
    new: impl Fn() -> G + Sync,
) -> (G, SkippedFiles) {
    let mut skipped = SkippedFiles::from_listing(listing);
    let (mut collector, mut unreadable, ids) = collect_records(&listing.paths, selection, &new);
    let copies = find_copies(&listing.paths, ids);
    if !copies.is_empty() {
        copies.iter().for_each(|(copy, original)| skipped.add_copy(copy, original));
        let originals: Vec<PathBuf> =
            listing.paths.iter().filter(|path| !copies.contains_key(path.as_path())).cloned().collect();
        (collector, unreadable, _) = collect_records(&originals, selection, &new);
    }
    skipped.merge(unreadable);
    (collector, skipped)
}

/// The identity of a failure (time and id) and the index of its file.
type IndexedId = ((DateTime<Utc>, Uuid), usize);

fn collect_records<G: Collector>(
    paths: &[PathBuf],
    selection: &Selection,
    new: &(impl Fn() -> G + Sync),
) -> (G, SkippedFiles, Vec<IndexedId>) {
    let parts = on_all_cores(paths, &mut Progress::new(paths.len()), |files| {
        let (mut collector, mut skipped, mut ids, mut json) = (new(), SkippedFiles::default(), Vec::new(), Vec::new());
        let matcher = selection.matcher();
        for (place, path) in files {
            match read_summary(path, &mut json) {
                Ok(failure) => {
                    ids.extend(failure.context.id.map(|id| ((failure.timestamp, id), place)));
                    let matches = matcher.matches(&failure, &json).unwrap_or_else(|error| {
                        skipped.add_filter_error(path, &error);
                        false
                    });
                    collector.add(path, failure, &json, matches);
                }
                Err(error) => skipped.add_unreadable(path, &error_chain(error.chain())),
            }
        }
        (collector, skipped, ids)
    });
    let nothing = (new(), SkippedFiles::default(), Vec::new());
    parts.into_iter().fold(nothing, |(mut all, mut skipped, mut ids), (collector, more_skipped, more)| {
        all.join(collector);
        skipped.merge(more_skipped);
        ids.extend(more);
        (all, skipped, ids)
    })
}

/// Maps each copy to its original. A copy has the time and id of another file, but not a name that a store gives.
fn find_copies(paths: &[PathBuf], mut ids: Vec<IndexedId>) -> HashMap<&Path, &Path> {
    ids.sort_unstable();
    let mut copies = HashMap::new();
    for group in ids.chunk_by(|(a, _), (b, _)| a == b).filter(|group| group.len() > 1) {
        let files = || group.iter().map(|(_, place)| &*paths[*place]);
        let Some(original) = files().find(|path| has_store_name(path)).or_else(|| files().next()) else { continue };
        copies.extend(files().filter(|path| *path != original && !has_store_name(path)).map(|path| (path, original)));
    }
    copies
}

fn has_store_name(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(Store::is_record_file_name)
}

fn read_summary(path: &Path, json: &mut Vec<u8>) -> Result<Summary> {
    read_json(json, path)?;
    ensure!(!exceeds_max_depth(json), "nested too deeply");
    Ok(Summary::read(json)?)
}

/// Calls `read` for each file on all cores, and `consume` for each result in the order of the files.
///
/// # Errors
///
/// Returns the first error of `consume`. No more files are read then.
pub(crate) fn map_in_order<T: Send>(
    paths: &[PathBuf],
    read: impl Fn(&Path) -> T + Sync,
    mut consume: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut progress = Progress::new(paths.len());
    for batch in paths.chunks(FILES_PER_CHUNK * MIN_THREADS * 2) {
        let parts = on_all_cores(batch, &mut progress, |files| {
            files.map(|(place, path)| (place, read(path))).collect::<Vec<_>>()
        });
        let mut results: Vec<(usize, T)> = parts.into_iter().flatten().collect();
        results.sort_by_key(|(place, _)| *place);
        progress.suspend(|| results.into_iter().try_for_each(|(_, result)| consume(result)))?;
    }
    Ok(())
}

/// Divides the files among threads and returns the result of each thread.
fn on_all_cores<T: Send>(
    paths: &[PathBuf],
    progress: &mut Progress,
    work: impl Fn(FileQueue<'_>) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let threads = cores.max(MIN_THREADS).min(paths.len().div_ceil(FILES_PER_CHUNK)).max(1);
    std::thread::scope(|scope| {
        let (done, all_done) = mpsc::channel::<()>();
        let spawn = |_| {
            let (files, work, done) = (FileQueue { paths, next: &next, chunk: 0..0 }, &work, done.clone());
            scope.spawn(move || {
                // Dropped when the work ends, also by a panic. The channel closes with the last sender.
                let _done = done;
                work(files)
            })
        };
        let workers: Vec<_> = (0..threads).map(spawn).collect();
        drop(done);
        while all_done.recv_timeout(PROGRESS_INTERVAL) == Err(RecvTimeoutError::Timeout) {
            progress.update(next.load(Ordering::Relaxed).min(paths.len()));
        }
        progress.completed += paths.len();
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// A thread's view of the queue of files. It takes a chunk at a time and yields each file with its index.
struct FileQueue<'a> {
    paths: &'a [PathBuf],
    next: &'a AtomicUsize,
    chunk: Range<usize>,
}

impl<'a> Iterator for FileQueue<'a> {
    type Item = (usize, &'a Path);

    fn next(&mut self) -> Option<Self::Item> {
        if self.chunk.is_empty() {
            let start = self.next.fetch_add(FILES_PER_CHUNK, Ordering::Relaxed).min(self.paths.len());
            self.chunk = start..(start + FILES_PER_CHUNK).min(self.paths.len());
        }
        let place = self.chunk.next()?;
        Some((place, &self.paths[place]))
    }
}
