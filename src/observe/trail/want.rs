//! The ring that a series asks for.

use crate::observe::trail::lane::Shape;
use crate::observe::trail::retention::Retention;

/// Rows that a new series should have.
const FEW_ROWS: usize = 8;
/// Rings that are set aside for texts.
pub(super) const TEXT_RINGS: usize = 8;

/// A series that wants a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    pub(super) key: u64,
    pub(super) stride: usize,
    pub(super) tag: u32,
    pub(super) is_own: bool,
    pub(super) retention: Retention,
}

/// Whether a ring holds texts. Its key is odd, which no address of a callsite is.
pub(super) fn holds_texts(key: u64) -> bool {
    key & 1 == 1
}

impl Want {
    /// A ring of this many rows. It grows, unless these are all.
    pub(super) fn shape(self, rows: usize) -> Shape {
        let grows = rows < self.retention.head + self.retention.tail;
        let (head, tail) = if grows { (rows, 0) } else { (self.retention.head, self.retention.tail) };
        Shape { stride: self.stride, head, tail, grows, is_own: self.is_own, tag: self.tag }
    }

    /// Rows that it should have when it uses this many: twice as many, so that it does not ask for room too often. Texts
    /// are large: they have what they use.
    pub(super) fn rows(self, used: usize) -> usize {
        let rows = if holds_texts(self.key) { used.max(1) } else { (2 * used).max(FEW_ROWS) };
        rows.min(self.retention.head + self.retention.tail)
    }
}
