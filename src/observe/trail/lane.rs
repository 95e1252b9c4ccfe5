//! One thread's part of a trail: rings of rows in a slice of plain words.
//!
//! ```text
//! word 0          8              16                         8 + 8 * number of descriptors
//!      +----------+--------------+--------------+-- ... --+--------+------+--------+------+-- ... --+
//!      | header   | descriptor 0 | descriptor 1 |         | head   | tail | head   | tail | free    |
//!      +----------+--------------+--------------+-- ... --+--------+------+--------+------+-- ... --+
//!       USED        KEY  START  TAIL  END                 ^        ^      ^               ^
//!       UNPLACED    STRIDE + tag + flags                  START    TAIL   END             USED
//!       EVICTIONS   STARTED  FINISHED  NEXT               (of the first ring)
//! ```
//!
//! A lane has one writer at a time and any number of readers, which copy the rows at any moment. The writer needs
//! neither a lock nor an atomic exchange: it counts a row as started before it writes it and as finished afterwards. A
//! reader leaves out the rows that were started while it copied them.

use super::atomic::{AtomicBool, AtomicU64, Ordering, fence};

/// Words of a ring descriptor.
const ENTRY: usize = 8;
/// The key of the ring, which contains its callsite; 0 if the descriptor is free.
const KEY: usize = 0;
/// Index of the first word of the ring.
const START: usize = 1;
/// Index of the first word of the tail, whose rows are overwritten.
const TAIL: usize = 2;
/// Index of the word after the ring.
const END: usize = 3;
/// Words of a row, the tag of the ring, and its flags.
const STRIDE: usize = 4;
/// Number of rows that a writer has started.
const STARTED: usize = 5;
/// Number of rows that a writer has finished.
const FINISHED: usize = 6;
/// Index of the first word of the next row.
const NEXT: usize = 7;

/// Number of words in use.
const USED: usize = 0;
/// Number of rows whose callsite got no ring.
const UNPLACED: usize = 1;
/// Number of rings that were evicted.
const EVICTIONS: usize = 2;
const FIRST_ENTRY: usize = ENTRY;

/// Flag of a ring that may get more rows when it is full.
const GROWS: u64 = 1 << 63;
/// Flag of a ring that belongs to the program, not to a library.
const IN_APP: u64 = 1 << 62;
const FLAGS: u64 = GROWS | IN_APP;

/// A lane. Its words are plain numbers.
#[derive(Debug)]
pub(crate) struct Lane {
    words: Box<[AtomicU64]>,
    /// Number of ring descriptors, a power of two, minus one.
    mask: usize,
    has_writer: AtomicBool,
    closed: AtomicBool,
}

/// The size and the properties of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Words of a row.
    pub(crate) stride: usize,
    /// Number of rows in the head, which are never overwritten.
    pub(crate) head: usize,
    /// Number of rows in the tail, which has the latest rows.
    pub(crate) tail: usize,
    /// True if the ring may get more rows when it is full. Until then nothing in it is overwritten.
    pub(crate) grows: bool,
    /// True if the ring belongs to the program, not to a library.
    pub(crate) in_app: bool,
    /// A value of the writer, in 30 bits.
    pub(crate) tag: u32,
}

impl Shape {
    pub(crate) fn rows(self) -> usize {
        self.head + self.tail
    }

    pub(crate) fn words(self) -> usize {
        self.rows() * self.stride
    }
}

/// A ring, for the writer of the lane.
#[derive(Debug)]
pub(crate) struct Ring<'a> {
    lane: &'a Lane,
    entry: &'a [AtomicU64],
}

/// The description of a ring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingInfo {
    pub(crate) key: u64,
    pub(crate) shape: Shape,
    /// Rows that were finished, kept or not.
    pub(crate) total: u64,
}

/// A row that is being written.
#[derive(Debug)]
pub(crate) struct OpenRow<'a> {
    entry: &'a [AtomicU64],
    words: &'a [AtomicU64],
    number: u64,
}

/// A copy of the rows of a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) key: u64,
    pub(crate) shape: Shape,
    /// Number of finished rows, including those that were overwritten.
    pub(crate) total: u64,
    /// Numbers of the copied rows, from 0, in order.
    pub(crate) numbers: Vec<u64>,
    /// The words of the rows.
    pub(crate) words: Vec<u64>,
}

impl Snapshot {
    /// Returns the copied rows with their numbers.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u64, &[u64])> {
        self.numbers.iter().copied().zip(self.words.chunks_exact(self.shape.stride))
    }

    /// Removes rows that were overwritten while they were copied. The place of a tail row is overwritten if the row
    /// `tail` numbers later has been started.
    fn leave_out_overwritten(&mut self, started: u64, tail: u64) {
        let head = self.shape.head as u64;
        let whole = |number: u64| number < head || number + tail >= started;
        let Some(from) = self.numbers.iter().position(|number| !whole(*number)) else { return };
        let until = self.numbers.iter().rposition(|number| !whole(*number)).map_or(from, |place| place + 1);
        self.numbers.drain(from..until);
        self.words.drain(from * self.shape.stride..until * self.shape.stride);
    }
}

impl Lane {
    /// Returns the number of words before the rows.
    pub(crate) const fn overhead(descriptors: usize) -> usize {
        FIRST_ENTRY + descriptors * ENTRY
    }

    /// Creates an empty lane from these words, whose content does not matter. The current thread is its writer. The
    /// number of ring descriptors is a power of two. A quarter of them stays free, so that a lookup takes few steps.
    pub(crate) fn open(words: Box<[AtomicU64]>, descriptors: usize) -> Self {
        let lane =
            Lane { words, mask: descriptors - 1, has_writer: AtomicBool::new(true), closed: AtomicBool::new(false) };
        for number in 0..descriptors {
            lane.entry(number)[KEY].store(0, Ordering::Relaxed);
        }
        lane.words[USED].store(Lane::overhead(descriptors) as u64, Ordering::Relaxed);
        lane.words[UNPLACED].store(0, Ordering::Relaxed);
        lane.words[EVICTIONS].store(0, Ordering::Relaxed);
        lane
    }

    pub(crate) fn take_words(&mut self) -> Box<[AtomicU64]> {
        std::mem::take(&mut self.words)
    }

    /// Makes this thread the writer, unless another thread is.
    pub(crate) fn try_acquire(&self) -> bool {
        self.has_writer.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Lets another thread become the writer.
    pub(crate) fn release(&self) {
        self.has_writer.store(false, Ordering::Release);
    }

    /// Marks the computation of the lane as closed.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Returns true if the computation is open. A thread that knows a later computation at the same address sees that
    /// this one is closed.
    pub(crate) fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }

    #[inline]
    fn entry(&self, number: usize) -> &[AtomicU64] {
        let start = FIRST_ENTRY + number * ENTRY;
        &self.words[start..start + ENTRY]
    }

    /// Returns the descriptors in the order in which a key is looked up.
    fn entries(&self, key: u64) -> impl Iterator<Item = &[AtomicU64]> {
        let first = Self::first_entry(key);
        (0..=self.mask).map(move |step| self.entry(first.wrapping_add(step) & self.mask))
    }

    #[inline]
    fn first_entry(key: u64) -> usize {
        (key >> 4 ^ key >> 9) as usize
    }

    /// Returns the ring of a key.
    #[inline]
    pub(crate) fn ring(&self, key: u64) -> Option<Ring<'_>> {
        let entry = self.entry(Self::first_entry(key) & self.mask);
        match entry[KEY].load(Ordering::Relaxed) {
            0 => None,
            known if known == key => Some(Ring { lane: self, entry }),
            _ => self.find_ring(key),
        }
    }

    /// Same as [`ring`](Self::ring), for a key whose first descriptor belongs to another key.
    fn find_ring(&self, key: u64) -> Option<Ring<'_>> {
        for entry in self.entries(key) {
            match entry[KEY].load(Ordering::Relaxed) {
                0 => return None,
                known if known == key => return Some(Ring { lane: self, entry }),
                _ => {}
            }
        }
        None
    }

    /// Creates a ring. Returns `None` if the lane has too many rings or too few words.
    pub(crate) fn make_ring(&self, key: u64, shape: Shape) -> Option<Ring<'_>> {
        if shape.words() > self.free() {
            return None;
        }
        let entry = self.free_entry(key)?;
        self.describe(entry, key, shape);
        Some(Ring { lane: self, entry })
    }

    /// Creates a ring with the rows of another lane's ring, as far as they fit.
    pub(crate) fn continue_ring(&self, ring: &Snapshot, shape: Shape) {
        let Some(Ring { entry, .. }) = self.make_ring(ring.key, shape) else {
            return self.count_unplaced(ring.total);
        };
        let place = RowLayout::of(entry);
        let begins = ring.total.saturating_sub(place.tail);
        for (number, row) in ring.rows().filter(|(number, _)| *number < place.head || *number >= begins) {
            let at = place.of_row(number);
            let words = self.words.get(at..(at + place.stride).min(place.end())).unwrap_or_default();
            words.iter().zip(row).for_each(|(word, value)| word.store(*value, Ordering::Relaxed));
        }
        entry[NEXT].store(place.of_row(ring.total) as u64, Ordering::Relaxed);
        entry[STARTED].store(ring.total, Ordering::Relaxed);
        entry[FINISHED].store(ring.total, Ordering::Release);
    }

    fn free_entry(&self, key: u64) -> Option<&[AtomicU64]> {
        if !self.has_places(1) {
            return None;
        }
        self.entries(key).find(|entry| entry[KEY].load(Ordering::Relaxed) == 0)
    }

    /// Returns true if the lane can have this many more rings.
    pub(crate) fn has_places(&self, count: usize) -> bool {
        self.rings().count() + count <= self.descriptors() - self.descriptors() / 4
    }

    /// Describes the rings, for the writer of the lane.
    pub(crate) fn rings(&self) -> impl Iterator<Item = RingInfo> {
        let describe = |entry: &[AtomicU64]| {
            let word = |word: usize| entry[word].load(Ordering::Relaxed);
            RingInfo { key: word(KEY), shape: shape(entry), total: word(FINISHED) }
        };
        let entries = (0..self.descriptors()).map(|number| self.entry(number));
        entries.filter(|entry| entry[KEY].load(Ordering::Relaxed) != 0).map(describe)
    }

    fn used(&self) -> usize {
        self.words[USED].load(Ordering::Relaxed) as usize
    }

    /// Returns the number of words outside of rings.
    pub(crate) fn free(&self) -> usize {
        self.words.len() - self.used()
    }

    /// Returns the number of ring descriptors.
    pub(crate) fn descriptors(&self) -> usize {
        self.mask + 1
    }

    /// Returns the number of words.
    pub(crate) fn words(&self) -> usize {
        self.words.len()
    }

    /// Returns the number of words for rows.
    pub(crate) fn room(&self) -> usize {
        self.words.len() - Lane::overhead(self.descriptors())
    }

    /// Writes the descriptor of a ring that follows the existing ones.
    fn describe(&self, entry: &[AtomicU64], key: u64, shape: Shape) {
        let (start, stride) = (self.used(), shape.stride);
        let (tail, end) = (start + shape.head * stride, start + shape.words());
        let flags = if shape.grows { GROWS } else { 0 } | if shape.in_app { IN_APP } else { 0 };
        self.words[USED].store(end as u64, Ordering::Relaxed);
        let description = [
            (START, start as u64),
            (TAIL, tail as u64),
            (END, end as u64),
            (STRIDE, stride as u64 | u64::from(shape.tag) << 32 | flags),
            (STARTED, 0),
            (FINISHED, 0),
            (NEXT, start as u64),
        ];
        for (word, value) in description {
            entry[word].store(value, Ordering::Relaxed);
        }
        entry[KEY].store(key, Ordering::Release);
    }

    /// Counts rows whose callsite has no ring.
    pub(crate) fn count_unplaced(&self, rows: u64) {
        self.words[UNPLACED].store(self.unplaced() + rows, Ordering::Relaxed);
    }

    pub(crate) fn evictions(&self) -> u64 {
        self.words[EVICTIONS].load(Ordering::Relaxed)
    }

    pub(crate) fn count_evictions(&self, rings: u64) {
        self.words[EVICTIONS].store(self.evictions() + rings, Ordering::Relaxed);
    }

    /// Returns the number of rows whose callsite has no ring.
    pub(crate) fn unplaced(&self) -> u64 {
        self.words[UNPLACED].load(Ordering::Relaxed)
    }

    /// Copies the rings. Rows that are overwritten meanwhile are left out.
    pub(crate) fn snapshots(&self) -> Vec<Snapshot> {
        (0..self.descriptors()).filter_map(|number| self.snapshot(self.entry(number), RowLayout::all_rows)).collect()
    }

    /// Copies the first and the last row of each ring.
    pub(crate) fn ends(&self) -> impl Iterator<Item = Snapshot> {
        (0..self.descriptors()).filter_map(|number| self.snapshot(self.entry(number), RowLayout::ends))
    }

    /// Copies one ring.
    pub(crate) fn snapshot_of(&self, key: u64) -> Option<Snapshot> {
        self.snapshot(self.ring(key)?.entry, RowLayout::all_rows)
    }

    /// Copies the rows of a ring that `choose` selects. It gets the number of finished rows.
    fn snapshot(&self, entry: &[AtomicU64], choose: fn(&RowLayout, u64) -> Vec<u64>) -> Option<Snapshot> {
        let key = Some(entry[KEY].load(Ordering::Acquire)).filter(|key| *key != 0)?;
        let total = entry[FINISHED].load(Ordering::Acquire);
        let place = RowLayout::of(entry);
        let numbers = choose(&place, total);
        let mut words = Vec::with_capacity(numbers.len() * place.stride);
        for &number in &numbers {
            let at = place.of_row(number);
            words.extend(self.words[at..at + place.stride].iter().map(|word| word.load(Ordering::Relaxed)));
        }
        fence(Ordering::Acquire);
        let started = entry[STARTED].load(Ordering::Relaxed);
        let mut snapshot = Snapshot { key, shape: shape(entry), total, numbers, words };
        snapshot.leave_out_overwritten(started, place.tail);
        Some(snapshot)
    }
}

/// The places of the rows of a ring.
#[derive(Clone, Copy, Debug)]
struct RowLayout {
    start: usize,
    stride: usize,
    head: u64,
    tail: u64,
}

impl RowLayout {
    /// Returns the numbers of the rows that the ring keeps.
    fn all_rows(&self, total: u64) -> Vec<u64> {
        (0..total.min(self.head)).chain(self.head.max(total.saturating_sub(self.tail))..total).collect()
    }

    /// Returns the numbers of the first and the last row that the ring keeps.
    fn ends(&self, total: u64) -> Vec<u64> {
        let first = if self.head > 0 { 0 } else { total.saturating_sub(self.tail) };
        let last = total.saturating_sub(1);
        match total {
            0 => Vec::new(),
            _ if first == last => vec![first],
            _ => vec![first, last],
        }
    }

    fn of(entry: &[AtomicU64]) -> Self {
        let word = |word: usize| entry[word].load(Ordering::Relaxed) as usize;
        let stride = word(STRIDE) as u32 as usize;
        let (start, tail, end) = (word(START), word(TAIL), word(END));
        RowLayout { start, stride, head: ((tail - start) / stride) as u64, tail: ((end - tail) / stride) as u64 }
    }

    fn end(self) -> usize {
        self.start + (self.head + self.tail) as usize * self.stride
    }

    /// Returns the index of the first word of a row, or the end of the ring if the ring has no place for the row.
    fn of_row(self, number: u64) -> usize {
        let index = match number.checked_sub(self.head) {
            None => number,
            Some(_) if self.tail == 0 => self.head,
            Some(later) => self.head + later % self.tail,
        };
        self.start + index as usize * self.stride
    }
}

fn shape(entry: &[AtomicU64]) -> Shape {
    let place = RowLayout::of(entry);
    let described = entry[STRIDE].load(Ordering::Relaxed);
    Shape {
        stride: place.stride,
        head: place.head as usize,
        tail: place.tail as usize,
        grows: described & GROWS != 0,
        in_app: described & IN_APP != 0,
        tag: ((described & !FLAGS) >> 32) as u32,
    }
}

impl<'a> Ring<'a> {
    /// Returns the tag of the ring.
    #[inline]
    pub(crate) fn tag(&self) -> u32 {
        ((self.entry[STRIDE].load(Ordering::Relaxed) & !FLAGS) >> 32) as u32
    }

    /// Returns true if the ring has to grow before the next row.
    pub(crate) fn is_full(&self) -> bool {
        let grows = self.entry[STRIDE].load(Ordering::Relaxed) & GROWS != 0;
        grows && self.entry[NEXT].load(Ordering::Relaxed) >= self.entry[END].load(Ordering::Relaxed)
    }

    /// Starts the next row, which counts when it is finished. Returns `None` if the ring has to grow first.
    #[inline]
    pub(crate) fn begin(&self) -> Option<OpenRow<'a>> {
        let described = self.entry[STRIDE].load(Ordering::Relaxed);
        let stride = described as u32 as usize;
        let at = self.entry[NEXT].load(Ordering::Relaxed) as usize;
        let end = self.entry[END].load(Ordering::Relaxed) as usize;
        let words = self.lane.words.get(at..(at + stride).min(end)).unwrap_or_default();
        if words.is_empty() && described & GROWS != 0 {
            return None;
        }
        let number = self.entry[FINISHED].load(Ordering::Relaxed);
        self.entry[STARTED].store(number + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        Some(OpenRow { entry: self.entry, words, number })
    }
}

impl OpenRow<'_> {
    /// Writes a word. Does nothing if the ring has no rows.
    #[inline]
    pub(crate) fn set(&self, word: usize, value: u64) {
        if let Some(place) = self.words.get(word) {
            place.store(value, Ordering::Relaxed);
        }
    }

    /// Adds bits to a word that is already written.
    pub(crate) fn add_bits(&self, word: usize, bits: u64) {
        if let Some(place) = self.words.get(word) {
            place.store(place.load(Ordering::Relaxed) | bits, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(crate) fn finish(self) {
        let next = self.entry[NEXT].load(Ordering::Relaxed) + self.words.len() as u64;
        let end = self.entry[END].load(Ordering::Relaxed);
        let next = if next < end { next } else { self.entry[TAIL].load(Ordering::Relaxed) };
        self.entry[NEXT].store(next, Ordering::Relaxed);
        self.entry[FINISHED].store(self.number + 1, Ordering::Release);
    }

    /// Gives the row up, so that it does not count.
    #[inline]
    pub(crate) fn abandon(self) {
        self.entry[STARTED].store(self.number, Ordering::Relaxed);
    }
}
