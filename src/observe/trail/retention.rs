//! The amount of history that a record has.

use record::Limits;

use crate::observe::trail_filter::TrailFilter;

/// Limits for the texts of breadcrumbs.
pub(crate) const LIMITS: Limits = Limits::DEFAULT.with_text(256);

/// The number of rows that the trail keeps for each callsite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Number of first rows.
    pub(crate) head: usize,
    /// Number of latest rows.
    pub(crate) tail: usize,
}

/// The settings of the trail.
#[derive(Debug)]
pub(crate) struct TrailOptions {
    pub(crate) retention: Retention,
    pub(crate) filter: Option<TrailFilter>,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { head: 8, tail: 248 }
    }
}

impl Retention {
    pub(crate) fn keeps_any(self) -> bool {
        self.head + self.tail > 0
    }
}
