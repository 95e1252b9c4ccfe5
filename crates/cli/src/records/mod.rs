//! Finding, selecting and reading the records of a directory.

mod dir;
mod file;
mod filter;
mod input;
mod lookup;
mod progress;
mod sandbox;
mod scan;
mod selection;
mod skipped;
mod summary;
mod time_range;

pub(crate) use dir::{failures_dir, list_records};
pub(crate) use file::{compact_json, load_json};
#[cfg(test)]
pub(crate) use filter::JqFilter;
pub(crate) use lookup::{RecordEntry, RecordPath, find_record, open_record};
pub(crate) use progress::Progress;
pub(crate) use record::internal::{parse, read_bytes};
pub(crate) use sandbox::run_worker as run_filter_worker;
pub(crate) use scan::{Collector, map_in_order, scan};
pub(crate) use selection::{Matcher, Selection};
pub(crate) use skipped::SkippedFiles;
pub(crate) use summary::Summary;
