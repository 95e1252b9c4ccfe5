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
use super::file::is_too_deep;
use super::progress::Progress;
use super::selection::Selection;
use super::skipped::LeftOut;
use super::summary::Summary;
use crate::screen::in_words;

/// Files that a thread takes at a time.
const PORTION: usize = 16;
/// A disk has something to do while others compute.
const LEAST_THREADS: usize = 4;
/// How often it is looked how far they are.
const GLANCE: Duration = Duration::from_millis(50);

/// What is put together from many records, part by part.
pub(crate) trait Gather: Send {
    /// Takes in a record; whether it is wanted is said beside it.
    fn add(&mut self, path: &Path, failure: Summary, json: &[u8], wanted: bool);

    /// Takes in what another thread gathered.
    fn join(&mut self, other: Self);
}

/// Reads all records and gathers what is made of them.
pub(crate) fn scan<G: Gather>(listing: &Listing, selection: &Selection, new: impl Fn() -> G + Sync) -> (G, LeftOut) {
    let mut left_out = LeftOut::of(listing);
    let (mut gathered, mut broken, identities) = gather(&listing.paths, selection, &new);
    let copies = copies(&listing.paths, identities);
    if !copies.is_empty() {
        copies.iter().for_each(|(copy, original)| left_out.copy(copy, original));
        let is_original = |path: &&PathBuf| !copies.contains_key(path.as_path());
        let originals: Vec<PathBuf> = listing.paths.iter().filter(is_original).cloned().collect();
        (gathered, broken, _) = gather(&originals, selection, &new);
    }
    left_out.join(broken);
    (gathered, left_out)
}

/// What tells one failure from another, and the place of its file.
type Identity = ((DateTime<Utc>, Uuid), usize);

fn gather<G: Gather>(
    paths: &[PathBuf],
    selection: &Selection,
    new: &(impl Fn() -> G + Sync),
) -> (G, LeftOut, Vec<Identity>) {
    let parts = on_all_cores(paths, &mut Progress::of(paths.len()), |files| {
        let (mut gathered, mut left_out, mut identities, mut json) =
            (new(), LeftOut::default(), Vec::new(), Vec::new());
        let matcher = selection.matcher();
        for (place, path) in files {
            match summary_of(path, &mut json) {
                Ok(failure) => {
                    identities.extend(failure.context.id.map(|id| ((failure.timestamp, id), place)));
                    let wanted = matcher.wants(&failure, &json).unwrap_or_else(|error| {
                        left_out.unfiltered(path, &error);
                        false
                    });
                    gathered.add(path, failure, &json, wanted);
                }
                Err(error) => left_out.broken(path, &in_words(&error)),
            }
        }
        (gathered, left_out, identities)
    });
    let nothing = (new(), LeftOut::default(), Vec::new());
    parts.into_iter().fold(nothing, |(mut all, mut left_out, mut identities), (gathered, also_left_out, more)| {
        all.join(gathered);
        left_out.join(also_left_out);
        identities.extend(more);
        (all, left_out, identities)
    })
}

/// The files that have the time and the id of another and no name of a store's, each with that other.
fn copies(paths: &[PathBuf], mut identities: Vec<Identity>) -> HashMap<&Path, &Path> {
    identities.sort_unstable();
    let mut copies = HashMap::new();
    for same in identities.chunk_by(|(a, _), (b, _)| a == b).filter(|same| same.len() > 1) {
        let files = || same.iter().map(|(_, place)| &*paths[*place]);
        let Some(original) = files().find(|path| has_own_name(path)).or_else(|| files().next()) else { continue };
        copies.extend(files().filter(|path| *path != original && !has_own_name(path)).map(|path| (path, original)));
    }
    copies
}

fn has_own_name(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(Store::is_own_name)
}

fn summary_of(path: &Path, json: &mut Vec<u8>) -> Result<Summary> {
    read_json(json, path)?;
    ensure!(!is_too_deep(json), "it is nested too deeply to be read");
    Ok(Summary::read(json)?)
}

/// Makes something of each file on all cores, and hands it on in the order of the files.
///
/// # Errors
///
/// The first that `hand_on` meets; no more files are read then.
pub(crate) fn in_order<T: Send>(
    paths: &[PathBuf],
    make: impl Fn(&Path) -> T + Sync,
    mut hand_on: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut progress = Progress::of(paths.len());
    for some in paths.chunks(PORTION * LEAST_THREADS * 2) {
        let work = |files: Files<'_>| files.map(|(place, path)| (place, make(path))).collect::<Vec<_>>();
        let parts = on_all_cores(some, &mut progress, work);
        let mut made: Vec<(usize, T)> = parts.into_iter().flatten().collect();
        made.sort_by_key(|(place, _)| *place);
        progress.aside(|| made.into_iter().try_for_each(|(_, made)| hand_on(made)))?;
    }
    Ok(())
}

/// Divides the files among threads and returns what each of them made.
fn on_all_cores<T: Send>(paths: &[PathBuf], progress: &mut Progress, work: impl Fn(Files<'_>) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let threads = cores.max(LEAST_THREADS).min(paths.len().div_ceil(PORTION)).max(1);
    std::thread::scope(|scope| {
        let (done, all_done) = mpsc::channel::<()>();
        let spawn = |_| {
            let (files, work, done) = (Files { paths, next: &next, portion: 0..0 }, &work, done.clone());
            scope.spawn(move || {
                // Its end is seen when it is dropped, however the work ends.
                let _done = done;
                work(files)
            })
        };
        let workers: Vec<_> = (0..threads).map(spawn).collect();
        drop(done);
        while all_done.recv_timeout(GLANCE) == Err(RecvTimeoutError::Timeout) {
            progress.show(next.load(Ordering::Relaxed).min(paths.len()));
        }
        progress.done += paths.len();
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// The files that one thread takes, a portion at a time, each with its place in the order.
struct Files<'a> {
    paths: &'a [PathBuf],
    next: &'a AtomicUsize,
    portion: Range<usize>,
}

impl<'a> Iterator for Files<'a> {
    type Item = (usize, &'a Path);

    fn next(&mut self) -> Option<Self::Item> {
        if self.portion.is_empty() {
            let start = self.next.fetch_add(PORTION, Ordering::Relaxed).min(self.paths.len());
            self.portion = start..(start + PORTION).min(self.paths.len());
        }
        let place = self.portion.next()?;
        Some((place, &self.paths[place]))
    }
}
