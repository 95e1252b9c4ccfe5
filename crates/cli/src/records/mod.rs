//! The records of a directory: where it is, which are wanted, and how they are read.

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

pub(crate) use dir::{failures_dir, list};
pub(crate) use file::{json_of, on_one_line};
pub(crate) use lookup::{Found, Picked, find, pick};
pub(crate) use progress::Progress;
pub(crate) use sandbox::work as work_for_filter;
pub(crate) use scan::{Gather, in_order, scan};
pub(crate) use selection::{Matcher, Selection};
pub(crate) use skipped::LeftOut;
pub(crate) use summary::Summary;
pub(crate) use tracing_failure_advice::shared::{parse, read_bytes};
