//! Reading many records on all cores.

use std::collections::HashMap;
use std::ops::Range;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Result, ensure};
use chrono::{DateTime, Utc};
use tracing_failure::Store;
use tracing_failure_advice::shared::read_json;
use uuid::Uuid;

use super::dir::Listing;
use super::file::exceeds_max_depth;
use super::progress::Progress;
use super::selection::Selection;
use super::skipped::SkippedFiles;
use super::summary::Summary;
use crate::screen::in_words;

/// Files that a thread takes at a time.
const FILES_PER_CHUNK: usize = 16;
/// A disk has something to do while others compute.
const MIN_THREADS: usize = 4;
/// How often it is looked how far they are.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);

/// What is put together from many records, part by part.
pub(crate) trait Collector: Send {
    /// Takes in a record; whether it is wanted is said beside it.
    fn add(&mut self, path: &Path, failure: Summary, json: &[u8], matches: bool);

    /// Takes in what another thread gathered.
    fn join(&mut self, other: Self);
}

/// Reads all records and gathers what is made of them.
pub(crate) fn scan<G: Collector>(
    listing: &Listing,
    selection: &Selection,
    new: impl Fn() -> G + Sync,
) -> (G, SkippedFiles) {
    let mut skipped = SkippedFiles::from_listing(listing);
    let (mut collector, mut unreadable, ids) = collect_records(&listing.paths, selection, &new);
    let find_copies = find_copies(&listing.paths, ids);
    if !find_copies.is_empty() {
        find_copies.iter().for_each(|(copy, original)| skipped.add_copy(copy, original));
        let is_original = |path: &&PathBuf| !find_copies.contains_key(path.as_path());
        let originals: Vec<PathBuf> = listing.paths.iter().filter(is_original).cloned().collect();
        (collector, unreadable, _) = collect_records(&originals, selection, &new);
    }
    skipped.merge(unreadable);
    (collector, skipped)
}

/// What tells one failure from another, and the place of its file.
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
                Err(error) => skipped.add_unreadable(path, &in_words(&error)),
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

/// The files that have the time and the id of another and no name of a store's, each with that other.
fn find_copies(paths: &[PathBuf], mut ids: Vec<IndexedId>) -> HashMap<&Path, &Path> {
    ids.sort_unstable();
    let mut find_copies = HashMap::new();
    for same in ids.chunk_by(|(a, _), (b, _)| a == b).filter(|same| same.len() > 1) {
        let files = || same.iter().map(|(_, place)| &*paths[*place]);
        let Some(original) = files().find(|path| has_store_name(path)).or_else(|| files().next()) else { continue };
        find_copies
            .extend(files().filter(|path| *path != original && !has_store_name(path)).map(|path| (path, original)));
    }
    find_copies
}

fn has_store_name(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(Store::is_own_name)
}

fn read_summary(path: &Path, json: &mut Vec<u8>) -> Result<Summary> {
    read_json(json, path)?;
    ensure!(!exceeds_max_depth(json), "it is nested too deeply to be read");
    Ok(Summary::read(json)?)
}

/// Makes something of each file on all cores, and hands it on in the order of the files.
///
/// # Errors
///
/// The first that `hand_on` meets; no more files are read then.
pub(crate) fn map_in_order<T: Send>(
    paths: &[PathBuf],
    read: impl Fn(&Path) -> T + Sync,
    mut consume: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut progress = Progress::new(paths.len());
    for batch in paths.chunks(FILES_PER_CHUNK * MIN_THREADS * 2) {
        let work = |files: FileQueue<'_>| files.map(|(place, path)| (place, read(path))).collect::<Vec<_>>();
        let parts = on_all_cores(batch, &mut progress, work);
        let mut results: Vec<(usize, T)> = parts.into_iter().flatten().collect();
        results.sort_by_key(|(place, _)| *place);
        progress.suspend(|| results.into_iter().try_for_each(|(_, results)| consume(results)))?;
    }
    Ok(())
}

/// Divides the files among threads and returns what each of them made.
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
                // Its end is seen when it is dropped, however the work ends.
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

/// The files that one thread takes, a portion at a time, each with its place in the order.
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
