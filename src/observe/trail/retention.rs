//! How much of the time before a failure is kept.

use record::Limits;

use crate::observe::trail::filter::TrailFilter;

/// How much of a text is read for a breadcrumb.
pub(crate) const LIMITS: Limits = Limits::DEFAULT.with_text(256);

/// How much is kept for each callsite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Rows from the beginning.
    pub(crate) head: usize,
    /// Rows up to the present.
    pub(crate) tail: usize,
}

/// What is kept of the time before a failure.
#[derive(Debug)]
pub(crate) struct HistoryOptions {
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
