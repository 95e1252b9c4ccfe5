//! Reads computations from the files that the recorder writes.

pub(crate) mod corpus;
pub(crate) mod error;
pub(crate) mod options;
pub(crate) mod skipped;

mod chunk;
mod closing_lines;
mod comparable;
mod copies;
mod fast_line;
mod flatten;
mod line_fields;
#[cfg(test)]
mod line_tests;
mod log_source;
mod number;
mod ordered;
mod partial;
mod records;
mod run_record;
mod slow_line;
mod sources;
mod timestamp;
mod trail_digest;
