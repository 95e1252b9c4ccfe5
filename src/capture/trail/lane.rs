//! One thread's part of a trail: rings of rows in one piece of plain words.
//!
//! A lane has one writer at a time, the thread that holds it, and any number of readers, which take what is there at
//! that moment. So the writer needs neither a lock nor an atomic exchange: it announces a row before it writes it and
//! counts it afterwards, and a reader leaves out the rows that were announced while it was copying.

use super::RINGS;
use super::atomic::{AtomicBool, AtomicU64, Ordering, fence};

/// The key of the reserved ring: no callsite has this address.
pub(crate) const RESERVED: u64 = 1;

/// Words that describe a ring.
const ENTRY: usize = 8;
/// The callsite; 0 where there is no ring.
const KEY: usize = 0;
/// Word at which the ring begins.
const START: usize = 1;
/// Word at which the rows begin that are overwritten.
const TAIL: usize = 2;
/// Word at which the ring ends.
const END: usize = 3;
/// Words of a row, and what the writer notes about the ring.
const STRIDE: usize = 4;
/// Rows that a writer has begun.
const BEGUN: usize = 5;
/// Rows that it has finished.
const SEEN: usize = 6;
/// Word of the next row.
const NEXT: usize = 7;

/// Word that holds how many words are in use.
const USED: usize = 0;
/// Word that counts the rows of callsites for which there was no ring left.
const UNPLACED: usize = 1;
const FIRST_ENTRY: usize = ENTRY;
const FIRST_ROW: usize = FIRST_ENTRY + (RINGS + 1) * ENTRY;

/// A lane. Its words hold nothing but numbers.
#[derive(Debug)]
pub(crate) struct Lane {
    words: Box<[AtomicU64]>,
    held: AtomicBool,
    closed: AtomicBool,
}

/// What a ring is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Words of a row.
    pub(crate) stride: usize,
    /// Rows from the beginning that are kept.
    pub(crate) first: usize,
    /// Rows up to the present that are kept.
    pub(crate) last: usize,
    /// Whatever the writer wants to know of the ring.
    pub(crate) note: u32,
}

/// A ring, for the thread that holds the lane.
#[derive(Debug)]
pub(crate) struct Ring<'a> {
    lane: &'a Lane,
    entry: &'a [AtomicU64],
}

/// A row that is being written.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    entry: &'a [AtomicU64],
    words: &'a [AtomicU64],
    number: u64,
}

/// What a reader found in a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) key: u64,
    /// Rows that were finished, kept or not.
    pub(crate) seen: u64,
    /// Rows from the beginning that are never overwritten.
    pub(crate) first: u64,
    /// Words of a row.
    pub(crate) stride: usize,
    /// The numbers of the rows that are kept, from 0, in order.
    pub(crate) numbers: Vec<u64>,
    /// Their words, row after row.
    pub(crate) words: Vec<u64>,
}

impl Snapshot {
    /// The rows that are kept, each with its number.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u64, &[u64])> {
        self.numbers.iter().copied().zip(self.words.chunks_exact(self.stride))
    }

    /// Leaves out the rows that were overwritten while they were copied: a row whose place in the ring, which holds so many
    /// of the last, has been begun anew.
    fn leave_out_overwritten(&mut self, begun: u64, last: u64) {
        let whole = |number: u64| number < self.first || number + last >= begun;
        let Some(from) = self.numbers.iter().position(|number| !whole(*number)) else { return };
        let until = self.numbers.iter().rposition(|number| !whole(*number)).map_or(from, |place| place + 1);
        self.numbers.drain(from..until);
        self.words.drain(from * self.stride..until * self.stride);
    }
}

impl Lane {
    /// Words beside the rows.
    pub(crate) const OVERHEAD: usize = FIRST_ROW;

    /// A lane of these words, which may have been in use before; held by the thread that opens it.
    pub(crate) fn open(words: Box<[AtomicU64]>, reserved: Shape) -> Self {
        let lane = Lane { words, held: AtomicBool::new(true), closed: AtomicBool::new(false) };
        for number in 0..RINGS {
            lane.entry(number)[KEY].store(0, Ordering::Relaxed);
        }
        lane.words[USED].store(FIRST_ROW as u64, Ordering::Relaxed);
        lane.words[UNPLACED].store(0, Ordering::Relaxed);
        lane.describe(lane.entry(RINGS), RESERVED, reserved, reserved.first + reserved.last);
        lane
    }

    pub(crate) fn take_words(&mut self) -> Box<[AtomicU64]> {
        std::mem::take(&mut self.words)
    }

    /// Makes this thread the writer, unless another one is.
    pub(crate) fn hold(&self) -> bool {
        self.held.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Lets another thread be the writer.
    pub(crate) fn release(&self) {
        self.held.store(false, Ordering::Release);
    }

    /// Says that its computation has closed.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether its computation is open. Whoever knows of a later one at the same address knows that it is not.
    pub(crate) fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }

    #[inline]
    fn entry(&self, number: usize) -> &[AtomicU64] {
        let start = FIRST_ENTRY + number * ENTRY;
        &self.words[start..start + ENTRY]
    }

    fn entries(&self, key: u64) -> impl Iterator<Item = &[AtomicU64]> {
        let first = (key >> 4 ^ key >> 9) as usize;
        (0..RINGS).map(move |step| self.entry(first.wrapping_add(step) % RINGS))
    }

    /// The ring of a callsite, if it has one.
    #[inline]
    pub(crate) fn ring(&self, key: u64) -> Option<Ring<'_>> {
        for entry in self.entries(key) {
            match entry[KEY].load(Ordering::Relaxed) {
                0 => return None,
                known if known == key => return Some(Ring { lane: self, entry }),
                _ => {}
            }
        }
        None
    }

    /// Makes a ring, smaller than asked for when the words run out: the rest is halved then, so that there is always
    /// something left for the next one. `None` where there are too many.
    pub(crate) fn make_ring(&self, key: u64, shape: Shape) -> Option<Ring<'_>> {
        let free = self.entries(key).find(|entry| entry[KEY].load(Ordering::Relaxed) == 0);
        let Some(entry) = free else {
            self.words[UNPLACED].store(self.unplaced() + 1, Ordering::Relaxed);
            return None;
        };
        let room = (self.words.len() - self.used()) / 2 / shape.stride.max(1);
        self.describe(entry, key, shape, room);
        Some(Ring { lane: self, entry })
    }

    /// The ring that every lane has.
    pub(crate) fn reserved(&self) -> Ring<'_> {
        Ring { lane: self, entry: self.entry(RINGS) }
    }

    fn used(&self) -> usize {
        self.words[USED].load(Ordering::Relaxed) as usize
    }

    /// Lays out a ring of so many rows at most behind those that there are.
    fn describe(&self, entry: &[AtomicU64], key: u64, shape: Shape, room: usize) {
        let wanted = shape.first + shape.last;
        let (rows, first) = if wanted <= room { (wanted, shape.first) } else { (room, shape.first.min(room / 4)) };
        let (start, stride) = (self.used(), shape.stride.max(1));
        let (tail, end) = (start + first * stride, start + rows * stride);
        self.words[USED].store(end as u64, Ordering::Relaxed);
        let description = [
            (START, start as u64),
            (TAIL, tail as u64),
            (END, end as u64),
            (STRIDE, stride as u64 | u64::from(shape.note) << 32),
            (BEGUN, 0),
            (SEEN, 0),
            (NEXT, start as u64),
        ];
        for (word, value) in description {
            entry[word].store(value, Ordering::Relaxed);
        }
        entry[KEY].store(key, Ordering::Release);
    }

    /// Rows of callsites that have no ring.
    pub(crate) fn unplaced(&self) -> u64 {
        self.words[UNPLACED].load(Ordering::Relaxed)
    }

    /// What is in the rings at this moment. Rows that are overwritten meanwhile are left out.
    pub(crate) fn snapshots(&self) -> Vec<Snapshot> {
        (0..=RINGS).filter_map(|number| self.snapshot(self.entry(number))).collect()
    }

    fn snapshot(&self, entry: &[AtomicU64]) -> Option<Snapshot> {
        let key = Some(entry[KEY].load(Ordering::Acquire)).filter(|key| *key != 0)?;
        let seen = entry[SEEN].load(Ordering::Acquire);
        let word = |word: usize| entry[word].load(Ordering::Relaxed) as usize;
        let stride = word(STRIDE) & 0xffff_ffff;
        let (start, tail, end) = (word(START), word(TAIL), word(END));
        let (first, last) = (((tail - start) / stride) as u64, ((end - tail) / stride) as u64);
        let numbers: Vec<u64> = (0..seen.min(first)).chain(first.max(seen.saturating_sub(last))..seen).collect();
        let mut words = Vec::with_capacity(numbers.len() * stride);
        for &number in &numbers {
            let at = match number.checked_sub(first) {
                None => start + number as usize * stride,
                Some(later) => tail + (later % last) as usize * stride,
            };
            words.extend(self.words[at..at + stride].iter().map(|word| word.load(Ordering::Relaxed)));
        }
        fence(Ordering::Acquire);
        let begun = entry[BEGUN].load(Ordering::Relaxed);
        let mut snapshot = Snapshot { key, seen, first, stride, numbers, words };
        snapshot.leave_out_overwritten(begun, last);
        Some(snapshot)
    }
}

impl<'a> Ring<'a> {
    /// What the writer noted about it.
    #[inline]
    pub(crate) fn note(&self) -> u32 {
        (self.entry[STRIDE].load(Ordering::Relaxed) >> 32) as u32
    }

    /// Begins the next row. It counts once it is finished.
    #[inline]
    pub(crate) fn begin(&self) -> Row<'a> {
        let number = self.entry[SEEN].load(Ordering::Relaxed);
        self.entry[BEGUN].store(number + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        let stride = self.entry[STRIDE].load(Ordering::Relaxed) as u32 as usize;
        let at = self.entry[NEXT].load(Ordering::Relaxed) as usize;
        let end = self.entry[END].load(Ordering::Relaxed) as usize;
        let words = self.lane.words.get(at..(at + stride).min(end)).unwrap_or_default();
        Row { entry: self.entry, words, number }
    }
}

impl Row<'_> {
    /// Writes a word. Where the ring has no rows, it goes nowhere.
    #[inline]
    pub(crate) fn set(&self, word: usize, value: u64) {
        if let Some(place) = self.words.get(word) {
            place.store(value, Ordering::Relaxed);
        }
    }

    /// Adds bits to a word that was set before.
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
        self.entry[SEEN].store(self.number + 1, Ordering::Release);
    }

    /// Leaves the row unwritten.
    #[inline]
    pub(crate) fn abandon(self) {
        self.entry[BEGUN].store(self.number, Ordering::Relaxed);
    }
}
