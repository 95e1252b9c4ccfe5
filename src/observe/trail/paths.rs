//! The spans between a computation and an event in it, such as a multigrid level, a chain or a sub-step.
//!
//! A row refers to the path of its spans by one word. A thread creates the word when it first writes in a span, and
//! reuses it until it enters or leaves a span. A lane stores the paths of its rows with the small values of their
//! spans, so that the values are known after the spans have closed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use record::Value;
use runtime::lock::Mutex;

/// Maximum number of spans in a path. The innermost ones are stored.
pub(crate) const MAX_SPANS: usize = 32;
/// Maximum number of values in a path.
const MAX_VALUES: usize = 16;
/// Maximum number of first paths that a lane stores.
const MAX_HEAD: usize = 16;
/// Maximum number of latest paths that a lane stores. A ring may need one for each row.
const MAX_TAIL: usize = 512;
/// Maximum number of latest paths that are compared with a new one.
const MAX_COMPARED: usize = 32;

/// Number of paths for which each callsite has its own ring. Further paths share a ring.
const PATHS_WITH_OWN_RINGS: u64 = 8;
/// The number of the shared ring.
const SHARED: u64 = PATHS_WITH_OWN_RINGS + 1;
/// Maximum number of rings in a lane up to which a new path gets its own rings.
const MAX_RINGS_FOR_OWN: usize = 16;
/// Lowest bit of the ring number in a word.
const RING: u32 = 56;

/// The reference of a row to a path: a serial number and a ring number. 0 if there is no span in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PathWord(u64);

impl PathWord {
    pub(crate) fn of(word: u64) -> Self {
        PathWord(word)
    }

    pub(crate) fn word(self) -> u64 {
        self.0
    }

    /// Returns the key of the ring for a callsite.
    #[inline]
    pub(crate) fn key(self, callsite: u64) -> u64 {
        callsite ^ (self.0 >> RING << RING)
    }

    /// Returns the word of the only path in a ring that is not shared.
    pub(crate) fn of_ring(key: u64) -> Self {
        let ring = key >> RING;
        PathWord(ring << RING | ring)
    }

    fn serial(self) -> u64 {
        self.0 & ((1 << RING) - 1)
    }
}

/// Returns the callsite of a ring.
pub(crate) fn callsite_of(key: u64) -> u64 {
    key & ((1 << RING) - 1)
}

/// Returns true if the ring has rows of several paths.
pub(crate) fn is_shared(key: u64) -> bool {
    key >> RING == SHARED
}

/// A span of a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrailSpan {
    /// Identifies the callsite of the span.
    pub(crate) callsite: u64,
    pub(crate) name: &'static str,
}

/// The spans of a path, innermost first, and their values. Inner values hide outer ones of the same name.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrailPath {
    pub(crate) spans: Vec<TrailSpan>,
    pub(crate) values: Vec<(&'static str, Value)>,
}

impl PartialEq for TrailPath {
    fn eq(&self, other: &Self) -> bool {
        let same_spans = || self.spans.iter().zip(&other.spans).all(|(a, b)| a.callsite == b.callsite);
        self.spans.len() == other.spans.len() && self.values == other.values && same_spans()
    }
}

impl TrailPath {
    /// Adds the next outer span.
    pub(crate) fn add(&mut self, span: TrailSpan, values: impl Iterator<Item = (&'static str, Value)>) {
        self.spans.push(span);
        for (name, value) in values {
            if self.values.len() < MAX_VALUES && self.values.iter().all(|(known, _)| *known != name) {
                self.values.push((name, value));
            }
        }
    }

    fn clear(&mut self) {
        self.spans.clear();
        self.values.clear();
    }
}

/// The paths of a lane.
#[derive(Debug)]
pub(crate) struct Paths {
    /// Identifies the lane.
    number: u64,
    /// The serial number of the newest path.
    newest: AtomicU64,
    table: Mutex<PathTable>,
}

#[derive(Debug, Default)]
struct PathTable {
    head: Vec<(PathWord, TrailPath)>,
    tail: VecDeque<(PathWord, TrailPath)>,
    /// Memory for the next path.
    spare: TrailPath,
}

/// The path of an open span: the lane's number and the word.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KnownPath {
    lane: u64,
    word: PathWord,
}

impl Paths {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Paths { number: NEXT.fetch_add(1, Ordering::Relaxed), newest: AtomicU64::new(0), table: Mutex::default() }
    }

    /// Returns the word of an open span if it belongs to this lane and the lane still stores the path.
    pub(crate) fn word_of(&self, known: KnownPath) -> Option<PathWord> {
        let serial = known.word.serial();
        let is_stored = serial <= MAX_HEAD as u64 || serial + MAX_TAIL as u64 > self.newest.load(Ordering::Relaxed);
        (known.lane == self.number && is_stored).then_some(known.word)
    }

    pub(crate) fn known_path(&self, word: PathWord) -> KnownPath {
        KnownPath { lane: self.number, word }
    }

    /// Stores a path and returns its word. `rings` counts the rings of the lane.
    pub(crate) fn add(&self, rings: impl FnOnce() -> usize, describe: impl FnOnce(&mut TrailPath)) -> PathWord {
        let Some(mut table) = self.table.lock() else { return PathWord::default() };
        let mut path = std::mem::take(&mut table.spare);
        path.clear();
        describe(&mut path);
        let word = match table.find(&path) {
            _ if path.spans.is_empty() => PathWord::default(),
            Some(word) => word,
            None => {
                let serial = self.newest.load(Ordering::Relaxed) + 1;
                let has_own_rings = serial <= PATHS_WITH_OWN_RINGS && rings() <= MAX_RINGS_FOR_OWN;
                let word = PathWord(serial | if has_own_rings { serial } else { SHARED } << RING);
                path = table.push(word, path);
                self.newest.store(serial, Ordering::Relaxed);
                word
            }
        };
        table.spare = path;
        word
    }

    /// Returns the stored paths.
    pub(crate) fn all(&self) -> Vec<(PathWord, TrailPath)> {
        self.table.lock().map(|table| table.head.iter().chain(&table.tail).cloned().collect()).unwrap_or_default()
    }
}

impl PathTable {
    fn find(&self, path: &TrailPath) -> Option<PathWord> {
        let candidates = self.tail.iter().rev().take(MAX_COMPARED).chain(&self.head);
        candidates.into_iter().find(|(_, known)| known == path).map(|(word, _)| *word)
    }

    /// Stores a path. Returns one whose memory can be reused.
    fn push(&mut self, word: PathWord, path: TrailPath) -> TrailPath {
        if self.head.len() < MAX_HEAD {
            self.head.push((word, path));
            return TrailPath::default();
        }
        let oldest = if self.tail.len() == MAX_TAIL { self.tail.pop_front() } else { None };
        self.tail.push_back((word, path));
        oldest.map(|(_, path)| path).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(paths: &Paths, callsite: u64, value: u64) -> PathWord {
        let span = TrailSpan { callsite, name: "cycle" };
        paths.add(|| 0, |path| path.add(span, std::iter::once(("level", value.into()))))
    }

    #[test]
    fn equal_paths_have_one_word() {
        let paths = Paths::new();
        let words: Vec<PathWord> = (0..40).map(|cycle| keep(&paths, 16, cycle % 4)).collect();
        assert_eq!(words[..4], words[36..]);
        assert_eq!(paths.all().len(), 4);
        assert_ne!(keep(&paths, 32, 0), words[0], "another span");
        assert_eq!(paths.add(|| 0, |_| ()), PathWord::default());
    }

    #[test]
    fn the_first_paths_and_the_last_are_kept() {
        let paths = Paths::new();
        let words: Vec<PathWord> = (0..2000).map(|step| keep(&paths, 16, step)).collect();
        let known: Vec<u64> = paths.all().iter().map(|(word, _)| word.serial()).collect();
        assert_eq!(known, (1..=16).chain(1489..=2000).collect::<Vec<_>>());
        for word in words {
            let is_known = paths.word_of(paths.known_path(word)).is_some();
            assert_eq!(is_known, known.contains(&word.serial()), "{word:?}");
        }
        assert!(Paths::new().word_of(paths.known_path(PathWord(1))).is_none(), "of another lane");
    }
}
