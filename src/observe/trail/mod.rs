//! The bounded history of a computation: numeric events, fields that are recorded late, and breadcrumbs.
//!
//! Each thread that works in a computation writes its own lane, without locks. When a failure occurs, the lanes are
//! read and sorted by time.
//!
//! A lane has a fixed size: about 25 words of 8 bytes for each row of the retention, and 32 texts. Each callsite with
//! numbers has a ring of rows in it, and each target has a ring of texts. [`division`] divides the space among the
//! rings, and [`room`] decides when to divide it anew.
//!
//! A row refers to the spans between it and the computation by one word; [`paths`] stores the spans' values. The first
//! few paths have their own rings for each callsite, so that levels and chains do not mix.
//!
//! The series of a solver always gets enough space, because it belongs to the program itself. A series belongs to the
//! program if the first part of its target is that of the computation's span, if its code is in the same Cargo
//! workspace, or if the filter names its target. Three quarters of the space are for these series, and the shortest are
//! served first. A series that fits into an equal share is complete. A longer one keeps its head and its tail, and the
//! number of the rows in between.

mod atomic;
pub(crate) mod breadcrumbs;
pub(crate) mod callsite;
mod digest;
mod division;
pub(crate) mod history;
pub(crate) mod lane;
pub(crate) mod lanes;
pub(crate) mod objects;
pub(crate) mod paths;
pub(crate) mod pool;
pub(crate) mod retention;
pub(crate) mod ring_request;
mod room;
pub(crate) mod rows;
mod series;
#[cfg(test)]
mod tests;
pub(crate) mod value_trail;
pub(crate) mod writer;

/// Returns true unless a thread holds a lock that all trails share.
pub(crate) fn locks_are_free() -> bool {
    pool::is_free()
}
