//! The amount of history that a record has.

use record::Limits;

/// Limits for the texts of breadcrumbs.
pub(crate) const LIMITS: Limits = Limits::DEFAULT.with_text(256);

/// Maximum number of rows at each end of a series.
const MAX_ROWS: usize = 1 << 16;

/// The number of rows that the trail keeps for each callsite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Number of first rows.
    pub(crate) head: usize,
    /// Number of latest rows.
    pub(crate) tail: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { head: 8, tail: 248 }
    }
}

impl Retention {
    /// Returns a retention of at most [`MAX_ROWS`] rows at each end.
    pub(crate) fn new(head: usize, tail: usize) -> Self {
        Retention { head: head.min(MAX_ROWS), tail: tail.min(MAX_ROWS) }
    }

    pub(crate) fn keeps_any(self) -> bool {
        self.head + self.tail > 0
    }
}
