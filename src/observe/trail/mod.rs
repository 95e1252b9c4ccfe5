//! The bounded history of a computation: numeric events and late fields, and what it said besides.
//!
//! Each thread that works in a computation writes a lane of its own, without locks; when something failed, the lanes are
//! read and put in order of time.
//!
//! A lane has a fixed amount of space: about 25 words of 8 bytes for each row of the plan, and 32 texts. Each callsite with
//! numbers has a ring of rows in it, and each target has a ring of texts. [`division`] says who gets how much, [`room`] when
//! the space is divided anew.
//!
//! A row refers to the spans between it and the computation by one word; [`paths`] keeps what they carry. The first few
//! paths of spans have rings of their own for each callsite, so that levels and chains do not mix.
//!
//! The series of a solver always gets enough, because it is the program's own: the first part of its target is that of the
//! computation's span, or the code is of the same Cargo workspace, or the filter names its target. Three quarters of the
//! space are for these series, and among them the shortest are served first. A series is complete if it is no longer than an
//! equal share; a longer one keeps its first and its last rows, and the number of the others.

mod atomic;
mod breadcrumbs;
pub(crate) mod callsites;
mod division;
pub(crate) mod filter;
pub(crate) mod history;
pub(crate) mod lane;
pub(crate) mod lanes;
mod numbers;
pub(crate) mod paths;
mod pool;
pub(crate) mod retention;
mod room;
pub(crate) mod rows;
#[cfg(test)]
mod tests;
mod want;
pub(crate) mod writer;

/// Returns true unless a thread holds a lock that all trails share.
pub(crate) fn locks_are_free() -> bool {
    callsites::is_free() && pool::is_free()
}
