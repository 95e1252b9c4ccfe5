//! Reading many records on all cores.

use std::ops::Range;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use super::progress::Progress;
use super::{Selection, Summary, is_too_deep, read_json};
use crate::screen::{count, in_words, say};
use anyhow::{Result, ensure};

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

/// What could not be read.
#[derive(Debug, Default)]
pub(crate) struct Broken {
    files: usize,
    first: Option<String>,
    unfiltered: usize,
    first_unfiltered: Option<String>,
}

impl Broken {
    fn file(&mut self, error: String) {
        self.join(Broken { files: 1, first: Some(error), ..Broken::default() });
    }

    fn unfiltered(&mut self, error: String) {
        self.join(Broken { unfiltered: 1, first_unfiltered: Some(error), ..Broken::default() });
    }

    /// The first by name is told, whichever thread met it.
    fn join(&mut self, other: Broken) {
        let first = |a: Option<String>, b: Option<String>| a.into_iter().chain(b).min();
        self.files += other.files;
        self.unfiltered += other.unfiltered;
        self.first = first(self.first.take(), other.first);
        self.first_unfiltered = first(self.first_unfiltered.take(), other.first_unfiltered);
    }

    /// Says on stderr what is missing.
    pub(crate) fn tell(&self) {
        if let Some(first) = &self.first {
            let files = count(self.files, "file");
            say(format_args!("failures: {files} left out, e.g. {first}\n  all of them: failures validate"));
        }
        if let Some(first) = &self.first_unfiltered {
            say(format_args!("failures: --where fails on {}, e.g. {first}", count(self.unfiltered, "record")));
        }
    }
}

/// Reads all records and gathers what is made of them.
pub(crate) fn scan<G: Gather>(paths: &[PathBuf], selection: &Selection, new: impl Fn() -> G + Sync) -> (G, Broken) {
    let parts = on_all_cores(paths, &mut Progress::of(paths.len()), |files| {
        let (mut gathered, mut broken, mut json) = (new(), Broken::default(), Vec::new());
        let matcher = selection.matcher();
        for (_, path) in files {
            match summary_of(path, &mut json) {
                Ok(failure) => {
                    let wanted = matcher.wants(&failure, &json).unwrap_or_else(|error| {
                        broken.unfiltered(format!("{}: {error}", path.display()));
                        false
                    });
                    gathered.add(path, failure, &json, wanted);
                }
                Err(error) => broken.file(format!("{}: {}", path.display(), in_words(&error))),
            }
        }
        (gathered, broken)
    });
    parts.into_iter().fold((new(), Broken::default()), |(mut all, mut broken), (gathered, also_broken)| {
        all.join(gathered);
        broken.join(also_broken);
        (all, broken)
    })
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
