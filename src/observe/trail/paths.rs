//! The spans between a computation and an event in it: a multigrid level, a chain, a sub-step.
//!
//! A row refers to the path of its spans by one word. The word is made when a thread writes in a span for the first time,
//! and remembered as long as the thread stays there. A lane keeps the paths that its rows refer to, with the small values
//! that the spans were opened with, so that they are known after the spans have closed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Metadata;

use crate::observe::fields::Fields;
use record::{Limits, Value};
use runtime::lock::Mutex;

/// Spans of a path that are kept, the innermost ones.
pub(crate) const MAX_SPANS: usize = 32;
/// Values of a path that are kept.
const MAX_VALUES: usize = 16;
/// Paths from the beginning that a lane keeps.
const MAX_HEAD: usize = 16;
/// Paths up to the present that it keeps: a ring may need one for each row.
const MAX_TAIL: usize = 512;
/// Paths of these among which an equal one is looked for.
const MAX_COMPARED: usize = 32;

/// Paths for which each callsite has a ring of its own. Further ones share a ring.
const OWN_RINGS: u64 = 8;
/// The ring that they share.
const SHARED: u64 = OWN_RINGS + 1;
/// Rings of a lane, up to which a new path gets rings of its own.
const FEW_RINGS: usize = 16;
/// Bit of a word at which the number of the ring begins.
const RING: u32 = 56;

/// What a row refers to a path by. 0 if there is no span in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PathWord(u64);

impl PathWord {
    pub(super) fn of(word: u64) -> Self {
        PathWord(word)
    }

    pub(super) fn word(self) -> u64 {
        self.0
    }

    /// The key of the ring for a callsite.
    #[inline]
    pub(super) fn key(self, callsite: u64) -> u64 {
        callsite ^ (self.0 >> RING << RING)
    }

    /// The word of the only path in a ring that is not shared.
    pub(super) fn of_ring(key: u64) -> Self {
        let ring = key >> RING;
        PathWord(ring << RING | ring)
    }

    fn serial(self) -> u64 {
        self.0 & ((1 << RING) - 1)
    }
}

/// The callsite of a ring.
pub(super) fn callsite_of(key: u64) -> u64 {
    key & ((1 << RING) - 1)
}

/// Whether a ring is for rows of several paths.
pub(super) fn is_shared(key: u64) -> bool {
    key >> RING == SHARED
}

/// Spans, the innermost first, and what they carry. Of two values of one name, the inner one counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrailPath {
    pub(super) spans: Vec<&'static Metadata<'static>>,
    pub(super) values: Vec<(&'static str, Value)>,
}

impl PartialEq for TrailPath {
    fn eq(&self, other: &Self) -> bool {
        let same_spans = || self.spans.iter().zip(&other.spans).all(|(a, b)| std::ptr::eq(*a, *b));
        self.spans.len() == other.spans.len() && self.values == other.values && same_spans()
    }
}

impl TrailPath {
    /// Adds the span around those that it has.
    pub(crate) fn add(&mut self, meta: &'static Metadata<'static>, fields: &Fields, limits: &Limits) {
        self.spans.push(meta);
        for (name, value) in fields.small_values(limits) {
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
    /// Tells the paths of one lane from those of another.
    number: u64,
    /// The newest of them.
    newest: AtomicU64,
    table: Mutex<PathTable>,
}

#[derive(Debug, Default)]
struct PathTable {
    head: Vec<(PathWord, TrailPath)>,
    tail: VecDeque<(PathWord, TrailPath)>,
    /// Memory for the next one.
    spare: TrailPath,
}

/// What a span remembers of its path: the lane's number and the word.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KnownPath {
    lane: u64,
    word: PathWord,
}

impl Paths {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Paths { number: NEXT.fetch_add(1, Ordering::Relaxed), newest: AtomicU64::new(0), table: Mutex::default() }
    }

    /// The word that a span remembers, if it is of this lane and the lane still keeps the path.
    pub(crate) fn known(&self, known: KnownPath) -> Option<PathWord> {
        let serial = known.word.serial();
        let is_stored = serial <= MAX_HEAD as u64 || serial + MAX_TAIL as u64 > self.newest.load(Ordering::Relaxed);
        (known.lane == self.number && is_stored).then_some(known.word)
    }

    pub(crate) fn known_path(&self, word: PathWord) -> KnownPath {
        KnownPath { lane: self.number, word }
    }

    /// The word for a path, which is kept from now on. `rings` counts the rings of the lane.
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
                let has_own_rings = serial <= OWN_RINGS && rings() <= FEW_RINGS;
                let word = PathWord(serial | if has_own_rings { serial } else { SHARED } << RING);
                path = table.push(word, path);
                self.newest.store(serial, Ordering::Relaxed);
                word
            }
        };
        table.spare = path;
        word
    }

    /// All paths that are kept.
    pub(super) fn all(&self) -> Vec<(PathWord, TrailPath)> {
        self.table.lock().map(|table| table.head.iter().chain(&table.tail).cloned().collect()).unwrap_or_default()
    }
}

impl PathTable {
    fn find(&self, path: &TrailPath) -> Option<PathWord> {
        let candidates = self.tail.iter().rev().take(MAX_COMPARED).chain(&self.head);
        candidates.into_iter().find(|(_, known)| known == path).map(|(word, _)| *word)
    }

    /// Returns a path whose memory can be used again.
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

    fn keep(paths: &Paths, value: u64) -> PathWord {
        let meta = super::super::tests::event_with(1);
        keep_in(paths, meta, value)
    }

    fn keep_in(paths: &Paths, meta: &'static Metadata<'static>, value: u64) -> PathWord {
        paths.add(
            || 0,
            |path| {
                path.spans.push(meta);
                path.values.push(("level", value.into()));
            },
        )
    }

    #[test]
    fn equal_paths_have_one_word() {
        let paths = Paths::new();
        let meta = super::super::tests::event_with(1);
        let words: Vec<PathWord> = (0..40).map(|cycle| keep_in(&paths, meta, cycle % 4)).collect();
        assert_eq!(words[..4], words[36..]);
        assert_eq!(paths.all().len(), 4);
        assert_ne!(keep(&paths, 0), words[0], "another span");
        assert_eq!(paths.add(|| 0, |_| ()), PathWord::default());
    }

    #[test]
    fn the_first_paths_and_the_last_are_kept() {
        let paths = Paths::new();
        let meta = super::super::tests::event_with(1);
        let words: Vec<PathWord> = (0..2000).map(|step| keep_in(&paths, meta, step)).collect();
        let known: Vec<u64> = paths.all().iter().map(|(word, _)| word.serial()).collect();
        assert_eq!(known, (1..=16).chain(1489..=2000).collect::<Vec<_>>());
        for word in words {
            let is_known = paths.known(paths.known_path(word)).is_some();
            assert_eq!(is_known, known.contains(&word.serial()), "{word:?}");
        }
        assert!(Paths::new().known(paths.known_path(PathWord(1))).is_none(), "of another lane");
    }
}
