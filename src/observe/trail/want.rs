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
    pub(super) note: u32,
    pub(super) is_own: bool,
    pub(super) plan: Retention,
}

/// Whether a ring holds texts. Its key is odd, which no address of a callsite is.
pub(super) fn holds_texts(key: u64) -> bool {
    key & 1 == 1
}

impl Want {
    /// A ring of this many rows. It grows, unless these are all.
    pub(super) fn shape(self, rows: usize) -> Shape {
        let grows = rows < self.plan.first + self.plan.last;
        let (first, last) = if grows { (rows, 0) } else { (self.plan.first, self.plan.last) };
        Shape { stride: self.stride, first, last, grows, is_own: self.is_own, note: self.note }
    }

    /// Rows that it should have when it uses this many: twice as many, so that it does not ask for room too often. Texts
    /// are large: they have what they use.
    pub(super) fn rows(self, used: usize) -> usize {
        let rows = if holds_texts(self.key) { used.max(1) } else { (2 * used).max(FEW_ROWS) };
        rows.min(self.plan.first + self.plan.last)
    }
}
