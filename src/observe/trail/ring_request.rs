//! The ring that a series needs.

use crate::observe::trail::lane::Shape;
use crate::observe::trail::retention::Retention;

/// Initial number of rows of a series.
const INITIAL_ROWS: usize = 8;
/// The part of a lane that is reserved for texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextShare {
    pub(crate) rings: usize,
    pub(crate) words: usize,
}

impl TextShare {
    pub(crate) const NONE: TextShare = TextShare { rings: 0, words: 0 };
}

/// A series that needs a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingRequest {
    pub(crate) key: u64,
    pub(crate) stride: usize,
    pub(crate) tag: u32,
    pub(crate) in_app: bool,
    pub(crate) retention: Retention,
    /// The part of the lane that belongs to texts.
    pub(crate) texts: TextShare,
}

/// Returns true if a ring has texts. Its key is odd, unlike the address of a callsite.
pub(crate) fn holds_texts(key: u64) -> bool {
    key & 1 == 1
}

impl RingRequest {
    /// Returns the shape of a ring with this many rows. It may grow unless it has all rows of the retention.
    pub(crate) fn shape(self, rows: usize) -> Shape {
        let grows = rows < self.retention.head + self.retention.tail;
        let (head, tail) = if grows { (rows, 0) } else { (self.retention.head, self.retention.tail) };
        Shape { stride: self.stride, head, tail, grows, in_app: self.in_app, tag: self.tag }
    }

    /// Returns the number of rows for a series that uses `used` rows: twice as many, so that it rarely asks for room.
    /// Texts are large, so their rings have no spare rows.
    pub(crate) fn rows(self, used: usize) -> usize {
        let rows = if holds_texts(self.key) { used.max(1) } else { (2 * used).max(INITIAL_ROWS) };
        rows.min(self.retention.head + self.retention.tail)
    }
}
